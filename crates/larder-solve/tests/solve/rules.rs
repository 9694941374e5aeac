//! What a solve must respect: constraints, priority, conditions, extras, flags (CEP 34, 43, 44, 45).

use larder_solve::Priority;
use larder_testkit::{ChannelBuilder, LocalChannel};
use rattler_conda_types::Subdir;
use serde_json::{Value, json};

use crate::support::{Lab, channel_of, package, parse, provides, record_with};

/// A channel whose v3 records are these: name, version, further keys.
fn v3(lab: &Lab, records: &[(&str, &str, Value)]) -> [String; 1] {
    let files: serde_json::Map<String, Value> = records
        .iter()
        .map(|(name, version, more)| {
            let record = record_with(name, version, more.clone());
            (format!("{name}-{version}-0"), record)
        })
        .collect();
    let channel = ChannelBuilder::new().top_level("linux-64", "v3", json!({ "conda": files }));
    [lab.channel("v3", channel).url()]
}

fn two(lab: &Lab) -> [LocalChannel; 2] {
    let first = channel_of([package("p", "1"), package("q", "1")]);
    let second = channel_of([package("p", "2"), package("r", "1").depends("p >=2")]);
    [lab.channel("first", first), lab.channel("second", second)]
}

#[test]
fn cep34_03_constrains_matches_if_present() {
    let lab = Lab::new();
    let packages = [
        package("a", "1").constrains("b <2"),
        package("b", "1"),
        package("b", "2"),
    ];
    let url = [lab.channel("c", channel_of(packages)).url()];
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
    assert_eq!(lab.dists(&url, &["a", "b"]), ["a-1-0", "b-1-0"]);
    let error = lab.error(&url, &["a", "b=2"]);
    assert!(error.contains("`a`") && error.contains("`b=2`"), "{error}");
}

#[test]
fn strict_priority_counts_only_the_first_channel_that_has_the_name() {
    let lab = Lab::new();
    let urls = two(&lab).map(|channel| channel.url());
    assert_eq!(lab.dists(&urls, &["p"]), ["p-1-0"]);
    // Not even for a spec that only the second channel meets: that would let any later channel
    // replace a package of the first.
    let error = lab.error(&urls, &["p >=2"]);
    assert!(
        error.contains("strict channel priority") || error.contains("p >=2"),
        "{error}"
    );
    lab.error(&urls, &["r"]);
}

#[test]
fn flexible_priority_falls_back() {
    let lab = Lab {
        priority: Priority::Flexible,
        ..Lab::new()
    };
    let urls = two(&lab).map(|channel| channel.url());
    assert_eq!(lab.dists(&urls, &["p"]), ["p-1-0"]);
    assert_eq!(lab.dists(&urls, &["p >=2"]), ["p-2-0"]);
    assert_eq!(lab.dists(&urls, &["r"]), ["p-2-0", "r-1-0"]);
}

#[test]
fn disabled_priority_takes_the_best_version() {
    let lab = Lab {
        priority: Priority::Disabled,
        ..Lab::new()
    };
    let urls = two(&lab).map(|channel| channel.url());
    assert_eq!(lab.dists(&urls, &["p"]), ["p-2-0"]);
}

#[test]
fn a_preferred_record_is_kept_and_dropped_where_it_does_not_fit() {
    let mut lab = Lab::new();
    let url = [lab
        .channel("c", channel_of([package("p", "1"), package("p", "2")]))
        .url()];
    let old = lab.solve(&url, &["p=1"]).unwrap();
    lab.preferred = vec![old.get("p").unwrap().record.clone()];
    assert_eq!(lab.dists(&url, &["p"]), ["p-1-0"]);
    assert_eq!(lab.dists(&url, &["p=2"]), ["p-2-0"]);
}

