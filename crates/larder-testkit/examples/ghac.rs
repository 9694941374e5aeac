//! GitHub's cache service on loopback, for scripts: `ghac [--port PORT] [--uploads-a-minute N]` prints the
//! variables of three runs as JSON (a push to main, a pull request of a branch, one of a fork), and serves
//! until its standard input ends.
#![expect(clippy::print_stdout, reason = "the caller wants the variables")]

use std::{collections::BTreeMap, env, io, process::ExitCode};

use larder_testkit::{GhacOptions, GhacServer, ghac_token};
use serde_json::json;

const RUNS: [(&str, &[(&str, &str)]); 3] = [
    ("main", &[("refs/heads/main", "rw")]),
    (
        "pull_request",
        &[
            ("refs/pull/1/merge", "rw"),
            ("refs/heads/topic", "r"),
            ("refs/heads/main", "r"),
        ],
    ),
    (
        "fork",
        &[("refs/pull/2/merge", "r"), ("refs/heads/main", "r")],
    ),
];

fn main() -> ExitCode {
    let mut options = GhacOptions {
        runs: true,
        ..GhacOptions::default()
    };
    let arguments: Vec<String> = env::args().skip(1).collect();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else {
            return ExitCode::from(2);
        };
        match (&name[..], value.parse::<usize>()) {
            ("--port", Ok(port)) => options.port = u16::try_from(port).unwrap_or(0),
            ("--uploads-a-minute", Ok(most)) => options.limits.uploads_a_minute = most,
            _ => return ExitCode::from(2),
        }
    }
    let server = GhacServer::with(options);
    let variables = |scopes| -> BTreeMap<String, String> {
        let token = ("GITHUB_TOKEN".to_owned(), GhacServer::API_TOKEN.to_owned());
        server
            .variables(&ghac_token(scopes))
            .into_iter()
            .chain([token])
            .collect()
    };
    let runs: BTreeMap<&str, _> = RUNS.map(|(name, scopes)| (name, variables(scopes))).into();
    println!("{}", json!({ "url": server.url(), "runs": runs }));
    match io::copy(&mut io::stdin(), &mut io::sink()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
