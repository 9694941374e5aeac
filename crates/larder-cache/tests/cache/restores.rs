//! The golden table of look-ups, row by row, on a directory.

use std::{
    collections::BTreeMap,
    fs::{File, FileTimes},
    path::Path,
    time::{Duration, SystemTime},
};

use larder_cache::{
    entry::{object_name, version, version_of},
    key::Style,
    look_up::{Hit, PrefixMatch, Query, WEEK, look_up},
    scope::{Scope, Scopes},
};
use larder_remote::{Directory, Remote as _, whole};

const TABLE: &str = include_str!("../../../../fixtures/cache/restores.tsv");

/// A run as the service's variables describe it.
fn scopes(style: Style, run: &str, pipeline: &str) -> Scopes {
    let words: Vec<&str> = run.split(' ').collect();
    let variables: BTreeMap<&str, String> = match style {
        Style::Azure => azure(&words, pipeline),
        Style::Github => BTreeMap::from([
            ("GITHUB_ACTIONS", "true".into()),
            ("GITHUB_REPOSITORY", "o/r".into()),
            ("GITHUB_EVENT_NAME", "push".into()),
            ("GITHUB_REF", format!("refs/heads/{}", words[1])),
        ]),
        Style::Gitlab => BTreeMap::from([
            ("GITLAB_CI", "true".into()),
            ("CI_PROJECT_PATH", "g/p".into()),
        ]),
    };
    Scopes::of_run(&|name| variables.get(name).cloned(), Some("main"))
}

fn azure(words: &[&str], pipeline: &str) -> BTreeMap<&'static str, String> {
    let mut variables = BTreeMap::from([
        ("TF_BUILD", "True".into()),
        ("SYSTEM_TEAMPROJECTID", "project".into()),
        ("SYSTEM_DEFINITIONID", pipeline.to_owned()),
        ("BUILD_REPOSITORY_ID", "repository".into()),
        ("BUILD_REASON", "PullRequest".into()),
        ("SYSTEM_PULLREQUEST_ISFORK", "False".into()),
    ]);
    let mut set = |name, value: String| variables.insert(name, value);
    match words {
        ["branch", branch] => {
            set("BUILD_REASON", "Manual".into());
            set("BUILD_SOURCEBRANCH", format!("refs/heads/{branch}"));
        }
        ["pr", number, source, target] => {
            set("BUILD_SOURCEBRANCH", format!("refs/pull/{number}/merge"));
            set(
                "SYSTEM_PULLREQUEST_SOURCEBRANCH",
                format!("refs/heads/{source}"),
            );
            set("SYSTEM_PULLREQUEST_TARGETBRANCH", (*target).to_owned());
        }
        ["fork", number, target] => {
            set("SYSTEM_PULLREQUEST_ISFORK", "True".into());
            set("BUILD_SOURCEBRANCH", format!("refs/pull/{number}/merge"));
            set("SYSTEM_PULLREQUEST_SOURCEBRANCH", "refs/heads/f".into());
            set("SYSTEM_PULLREQUEST_TARGETBRANCH", (*target).to_owned());
        }
        other => unreachable!("{other:?}"),
    }
    variables
}

/// The scope that a run on this branch writes.
fn scope(style: Style, name: &str) -> Scope {
    let (pipeline, name) = name.split_once(':').unwrap_or(("pipeline", name));
    let run = match name.strip_prefix("pull/") {
        Some(number) => format!("pr {number} f main"),
        None => format!("branch {name}"),
    };
    scopes(style, &run, pipeline).write.unwrap()
}

fn style_of(text: &str) -> Style {
    match text {
        "azure" => Style::Azure,
        "github" => Style::Github,
        _ => Style::Gitlab,
    }
}

/// A line of the table.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) style: Style,
    pub(crate) entries: Vec<String>,
    pub(crate) run: String,
    pub(crate) key: String,
    pub(crate) restore_keys: Vec<String>,
    pub(crate) expected: String,
}

/// All lines of the table.
pub(crate) fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let line = line.replace('¦', "|");
    let fields: Vec<&str> = line.split('\t').collect();
    let [id, style, entries, run, key, restore_keys, expected] = fields[..] else {
        panic!("{line}");
    };
    let list = |text: &str| -> Vec<String> {
        let parts = text.split(';').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    Row {
        id: id.to_owned(),
        style: style_of(style),
        entries: list(entries),
        run: run.to_owned(),
        key: key.to_owned(),
        restore_keys: list(restore_keys),
        expected: expected.to_owned(),
    }
}

impl Row {
    pub(crate) fn query(&self) -> Query {
        Query {
            style: self.style,
            prefix_match: PrefixMatch::of(self.style),
            key: self.key.clone(),
            restore_keys: self.restore_keys.clone(),
            version: version_of(self.style, &["p".into()]),
            scopes: scopes(self.style, &self.run, "pipeline").read,
            max_unused: WEEK,
            now: SystemTime::now(),
        }
    }