#[test]
fn a_spec_may_name_its_channel() {
    let lab = Lab::new();
    let urls = two(&lab).map(|channel| channel.url());
    // Asking for a channel by name is stronger than the order of channels.
    let spec = format!("{}::p", urls[1]);
    assert_eq!(lab.dists(&urls, &[&spec]), ["p-2-0"]);
    let relaxed = Lab {
        priority: Priority::Disabled,
        ..Lab::new()
    };
    let spec = format!("{}::p", urls[0]);
    assert_eq!(relaxed.dists(&urls, &[&spec]), ["p-1-0"]);
}

#[test]
fn cep29_36_one_record_per_name() {
    let lab = Lab::new();
    let versions = ["1.1", "1.2", "1.3", "2.0"].map(|version| package("foo", version));
    let url = [lab.channel("c", channel_of(versions)).url()];
    assert_eq!(lab.dists(&url, &["foo 1.*", "foo >=1.2"]), ["foo-1.3-0"]);
    let closure = lab.solve(&url, &["foo 1.*", "foo >=1.2"]).unwrap();
    let specs = &closure.get("foo").unwrap().requested_specs;
    assert_eq!(*specs, ["foo 1.*", "foo >=1.2"]);
}

#[test]
fn cep24_12_all_specs_are_met() {
    let lab = Lab::new();
    let urls = two(&lab).map(|channel| channel.url());
    let from_first = format!("{}::p", urls[0]);
    assert_eq!(
        lab.dists(&urls, &["q >=1", &from_first]),
        ["p-1-0", "q-1-0"]
    );
    lab.error(&urls, &["q >=1", "p >=9"]);
}

#[test]
fn cep43_08_a_condition_in_a_legacy_section_is_not_dropped() {
    let lab = Lab::new();
    let packages = [
        package("a", "1").depends("b[when=\"c\"]"),
        package("b", "1"),
        package("c", "1"),
    ];
    let url = [lab.channel("c", channel_of(packages)).url()];
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
    assert_eq!(lab.dists(&url, &["a", "c"]), ["a-1-0", "b-1-0", "c-1-0"]);
}

#[test]
fn cep43_05_a_conditional_dependency_counts_only_if_its_condition_holds() {
    let lab = Lab::new();
    let conditional = json!({ "depends": ["numpy[version=\">=2\",when=\"python>=3.10\"]"] });
    let url = v3(
        &lab,
        &[
            ("a", "1", conditional),
            ("python", "3.9", json!({})),
            ("python", "3.11", json!({})),
            ("numpy", "1", json!({})),
            ("numpy", "2", json!({})),
        ],
    );
    let new = lab.dists(&url, &["a", "python=3.11"]);
    assert_eq!(new, ["a-1-0", "numpy-2-0", "python-3.11-0"]);
    assert_eq!(
        lab.dists(&url, &["a", "python=3.9"]),
        ["a-1-0", "python-3.9-0"]
    );
    let old = lab.dists(&url, &["a", "python=3.9", "numpy=1"]);
    assert_eq!(old, ["a-1-0", "numpy-1-0", "python-3.9-0"]);
    lab.error(&url, &["a", "python=3.11", "numpy=1"]);
}

#[test]
fn cep43_06_conditions_see_the_target_s_virtual_packages() {
    let mut lab = Lab::new();
    let depends = json!(["w[when=\"__win\"]", "u[when=\"__unix\"]"]);
    let records = ["a", "w", "u"].map(|name| {
        let depends = if name == "a" {
            depends.clone()
        } else {
            json!([])
        };
        let more = json!({ "depends": depends, "subdir": "noarch", "noarch": "generic" });
        (format!("{name}-1-0"), record_with(name, "1", more))
    });
    let v3 = json!({ "conda": serde_json::Map::from_iter(records) });
    let url = [lab
        .channel("c", ChannelBuilder::new().top_level("noarch", "v3", v3))
        .url()];
    lab.subdir = Subdir::Win64;
    lab.virtual_packages = vec![provides("__win", "10.0", "0")];
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0", "w-1-0"]);
    lab.subdir = Subdir::Linux64;
    lab.virtual_packages = vec![provides("__unix", "0", "0")];
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0", "u-1-0"]);
}

