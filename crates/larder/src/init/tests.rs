use std::path::Path;

use super::{
    block::{Without, with_block, without_block},
    function::{shell_function, start_up},
};
use crate::activation::ShellKind;

/// What `--reverse` leaves of what `init` writes.
fn there_and_back(content: &[u8]) -> Vec<u8> {
    let with = with_block(Some(content), "eval x\n").unwrap().unwrap();
    assert_eq!(with_block(Some(&with), "eval x\n").unwrap(), None, "twice");
    let updated = with_block(Some(&with), "eval y\n").unwrap().unwrap();
    match without_block(&updated).unwrap() {
        Without::Content(rest) => rest,
        other => panic!("{other:?}"),
    }
}

#[test]
fn reversing_leaves_the_very_bytes() {
    let contents: [&[u8]; 7] = [
        b"",
        b"\n",
        b"alias l=ls\n",
        b"no end",
        b"\xff\xfe not text\nno end",
        b"dos\r\n",
        b"dos, no end\r",
    ];
    for content in contents {
        assert_eq!(there_and_back(content), content, "{content:?}");
    }
}

#[test]
fn a_file_that_was_not_there_goes_unless_somebody_added_to_it() {
    let made = with_block(None, "eval x\n").unwrap().unwrap();
    assert_eq!(without_block(&made).unwrap(), Without::NoFile);
    let added = [made.as_slice(), b"alias l=ls\n"].concat();
    let rest = Without::Content(b"alias l=ls\n".to_vec());
    assert_eq!(without_block(&added).unwrap(), rest);
}

#[test]
fn lines_that_came_behind_the_block_stay_lines() {
    let with = with_block(Some(b"no end"), "eval x\n").unwrap().unwrap();
    let added = [with.as_slice(), b"more\n"].concat();
    let rest = Without::Content(b"no end\nmore\n".to_vec());
    assert_eq!(without_block(&added).unwrap(), rest);
}

#[test]
fn half_a_block_is_not_touched() {
    let begin = b"a\n# >>> larder initialize >>>\nb\n";
    assert_eq!(with_block(Some(begin), "x\n").unwrap_err().line, 2);
    assert_eq!(
        without_block(b"# <<< larder initialize <<<\n")
            .unwrap_err()
            .line,
        1
    );
    let with = with_block(Some(b""), "x\n").unwrap().unwrap();
    assert!(without_block(&[with.as_slice(), &with].concat()).is_err());
}

#[test]
fn the_program_is_quoted_for_each_shell() {
    let larder = Path::new("/o'brien/la $(rm) rder");
    for (shell, expected) in [
        (ShellKind::Bash, r"'/o'\''brien/la $(rm) rder'"),
        (ShellKind::Fish, r"'/o\'brien/la $(rm) rder'"),
        (ShellKind::Xonsh, r"'/o\'brien/la $(rm) rder'"),
        (ShellKind::Nushell, "\"/o'brien/la $(rm) rder\""),
        (ShellKind::PowerShell, "'/o''brien/la $(rm) rder'"),
    ] {
        for text in [shell_function(shell, larder), start_up(shell, larder)] {
            let text = text.unwrap();
            assert!(
                !text.contains("@LARDER@") && !text.contains("@SHELL@"),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
        }
    }
    assert_eq!(shell_function(ShellKind::Tcsh, larder), None);
}

#[test]
fn cmd_gets_a_batch_file_with_the_line_ends_of_windows() {
    let text = shell_function(ShellKind::Cmd, Path::new(r"C:\50% off\larder.exe")).unwrap();
    assert!(
        text.contains("\r\n@\"C:\\50%% off\\larder.exe\" %*\r\n"),
        "{text}"
    );
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.is_ascii() && !text.contains("@LARDER@"));
    // Batch files are read in the code page of the console, which may lack these letters.
    let text = shell_function(ShellKind::Cmd, Path::new("C:\\J\u{fc}rgen\\larder.exe")).unwrap();
    assert!(
        text.is_ascii() && text.contains("\n@larder.exe %*\r\n"),
        "{text}"
    );
}
