//! Whatever the channels are and however they change: what is recalled is what a solve would give,
//! changes outside the names looked at keep the hit, and changes inside lose it.

use std::collections::{BTreeMap, BTreeSet};

use larder_lock::Closure;
use larder_solve::{How, Priority};
use larder_testkit::{Index, PackageBuilder};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};

use crate::support::{Lab, channel_of, package};

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const CHANNELS: usize = 2;

/// Channel, name and version.
type Id = (usize, &'static str, u8);
/// Dependencies, and whether it is noarch.
type Record = (Vec<String>, bool);
type World = BTreeMap<Id, Record>;
/// The records of a name that a memo has looked at.
type Snapshot = BTreeMap<&'static str, World>;

fn dependency() -> impl Strategy<Value = String> {
    let bound = select(vec!["", " >=1", " <2", " 1", " >=3"]);
    (select(&NAMES[..]), bound).prop_map(|(name, bound)| format!("{name}{bound}"))
}

fn entry() -> impl Strategy<Value = (Id, Record)> {
    let key = (0..CHANNELS, select(&NAMES[..]), 0..3u8);
    let value = (prop::collection::vec(dependency(), 0..3), any::<bool>());
    (key, value)
}

fn world() -> impl Strategy<Value = World> {
    let entries = prop::collection::vec(entry(), 4..20);
    entries.prop_map(|entries| entries.into_iter().collect())
}

/// One record is set, or taken away.
fn change() -> impl Strategy<Value = (Id, Option<Record>)> {
    (entry(), any::<bool>()).prop_map(|((key, value), set)| (key, set.then_some(value)))
}

fn written(lab: &Lab, world: &World, form: Index) -> Vec<String> {
    let channel = |number: usize| {
        let mine = world.iter().filter(|((channel, ..), _)| *channel == number);
        let packages = mine.map(|((_, name, version), (depends, noarch))| {
            let plain = package(name, &version.to_string());
            let package = depends
                .iter()
                .fold(plain, |package, spec| package.depends(spec));
            if *noarch {
                package.noarch_generic()
            } else {
                package
            }
        });
        let packages: Vec<PackageBuilder> = packages.collect();
        let channel = channel_of(packages).subdir("linux-64").indexes(&[form]);
        lab.channel(&number.to_string(), channel).url()
    };
    (0..CHANNELS).map(channel).collect()
}

/// The names that a solve for `specs` looks at, and their records.
fn looked_at(world: &World, specs: &[&'static str]) -> Snapshot {
    let mut waiting: Vec<&'static str> = specs.to_vec();
    let mut seen = BTreeSet::new();
    let mut snapshot = Snapshot::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) {
            continue;
        }
        let records = world.iter().filter(|((_, other, _), _)| *other == name);
        let records: World = records.map(|(k, v)| (*k, v.clone())).collect();
        for spec in records.values().flat_map(|(depends, _)| depends) {
            let known = NAMES.iter().find(|name| spec.starts_with(**name));
            waiting.extend(known);
        }
        snapshot.insert(name, records);
    }
    snapshot
}

fn now(world: &World, snapshot: &Snapshot) -> Snapshot {
    let records_of = |name: &&'static str| {
        let records = world.iter().filter(|((_, other, _), _)| other == name);
        (*name, records.map(|(k, v)| (*k, v.clone())).collect())
    };
    snapshot.keys().map(records_of).collect()
}

fn check(
    lab: &Lab,
    urls: &[String],
    specs: &[&str],
    expects_hit: bool,
) -> Result<Option<Closure>, TestCaseError> {
    let fresh = Lab {
        priority: lab.priority,
        ..Lab::new()
    };
    let fresh = fresh.solve(urls, specs);
    match (lab.recall(urls, specs), fresh) {
        (Ok(recalled), Ok(fresh)) => {
            prop_assert_eq!(&recalled.closure, &fresh);
            let how = if expects_hit { How::Memo } else { How::Solved };
            prop_assert_eq!(recalled.how, how, "{:?}", recalled.why_no_memo);
            Ok(Some(fresh))
        }
        (Err(recalled), Err(fresh)) => {
            prop_assert_eq!(recalled.to_string(), fresh.to_string());
            Ok(None)
        }
        (recalled, fresh) => {
            let text = format!("recalled {recalled:?}, solved {fresh:?}");
            Err(TestCaseError::fail(text))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn what_is_recalled_is_what_a_solve_would_give(
        mut world in world(),
        changes in prop::collection::vec(change(), 1..6),
        specs in prop::sample::subsequence(&NAMES[..], 1..3),
        priority in select(vec![Priority::Strict, Priority::Flexible, Priority::Disabled]),
        form in select(vec![Index::Sharded, Index::Plain]),
    ) {
        let lab = Lab { priority, ..Lab::new() };
        let mut remembered: Option<Snapshot> = None;
        let changes = changes.into_iter().map(Some);
        for change in [None].into_iter().chain(changes) {
            match change {
                Some((key, Some(value))) => drop(world.insert(key, value)),
                Some((key, None)) => drop(world.remove(&key)),
                None => {}
            }
            let urls = written(&lab, &world, form);
            let expects_hit = remembered.as_ref().is_some_and(|old| *old == now(&world, old));
            if check(&lab, &urls, &specs, expects_hit)?.is_some() {
                remembered = Some(looked_at(&world, &specs));
            }
        }
    }
}
