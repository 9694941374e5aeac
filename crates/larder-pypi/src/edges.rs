//! Which distribution needs which, for one target: what a lock keeps so that a wheel that nothing needs is
//! found later, offline.
//!
//! pip's report has the metadata of everything; uv says the names alone, behind each line of its other form.

use std::collections::{BTreeMap, BTreeSet};

use larder_lock::is_distribution_name;

use crate::{Plain, Section, Target, normalize, plain, resolved::Chosen};

/// Names of distributions with what each needs: a name, and a specifier of versions where that is known.
#[derive(Debug, Default)]
pub(crate) struct Edges(BTreeMap<String, BTreeMap<String, String>>);

impl Edges {
    /// What a distribution needs, sorted by name.
    pub(crate) fn of(&self, name: &str) -> Vec<(String, String)> {
        let needed = self.0.get(name).into_iter().flatten();
        needed
            .map(|(name, versions)| (name.clone(), versions.clone()))
            .collect()
    }

    fn add(&mut self, parent: &str, child: &str, versions: &str) {
        let children = self.0.entry(parent.to_owned()).or_default();
        let known = children.entry(child.to_owned()).or_default();
        if known.is_empty() {
            versions.clone_into(known);
        } else if !versions.is_empty() && !known.split(',').eq(versions.split(',')) {
            known.push(',');
            known.push_str(versions);
        }
    }

    /// From uv's `--annotation-style line`: `dull==1.5  # via pretty, other`.
    pub(crate) fn of_annotations(text: &str) -> Self {
        let mut edges = Self::default();
        for line in text.lines() {
            let Some((requirement, parents)) = line.split_once("# via ") else {
                continue;
            };
            let is_of_name =
                |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            let name = requirement.split(|letter| !is_of_name(letter)).next();
            let name = name.filter(|name| is_distribution_name(name));
            let Some(child) = name.map(normalize) else {
                continue;
            };
            // What a section names itself is `-r FILE`, which is no name.
            let parents = parents.split(',').map(str::trim);
            for parent in parents.filter(|parent| is_distribution_name(parent)) {
                edges.add(&normalize(parent), &child, "");
            }
        }
        edges
    }

    /// From `Requires-Dist` of all that was chosen, with the markers and extras that count here.
    pub(crate) fn of_metadata(chosen: &[Chosen], section: &Section, target: &Target) -> Self {
        let mut edges = Self::default();
        let Some(environment) = target.marker_environment() else {
            return edges;
        };
        let mut extras: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in section.requirements().iter().filter_map(|line| plain(line)) {
            extras.entry(line.name).or_default().extend(line.extras);
        }
        let requires: Vec<(String, Vec<Plain>)> = chosen
            .iter()
            .map(|chosen| {
                let name = normalize(&chosen.name);
                let known = extras.entry(name.clone()).or_default();
                known.extend(chosen.extras.iter().map(|extra| normalize(extra)));
                let requires = chosen.requires.iter().filter_map(|text| plain(text));
                (name, requires.collect())
            })
            .collect();
        // An extra of one distribution can ask for an extra of another, so until nothing is new.
        loop {
            let before: usize = extras.values().map(BTreeSet::len).sum();
            for (name, requires) in &requires {
                let own = extras.get(name).cloned().unwrap_or_default();
                for needed in requires {
                    if needed.applies(&environment, &own) {
                        let known = extras.entry(needed.name.clone()).or_default();
                        known.extend(needed.extras.iter().cloned());
                    }
                }
            }
            if extras.values().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        for (name, requires) in &requires {
            let own = extras.get(name).cloned().unwrap_or_default();
            for needed in requires
                .iter()
                .filter(|needed| needed.applies(&environment, &own))
            {
                // `all = ["self[one,two]"]` is how metadata groups extras.
                if needed.name != *name {
                    edges.add(name, &needed.name, &needed.specifier());
                }
            }
        }
        edges
    }
}

#[cfg(test)]
mod tests;
