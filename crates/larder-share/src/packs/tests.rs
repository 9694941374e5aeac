use larder_digest::Sha256;
use proptest::prelude::*;

use super::{
    FormatError, Index, Member, PackEntry, PackId, Root, Rules, ScopeId, Table, View, Wanted, name,
};

const MIB: u64 = 1 << 20;

fn member(name: &str, size: u64) -> Member {
    Member {
        name: name.to_owned(),
        sha256: name::sha256(name.as_bytes()),
        size,
    }
}

fn pack(saved: u64, members: &[Member]) -> PackEntry {
    let table = Table::new(members.to_vec(), 0).unwrap();
    let (table_digest, head) = table.to_bytes().unwrap();
    PackEntry {
        id: PackId {
            scope: ScopeId::of("main"),
            table: table_digest,
        },
        saved,
        start: head.len() as u64,
        members: table.members().to_vec(),
    }
}

fn index(packs: &[&PackEntry]) -> Index {
    let mut index = Index::default();
    packs.iter().for_each(|pack| index.add((*pack).clone()));
    index
}

fn root(name: &str, saved: u64, members: &[Member]) -> Root {
    Root {
        name: name.to_owned(),
        saved,
        members: members.iter().map(|member| member.name.clone()).collect(),
    }
}

/// The digest that an index's name ends in.
fn digest_in(name: &str) -> Sha256 {
    name.rsplit('-').next().unwrap().parse().unwrap()
}

#[test]
fn a_table_says_where_each_member_is() {
    let table = Table::new(vec![member("b", 5), member("c", 0), member("a", 3)], 0).unwrap();
    let (digest, head) = table.to_bytes().unwrap();
    let read = Table::parse(&digest, &[head.as_slice(), b"aaabbbbb"].concat()).unwrap();
    assert_eq!(read, table);
    let places: Vec<_> = read
        .places(100)
        .map(|(member, place)| (member.name.as_str(), place))
        .collect();
    assert_eq!(places, [("c", 100..100), ("a", 100..103), ("b", 103..108)]);
}

#[test]
fn the_same_members_are_the_same_pack_and_a_salt_makes_another() {
    let (one, two) = (member("a", 1), member("b", 2));
    let of = |members: Vec<Member>, salt| Table::new(members, salt).unwrap().to_bytes().unwrap().0;
    assert_eq!(
        of(vec![one.clone(), two.clone()], 0),
        of(vec![two.clone(), one.clone()], 0)
    );
    assert_ne!(of(vec![one.clone(), two.clone()], 0), of(vec![one, two], 1));
}

#[test]
fn names_end_in_a_digest_of_fixed_length() {
    let (one, other) = (ScopeId::of("refs/heads/a"), ScopeId::of("refs/heads/ab"));
    assert_ne!(one.index_prefix(), other.index_prefix());
    assert_eq!(one.index_prefix().len(), other.index_prefix().len());
    let (early, _) = index(&[]).to_bytes(one).unwrap();
    let mut next = index(&[]);
    next.advance();
    let (late, _) = next.to_bytes(one).unwrap();
    assert_eq!(early.len(), late.len());
    assert!(late < early, "remotes list equally old ones by name");
}

#[test]
fn what_cannot_be_is_refused() {
    for members in [
        vec![member("a", 1), member("a", 2)],
        vec![member("", 1)],
        vec![member("a b", 1)],
        vec![member(&"a".repeat(201), 1)],
        vec![member("a", (1 << 40) + 1)],
    ] {
        let refused = Table::new(members.clone(), 0);
        assert!(
            matches!(refused, Err(FormatError::Listed { .. })),
            "{members:?}"
        );
    }
}

#[test]
fn a_small_index_does_not_unpack_into_a_large_one() {
    let zeros = zstd::bulk::compress(&vec![b' '; 257 << 20], 1).unwrap();
    let bytes = [b"larder-index-1\n\0".as_slice(), &zeros].concat();
    let refused = Index::parse(&name::sha256(&bytes), &bytes);
    assert!(
        matches!(refused, Err(FormatError::Length { .. })),
        "{refused:?}"
    );
}

