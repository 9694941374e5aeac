use super::{asked_for, parse, revisions};

/// As conda 23 wrote it.
const CONDA: &str = "\
stray
==> 2024-01-02 03:04:05 <==
# cmd: /opt/conda/bin/conda create -n work python=3.11 'numpy>=1.20,<2'
# conda version: 23.11.0
+conda-forge/linux-64::python-3.11.7-hab00c5b_1_cpython
+defaults/linux-64::numpy-1.26.0-py311h64a7726_0
+conda-forge/noarch::old-1.0-0
# update specs: [\"numpy[version='>=1.20,<2']\", 'python=3.11', u'old']
==> 2024-02-02 03:04:05 <==
# cmd: /opt/conda/bin/conda install numpy
# conda version: 23.11.0
-conda-forge/noarch::old-1.0-0
-defaults/linux-64::numpy-1.26.0-py311h64a7726_0
+defaults/linux-64::numpy-1.26.10-py311h64a7726_0
# update specs: ['numpy']
# remove specs: ['old']
";

#[test]
fn what_was_asked_for_is_what_was_not_taken_back() {
    let asked = asked_for(&parse(CONDA));
    let asked: Vec<_> = asked.into_iter().collect();
    let expected = [("numpy", "numpy"), ("python", "python=3.11")];
    assert_eq!(
        asked,
        expected.map(|(name, spec)| (name.to_owned(), spec.to_owned()))
    );
}

#[test]
fn specs_of_before_4_5_are_joined_where_a_comma_split_them() {
    let text = "==> d <==\n# update specs: python >=3.5.1,jupyter >=1.0.0,<2.0,matplotlib\n";
    let asked = asked_for(&parse(text));
    assert_eq!(asked["jupyter"], "jupyter >=1.0.0,<2.0");
    assert_eq!(asked.len(), 3);
}

#[test]
fn revisions_are_as_conda_counts_and_shows_them() {
    let directory = tempfile::tempdir().unwrap();
    let meta = directory.path().join("conda-meta");
    std::fs::create_dir(&meta).unwrap();
    assert!(revisions(directory.path()).is_err());
    std::fs::write(meta.join("history"), CONDA).unwrap();
    let revisions = revisions(directory.path()).unwrap();
    assert_eq!(revisions[0].install.len(), 3);
    assert_eq!(
        revisions[0].lines,
        [
            "+numpy-1.26.0 (defaults/linux-64)",
            "+old-1.0 (conda-forge/noarch)",
            "+python-3.11.7 (conda-forge/linux-64)"
        ]
    );
    assert_eq!(revisions[1].rev, 1);
    assert_eq!(
        revisions[1].remove,
        ["old-1.0-0-conda-forge/noarch".to_owned()]
    );
    // Not as text: 1.26.10 is above 1.26.0.
    assert_eq!(revisions[1].upgrade.len(), 1);
    assert_eq!(
        revisions[1].lines,
        [
            " numpy  {1.26.0 (defaults/linux-64) -> 1.26.10 (defaults/linux-64)}",
            "-old-1.0 (conda-forge/noarch)"
        ]
    );
}
