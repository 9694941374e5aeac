//! The `#!` line of a script: kernels read only so much of it and split it at spaces, so a line that
//! would become too long, or hold a prefix with a space, is written another way, as conda does it.

use rattler_conda_types::Subdir;

/// What Linux before 5.1 reads of the line, the `#!` included.
const LIMIT_LINUX: usize = 127;
/// What macOS reads.
const LIMIT_MACOS: usize = 512;

/// Replaces the placeholder in a `#!` line (given without its line feed).
pub(super) fn replace_shebang(line: &[u8], old_new: (&[u8], &[u8]), subdir: Subdir) -> Vec<u8> {
    let (placeholder, prefix) = old_new;
    if memchr::memmem::find(line, placeholder).is_none() {
        return line.to_vec();
    }
    if prefix.contains(&b' ') {
        // Split at its spaces before the prefix brings more of them.
        return replace_all(&without_limit(line), placeholder, &quote_in_both(prefix));
    }
    let replaced = replace_all(line, placeholder, prefix);
    if replaced.len() <= limit(subdir) {
        replaced
    } else {
        without_limit(&replaced)
    }
}

fn limit(subdir: Subdir) -> usize {
    if subdir.is_linux() || subdir.is_android() {
        LIMIT_LINUX
    } else if subdir.is_osx() || subdir.is_ios() {
        LIMIT_MACOS
    } else {
        usize::MAX
    }
}

/// The same interpreter by another way: Python by a line that is both shell and Python, so that just
/// this Python runs; everything else by its name in `PATH`, which activation sets.
fn without_limit(line: &[u8]) -> Vec<u8> {
    let Some((program, arguments)) = split(line) else {
        return line.to_vec();
    };
    let name = program
        .rsplit(|&byte| byte == b'/')
        .next()
        .unwrap_or(program);
    if is_python(name) {
        [
            b"#!/bin/sh\n'''exec' \"",
            &*quote_in_both(program),
            b"\"",
            arguments,
            b" \"$0\" \"$@\" #'''",
        ]
        .concat()
    } else {
        [b"#!/usr/bin/env ", name, arguments].concat()
    }
}

/// Escapes a path for a place that is inside double quotes for sh and inside `'''` for Python, so that a
/// `$(...)`, a quote or a backslash in the path of an environment is neither expanded nor executed.
fn quote_in_both(path: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(path.len());
    for &byte in path {
        match byte {
            // sh takes the backslash away; for Python it is one more character of a string that nobody reads.
            b'"' | b'$' | b'`' | b'\\' => quoted.extend([b'\\', byte]),
            // sh: end of the word, a quote, the word goes on. Python: an escaped quote, which ends nothing.
            b'\'' => quoted.extend(br#""\'""#),
            _ => quoted.push(byte),
        }
    }
    quoted
}

/// Program and the rest of the line; a space behind a backslash belongs to the program.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = line.strip_prefix(b"#!")?;
    let start = text.iter().position(|&byte| byte != b' ')?;
    let text = &text[start..];
    if !text.starts_with(b"/") {
        return None;
    }
    let ends = |index: &usize| {
        matches!(text[*index], b' ' | b'\t' | b'\r') && text[index.saturating_sub(1)] != b'\\'
    };
    let end = (0..text.len()).find(ends).unwrap_or(text.len());
    Some(text.split_at(end))
}

/// `python`, `python3`, `python3.11`.
fn is_python(name: &[u8]) -> bool {
    let Some(version) = name.strip_prefix(b"python") else {
        return false;
    };
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let parts: Vec<&[u8]> = version.split(|&byte| byte == b'.').collect();
    version.is_empty() || (parts.len() <= 2 && parts.into_iter().all(is_number))
}

fn replace_all(source: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut target = Vec::with_capacity(source.len());
    let mut copied = 0;
    for offset in memchr::memmem::find_iter(source, old) {
        target.extend_from_slice(&source[copied..offset]);
        target.extend_from_slice(new);
        copied = offset + old.len();
    }
    target.extend_from_slice(&source[copied..]);
    target
}
