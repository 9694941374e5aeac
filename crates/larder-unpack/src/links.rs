//! Where a symbolic link leads, by text alone. Never asks the disk.

use std::collections::{HashMap, VecDeque};

use crate::RelPath;

/// As many as Linux follows.
const MAX_HOPS: usize = 40;

/// How many components may be walked for all links of a package together. Real packages need some
/// ten a link; links made to be walked for hours are taken for a way out.
pub const MAX_STEPS: u64 = 50_000_000;

/// Whether a link at `from` leads out of the package by its own text: absolute, or with more `..`
/// than there are directories to leave.
pub(crate) fn leads_out_lexically(from: &RelPath, target: &str) -> bool {
    if target.starts_with('/') || starts_with_drive(target) {
        return true;
    }
    let mut depth = from.components().count() - 1;
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// Whether a link at `from` leads out when other links, whose texts `target_of` gives, are followed on the
/// way, as the kernel does. A loop leads nowhere, so not out. Takes from `steps` what it walks; without any left
/// the answer is yes.
pub fn leads_out<'t>(
    from: &'t str,
    target_of: impl Fn(&str) -> Option<&'t str>,
    steps: &mut u64,
) -> bool {
    let mut at: Vec<&'t str> = from.split('/').collect();
    let mut rest: VecDeque<&'t str> = VecDeque::new();
    let mut hops = 0;
    let mut link = target_of(from);
    loop {
        if let Some(target) = link {
            hops += 1;
            if target.starts_with('/') {
                return true;
            }
            if hops > MAX_HOPS {
                return false;
            }
            at.pop();
            for component in target.split('/').rev() {
                rest.push_front(component);
            }
        }
        link = None;
        *steps = steps.saturating_sub(at.len() as u64 + 1);
        if *steps == 0 {
            return true;
        }
        match rest.pop_front() {
            None => return false,
            Some("" | ".") => {}
            Some("..") => {
                if at.pop().is_none() {
                    return true;
                }
            }
            Some(name) => {
                at.push(name);
                link = target_of(&at.join("/"));
            }
        }
    }
}

/// Looks up the text of a link.
pub(crate) fn text_in<'l>(
    links: &'l HashMap<RelPath, String>,
) -> impl Fn(&str) -> Option<&'l str> + use<'l> {
    |path| links.get(path).map(String::as_str)
}

fn starts_with_drive(target: &str) -> bool {
    let bytes = target.as_bytes();
    bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic()
}
