//! The operations that are disturbed, and the steps that their calls are.

use larder_testkit::Call;

/// What runs, and what is there before it.
#[derive(Debug)]
pub(super) struct Operation {
    /// As the table calls it.
    pub(super) name: &'static str,
    /// What runs in the world before it is saved.
    pub(super) before: &'static [&'static [&'static str]],
    /// What runs after that, when another version of a package is wanted.
    pub(super) then: &'static [&'static [&'static str]],
    /// What is disturbed.
    pub(super) arguments: &'static [&'static str],
    /// What it makes or replaces, below the working directory.
    pub(super) makes: &'static str,
    /// Whether the packages have link scripts.
    pub(super) has_scripts: bool,
    /// Whether what was made before is removed, and everything old.
    pub(super) is_forgotten: bool,
}

const CREATE: &[&str] = &["create", "-p", "env"];
const REPLACE: &[&str] = &["create", "-p", "env", "--yes"];

pub(super) static OPERATIONS: &[Operation] = &[
    Operation {
        name: "create",
        before: &[],
        then: &[],
        arguments: CREATE,
        makes: "env",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "create, scripts",
        before: &[],
        then: &[],
        arguments: CREATE,
        makes: "env",
        has_scripts: true,
        is_forgotten: false,
    },
    Operation {
        name: "create --ephemeral",
        before: &[],
        then: &[],
        arguments: &["create", "-p", "env", "--ephemeral"],
        makes: "env",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "create --yes",
        before: &[CREATE],
        then: &[],
        arguments: REPLACE,
        makes: "env",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "create --yes, scripts",
        before: &[CREATE],
        then: &[],
        arguments: REPLACE,
        makes: "env",
        has_scripts: true,
        is_forgotten: false,
    },
    Operation {
        name: "lock",
        before: &[],
        then: &[],
        arguments: &["lock"],
        makes: "conda-lock.yml",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "lock over a lock",
        before: &[&["lock"]],
        then: &[],
        arguments: &["lock"],
        makes: "conda-lock.yml",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "env update",
        before: &[CREATE],
        then: &[],
        arguments: &["env", "update", "-p", "env"],
        makes: "env",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "env update, scripts",
        before: &[CREATE],
        then: &[],
        arguments: &["env", "update", "-p", "env"],
        makes: "env",
        has_scripts: true,
        is_forgotten: false,
    },
    Operation {
        name: "sync",
        before: &[CREATE],
        then: &[&["lock"]],
        arguments: &["sync", "-p", "env"],
        makes: "env",
        has_scripts: false,
        is_forgotten: false,
    },
    Operation {
        name: "store gc",
        before: &[CREATE],
        then: &[],
        arguments: &["store", "gc"],
        makes: "../store/pkgs",
        has_scripts: false,
        is_forgotten: true,
    },
];

/// The step that a call is: its name, and its path without what differs between runs, packages and files.
pub(super) fn step(call: &Call) -> String {
    let path = call.path.trim_end_matches(" (deleted)");
    let parts: Vec<String> = path.split('/').map(part).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let path = match parts.as_slice() {
        ["store", "repodata", "scratch-R", _, ..] => "store/repodata/scratch-R/**".to_owned(),
        ["trees", "tmp", "R", "new", ".larder-R.tmp"] => parts.join("/"),
        ["trees", "tmp", "R", _, ..] => "trees/tmp/R/**".to_owned(),
        ["work", scratch @ ".larder-env-R.scratch", _, ..] => format!("work/{scratch}/**"),
        [
            "work",
            env @ ("env" | ".larder-env-R" | ".larder-env-R.old"),
            rest @ ..,
        ] => in_environment(env, rest),
        ["store", "roots" | "solves", _] | ["store" | "work" | "home" | "trees", ..] => {
            parts.join("/")
        }
        _ => call.path.clone(),
    };
    format!("{} `{path}`", call.name)
}

fn in_environment(environment: &str, rest: &[&str]) -> String {
    let rest = match rest {
        [] => return format!("work/{environment}"),
        ["conda-meta", name] if name.ends_with(".json") => "conda-meta/*.json".to_owned(),
        [
            "conda-meta",
            update @ ".larder-update",
            part @ ("new" | "old"),
            _,
            ..,
        ] => {
            format!("conda-meta/{update}/{part}/**")
        }
        ["conda-meta", ..] => rest.join("/"),
        _ => "**".to_owned(),
    };
    format!("work/{environment}/{rest}")
}

/// A component of a path without digests and random parts.
fn part(part: &str) -> String {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (stem, extension) =
        part.split_at(part.find('.').filter(|at| *at > 0).unwrap_or(part.len()));
    let starts_with_number = part
        .split('-')
        .next()
        .is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_digit()));
    if stem.len() == 64 && is_hex(stem) {
        return match extension {
            ".conda" | ".tar.bz2" => "<sha256>.*".to_owned(),
            other => format!("<sha256>{other}"),
        };
    }
    if stem.len() == 32 && is_hex(stem) {
        return format!("<md5>{extension}");
    }
    if part.len() == 2 && is_hex(part) {
        return "ab".to_owned();
    }
    for (start, end) in [
        ("ingest-", ""),
        ("scratch-", ""),
        (".larder-env-", ".old"),
        (".larder-env-", ".scratch"),
        (".larder-env-", ""),
        (".larder-", ".tmp"),
    ] {
        if part.starts_with(start) && part.ends_with(end) && part != "scratch.lock" {
            return format!("{start}R{end}");
        }
    }
    if part.contains('-') && starts_with_number {
        return "R".to_owned();
    }
    part.to_owned()
}