proptest! {
    #[test]
    fn any_byte_of_a_table_that_changes_is_found(at in 0usize..1000, change in 1u8..) {
        let table = Table::new(vec![member("a", 1), member("b", 2)], 7).unwrap();
        let (digest, mut head) = table.to_bytes().unwrap();
        let at = at % head.len();
        head[at] ^= change;
        prop_assert!(Table::parse(&digest, &head).is_err());
    }

    #[test]
    fn any_byte_of_an_index_that_changes_is_found(at in 0usize..10_000, change in 1u8..) {
        let mut index = index(&[&pack(1, &[member("a", 1), member("b", 2)])]);
        index.record(root("r", 1, &[member("a", 1)]));
        let (name, mut bytes) = index.to_bytes(ScopeId::of("main")).unwrap();
        prop_assert_eq!(&Index::parse(&digest_in(&name), &bytes).unwrap(), &index);
        let at = at % bytes.len();
        bytes[at] ^= change;
        let refused = Index::parse(&digest_in(&name), &bytes);
        let is_found = matches!(refused, Err(FormatError::Digest { .. }));
        prop_assert!(is_found);
    }

    #[test]
    fn anything_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let digest = name::sha256(&bytes);
        let _ = Table::parse(&digest, &bytes);
        let _ = Index::parse(&digest, &bytes);
        let packed = [b"larder-index-1\n\0".as_slice(), &zstd::bulk::compress(&bytes, 1).unwrap()].concat();
        prop_assert!(Index::parse(&name::sha256(&packed), &packed).is_err());
    }

    /// Whatever packs there are: each name is read once, from a pack that has it, or is missing everywhere.
    #[test]
    fn a_plan_reads_everything_once(
        packs in proptest::collection::vec(proptest::collection::btree_set(0u32..30, 1..12), 0..8),
        wanted in proptest::collection::btree_set(0u32..30, 0..30),
    ) {
        let of = |number: &u32| member(&format!("m{number}"), u64::from(*number) * 300_000);
        let entries: Vec<PackEntry> = packs
            .iter()
            .zip(0..)
            .map(|(numbers, saved)| pack(saved, &numbers.iter().map(of).collect::<Vec<_>>()))
            .collect();
        let view = View::of([&index(&entries.iter().collect::<Vec<_>>())]);
        let names: Vec<String> = wanted.iter().map(|number| of(number).name).collect();
        let plan = view.restore(names.iter().map(String::as_str), &Rules::default());
        let mut found: Vec<String> = plan.missing.clone();
        for read in &plan.reads {
            let pack = view.packs().iter().find(|pack| pack.id == read.pack).unwrap();
            prop_assert!(read.range.end <= pack.start + pack.size());
            for (member, place) in &read.members {
                prop_assert!(pack.places().any(|(known, at)| known == member && at == *place));
                prop_assert!(read.range.start <= place.start && place.end <= read.range.end);
                found.push(member.name.clone());
            }
        }
        found.sort();
        let mut names = names;
        names.sort();
        prop_assert_eq!(found, names);
        let there = |name: &String| entries.iter().any(|pack| pack.members.iter().any(|member| member.name == *name));
        prop_assert!(!plan.missing.iter().any(there));
    }
}

#[test]
fn members_that_are_near_each_other_are_read_together() {
    let members = [
        member("a", 100),
        member("gap", 200),
        member("b", 300),
        member("large gap", 2 * MIB),
        member("c", 3 * MIB),
        member("huge", 60 * MIB),
    ];
    let members = members.map(|member| Member {
        name: member.name.replace(' ', "-"),
        ..member
    });
    let view = View::of([&index(&[&pack(1, &members)])]);
    let plan = view.restore(["a", "b", "c", "huge"], &Rules::default());
    let together: Vec<Vec<&str>> = plan
        .reads
        .iter()
        .map(|read| {
            read.members
                .iter()
                .map(|(member, _)| member.name.as_str())
                .collect()
        })
        .collect();
    assert_eq!(together, [vec!["a", "b"], vec!["c"], vec!["huge"]]);
    assert_eq!(plan.bytes(), 600 + 63 * MIB);
    assert_eq!(plan.packs(), 1);
}

#[test]
fn few_packs_are_preferred() {
    let [a, b, c] = ["a", "b", "c"].map(|name| member(name, 10));
    let all = pack(1, &[a.clone(), b.clone(), c]);
    let (one, two) = (pack(2, &[a]), pack(3, &[b]));
    let mut view = View::of([&index(&[&all, &one, &two])]);
    let plan = view.restore(["a", "b", "c"], &Rules::default());
    assert_eq!(plan.packs(), 1);
    view.without_member(all.id, "a");
    let plan = view.restore(["a", "b", "c"], &Rules::default());
    assert_eq!(plan.packs(), 2);
    view.without_pack(all.id);
    let plan = view.restore(["a", "b", "c"], &Rules::default());
    assert_eq!((plan.packs(), plan.missing), (2, vec!["c".to_owned()]));
}

