//! GitHub's cache service: the golden table of look-ups once more, and what is its own.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use larder_cache::{
    archive::WriteOptions,
    expiry::{PruneOptions, list, prune},
    key::Style,
    look_up::{PrefixMatch, Query, look_up},
    save::{SaveError, SaveOptions, SaveOutcome, save, save_if_possible},
    scope::{Scope, Scopes},
};
use larder_event::EventRecorder;
use larder_remote::{OpenOptions, Remote, open};
use larder_testkit::{Fault, GhacServer, ghac_token};

use crate::restores::{Row, rows};

/// The service, as a run on a branch of a repository has it whose default branch is main.
fn remote(server: &GhacServer, branch: &str, more: &[(&str, &str)]) -> Arc<dyn Remote> {
    let own = format!("refs/heads/{branch}");
    let token = ghac_token(&[(&own, "rw"), ("refs/heads/main", "r")]);
    let mut options = OpenOptions::default();
    options.variables.extend(server.variables(&token));
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    options.variables.extend(more);
    open("ghac:", &options).unwrap()
}

/// What to save: one file.
fn saving(query: &Query, place: &tempfile::TempDir) -> SaveOptions {
    let path: PathBuf = place.path().join("data");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("file"), "saved").unwrap();
    SaveOptions {
        query: query.clone(),
        write: Some(Scope::of_service()),
        paths: vec![path],
        named: vec!["p".into()],
        archive: WriteOptions {
            threads: 1,
            level: 1,
        },
    }
}

async fn saved(remote: &dyn Remote, query: &Query) -> SaveOutcome {
    let place = tempfile::tempdir().unwrap();
    let report = save(remote, &saving(query, &place), &EventRecorder::default()).await;
    report.unwrap().outcome
}

fn query(row: &Row) -> Query {
    Query {
        scopes: vec![Scope::of_service()],
        ..row.query()
    }
}

/// Makes an entry: `NAME KEY @BRANCH created[/used]`, days ago; its key and its name.
async fn entry(server: &GhacServer, row: &Row, text: &str) -> (String, String) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [name, key, branch, days] = words[..] else {
        panic!("{text}");
    };
    let remote = remote(server, branch.strip_prefix('@').unwrap(), &[]);
    let query = Query {
        key: key.to_owned(),
        ..query(row)
    };
    assert_eq!(saved(&*remote, &query).await, SaveOutcome::Saved);
    let (created, used) = days.split_once('/').unwrap_or((days, days));
    let days = |text: &str| Duration::from_secs(86_400) * text.parse().unwrap();
    let entry = server.entries().remove(0);
    assert_eq!(server.age(&entry.key, days(created), days(used)), 1);
    (key.to_owned(), name.to_owned())
}

/// The rows that a service with GitHub's scopes can say anything about: those of one pipeline's branches.
#[tokio::test]
async fn every_row_of_branches_of_the_table_of_look_ups() {
    let rows = rows();
    let of_branches = |row: &&Row| {
        row.run.starts_with("branch ") && row.entries.iter().all(|entry| !entry.contains("OTHER:"))
    };
    let mut count = 0;
    for row in rows.iter().filter(of_branches) {
        count += 1;
        let server = GhacServer::start();
        let mut names = Vec::new();
        for text in &row.entries {
            names.push(entry(&server, row, text).await);
        }
        let run = remote(&server, row.run.strip_prefix("branch ").unwrap(), &[]);
        server.clear_requests();
        let found = look_up(&*run, &query(row)).await.unwrap();
        let result = match found {
            None => "false".to_owned(),
            Some((entry, hit)) => {
                let (_, name) = names.iter().find(|(key, _)| *key == entry.key).unwrap();
                format!("{} {name}", hit.as_str())
            }
        };
        assert_eq!(result, row.expected, "{}", row.id);
        let asked = server.requests();
        let look_ups = asked.iter().filter(|request| request.method == "POST");
        assert_eq!(look_ups.count(), 1, "{}: one look-up", row.id);
    }
    assert_eq!(count, 22);
}

fn of_key(key: &str, restore_keys: &[&str]) -> Query {
    Query {
        style: Style::Github,
        prefix_match: PrefixMatch::Plain,
        key: key.to_owned(),
        restore_keys: restore_keys.iter().map(|key| (*key).to_owned()).collect(),
        ..query(&rows()[0])
    }
}

