//! Lists of MatchSpecs as maps, and what a map cannot hold.

use proptest::{collection::vec, prelude::*};
use rattler_conda_types::{MatchSpec, Matches, PackageRecord, ParseStrictness};

use super::{from_map, to_map};

fn map(depends: &[&str]) -> Vec<(String, String)> {
    let depends: Vec<String> = depends.iter().map(ToString::to_string).collect();
    to_map(&depends).into_iter().collect()
}

#[test]
fn a_spec_is_split_into_name_and_constraint() {
    for (spec, name, constraint) in [
        ("numpy", "numpy", ""),
        ("numpy >=1.2", "numpy", ">=1.2"),
        ("numpy>=1.2,<2", "numpy", ">=1.2,<2"),
        (
            "_libgcc_mutex 0.1 conda_forge",
            "_libgcc_mutex",
            "0.1 conda_forge",
        ),
        ("python_abi 3.11.* *_cp311", "python_abi", "3.11.* *_cp311"),
        ("conda-forge::numpy 1.*", "numpy", "1.*"),
        ("conda-forge/linux-64::numpy", "numpy", ""),
        ("NumPy", "numpy", ""),
        ("a[version='>=1']", "a", "[version='>=1']"),
        ("a >=2[when=\"b::c\"]", "a", ">=2[when=\"b::c\"]"),
        ("a~=1.2", "a", "~=1.2"),
        ("__unix", "__unix", ""),
        ("", "", ""),
    ] {
        assert_eq!(
            map(&[spec]),
            [(name.to_owned(), constraint.to_owned())],
            "{spec}"
        );
    }
}

#[test]
fn specs_of_one_name_are_merged_where_the_grammar_can() {
    for (one, other, merged) in [
        ("a", "a >=1", ">=1"),
        ("a >=1", "a", ">=1"),
        ("a >=1", "a >=1", ">=1"),
        ("a >=1.2", "a <2", ">=1.2,<2"),
        ("a 1|2", "a <2", "(1|2),<2"),
        ("a *", "a <2", "<2"),
        ("a >=1 *_cp311", "a <2", ">=1,<2 *_cp311"),
        ("a <2", "a * h_0", "<2 h_0"),
        ("a 1 x", "a 1.* y", "1 x"),
        ("a[build=x]", "a >1", "[build=x]"),
        ("a >=1, <2", "a 3", ">=1, <2"),
    ] {
        assert_eq!(
            map(&[one, other]),
            [("a".to_owned(), merged.to_owned())],
            "{one} + {other}"
        );
    }
}

fn record(version: &str, build: &str) -> PackageRecord {
    PackageRecord::new(
        "a".parse().unwrap(),
        version.parse::<rattler_conda_types::Version>().unwrap(),
        build.parse().unwrap(),
    )
}

#[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
fn parse(spec: &str) -> MatchSpec {
    MatchSpec::from_str(spec, ParseStrictness::Lenient).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    /// A merged constraint never forbids what all its specs allow, and only what the map cannot say
    /// is allowed by it alone.
    #[test]
    fn a_merged_constraint_means_all_of_its_specs(
        specs in vec("a (>=|<|!=|==)?[0-3](\\.[0-3])?(\\|[0-3])?", 1..4),
        version in "[0-3]\\.[0-3]",
    ) {
        let merged = from_map(&to_map(&specs));
        prop_assert_eq!(merged.len(), 1);
        let met = |spec: &String| {
            parse(spec).matches(&record(&version, "0"))
        };
        prop_assert_eq!(met(&merged[0]), specs.iter().all(met), "{:?}", merged);
    }

    #[test]
    fn any_list_gives_a_map_that_gives_itself(specs in vec("\\PC{0,20}", 0..5)) {
        let map = to_map(&specs);
        let again = to_map(&from_map(&map));
        prop_assert_eq!(again.len(), map.len());
    }
}
