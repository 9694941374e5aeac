//! How the values that several sources have for one key become one, by conda's rules.
//!
//! Sources come weakest first. A value marked `#!final` ends the row: later sources do not count. Of
//! scalars the last counts. Lists are joined, the last source first, each item once, items marked
//! `#!top` before and `#!bottom` behind all others. Maps are joined by name, value by value.

use crate::raw::{Data, Flag, Raw};

/// The merged value, or `None` if no source has one. All must have the same shape; those that do not
/// have the shape of the last are left out.
pub(crate) fn merge(sources: &[&Raw]) -> Option<Raw> {
    let sources: Vec<&Raw> = sources
        .iter()
        .copied()
        .filter(|raw| !raw.is_null())
        .collect();
    let end = sources
        .iter()
        .position(|raw| raw.flag == Some(Flag::Final))
        .map_or(sources.len(), |first| first + 1);
    let counting = sources.get(..end).unwrap_or_default();
    let last = *counting.last()?;
    let data = match &last.data {
        Data::Null | Data::Scalar(_) => last.data.clone(),
        Data::List(_) => Data::List(lists(counting)),
        Data::Map(_) => Data::Map(maps(counting)),
    };
    Some(Raw {
        data,
        ..last.clone()
    })
}

fn lists(sources: &[&Raw]) -> Vec<Raw> {
    let items = |raw: &Raw| match &raw.data {
        Data::List(items) => items.clone(),
        _ => Vec::new(),
    };
    let marked = |raw: &Raw, flag| {
        let items = items(raw).into_iter();
        items.filter(move |item| item.flag == Some(flag))
    };
    let top = sources.iter().flat_map(|raw| marked(raw, Flag::Top));
    let all = sources.iter().rev().flat_map(|raw| items(raw));
    let from_the_top = unique(top.chain(all));
    let bottom: Vec<Raw> = sources
        .iter()
        .rev()
        .flat_map(|raw| marked(raw, Flag::Bottom))
        .collect();
    let backwards = bottom
        .into_iter()
        .rev()
        .chain(from_the_top.into_iter().rev());
    let mut merged = unique(backwards);
    merged.reverse();
    merged
}

/// Each item once, where it comes first.
fn unique(items: impl Iterator<Item = Raw>) -> Vec<Raw> {
    let mut kept: Vec<Raw> = Vec::new();
    for item in items {
        if !kept.iter().any(|known| known.is_same(&item)) {
            kept.push(item);
        }
    }
    kept
}

fn maps(sources: &[&Raw]) -> Vec<(String, Raw)> {
    let mut names: Vec<&String> = Vec::new();
    let mut entries: Vec<&(String, Raw)> = Vec::new();
    for raw in sources {
        if let Data::Map(map) = &raw.data {
            entries.extend(map);
        }
    }
    for (name, _) in &entries {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let merged = |name: &String| {
        let values: Vec<&Raw> = entries
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, value)| value)
            .collect();
        // A name without a value is one all the same: `https: ~` is a proxy that is none.
        let last = values.last().copied().filter(|value| value.is_null());
        let value = last.cloned().or_else(|| merge(&values))?;
        Some((name.clone(), value))
    };
    names.into_iter().filter_map(merged).collect()
}
