//! What is compiled, and that its bytes depend on nothing else.

use std::fs;

use larder_bytecode::CompileError;
use larder_event::Event;

use crate::support::{bytes_of, kit};

/// Words that interpreters intern, share between functions, and put into sets: what marshal's bytes
/// depend on besides the source.
fn chatty(number: usize) -> String {
    format!(
        "import os, sys\ndef f{number}(x, json='json'):\n    return x in {{'json', 'DEPRECATED', 'a b', None, {number}}}\n\
         def g(x):\n    return x in {{'json', 'DEPRECATED', 'word{number}', 'json.x'}}, os.path, sys.word{number}, ('t', 1.5)\n"
    )
}

#[test]
fn bytes_do_not_depend_on_what_else_is_compiled() {
    let Some(kit) = kit() else { return };
    let texts: Vec<String> = (0..40).map(chatty).collect();
    let names: Vec<String> = (0..40).map(|number| format!("m{number}.py")).collect();
    let sources: Vec<(&str, &str)> = names
        .iter()
        .map(String::as_str)
        .zip(texts.iter().map(String::as_str))
        .collect();
    let (one, other) = (kit.package("one", &sources), kit.package("other", &sources));
    let alone = kit.compile(&kit.open("first"), &[&one]);
    let together = kit.compile(&kit.open("second"), &[&other, &one]);
    assert_eq!(bytes_of(&alone[0]), bytes_of(&together[1]));
    assert_eq!(alone[0].files.len(), 40);
}

#[test]
fn pycs_are_hash_based_unchecked_and_name_no_directory_of_this_machine() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("__init__.py", "x = 1\n"), ("sub/m.py", "y = 2\n")]);
    let bytecode = &kit.compile(&kit.open("kept"), &[&package])[0];
    let bytes = bytes_of(bytecode);
    let tag = &kit.python.tag;
    let expected = [
        format!("site-packages/p/__pycache__/__init__.{tag}.pyc"),
        format!("site-packages/p/sub/__pycache__/m.{tag}.pyc"),
    ];
    assert_eq!(
        bytes.keys().collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    for pyc in bytes.values() {
        assert_eq!(pyc[4..8], 1u32.to_le_bytes(), "PEP 552: unchecked");
        let here = kit.path("").to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(pyc).into_owned();
        assert!(text.contains("site-packages/p/") && !text.contains(here.trim_end_matches('/')));
    }
}

#[test]
fn a_package_whose_sources_may_change_is_checked_at_import() {
    let Some(kit) = kit() else { return };
    let written = kit.package("p", &[("m.py", "x = 1\n")]);
    let mut package = written.package();
    package.is_checked = true;
    let root = larder_fs::Dir::open(kit.path("env")).unwrap();
    let place = larder_bytecode::CompileEnvironment {
        root: &root,
        program: &kit.python.program,
        threads: 1,
    };
    let compiled = kit.open("kept").compile(&[package], place, kit.reporter());
    let bytes = bytes_of(compiled.packages[0].as_ref().unwrap());
    assert_eq!(bytes.values().next().unwrap()[4..8], 3u32.to_le_bytes());
}

#[test]
fn what_does_not_compile_is_remembered_and_disturbs_nothing() {
    let Some(kit) = kit() else { return };
    let bad = [
        ("good.py", "x = 1\n"),
        ("python2.py", "print 'x'\n"),
        ("template.py", "{{ cookiecutter.name }} =\n"),
        ("nul.py", "x = '\0'\n"),
        ("coding.py", "# coding: nothing-like-that\n"),
    ];
    let package = kit.package("p", &bad);
    let bytecodes = kit.open("kept");
    let bytecode = &kit.compile(&bytecodes, &[&package])[0];
    assert_eq!(bytecode.files.len(), 1);
    assert_eq!(bytecode.skipped.len(), 4);
    let found = kit.get(&bytecodes, &package).unwrap();
    assert_eq!(&found, bytecode);
    assert!(found.has_all_sources(package.package().sources.iter().map(|source| source.path)));
    assert!(kit.recorder.warnings().is_empty());
    assert!(kit.recorder.events().contains(&Event::Compiled {
        package: "p".into(),
        files: 1
    }));
}

#[test]
fn a_source_that_is_not_what_the_package_ships_is_left_out() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n"), ("b.py", "x = 2\n")]);
    fs::write(kit.path("env/site-packages/p/a.py"), "x = 3\n").unwrap();
    let bytecode = &kit.compile(&kit.open("kept"), &[&package])[0];
    let sources: Vec<_> = bytecode
        .files
        .iter()
        .map(|file| file.source.as_str())
        .collect();
    assert_eq!(sources, ["site-packages/p/b.py"]);
    assert!(!bytecode.has_all_sources(package.package().sources.iter().map(|source| source.path)));
}

/// Speaks the protocol, compiles nothing, and dies of a source with a certain word.
const FRAGILE: &str = r#"
import sys
i, o = sys.stdin.buffer, sys.stdout.buffer
number = lambda: int.from_bytes(i.read(4), "little")
o.write(b"larder\x01" + (4).to_bytes(4, "little") + b"frag"); o.flush()
while True:
    if len(i.read(4)) < 4: sys.exit(0)
    files = [(i.read(number()), i.read(number())) for _ in range(number())]
    for name, source in files:
        if b"DEADLY" in source: sys.exit(1)
        o.write((3).to_bytes(4, "little") + b"pyc"); o.flush()
"#;

/// The interpreters of these tests are scripts, which systems with `#!` run.
#[cfg(unix)]
fn make_executable(program: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_source_that_kills_the_interpreter_costs_only_itself() {
    let Some(kit) = kit() else { return };
    let script = format!("#!{}\n{FRAGILE}", kit.python.program.display());
    let program = kit.path("fragile");
    fs::write(&program, script).unwrap();
    make_executable(&program);
    let package = kit.package("p", &[("a.py", ""), ("b.py", "DEADLY"), ("c.py", "")]);
    let compiled = kit.compile_by(&program, &kit.open("kept"), &[&package]);
    assert!(compiled.problem.is_none());
    let bytecode = compiled.packages[0].as_ref().unwrap();
    assert_eq!(bytecode.files.len(), 2);
    assert_eq!(bytecode.skipped[0].as_str(), "site-packages/p/b.py");
}

#[test]
fn an_interpreter_that_does_not_work_is_named() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "")]);
    let missing = kit.compile_by(&kit.path("none"), &kit.open("kept"), &[&package]);
    assert!(matches!(missing.problem, Some(CompileError::Start { .. })));
    assert_eq!(missing.packages, [None]);
}

#[cfg(unix)]
#[test]
fn an_interpreter_that_ends_at_once_is_quoted() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "")]);
    let program = kit.path("broken");
    fs::write(&program, "#!/bin/sh\necho 'libz.so.1: not found' >&2\n").unwrap();
    make_executable(&program);
    let broken = kit.compile_by(&program, &kit.open("kept"), &[&package]);
    let text = broken.problem.unwrap().to_string();
    assert!(
        text.contains("broken") && text.contains("libz.so.1: not found"),
        "{text}"
    );
    assert!(kit.get(&kit.open("kept"), &package).is_none());
}
