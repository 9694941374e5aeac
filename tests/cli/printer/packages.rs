//! What channels, servers and packages say.

use std::fs;

use larder_testkit::{
    ChannelBuilder, Fault, Format, PackageBuilder, RawEntry, Run, Sandbox, Server,
};
use serde_json::{Value, json};

use super::Doors;
use crate::support::{channel, conda, program};

const CREATE: [&[&str]; 4] = [
    &["create", "-p", "env", "--no-lock"],
    &["create", "-p", "other", "--no-lock", "--ephemeral", "-vv"],
    &["create", "-p", "third", "--no-lock", "--dry-run"],
    &["create", "-p", "fourth", "--no-lock", "--json"],
];

fn created(sandbox: &Sandbox) -> Vec<Run> {
    CREATE
        .iter()
        .map(|arguments| sandbox.larder(arguments))
        .collect()
}

/// Texts of a record, in the channel's index.
#[test]
fn records() {
    let mut doors = Doors::default();
    for key in [
        "name",
        "version",
        "build",
        "depends",
        "constrains",
        "subdir",
        "sha256",
        "license",
        "features",
        "noarch",
    ] {
        doors.check(&format!("record: {key}"), |sandbox, text| {
            let builder = ChannelBuilder::new()
                .package(conda(program("app", "1.0").depends("lib >=2")))
                .patch("app-1.0-0.conda", |record| {
                    record[key] = match key {
                        "depends" => json!([text, format!("lib {text}")]),
                        "constrains" => json!([format!("app <{text}"), text]),
                        _ => json!(text),
                    };
                });
            builder.write(&sandbox.path("channel"));
            created(sandbox)
        });
    }
    doors.all_but_these_speak(&[
        "record: name",
        "record: build",
        "record: subdir",
        "record: sha256",
        "record: license",
        "record: features",
        "record: noarch",
    ]);
}

/// The index as a whole.
#[test]
#[expect(clippy::type_complexity, reason = "a table of what is tried")]
fn indexes() {
    let mut doors = Doors::default();
    let indexes: [(&str, fn(&str) -> Value); 4] = [
        (
            "name of a file",
            |text| json!({"packages.conda": {format!("{text}.conda"): {"name": text}}}),
        ),
        (
            "base_url",
            |text| json!({"info": {"base_url": text, "subdir": text}, "packages": {}}),
        ),
        (
            "version",
            |text| json!({"repodata_version": text, "packages": {}}),
        ),
        ("packages", |text| json!({"packages": text})),
    ];
    for (place, index) in indexes {
        doors.check(&format!("index: {place}"), |sandbox, text| {
            let _ = fs::remove_dir_all(sandbox.path("channel"));
            for subdir in ["noarch", "linux-64", "linux-aarch64"] {
                sandbox.write(
                    &format!("channel/{subdir}/repodata.json"),
                    &index(text).to_string(),
                );
            }
            // The request itself is in the error.
            sandbox.write(
                "environment.yml",
                "channels: [./channel]\ndependencies: [app, zdoorz]\n",
            );
            created(sandbox)
        });
    }
    doors.all_but_these_speak(&[]);
}

/// Files of a package, and its `info/`.
#[test]
#[expect(clippy::type_complexity, reason = "a table of what is tried")]
fn archives() {
    let mut doors = Doors::default();
    let packages: [(&str, fn(PackageBuilder, &str) -> PackageBuilder); 9] = [
        ("path", |package, text| {
            package.raw_entry(&format!("share/../{text}"), RawEntry::file("x"))
        }),
        ("second path", |package, text| {
            package
                .raw_entry(text, RawEntry::file("x"))
                .raw_entry(text, RawEntry::file("y"))
        }),
        ("link target", |package, text| {
            package.raw_entry("l", RawEntry::Symlink(format!("../../{text}")))
        }),
        ("index.json", |package, text| {
            package.info_file("info/index.json", json!({"name": text}).to_string())
        }),
        ("index.json, no JSON", |package, text| {
            package.info_file("info/index.json", text)
        }),
        ("paths.json", |package, text| {
            let paths = json!({"paths_version": 1, "paths": [{"_path": text, "path_type": text}]});
            package.info_file("info/paths.json", paths.to_string())
        }),
        ("link.json", |package, text| {
            let link = json!({"noarch": {"type": "python", "entry_points": [text]}, "package_metadata_version": 1});
            package.info_file("info/link.json", link.to_string())
        }),
        ("message", |package, text| {
            package
                .link_script(
                    "post-link",
                    "cat \"$PREFIX/share/text\" > \"$PREFIX/.messages.txt\"\n",
                )
                .file("share/text", text)
        }),
        ("failing script", |package, text| {
            package
                .link_script("post-link", "cat \"$PREFIX/share/text\" >&2\nexit 1\n")
                .file("share/text", text)
        }),
    ];
    for (place, build) in packages {
        doors.check(&format!("archive: {place}"), |sandbox, text| {
            let package = PackageBuilder::new("app", "1.0", "0").noarch_generic();
            channel(sandbox, [build(package, text).build(Format::Conda)]);
            // The package's own name is no door here; what it brings is.
            created(sandbox)
        });
    }
    doors.all_but_these_speak(&["archive: index.json, no JSON"]);
}

/// Two packages with one file.
#[test]
fn collisions() {
    let mut doors = Doors::default();
    doors.check("a path in two packages", |sandbox, text| {
        let package = |name: &str| {
            PackageBuilder::new(name, "1.0", "0")
                .noarch_generic()
                .file(&format!("share/{}", text.trim()), name)
        };
        channel(
            sandbox,
            [conda(package("app").depends("lib")), conda(package("lib"))],
        );
        let mut runs = created(sandbox);
        runs.push(sandbox.larder(&["create", "-p", "fifth", "--no-lock", "--clobber", "error"]));
        runs
    });
    doors.all_but_these_speak(&[]);
}

/// What a server answers with.
#[test]
fn servers() {
    let mut doors = Doors::default();
    doors.check("redirect", |sandbox, text| {
        let server = Server::serve(&sandbox.path("channel"));
        let to: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        server.fault(
            "repodata",
            Fault::RedirectTo(format!("http://127.0.0.1:9/zdoorz{to}")),
        );
        let url = format!("{}/{}", server.url(), "x");
        vec![
            sandbox.larder(&["create", "-p", "env", "-c", &server.url(), "app"]),
            sandbox.larder(&[
                "create",
                "-p",
                "env",
                "-c",
                &format!("{url}?{text}"),
                "zdoorz",
            ]),
        ]
    });
    doors.all_but_these_speak(&[]);
}
