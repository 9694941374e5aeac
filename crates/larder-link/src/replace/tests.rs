//! Both replacements against the simplest code that could do the same.

use proptest::prelude::*;
use rattler_conda_types::Subdir;

use super::{replace_binary, replace_text};

const PLACEHOLDER: &str = "/ph/placehold_placehold_placehold";

fn text(source: &str, prefix: &str) -> String {
    let bytes = replace_text(source.as_bytes(), PLACEHOLDER, prefix, Subdir::Linux64).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Splits at NULs, replaces, fills up: `replace_binary` on bytes that hold no wide text.
fn naive_binary(source: &[u8], placeholder: &str, prefix: &str) -> Vec<u8> {
    let strings = source.split(|&byte| byte == 0).map(|string| {
        let mut replaced = naive_text(string, placeholder, prefix);
        replaced.resize(string.len(), 0);
        replaced
    });
    strings.collect::<Vec<_>>().join(&0)
}

fn naive_text(source: &[u8], placeholder: &str, prefix: &str) -> Vec<u8> {
    let mut target = Vec::new();
    let mut rest = source;
    while let Some((&byte, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(placeholder.as_bytes()) {
            target.extend_from_slice(prefix.as_bytes());
            rest = after;
        } else {
            target.push(byte);
            rest = tail;
        }
    }
    target
}

/// Bytes in which a short placeholder is likely, with NULs and line breaks between.
fn source() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => Just(b"/ph/x".to_vec()),
        2 => Just(b"\0".to_vec()),
        1 => Just(b"/ph/".to_vec()),
        1 => Just(b"\n".to_vec()),
        3 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn binary_replacement_is_what_it_should_be(source in source(), prefix in "/[a-z]{0,4}") {
        let expected = naive_binary(&source, "/ph/x", &prefix);
        let replaced = replace_binary(source.clone(), "/ph/x", &prefix).unwrap();
        prop_assert_eq!(replaced.len(), source.len());
        prop_assert_eq!(replaced, expected);
    }

    #[test]
    fn text_replacement_is_what_it_should_be(source in source(), prefix in "/[a-z]{0,20}") {
        prop_assume!(!source.starts_with(b"#!"));
        let replaced = replace_text(&source, "/ph/x", &prefix, Subdir::Linux64).unwrap();
        prop_assert_eq!(replaced, naive_text(&source, "/ph/x", &prefix));
    }

    #[test]
    fn nothing_panics(
        source in prop::collection::vec(any::<u8>(), 0..64),
        placeholder in ".{0,4}",
        prefix in ".{0,4}",
    ) {
        for subdir in [Subdir::Linux64, Subdir::OsxArm64, Subdir::Win64] {
            replace_text(&source, &placeholder, &prefix, subdir).unwrap();
            let script = [b"#!".as_slice(), &source].concat();
            replace_text(&script, &placeholder, &prefix, subdir).unwrap();
        }
        if let Ok(replaced) = replace_binary(source.clone(), &placeholder, &prefix) {
            prop_assert_eq!(replaced.len(), source.len());
        }
    }

    #[test]
    fn wide_strings_keep_their_length(
        before in "[a-z]{0,5}",
        after in "[a-z/]{0,9}",
        big_endian in any::<bool>(),
    ) {
        let encode = |text: &str| -> Vec<u8> {
            let unit = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(unit).collect()
        };
        let source = encode(&format!("{before}\0{PLACEHOLDER}{after}\0next"));
        let padding = "\0".repeat(PLACEHOLDER.len() - "/env".len());
        let expected = encode(&format!("{before}\0/env{after}{padding}\0next"));
        prop_assert_eq!(replace_binary(source, PLACEHOLDER, "/env").unwrap(), expected);
    }
}

#[test]
fn several_placeholders_in_one_string_are_padded_at_its_end() {
    let source = format!("a\0{PLACEHOLDER}/lib:{PLACEHOLDER}/bin\0z");
    let replaced = replace_binary(source.clone().into_bytes(), PLACEHOLDER, "/e").unwrap();
    let padding = "\0".repeat(2 * (PLACEHOLDER.len() - 2));
    assert_eq!(
        String::from_utf8(replaced).unwrap(),
        format!("a\0/e/lib:/e/bin{padding}\0z")
    );
}

#[test]
fn a_prefix_that_is_too_long_is_refused_only_where_the_placeholder_occurs() {
    let long = "/e".repeat(PLACEHOLDER.len());
    let error = replace_binary(PLACEHOLDER.into(), PLACEHOLDER, &long).unwrap_err();
    assert_eq!(
        (error.placeholder, error.prefix),
        (PLACEHOLDER.len(), long.len())
    );
    assert_eq!(
        replace_binary(b"abc".to_vec(), PLACEHOLDER, &long).unwrap(),
        b"abc"
    );
}

#[test]
fn a_shebang_that_fits_stays_plain() {
    let source = format!("#!{PLACEHOLDER}/bin/python -E\nprint('{PLACEHOLDER}')\n");
    assert_eq!(text(&source, "/e"), "#!/e/bin/python -E\nprint('/e')\n");
}

#[test]
fn a_shebang_without_placeholder_stays_as_it_is_whatever_its_length() {
    let line = format!("#!/usr/bin/env -S {}\n", "x".repeat(200));
    assert_eq!(text(&line, "/e"), line);
}

#[test]
fn a_long_shebang_of_python_becomes_a_shell_line_that_runs_this_python() {
    let prefix = format!("/{}", "e".repeat(120));
    let source = format!("#!{PLACEHOLDER}/bin/python3.11 -E\nimport x\n");
    let expected = format!(
        "#!/bin/sh\n'''exec' \"{prefix}/bin/python3.11\" -E \"$0\" \"$@\" #'''\nimport x\n"
    );
    assert_eq!(text(&source, &prefix), expected);
}

#[test]
fn the_limit_is_127_bytes_on_linux_and_512_on_macos() {
    let source = format!("#!{PLACEHOLDER}/bin/perl\n");
    let line = |length: usize, subdir| {
        let prefix = format!("/{}", "e".repeat(length - "#!//bin/perl".len()));
        let bytes = replace_text(source.as_bytes(), PLACEHOLDER, &prefix, subdir).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(line(127, Subdir::Linux64).trim_end().len(), 127);
    assert_eq!(line(128, Subdir::Linux64), "#!/usr/bin/env perl\n");
    assert_eq!(line(512, Subdir::OsxArm64).trim_end().len(), 512);
    assert_eq!(line(513, Subdir::OsxArm64), "#!/usr/bin/env perl\n");
}

#[test]
fn a_prefix_with_a_space_never_stands_in_a_shebang() {
    let source = format!("#!{PLACEHOLDER}/bin/perl -w\n");
    assert_eq!(text(&source, "/my env"), "#!/usr/bin/env perl -w\n");
    let source = format!("#! {PLACEHOLDER}/bin/python\n");
    let expected = "#!/bin/sh\n'''exec' \"/my env/bin/python\" \"$0\" \"$@\" #'''\n";
    assert_eq!(text(&source, "/my env"), expected);
}

/// Python's and sh's reading of a long `#!` line: both are started with it, in a prefix that would run a command.
#[cfg(unix)]
#[test]
fn a_prefix_in_a_shell_line_is_never_expanded_nor_executed() {
    let hostile = [
        "$(touch marker)",
        "`touch marker`",
        "\"; touch marker; \"",
        "'''+open('marker','w').name+'''",
        "'",
        "a\\",
        "\\N\\x\\u",
        "${HOME}",
        "a b",
    ];
    for name in hostile {
        let directory = tempfile::TempDir::new().unwrap();
        // Long, so that the line does not fit.
        let prefix = directory.path().join("x".repeat(130)).join(name);
        std::fs::create_dir_all(prefix.join("bin")).unwrap();
        let python = prefix.join("bin/python");
        std::fs::write(&python, "#!/bin/sh\necho started\n").unwrap();
        std::process::Command::new("chmod")
            .arg("+x")
            .arg(&python)
            .status()
            .unwrap();
        let script = directory.path().join("script");
        let source = format!("#!{PLACEHOLDER}/bin/python\nprint('read')\n");
        std::fs::write(&script, text(&source, prefix.to_str().unwrap())).unwrap();
        for (program, expected) in [("/bin/sh", "started"), ("python3", "read")] {
            let run = std::process::Command::new(program)
                .arg(&script)
                .current_dir(directory.path())
                .output();
            // A machine without Python has only sh's reading.
            let Ok(run) = run else { continue };
            let stdout = String::from_utf8_lossy(&run.stdout);
            assert_eq!(stdout.trim(), expected, "{program} {name}: {run:?}");
            assert!(
                !directory.path().join("marker").exists(),
                "{program} {name}"
            );
        }
    }
}

#[test]
fn windows_has_no_shebangs_and_gets_forward_slashes() {
    let source = format!("#!{PLACEHOLDER}/python\npath = {PLACEHOLDER}/x\n");
    let bytes = replace_text(source.as_bytes(), PLACEHOLDER, r"C:\my env", Subdir::Win64).unwrap();
    assert_eq!(bytes, b"#!C:/my env/python\npath = C:/my env/x\n");
}

#[test]
fn a_text_becomes_eight_times_its_size_and_no_more() {
    let prefix = format!("/{}", "p".repeat(99));
    // Growth of 96 bytes for each 4: 25 times.
    let all = "abcd".repeat(1 << 20);
    let refused = replace_text(all.as_bytes(), "abcd", &prefix, Subdir::Linux64).unwrap_err();
    assert_eq!((refused.size, refused.limit), (100 << 20, 32 << 20));
    // What is small may be nothing but a placeholder, and what holds other text passes.
    let small = "abcd".repeat(1000);
    let replaced = replace_text(small.as_bytes(), "abcd", &prefix, Subdir::Linux64).unwrap();
    assert_eq!(replaced.len(), 100_000);
    let mixed = format!("abcd{}", "x".repeat(20)).repeat(1 << 18);
    assert!(replace_text(mixed.as_bytes(), "abcd", &prefix, Subdir::Linux64).is_ok());
}