#[test]
fn of_two_notes_of_one_name_the_last_saved_counts() {
    let old = member("solves/x", 10);
    let new = Member {
        sha256: name::sha256(b"new"),
        ..old.clone()
    };
    let (one, two) = (
        pack(1, &[old, member("a", 5)]),
        pack(2, std::slice::from_ref(&new)),
    );
    let view = View::of([&index(&[&two]), &index(&[&one])]);
    assert_eq!(view.member("solves/x"), Some(&new));
    let plan = view.restore(["a", "solves/x"], &Rules::default());
    let read = plan.reads.iter().flat_map(|read| &read.members);
    assert!(read.into_iter().any(|(member, _)| *member == new));
}

fn saves(view: &View, members: &[Member], rewrites: bool) -> (Vec<String>, Vec<String>) {
    let root = root("environment.yml", 100, members);
    let wanted = Wanted {
        root: &root,
        members,
        rewrites,
    };
    let plan = view.save(wanted, &Index::default(), &Rules::default());
    let names = |members: Vec<Member>| members.into_iter().map(|member| member.name).collect();
    (names(plan.new), names(plan.rewritten))
}

#[test]
fn a_save_has_what_no_visible_pack_has() {
    let [a, b] = ["a", "b"].map(|name| member(name, 10));
    let view = View::of([&index(&[&pack(1, std::slice::from_ref(&a))])]);
    let (new, rewritten) = saves(&view, &[a, b], true);
    assert_eq!((new, rewritten), (vec!["b".to_owned()], vec![]));
}

#[test]
fn too_many_packs_are_rewritten_by_the_default_branch_alone() {
    let members: Vec<Member> = (1..=8)
        .map(|size| member(&format!("m{size}"), size))
        .collect();
    let packs: Vec<PackEntry> = members
        .iter()
        .zip(0..)
        .map(|(member, saved)| pack(saved, std::slice::from_ref(member)))
        .collect();
    let view = View::of([&index(&packs.iter().collect::<Vec<_>>())]);
    assert_eq!(saves(&view, &members, true).1, Vec::<String>::new());
    let more = [members.as_slice(), &[member("new", 1)]].concat();
    assert_eq!(saves(&view, &more, false).1, Vec::<String>::new());
    // Three of the largest stay, and the new one is the fourth.
    let (new, rewritten) = saves(&view, &more, true);
    assert_eq!(new, ["new"]);
    assert_eq!(rewritten, ["m1", "m2", "m3", "m4", "m5"]);
}

#[test]
fn a_pack_that_is_mostly_dead_is_left() {
    let (live, dead) = (member("live", 30 * MIB), member("dead", 40 * MIB));
    let entry = pack(1, &[live.clone(), dead.clone()]);
    let mut known = index(&[&entry]);
    let view = View::of([&known]);
    assert_eq!(saves(&view, std::slice::from_ref(&live), true).1, ["live"]);
    // Another root needs the rest.
    known.record(root("other.yml", 1, &[dead]));
    let view = View::of([&known]);
    assert_eq!(saves(&view, &[live], true).1, Vec::<String>::new());
}

#[test]
fn an_index_forgets_what_nobody_needed_for_long() {
    let entries: Vec<PackEntry> = (0..5)
        .map(|saved| pack(saved, &[member(&format!("m{saved}"), 1)]))
        .collect();
    let mut known = index(&entries.iter().collect::<Vec<_>>());
    known.record(root("r", 10, &[member("m0", 1)]));
    known.forget(10, 2);
    let left: Vec<u64> = known.packs().iter().map(|pack| pack.saved).collect();
    assert_eq!(left, [0, 3, 4]);
    known.forget(10 + 31 * 24 * 60 * 60, 2);
    assert_eq!((known.packs().len(), known.roots().len()), (2, 0));
}

#[test]
fn two_indexes_together_say_what_both_say() {
    let (one, two) = (pack(1, &[member("a", 1)]), pack(2, &[member("b", 1)]));
    let (mut left, mut right) = (index(&[&one]), index(&[&two]));
    left.record(root("r", 1, &[member("a", 1)]));
    right.record(root("r", 2, &[member("b", 1)]));
    right.doubt(one.id, "a".to_owned());
    let mut other = right.clone();
    other.merge(&left);
    left.merge(&right);
    assert_eq!(left, other);
    assert_eq!(left.roots(), [root("r", 2, &[member("b", 1)])]);
    assert_eq!(View::of([&left]).member("a"), None);
}
