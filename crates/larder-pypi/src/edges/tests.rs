//! What needs what, from both forms that tools give.

use std::path::Path;

use rattler_conda_types::Subdir;

use super::Edges;
use crate::{Section, SectionLine, Target, resolved::Chosen};

#[test]
fn uvs_annotations_name_those_that_need_a_line() {
    let edges = Edges::of_annotations(
        "-e ./mypkg\n\
         dull==1.5          # via pretty, Other_One, -r x.txt\n\
         six @ file:///tmp/provided/six-1.16.0-py3-none-any.whl  # via pretty\n\
         pretty==2.0\n",
    );
    let dull = ("dull".to_owned(), String::new());
    let six = ("six".to_owned(), String::new());
    assert_eq!(edges.of("pretty"), [dull.clone(), six]);
    assert_eq!(edges.of("other-one"), [dull]);
    assert!(edges.of("dull").is_empty());
}

#[test]
fn metadata_counts_with_the_markers_and_extras_that_are_asked_for() {
    let line = |text| SectionLine {
        text,
        place: String::new(),
    };
    let section = Section::read([line("black[jupyter]")], Path::new("/work")).unwrap();
    let chosen = |name: &str, requires: &[&str]| Chosen {
        name: name.to_owned(),
        requires: requires.iter().map(ToString::to_string).collect(),
        ..Chosen::default()
    };
    let chosen = [
        chosen(
            "black",
            &[
                "click>=8.0",
                "click<9 ; python_version > '3'",
                "tomli; python_version < '3'",
                "ipython>=7; extra == 'jupyter'",
                "lib[fast]; extra == 'jupyter'",
                "uvloop; extra == 'uvloop'",
                "colorama; sys_platform == 'win32'",
            ],
        ),
        chosen(
            "lib",
            &["speedup; extra == 'fast'", "slow; extra == 'slow'"],
        ),
    ];
    let target = Target::for_python(11, Subdir::Linux64);
    let edges = Edges::of_metadata(&chosen, &section, &target);
    let names = |name: &str| -> Vec<String> {
        let edges = edges.of(name).into_iter();
        edges
            .map(|(name, versions)| format!("{name}{versions}"))
            .collect()
    };
    assert_eq!(names("black"), ["click>=8.0,<9", "ipython>=7", "lib"]);
    assert_eq!(names("lib"), ["speedup"]);
}
