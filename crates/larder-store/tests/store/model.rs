//! The store against a map: after any sequence of operations and damage, both say the same.

use std::{collections::BTreeMap, fs, io::Write as _};

use larder_store::{CollectPolicy, ObjectKind, Pin, ReadError, RootKind};
use proptest::prelude::*;

use crate::support::{
    Fixture, bytes_of, collect, content, find, flip_a_bit, id, md5, overwrite, put, sha256,
};

#[derive(Debug, Clone, Copy)]
enum Operation {
    Put(u32, Expect),
    Abandon(u32),
    Find(u32),
    Open(u32),
    Flip(u32),
    Empty(u32),
    Remove(u32),
    Verify,
    Root(u32),
    Pin(u32),
    Unpin,
    Collect,
}

#[derive(Debug, Clone, Copy)]
enum Expect {
    Nothing,
    Sha256,
    Md5,
    Wrong,
}

fn operation() -> impl Strategy<Value = Operation> {
    let seed = || 0..4_u32;
    let expect = prop::sample::select(vec![
        Expect::Nothing,
        Expect::Sha256,
        Expect::Md5,
        Expect::Wrong,
    ]);
    prop_oneof![
        4 => (seed(), expect).prop_map(|(seed, expect)| Operation::Put(seed, expect)),
        1 => seed().prop_map(Operation::Abandon),
        2 => seed().prop_map(Operation::Find),
        3 => seed().prop_map(Operation::Open),
        1 => seed().prop_map(Operation::Flip),
        1 => seed().prop_map(Operation::Empty),
        1 => seed().prop_map(Operation::Remove),
        1 => Just(Operation::Verify),
        1 => seed().prop_map(Operation::Root),
        1 => seed().prop_map(Operation::Pin),
        1 => Just(Operation::Unpin),
        2 => Just(Operation::Collect),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Whole,
    Damaged,
    Empty,
}

/// What should be there.
#[derive(Default)]
struct Model {
    objects: BTreeMap<u32, State>,
    /// Those that were once asked for by MD5.
    indexed: BTreeMap<u32, bool>,
    /// Damaged ones that were moved aside.
    aside: usize,
    /// What the one root needs.
    rooted: Option<u32>,
    pinned: Vec<(u32, Pin)>,
}

impl Model {
    fn apply(&mut self, fixture: &Fixture, operation: Operation) {
        match operation {
            Operation::Put(seed, expect) => self.put(fixture, seed, expect),
            Operation::Abandon(seed) => abandon(fixture, seed),
            Operation::Find(seed) => self.find(fixture, seed),
            Operation::Open(seed) => self.open(fixture, seed),
            Operation::Flip(seed) => self.damage(fixture, seed, State::Damaged),
            Operation::Empty(seed) => self.damage(fixture, seed, State::Empty),
            Operation::Remove(seed) => {
                if self.objects.remove(&seed).is_some() {
                    fs::remove_file(path(fixture, seed)).unwrap();
                }
            }
            Operation::Verify => self.verify(fixture),
            Operation::Root(seed) => self.root(fixture, seed),
            Operation::Pin(seed) => {
                let pin = fixture.store.pin([sha256(&content(seed))]).unwrap();
                self.pinned.push((seed, pin));
            }
            Operation::Unpin => drop(self.pinned.pop()),
            Operation::Collect => self.collect(fixture),
        }
        let damaged = fixture.temporary();
        assert_eq!(damaged, vec!["damaged"; self.aside], "{operation:?}");
    }

    fn put(&mut self, fixture: &Fixture, seed: u32, expect: Expect) {
        let bytes = content(seed);
        let expected = match expect {
            Expect::Nothing => None,
            Expect::Sha256 => Some(sha256(&bytes)),
            Expect::Md5 => Some(md5(&bytes)),
            Expect::Wrong => Some(sha256(b"something else")),
        };
        let result = put(&fixture.store, &bytes, expected);
        if matches!(expect, Expect::Wrong) {
            result.unwrap_err();
            return;
        }
        assert_eq!(result.unwrap().id, id(ObjectKind::Conda, &bytes));
        let before = self.objects.insert(seed, State::Whole);
        self.aside += usize::from(before.is_some_and(|state| state != State::Whole));
        if matches!(expect, Expect::Md5) {
            self.indexed.insert(seed, true);
        }
    }

    fn find(&self, fixture: &Fixture, seed: u32) {
        let state = self.objects.get(&seed);
        let by_name = find(&fixture.store, sha256(&content(seed)));
        let visible = matches!(state, Some(State::Whole | State::Damaged));
        assert_eq!(by_name.is_some(), visible);
        let by_md5 = find(&fixture.store, md5(&content(seed)));
        let proven = state == Some(&State::Whole) && self.indexed.contains_key(&seed);
        assert_eq!(by_md5.is_some(), proven);
    }

    fn open(&mut self, fixture: &Fixture, seed: u32) {
        let Some(object) = find(&fixture.store, sha256(&content(seed))) else {
            return;
        };
        if self.objects.get(&seed) == Some(&State::Whole) {
            assert_eq!(bytes_of(&fixture.store, &object), content(seed));
        } else {
            let error = fixture.store.open_verified(&object).unwrap_err();
            assert!(matches!(error, ReadError::Damaged { .. }));
            self.objects.remove(&seed);
            self.aside += 1;
        }
    }

    fn damage(&mut self, fixture: &Fixture, seed: u32, state: State) {
        if self.objects.get(&seed) != Some(&State::Whole) {
            return;
        }
        let path = path(fixture, seed);
        match state {
            State::Empty => overwrite(&path, b""),
            _ => flip_a_bit(&path),
        }
        self.objects.insert(seed, state);
    }

    fn root(&mut self, fixture: &Fixture, seed: u32) {
        let lock = fixture.beside("lock");
        fs::write(&lock, "").unwrap();
        let needed = [id(ObjectKind::Conda, &content(seed))];
        let store = &fixture.store;
        store.record_root(RootKind::Lock, &lock, needed).unwrap();
        self.rooted = Some(seed);
    }

    /// Everything that is not needed goes; what is empty is no object, and stays for a person to see.
    fn collect(&mut self, fixture: &Fixture) {
        collect(&fixture.store, CollectPolicy::Needed);
        let needed: Vec<u32> = self.pinned.iter().map(|(seed, _)| *seed).collect();
        let stays = |seed: &u32, state: &State| {
            *state == State::Empty || self.rooted == Some(*seed) || needed.contains(seed)
        };
        self.objects.retain(|seed, state| stays(seed, state));
        // Entries that lead nowhere go as well.
        let is_there = |seed: &u32| {
            self.objects
                .get(seed)
                .is_some_and(|state| *state != State::Empty)
        };
        self.indexed.retain(|seed, _| is_there(seed));
    }

    fn verify(&self, fixture: &Fixture) {
        let report = fixture.verify();
        let whole = |state: &&State| **state == State::Whole;
        let damaged = self.objects.len() - self.objects.values().filter(whole).count();
        assert_eq!(report.objects, self.objects.len() as u64);
        assert_eq!(report.damaged.len(), damaged);
        assert!(report.stray.is_empty());
    }
}

fn path(fixture: &Fixture, seed: u32) -> std::path::PathBuf {
    let name = id(ObjectKind::Conda, &content(seed)).to_string();
    fixture.path("pkgs").join(&name[..2]).join(name)
}

fn abandon(fixture: &Fixture, seed: u32) {
    let mut ingest = fixture.store.ingest(ObjectKind::Conda, None).unwrap();
    ingest.write_all(&content(seed)[..1000]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_operations_gives_what_the_model_says(
        operations in prop::collection::vec(operation(), 1..40)
    ) {
        let fixture = Fixture::new();
        let mut model = Model::default();
        for operation in operations {
            model.apply(&fixture, operation);
        }
        model.verify(&fixture);
        for seed in 0..4 {
            model.find(&fixture, seed);
        }
    }
}
