//! A `pip:` section, then a lock, held against each other: never a panic, and nothing reaches a tool that is
//! not a line of the section.
#![no_main]

use std::path::Path;

use larder_lock::{LockFile, Selection, passed_on_problem};
use larder_pypi::{
    Indexes, PipCheck, Section, SectionLine, WheelDependencies, check_pip_lock, safe_file_name,
};
use libfuzzer_sys::fuzz_target;
use rattler_conda_types::Subdir;

fuzz_target!(|text: &str| {
    let (section, lock) = text.split_once("\n---\n").unwrap_or(("", text));
    if let Some(name) = safe_file_name(section) {
        assert!(!name.contains(['/', '\\', '\0', ':']) && !name.starts_with('.'), "{name:?}");
    }
    // Files that lines name are the fuzzer's own to leave alone.
    let is_file = |line: &&str| line.starts_with("-r") || line.starts_with("-c") || line.starts_with("--");
    let lines = section.lines().filter(|line| !is_file(line));
    let lines = lines.map(|text| SectionLine {
        text,
        place: String::new(),
    });
    let Ok(section) = Section::read(lines, Path::new("/work")) else {
        return;
    };
    let Ok(lock) = LockFile::parse("conda-lock.yml", lock) else {
        return;
    };
    let Ok(closure) = lock.closure(Subdir::Linux64, &Selection::all()) else {
        return;
    };
    let locked = lock.pip(Subdir::Linux64, &Selection::all());
    for line in locked.passed_on() {
        assert_eq!(passed_on_problem(line), None, "{line:?}");
    }
    for dependencies in [
        WheelDependencies::Recorded,
        WheelDependencies::Listed,
        WheelDependencies::NotRecorded,
    ] {
        let reasons = check_pip_lock(&PipCheck {
            section: Some(&section),
            locked: &locked,
            closure: &closure,
            virtual_packages: &[],
            indexes: &Indexes::default(),
            dependencies,
        });
        let asks_for_nothing = section.is_empty() && !locked.is_empty();
        assert!(!(asks_for_nothing && reasons.is_empty()), "{locked:?}");
    }
});
