//! The month in words and tables.

use std::fmt::Write as _;

use crate::{
    counts::Counts,
    traffic::{Assumptions, DAY},
};

/// List prices of S3 in us-east-1, in dollars: for each 1,000 PUT, each 1,000 GET, a GB for a month, a GB to the
/// Internet (first 10 TB of a month, next 40, next 100, more).
const PUT: f64 = 0.005;
const GET: f64 = 0.0004;
const STORED: f64 = 0.023;
const OUT: [(f64, f64); 4] = [
    (10_240.0, 0.09),
    (40_960.0, 0.085),
    (102_400.0, 0.07),
    (f64::MAX, 0.05),
];

/// One way and what it cost.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) counts: Counts,
    pub(crate) is_s3: bool,
}

/// A table that grows by rows.
struct Rows<'a> {
    columns: &'a [Column],
    assumed: Assumptions,
    text: String,
}

pub(crate) fn table(columns: &[Column], assumed: Assumptions) -> String {
    let mut rows = Rows {
        columns,
        assumed,
        text: String::new(),
    };
    rows.row("a day", |column| column.name.to_owned());
    rows.row("---", |_| "---".to_owned());
    rows.requests();
    rows.bytes();
    rows.jobs();
    rows.stored();
    rows.row("dollars, runners in the bucket's region", |column| {
        dollars(column, assumed, false)
    });
    rows.row("dollars, runners elsewhere", |column| {
        dollars(column, assumed, true)
    });
    rows.text
}

impl Rows<'_> {
    fn row(&mut self, name: &str, cell: impl Fn(&Column) -> String) {
        let cells: Vec<String> = self.columns.iter().map(cell).collect();
        writeln!(self.text, "| {name} | {} |", cells.join(" | ")).expect("a text");
    }

    fn requests(&mut self) {
        let kinds = self.columns.iter();
        let kinds = kinds.flat_map(|column| column.counts.requests.keys().copied());
        let kinds: std::collections::BTreeSet<&str> = kinds.collect();
        let days = self.assumed.days as f64;
        for kind in kinds {
            self.row(&format!("requests: {kind}"), |column| {
                let times = column.counts.requests.get(kind).copied();
                format!("{:.0}", times.unwrap_or_default() as f64 / days)
            });
        }
    }

    fn bytes(&mut self) {
        let days = self.assumed.days as f64;
        let gigabytes = |bytes: u64| format!("{:.2} GB", bytes as f64 / days / 1e9);
        self.row("bytes down", |column| gigabytes(column.counts.down));
        self.row("bytes up", |column| gigabytes(column.counts.up));
        self.row("bytes from the channel", |column| {
            gigabytes(column.counts.channel)
        });
    }

    fn jobs(&mut self) {
        let share = |part: u64, all: u64| format!("{:.2} %", 100.0 * part as f64 / all as f64);
        self.row("jobs with everything from the remote", |column| {
            share(column.counts.whole, column.counts.jobs)
        });
        self.row("jobs that asked the channel for a part", |column| {
            let counts = &column.counts;
            share(counts.jobs - counts.whole - counts.none, counts.jobs)
        });
        self.row("jobs that had everything from the channel", |column| {
            share(column.counts.none, column.counts.jobs)
        });
        self.row("packs that a job reads, mean and most", |column| {
            let counts = &column.counts;
            match counts.packs {
                0 => "-".to_owned(),
                packs => {
                    let mean = packs as f64 / counts.jobs as f64;
                    format!("{mean:.1}, {}", counts.packs_most)
                }
            }
        });
    }

    fn stored(&mut self) {
        let days = self.assumed.days as f64;
        let a_day = |number: u64| format!("{:.1}", number as f64 / days);
        self.row("entries evicted for the quota", |column| {
            a_day(column.counts.evicted)
        });
        self.row("entries expired", |column| a_day(column.counts.expired));
        self.row("stored at most", |column| {
            format!("{:.2} GB", column.counts.stored_most as f64 / 1e9)
        });
        self.row("uploads in a minute, at most", |column| {
            match column.is_s3 {
                true => "no limit".to_owned(),
                false => column.counts.uploads_a_minute.to_string(),
            }
        });
    }
}

fn dollars(column: &Column, assumed: Assumptions, leaves: bool) -> String {
    if !column.is_s3 {
        return "0 (within 10 GB)".to_owned();
    }
    let counts = &column.counts;
    let days = assumed.days as f64;
    let times = |kind: &str| counts.requests.get(kind).copied().unwrap_or_default() as f64 / 1000.0;
    let requests = times("PUT") * PUT + times("GET") * GET;
    let stored = counts.stored_most as f64 / 1e9 * STORED * days / 30.0;
    let out = if leaves {
        traffic_out(counts.down as f64 / 1e9)
    } else {
        0.0
    };
    format!("{:.2}", (requests + stored + out) / days)
}

fn traffic_out(mut gigabytes: f64) -> f64 {
    let mut sum = 0.0;
    for (step, price) in OUT {
        let part = gigabytes.min(step);
        sum += part * price;
        gigabytes -= part;
    }
    sum
}

/// What other rules would cost, over a longer time.
pub(crate) fn rules(rows: &[(String, Counts)], days: usize) -> String {
    let mut text = String::from(
        "| rule | packs a job reads, mean and most | requests a job | down a day | up a day | of it rewritten | stored at most | evicted |\n|---|---|---|---|---|---|---|---|\n",
    );
    let a_day = |bytes: u64| bytes as f64 / days as f64 / 1e9;
    for (name, counts) in rows {
        let requests: u64 = counts.requests.values().sum();
        writeln!(
            text,
            "| {name} | {:.2}, {} | {:.1} | {:.1} GB | {:.3} GB | {:.3} GB | {:.2} GB | {} |",
            counts.packs as f64 / counts.jobs as f64,
            counts.packs_most,
            requests as f64 / counts.jobs as f64,
            a_day(counts.down),
            a_day(counts.up),
            a_day(counts.rewritten),
            counts.stored_most as f64 / 1e9,
            counts.evicted,
        )
        .expect("a text");
    }
    text
}

pub(crate) fn heading(assumed: Assumptions, jobs: usize, fixture_days: usize) -> String {
    format!(
        "{jobs} jobs in {} days from day {} of {fixture_days} in the fixture, {} branches, seed {} (a day has {DAY} s)\n",
        assumed.days, assumed.first_day, assumed.branches, assumed.seed
    )
}
