//! Says which records package specs match, for `ci/specs`, which compares the answers with conda's.
//!
//! The first line of the input is a JSON list of records as `repodata.json` has them, with `url`, `fn` and `channel`.
//! Each further line is a spec. Each line of the output has two answers with a tab between them: what `parse_spec` (a
//! user's spec) and what `parse_record_spec` (a spec of a record) matches. An answer is a `1` or `0` for each record, or
//! `!` and the error.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test program")]

use std::io::{self, BufRead as _};

use larder_manifest::{SpecError, parse_record_spec, parse_spec, spec_matches_record};
use rattler_conda_types::{MatchSpec, RepoDataRecord};

fn main() {
    let mut lines = io::stdin().lock().lines().map(Result::unwrap);
    let records: Vec<RepoDataRecord> = serde_json::from_str(&lines.next().unwrap()).unwrap();
    for line in lines {
        let user = answer(parse_spec(&line), &records);
        let record = answer(parse_record_spec(&line), &records);
        println!("{user}\t{record}");
    }
}

fn answer(spec: Result<MatchSpec, SpecError>, records: &[RepoDataRecord]) -> String {
    match spec {
        Ok(spec) => {
            let bits = records.iter();
            bits.map(|record| match spec_matches_record(&spec, record) {
                true => '1',
                false => '0',
            })
            .collect()
        }
        Err(error) => {
            let suggestion = error.suggestion().unwrap_or_default();
            format!("!{error} ({suggestion})").replace(['\t', '\n'], " ")
        }
    }
}
