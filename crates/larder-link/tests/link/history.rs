//! `conda-meta/history` and `conda-meta/state`.

use indexmap::IndexMap;
use larder_link::LinkOptions;
use larder_testkit::Format;
use serde_json::{Value, json};

use crate::support::{Kit, create, names, package};

#[test]
fn cep32_03_the_history_is_one_block_that_conda_reads() {
    let kit = Kit::new();
    let channel = "https://conda.anaconda.org/conda-forge";
    let b = kit.unpack_with(package("b").build(Format::Conda), channel, |_| {});
    let a = kit.unpack(package("a").noarch_generic().depends("b"));
    let options = LinkOptions {
        command_line: "larder create\n-f x.yml".into(),
        update_specs: vec!["a".into(), "b[version='>=1']".into()],
        ..kit.options()
    };
    create(&[&b, &a], &options);
    let expected = "==> 2026-01-02 03:04:05 <==\n\
        # cmd: larder create -f x.yml\n\
        # larder version: 1.2.3\n\
        +conda-forge/linux-64::b-1.0-h0_0\n\
        +https://host.example/forge/noarch::a-1.0-h0_0\n\
        # update specs: ['a', \"b[version='>=1']\"]\n";
    assert_eq!(kit.read("conda-meta/history"), expected);
}

#[test]
fn an_environment_of_nothing_has_a_history_and_nothing_else() {
    let kit = Kit::new();
    kit.create(&[]);
    assert_eq!(names(&kit.prefix()), ["conda-meta"]);
    assert_eq!(names(&kit.prefix().join("conda-meta")), ["history"]);
}

#[test]
fn state_has_the_variables_as_strings_with_their_names_unchanged() {
    let kit = Kit::new();
    let mut variables = IndexMap::new();
    variables.insert("myVar".to_owned(), "1".to_owned());
    variables.insert("A".to_owned(), "q\"uote".to_owned());
    create(
        &[],
        &LinkOptions {
            variables,
            ..kit.options()
        },
    );
    let state: Value = serde_json::from_str(&kit.read("conda-meta/state")).unwrap();
    assert_eq!(state, json!({"env_vars": {"myVar": "1", "A": "q\"uote"}}));
}
