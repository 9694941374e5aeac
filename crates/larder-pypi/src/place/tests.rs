//! Lines that name places, and what a lock may have for them.

use std::path::Path;

use super::names_place;
use crate::{Section, SectionLine};

#[test]
fn a_lock_passes_on_what_the_section_names_and_nothing_else() {
    let lines = [
        "-e .[dev]",
        "./tool",
        "thing @ git+https://h.test/thing.git@main",
        "-e git+https://h.test/egg@v1#egg=egg",
        "git+https://h.test/sub#subdirectory=x",
        "pinned @ git+https://h.test/pinned@0123456789012345678901234567890123456789",
    ];
    let lines = lines.map(|text| SectionLine {
        text,
        place: String::new(),
    });
    let section = Section::read(lines, Path::new("/work")).unwrap();
    for line in [
        "-e .",
        "./tool",
        "/work/tool",
        "thing @ git+https://h.test/thing@0000",
        "egg @ git+https://h.test/egg@0000",
        "sub @ git+https://h.test/sub@0000#subdirectory=x",
        "pinned @ git+https://h.test/pinned@0123456789012345678901234567890123456789",
    ] {
        assert!(names_place(&section, line), "{line}");
    }
    for line in [
        ".",
        "-e ./tool",
        "./tools",
        "/work",
        "../work2",
        "thing @ git+https://evil.test/thing@0000",
        "thing @ git+http://h.test/thing@0000",
        "thing @ hg+https://h.test/thing@0000",
        "sub @ git+https://h.test/sub@0000",
        "sub @ git+https://h.test/sub@0000#subdirectory=y",
        "pinned @ git+https://h.test/pinned@1111111111111111111111111111111111111111",
    ] {
        assert!(!names_place(&section, line), "{line}");
    }
}
