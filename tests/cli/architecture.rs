//! The crates depend on each other only as ARCHITECTURE.md draws them.

use std::{collections::BTreeMap, process::Command};

/// Each crate and what it may use of the others, besides larder-testkit in tests.
const ALLOWED: &[(&str, &[&str])] = &[
    ("larder-digest", &[]),
    ("larder-event", &[]),
    ("larder-fs", &[]),
    ("larder-redact", &[]),
    (
        "larder-remote",
        &["larder-digest", "larder-fs", "larder-redact"],
    ),
    (
        "larder-cache",
        &[
            "larder-digest",
            "larder-event",
            "larder-fs",
            "larder-remote",
            "larder-unpack",
        ],
    ),
    ("larder-manifest", &["larder-redact"]),
    ("larder-config", &["larder-manifest", "larder-redact"]),
    (
        "larder-lock",
        &["larder-digest", "larder-manifest", "larder-redact"],
    ),
    (
        "larder-store",
        &["larder-digest", "larder-event", "larder-fs"],
    ),
    (
        "larder-share",
        &["larder-digest", "larder-remote", "larder-store"],
    ),
    (
        "larder-unpack",
        &["larder-digest", "larder-event", "larder-fs"],
    ),
    ("larder-pack", &["larder-digest", "larder-unpack"]),
    (
        "larder-pypi",
        &[
            "larder-digest",
            "larder-event",
            "larder-fs",
            "larder-lock",
            "larder-redact",
        ],
    ),
    (
        "larder-solve",
        &[
            "larder-digest",
            "larder-event",
            "larder-fs",
            "larder-lock",
            "larder-manifest",
            "larder-redact",
        ],
    ),
    (
        "larder-fetch",
        &[
            "larder-digest",
            "larder-event",
            "larder-lock",
            "larder-redact",
            "larder-store",
        ],
    ),
    (
        "larder-bytecode",
        &[
            "larder-digest",
            "larder-event",
            "larder-fs",
            "larder-unpack",
        ],
    ),
    (
        "larder-link",
        &[
            "larder-bytecode",
            "larder-digest",
            "larder-event",
            "larder-fs",
            "larder-lock",
            "larder-redact",
            "larder-unpack",
        ],
    ),
    (
        "larder",
        &[
            "larder-cache",
            "larder-config",
            "larder-digest",
            "larder-event",
            "larder-fetch",
            "larder-fs",
            "larder-link",
            "larder-lock",
            "larder-manifest",
            "larder-pack",
            "larder-pypi",
            "larder-redact",
            "larder-remote",
            "larder-share",
            "larder-solve",
            "larder-store",
            "larder-unpack",
        ],
    ),
    ("larder-cli", &["larder", "larder-event"]),
    ("larder-hook", &["larder-cli"]),
    ("larder-testkit", &["larder-digest"]),
];

#[test]
fn dependencies_point_down_and_only_where_they_are_drawn() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let edges = edges();
    assert!(
        edges.len() > 10,
        "cargo metadata lists the workspace: {edges:?}"
    );
    for (krate, uses) in &edges {
        let may = allowed
            .get(krate.as_str())
            .unwrap_or_else(|| panic!("{krate} is not in the table of this test"));
        for used in uses {
            assert!(
                may.contains(&used.as_str()),
                "{krate} must not depend on {used}"
            );
        }
    }
}

#[test]
fn the_drawing_names_every_crate() {
    let page = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../ARCHITECTURE.md"
    ))
    .unwrap();
    for krate in edges().keys() {
        assert!(
            page.contains(&format!("`{krate}`")),
            "ARCHITECTURE.md says nothing of {krate}"
        );
    }
}

fn edges() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let is_ours = |name: &str| name == "larder" || name.starts_with("larder-");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap().iter();
            let uses = uses.filter(|dependency| dependency["kind"].as_str() != Some("dev"));
            (
                text(&package["name"]),
                uses.map(|dependency| text(&dependency["name"]))
                    .filter(|name| is_ours(name))
                    .collect(),
            )
        })
        .collect()
}
