//! The smallest set of lines that conflict, and resolvo's account of it.
//!
//! Lines are left out one by one as long as the rest stays unsolvable. Every attempt is bounded in
//! time; one that takes too long counts as solvable, so the set may be larger than it need be, never
//! wrong.

use std::time::Duration;

use rattler_solve::SolveError;

use super::{Context, specs_of, tidy::tidy};
use crate::{Requested, resolve::Universe};

/// For one attempt.
const PATIENCE: Duration = Duration::from_secs(5);
/// Beyond this many lines only those that the account names are tried.
const MOST_LINES: usize = 60;

/// The conflicting lines and the account.
pub(super) fn smallest<'a>(
    context: &'a Context,
    universe: &Universe,
) -> (Vec<&'a Requested>, String) {
    let mut lines: Vec<&Requested> = context.wanted.iter().collect();
    let mut account = account_of(&lines, universe).unwrap_or_default();
    let named: Vec<&Requested> = lines
        .iter()
        .copied()
        .filter(|wanted| names(&account, wanted))
        .collect();
    for attempt in [named].into_iter().chain(halves(&lines)) {
        if let Some(shorter) = account_of(&attempt, universe) {
            lines = attempt;
            account = shorter;
            break;
        }
    }
    let mut at = 0;
    while at < lines.len() && lines.len() > 1 && lines.len() <= MOST_LINES {
        let mut fewer = lines.clone();
        fewer.remove(at);
        match account_of(&fewer, universe) {
            Some(shorter) => {
                lines = fewer;
                account = shorter;
            }
            None => at += 1,
        }
    }
    (lines, account)
}

/// Resolvo's account of why these lines have no solution; nothing if they have one.
fn account_of(lines: &[&Requested], universe: &Universe) -> Option<String> {
    let specs = specs_of(lines.iter().copied());
    match universe.solve(&specs, Some(PATIENCE)) {
        Err(SolveError::Unsolvable(account)) => Some(tidy(&account.join("\n"))),
        _ => None,
    }
}

fn names(account: &str, wanted: &Requested) -> bool {
    let name = wanted.spec.name.as_exact();
    name.is_some_and(|name| {
        account
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .any(|word| word == name.as_normalized())
    })
}

/// Both halves, worth a try where there are many lines.
fn halves<'a>(lines: &[&'a Requested]) -> Vec<Vec<&'a Requested>> {
    if lines.len() < 8 {
        return Vec::new();
    }
    let (left, right) = lines.split_at(lines.len() / 2);
    vec![left.to_vec(), right.to_vec()]
}
