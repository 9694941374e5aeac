//! The table of scopes, row by row.

use std::collections::BTreeMap;

use larder_cache::scope::{Scope, Scopes};

const TABLE: &str = include_str!("../../../../fixtures/cache/scopes.tsv");
const ALWAYS: &[(&str, &str)] = &[
    ("SYSTEM_TEAMPROJECTID", "p"),
    ("SYSTEM_DEFINITIONID", "1"),
    ("BUILD_REPOSITORY_ID", "r"),
    ("GITHUB_REPOSITORY", "o/r"),
    ("CI_PROJECT_PATH", "g/p"),
];

fn run(variables: &str) -> Scopes {
    let pairs = variables
        .split(' ')
        .map(|pair| pair.split_once('=').unwrap());
    let variables: BTreeMap<&str, &str> = ALWAYS.iter().copied().chain(pairs).collect();
    let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    Scopes::of_run(&variable, Some("main"))
}

fn refs<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    let refs: Vec<&str> = scopes
        .into_iter()
        .map(|scope| scope.as_str().rsplit(';').next().unwrap())
        .collect();
    if refs.is_empty() {
        "-".into()
    } else {
        refs.join(" ")
    }
}

#[test]
fn every_row_of_the_table_of_scopes() {
    let mut count = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        count += 1;
        let fields: Vec<&str> = line.split('\t').collect();
        let [row, variables, read, written] = fields[..] else {
            panic!("{line}");
        };
        let scopes = run(variables);
        assert_eq!(refs(&scopes.read), read, "{row}: read");
        assert_eq!(refs(&scopes.write), written, "{row}: written");
    }
    assert_eq!(count, 22);
}

#[test]
fn no_pull_request_writes_where_another_run_reads() {
    let rows: Vec<(String, Scopes)> = TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.split('\t');
            let row = fields.next().unwrap().to_owned();
            (row, run(fields.next().unwrap()))
        })
        .collect();
    for (row, scopes) in rows.iter().filter(|(row, _)| row.contains("pull")) {
        for (other, others) in rows.iter().filter(|(other, _)| !other.contains("pull")) {
            let reaches = scopes.write.iter().any(|scope| others.read.contains(scope));
            assert!(!reaches, "{row} writes what {other} reads");
        }
    }
}

#[test]
fn pipelines_projects_and_repositories_are_apart() {
    let azure = "TF_BUILD=True BUILD_REASON=Manual BUILD_SOURCEBRANCH=refs/heads/f";
    let other = format!("{azure} SYSTEM_DEFINITIONID=2");
    assert_ne!(run(azure).write, run(&other).write);
    let github = "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/f";
    let fork = format!("{github} GITHUB_REPOSITORY=me/r");
    assert_ne!(run(github).write, run(&fork).write);
}
