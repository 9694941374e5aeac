//! Where a symbolic link leads, by text alone. Never asks the disk.

use std::collections::{HashMap, VecDeque};

use crate::RelPath;

/// As many as Linux follows.
const MAX_HOPS: usize = 40;

/// How many components may be walked for all links of a package together. Real packages need some
/// ten a link; links made to be walked for hours are taken for a way out.
pub(crate) const MAX_STEPS: u64 = 50_000_000;

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

/// Whether a link at `from` leads out when the other links of the package are followed on the way, as
/// the kernel does. A loop leads nowhere, so not out. Takes from `steps` what it walks; without any left
/// the answer is yes.
pub(crate) fn leads_out(from: &RelPath, links: &HashMap<RelPath, String>, steps: &mut u64) -> bool {
    let mut at: Vec<&str> = from.components().collect();
    let mut rest: VecDeque<&str> = VecDeque::new();
    let mut hops = 0;
    let mut link = links.get(from);
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
                link = links.get(at.join("/").as_str());
            }
        }
    }
}

fn starts_with_drive(target: &str) -> bool {
    let bytes = target.as_bytes();
    bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic()
}