    /// Makes an entry: `NAME KEY @SCOPE created[/used]`.
    async fn entry(&self, text: &str, root: &Path) -> (String, String) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, key, place, days] = words[..] else {
            panic!("{text}");
        };
        let place = scope(self.style, place.strip_prefix('@').unwrap());
        let object = object_name(&place, key, &self.query().version).unwrap();
        let remote = Directory::new(root);
        remote
            .create_if_absent(&object, whole(&b"x"[..]))
            .await
            .unwrap();
        let (created, used) = days.split_once('/').unwrap_or((days, days));
        let ago = |days: &str| {
            let day = Duration::from_secs(86_400);
            SystemTime::now() - day * days.parse().unwrap()
        };
        let times = FileTimes::new()
            .set_modified(ago(created))
            .set_accessed(ago(used));
        let file = File::open(root.join(object.as_str())).unwrap();
        file.set_times(times).unwrap();
        (object.to_string(), name.to_owned())
    }
}

#[tokio::test]
async fn every_row_of_the_table_of_look_ups() {
    let rows = rows();
    for row in &rows {
        let place = tempfile::tempdir().unwrap();
        let mut names = BTreeMap::new();
        for entry in &row.entries {
            let (object, name) = row.entry(entry, place.path()).await;
            names.insert(object, name);
        }
        let found = look_up(&Directory::new(place.path()), &row.query()).await;
        let result = match found.unwrap() {
            None => "false".to_owned(),
            Some((entry, hit)) => {
                format!("{} {}", hit.as_str(), names[entry.object.as_str()])
            }
        };
        assert_eq!(result, row.expected, "{}", row.id);
    }
    assert_eq!(rows.len(), 28);
}

#[test]
fn r32_github_does_not_mind_case_but_accents() {
    let hit = |wanted, matched| Hit::of(Style::Github, wanted, matched);
    assert_eq!(hit("linux-rust", "LINUX-RUST"), Hit::True);
    assert_eq!(hit("linux-rust", "linux-rüst"), Hit::Inexact);
    assert_eq!(Hit::of(Style::Azure, "a", "A"), Hit::Inexact);
}

#[test]
fn r34_versions_are_actions_caches() {
    let paths = |paths: &[&str]| {
        paths
            .iter()
            .map(|path| (*path).to_owned())
            .collect::<Vec<_>>()
    };
    let one = paths(&["node_modules"]);
    for (version, expected) in [
        (
            version(&one, None, false),
            "b3e0c6cb5ecf32614eeb2997d905b9c297046d7cbf69062698f25b14b4cb0985",
        ),
        (
            version(&paths(&["node_modules", "dist"]), None, false),
            "165c3053bc646bf0d4fac17b1f5731caca6fe38e0e464715c0c3c6b6318bf436",
        ),
        (
            version(&one, Some("gzip"), false),
            "470e252814dbffc9524891b17cf4e5749b26c1b5026e63dd3f00972db2393117",
        ),
        (
            version(&one, Some("zstd-without-long"), false),
            "7fcda33c1e1d849a13bcc06f49b9ab64efc01ca9dabe4d7a8d0d387feef4fc88",
        ),
        (
            version(&one, None, true),
            "2db19d6596dc34f51f0043120148827a264863f5c6ac857569c2af7119bad14e",
        ),
    ] {
        assert_eq!(version, expected);
    }
    let github = |names: &[&str]| version_of(Style::Github, &paths(names));
    assert_ne!(github(&["a", "b"]), github(&["b", "a"]));
    let azure = |names: &[&str]| version_of(Style::Azure, &paths(names));
    assert_eq!(azure(&["a"]), azure(&["b"]));
    assert_ne!(azure(&["a"]), azure(&["a", "b"]));
}

#[test]
fn a_key_that_would_write_outputs_of_its_own_is_no_entry() {
    let name = object_name(&Scope::new("s"), "k\ncache-hit=true", "v").unwrap();
    let entry = larder_cache::entry::Entry::of_object(larder_remote::ObjectInfo {
        name,
        size: 1,
        created: SystemTime::now(),
        used: SystemTime::now(),
    });
    assert_eq!(entry, None);
}

#[test]
fn names_of_entries_are_read_back() {
    let scope = Scope::new("azure;p;1;r;refs/heads/ä b");
    let key = "\"yarn\"|Linux!x|H+/=";
    let name = object_name(&scope, key, "abc").unwrap();
    let entry = larder_cache::entry::Entry::of_object(larder_remote::ObjectInfo {
        name,
        size: 1,
        created: SystemTime::now(),
        used: SystemTime::now(),
    });
    let entry = entry.unwrap();
    assert_eq!(
        (entry.scope, &entry.key[..], &entry.version[..]),
        (scope, key, "abc")
    );
}