fn with_extras(lab: &Lab) -> [String; 1] {
    let groups = json!({ "extra_depends": { "x": ["b"], "y": ["c"], "a_b": ["d"] } });
    v3(
        lab,
        &[
            ("foo", "1", groups),
            ("wants-y", "1", json!({ "depends": ["foo[extras=[y]]"] })),
            ("b", "1", json!({})),
            ("c", "1", json!({})),
            ("d", "1", json!({})),
        ],
    )
}

#[test]
fn cep44_01_extra_depends_are_read_and_not_pulled_unasked() {
    let lab = Lab::new();
    let url = with_extras(&lab);
    assert_eq!(lab.dists(&url, &["foo"]), ["foo-1-0"]);
    let closure = lab.solve(&url, &["foo"]).unwrap();
    let record = &closure.get("foo").unwrap().record.package_record;
    assert_eq!(record.extra_depends.len(), 3);
}

#[test]
fn cep44_05_group_names_are_taken_literally() {
    let lab = Lab::new();
    let url = with_extras(&lab);
    assert_eq!(
        lab.dists(&url, &["foo[extras=[a_b]]"]),
        ["d-1-0", "foo-1-0"]
    );
    assert_eq!(lab.dists(&url, &["foo[extras=[a-b]]"]), ["foo-1-0"]);
    for not_a_name in ["A_B", "X"] {
        let spec = format!("foo[extras=[{not_a_name}]]");
        assert!(
            parse(&spec).is_err(),
            "never folded into the name of a group"
        );
    }
}

#[test]
fn cep44_06_groups_of_several_specs_add_up() {
    let lab = Lab::new();
    let url = with_extras(&lab);
    let found = lab.dists(&url, &["foo[extras=[x]]", "wants-y"]);
    assert_eq!(found, ["b-1-0", "c-1-0", "foo-1-0", "wants-y-1-0"]);
}

#[test]
fn cep44_07_a_group_that_is_lacking_adds_nothing() {
    let lab = Lab::new();
    let url = with_extras(&lab);
    assert_eq!(lab.dists(&url, &["foo[extras=[nope]]"]), ["foo-1-0"]);
}

fn with_flags(lab: &Lab) -> [String; 1] {
    v3(
        lab,
        &[
            ("p", "1", json!({ "flags": ["cuda", "blas:mkl"] })),
            ("p", "2", json!({ "flags": ["blas"] })),
            ("p", "3", json!({})),
        ],
    )
}

#[test]
fn cep45_01_flags_are_read_and_bad_ones_do_not_cost_the_channel() {
    let lab = Lab::new();
    let url = with_flags(&lab);
    assert_eq!(lab.dists(&url, &["p[flags=[cuda]]"]), ["p-1-0"]);
    let url = v3(
        &lab,
        &[
            ("p", "1", json!({ "flags": ["cuda"] })),
            ("p", "2", json!({ "flags": ["a:b:c"] })),
        ],
    );
    assert_eq!(lab.dists(&url, &["p"]), ["p-1-0"]);
    assert!(lab.recorder.warnings()[0].contains("p-2-0.conda is left out"));
}

#[test]
fn cep45_03_each_listed_flag_must_match() {
    let lab = Lab::new();
    let url = with_flags(&lab);
    assert_eq!(
        lab.dists(&url, &["p[flags=[\"cuda\", \"blas:*\"]]"]),
        ["p-1-0"]
    );
    assert_eq!(lab.dists(&url, &["p[flags=[\"blas:*\"]]"]), ["p-1-0"]);
    assert_eq!(lab.dists(&url, &["p[flags=[\"blas\"]]"]), ["p-2-0"]);
    lab.error(&url, &["p[flags=[\"blas:openblas\"]]"]);
    lab.error(&url, &["p[version=3,flags=[\"*\"]]"]);
}

#[test]
fn cep45_04_flags_express_no_preference() {
    let lab = Lab::new();
    let url = with_flags(&lab);
    assert_eq!(lab.dists(&url, &["p"]), ["p-3-0"]);
}