#[tokio::test]
async fn githubs_whole_restore_key_is_before_what_begins_with_it() {
    let server = GhacServer::start();
    let remote = remote(&server, "f", &[]);
    for key in ["npm-", "npm-2"] {
        saved(&*remote, &of_key(key, &[])).await;
        server.advance(Duration::from_secs(1));
    }
    let find = async |restore_keys: &[&str]| {
        let found = look_up(&*remote, &of_key("x", restore_keys)).await.unwrap();
        found.map(|(entry, _)| entry.key)
    };
    assert_eq!(find(&["npm-"]).await.unwrap(), "npm-");
    assert_eq!(find(&["npm"]).await.unwrap(), "npm-2");
    let most = ["1", "2", "3", "4", "5", "6", "7", "8", "npm"];
    assert_eq!(find(&most).await.unwrap(), "npm-2");
}

#[tokio::test]
async fn entries_of_other_paths_are_not_in_the_way() {
    let server = GhacServer::start();
    let remote = remote(&server, "f", &[]);
    saved(&*remote, &of_key("npm-1", &[])).await;
    server.advance(Duration::from_secs(1));
    let other = Query {
        version: "of-other-paths".into(),
        ..of_key("npm-2", &[])
    };
    saved(&*remote, &other).await;
    let (found, _) = look_up(&*remote, &of_key("npm-3", &["npm-"]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.key, "npm-1");
}

#[tokio::test]
async fn what_can_be_read_is_not_saved_again() {
    let server = GhacServer::start();
    let key = of_key("k", &[]);
    let main = remote(&server, "main", &[]);
    assert_eq!(saved(&*main, &key).await, SaveOutcome::Saved);
    assert_eq!(saved(&*main, &key).await, SaveOutcome::Exists);
    let branch = remote(&server, "f", &[]);
    assert_eq!(saved(&*branch, &key).await, SaveOutcome::Exists);
    assert_eq!(server.entries().len(), 1);
    // A run that may write and not read cannot know, and the service tells it.
    let blind = Query {
        scopes: Vec::new(),
        ..key
    };
    assert_eq!(saved(&*main, &blind).await, SaveOutcome::Exists);
    assert_eq!(saved(&*branch, &blind).await, SaveOutcome::Saved);
}

#[tokio::test]
async fn entries_are_listed_and_the_least_recently_used_go_where_there_is_a_token() {
    let server = GhacServer::start();
    let plain = remote(&server, "f", &[]);
    for key in ["a", "b", "c"] {
        saved(&*plain, &of_key(key, &[])).await;
        server.advance(Duration::from_secs(60));
    }
    assert!(look_up(&*plain, &of_key("a", &[])).await.unwrap().is_some());
    let error = list(&*plain).await.unwrap_err();
    assert!(error.to_string().contains("GITHUB_TOKEN"), "{error}");
    let remote = remote(&server, "f", &[("GITHUB_TOKEN", GhacServer::API_TOKEN)]);
    let keys = async || -> Vec<String> {
        let entries = list(&*remote).await.unwrap();
        entries.into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(keys().await, ["a", "c", "b"]);
    let size = list(&*remote).await.unwrap()[0].size;
    let options = PruneOptions {
        unused_for: None,
        max_bytes: Some(2 * size + 10),
        dry_run: false,
        now: std::time::SystemTime::now(),
    };
    let pruned = prune(&*remote, &options).await.unwrap();
    assert_eq!(pruned.removed.len(), 1);
    assert_eq!(keys().await, ["a", "c"]);
}

#[tokio::test]
async fn a_service_that_fails_costs_a_warning() {
    let server = GhacServer::start();
    let remote = remote(&server, "f", &[]);
    let place = tempfile::tempdir().unwrap();
    let saving = saving(&of_key("k", &[]), &place);
    let forever = 1000;
    server.fault(
        "CreateCacheEntry",
        Fault::RetryAfter {
            seconds: 3600,
            times: forever,
        },
    );
    let failed = save(&*remote, &saving, &EventRecorder::default()).await;
    assert!(matches!(failed, Err(SaveError::Remote(error)) if error.is_temporary()));
    let recorder = EventRecorder::default();
    let report = save_if_possible(&*remote, &saving, &recorder)
        .await
        .unwrap();
    assert_eq!(report.outcome, SaveOutcome::Failed);
    let warnings = recorder.warnings();
    assert!(warnings[0].contains("nothing is saved"), "{warnings:?}");
}

#[test]
fn the_service_decides_but_for_what_the_run_forbids_itself() {
    let of = |mode: &'static str| {
        let variable = move |name: &str| (name == "ACTIONS_CACHE_MODE").then(|| mode.to_owned());
        let scopes = Scopes::of_service(&variable);
        (!scopes.read.is_empty(), scopes.write.is_some())
    };
    for (mode, expected) in [
        ("", (true, true)),
        ("read", (true, false)),
        ("write", (true, true)),
        ("write-only", (false, true)),
        ("none", (false, false)),
    ] {
        assert_eq!(of(mode), expected, "{mode}");
    }
}
