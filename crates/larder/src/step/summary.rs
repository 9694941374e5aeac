//! The table that a service shows below a job: what was reused, fetched, how long, what was saved.

use larder_cache::look_up::Hit;

use crate::{CreateReport, Origin};

use super::{CacheUse, Cold, StepReport, report::seconds};

/// The report as a table in Markdown.
pub fn summary(report: &StepReport) -> String {
    let mut rows = vec![("", "larder".to_owned())];
    match &report.environment {
        Some(made) => {
            let packages = count(made.actions.link.len(), "package");
            let prefix = code(&made.prefix.display().to_string());
            rows.push(("environment", format!("{prefix}: {packages}")));
            rows.push(("solve", solve(made).to_owned()));
        }
        None => rows.push(("environment", "none was asked for".to_owned())),
    }
    rows.extend(report.cache.as_ref().map(|cache| ("cache", cached(cache))));
    if let Some(made) = &report.environment {
        rows.push(("reused", reused(made)));
        rows.push(("fetched", fetched(made)));
    }
    rows.push(("time", time(report)));
    rows.extend(against_cold(report).map(|text| ("against cold", text)));
    let mut table = String::new();
    for (at, (name, value)) in rows.iter().enumerate() {
        table += &format!("| {name} | {value} |\n");
        if at == 0 {
            table += "|---|---|\n";
        }
    }
    table
}

fn solve(made: &CreateReport) -> &'static str {
    match made.solve {
        Origin::Lock => "none: from the lock",
        Origin::Frozen => "none: from the lock, unchecked",
        Origin::Memo => "none: an earlier one is still true",
        Origin::Installed => "none: as installed",
        Origin::Solved => "solved; `larder lock` would spare that",
    }
}

fn cached(cache: &CacheUse) -> String {
    let hit = match cache.hit {
        Hit::False => return "miss".to_owned(),
        Hit::True => "hit",
        Hit::Inexact => "hit, of another environment or an older one",
    };
    let matched = cache.matched_key.as_deref().map(code);
    let from = matched.map(|key| format!(": {key}")).unwrap_or_default();
    let size = bytes(cache.bytes);
    // Objects come while packages are unpacked: that takes no time of its own.
    let time = match cache.milliseconds {
        0 => String::new(),
        taken => format!(" in {} s", seconds(taken)),
    };
    format!("{hit}{from} ({size}{time})")
}

/// What was in the store, and what the cache gave object by object.
fn reused(made: &CreateReport) -> String {
    let (store, cache) = (made.reused, made.sources.remote);
    let from_cache = || {
        format!(
            "{} of the cache, {}",
            count(cache.objects, "package"),
            bytes(cache.bytes)
        )
    };
    match (store, cache.objects) {
        (_, 0) => count(store, "package"),
        (0, _) => from_cache(),
        _ => format!("{}; {}", count(store, "package"), from_cache()),
    }
}

fn fetched(made: &CreateReport) -> String {
    let channel = made.sources.channel;
    match channel.objects {
        0 => "nothing".to_owned(),
        packages => format!("{}, {}", count(packages, "package"), bytes(channel.bytes)),
    }
}

fn time(report: &StepReport) -> String {
    let mut parts = Vec::new();
    let mut part = |name: &str, milliseconds: u64| {
        parts.push(format!("{name} {} s", seconds(milliseconds)));
    };
    if let Some(cache) = &report.cache {
        part("restore", cache.milliseconds);
    }
    if let Some(made) = &report.environment {
        part("solve", made.solve_milliseconds);
        part("fetch", made.fetch_milliseconds);
        part("link", made.link_milliseconds);
    }
    let all = seconds(report.milliseconds);
    match parts.is_empty() {
        true => format!("{all} s"),
        false => format!("{all} s ({})", parts.join(", ")),
    }
}

/// What was spared: time where a cold run is known, bytes always.
fn against_cold(report: &StepReport) -> Option<String> {
    let made = report.environment.as_ref()?;
    if report.is_cold() {
        return Some("this was cold: nothing was there".to_owned());
    }
    let spared = bytes(made.sources.store.bytes + made.sources.remote.bytes);
    let spared = format!("{spared} not fetched from channels");
    let Some(Cold { milliseconds, .. }) = report.cold else {
        return Some(spared);
    };
    let (cold, now) = (seconds(milliseconds), seconds(report.milliseconds));
    Some(match milliseconds.checked_sub(report.milliseconds) {
        Some(saved) => format!(
            "{cold} s cold, {now} s now: {} s saved, {spared}",
            seconds(saved)
        ),
        None => format!("{cold} s cold, {now} s now; {spared}"),
    })
}

fn count(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{:.1} KB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

/// Text from elsewhere in a cell: no mark-up, no end of the cell.
fn code(text: &str) -> String {
    let text = text.replace(['`', '\n', '\r'], " ").replace('|', "\\|");
    format!("`{text}`")
}
