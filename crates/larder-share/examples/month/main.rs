//! A month of jobs with changing locks, kept on S3, on GitHub's service in packs, and there as actions/cache
//! does it: requests, bytes, hits and money. `ci/month` runs it and keeps the result.
//!
//! ```text
//! cargo run -p larder-share --example month -- fixtures/month/locks.tsv [--rules]
//! ```
//!
//! Virtual time, no bytes: what is planned is planned by the code that plans for real.
#![expect(clippy::print_stdout, reason = "the result is what it is for")]

mod counts;
mod locks;
mod objects;
mod packs;
mod report;
mod service;
mod tars;
mod traffic;
mod way;

use std::path::PathBuf;

use larder_share::packs::Rules;

use crate::{
    counts::Counts,
    locks::Locks,
    report::Column,
    traffic::{Assumptions, Job},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().map_or_else(fixture, PathBuf::from);
    let locks = Locks::read(&path);
    if arguments.get(1).is_some_and(|wanted| wanted == "--rules") {
        print_rules(&locks);
        return;
    }
    let assumed = month(&locks);
    let jobs = traffic::jobs(assumed, &locks);
    println!(
        "{}",
        report::heading(assumed, jobs.len(), locks.weeks() * 7)
    );
    println!("{}", report::table(&columns(&jobs), assumed));
}

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/month/locks.tsv")
}

/// The last month of the fixture.
fn month(locks: &Locks) -> Assumptions {
    Assumptions {
        first_day: locks.weeks() * 7 - 30,
        days: 30,
        jobs_a_day: 10_000,
        branches: 100,
        seed: 7,
    }
}

fn columns(jobs: &[Job]) -> [Column; 3] {
    let column = |name, counts, is_s3| Column {
        name,
        counts,
        is_s3,
    };
    [
        column(
            "S3, an object each",
            way::run(&mut objects::Objects::default(), jobs),
            true,
        ),
        column("GitHub, packs", with_rules(Rules::default(), jobs), false),
        column(
            "GitHub, actions/cache",
            way::run(&mut tars::Tars::default(), jobs),
            false,
        ),
    ]
}

fn with_rules(rules: Rules, jobs: &[Job]) -> Counts {
    way::run(&mut packs::Packs::new(rules), jobs)
}

/// Half a year, with fewer jobs: what counts is how often locks change.
fn print_rules(locks: &Locks) {
    let days = locks.weeks() * 7;
    let assumed = Assumptions {
        first_day: 0,
        days,
        jobs_a_day: 80,
        branches: 8,
        seed: 7,
    };
    let jobs = traffic::jobs(assumed, locks);
    let mut rows = Vec::new();
    let limits = [4, 6, 8, 12, 16, usize::MAX].map(|packs| (packs, 50));
    for (packs, dead_percent) in limits
        .into_iter()
        .chain([30, 70, 100].map(|dead| (8, dead)))
    {
        let rules = Rules {
            packs,
            dead_percent,
            ..Rules::default()
        };
        let limit = match packs {
            usize::MAX => "any number of".to_owned(),
            packs => format!("at most {packs}"),
        };
        let name = format!("{limit} packs, {dead_percent} % dead");
        rows.push((name, with_rules(rules, &jobs)));
    }
    for (gap, request) in [(0, 8), (1, 8), (4, 8), (1, 4), (1, 16), (1, 64)] {
        let rules = Rules {
            gap: gap << 20,
            request: request << 20,
            ..Rules::default()
        };
        rows.push((
            format!("gaps of {gap} MiB, requests of {request} MiB"),
            with_rules(rules, &jobs),
        ));
    }
    println!("{}", report::rules(&rows, days));
}

#[cfg(test)]
mod tests;
