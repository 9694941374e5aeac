//! Where symbolic links lead.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::{
    RelPath,
    links::{self, MAX_STEPS, leads_out_lexically},
};

fn leads_out(from: &RelPath, links: &HashMap<RelPath, String>) -> bool {
    links::leads_out(from.as_str(), links::text_in(links), &mut MAX_STEPS.clone())
}

fn path(text: &str) -> RelPath {
    RelPath::try_from(text).unwrap()
}

fn links(pairs: &[(&str, &str)]) -> HashMap<RelPath, String> {
    pairs
        .iter()
        .map(|(from, target)| (path(from), (*target).to_owned()))
        .collect()
}

#[test]
fn by_its_own_text() {
    for (from, target, out) in [
        ("lib/libx.so", "libx.so.1", false),
        ("lib/libx.so", "../share/x", false),
        ("lib/a/b", "../../x/./y//z", false),
        ("lib/dangling", "nowhere", false),
        ("x", ".", false),
        ("x", "..", true),
        ("lib/x", "../..", true),
        ("lib/x", "a/../../../y", true),
        ("lib/x", "/usr/lib/x", true),
        ("lib/x", "C:/x", true),
    ] {
        assert_eq!(
            leads_out_lexically(&path(from), target),
            out,
            "{from} -> {target}"
        );
    }
}

#[test]
fn through_other_links() {
    let deep = links(&[("a/b/up", "../.."), ("x", "a/b/up/..")]);
    assert!(!leads_out_lexically(&path("x"), "a/b/up/.."));
    assert!(leads_out(&path("x"), &deep));
    assert!(!leads_out(&path("a/b/up"), &deep));

    let absolute = links(&[("root", "/"), ("etc", "root/etc")]);
    assert!(leads_out(&path("etc"), &absolute));

    let circle = links(&[("a", "b"), ("b", "a")]);
    assert!(!leads_out(&path("a"), &circle));
    let itself = links(&[("a/b", "b/../../..")]);
    assert!(!leads_out(&path("a/b"), &itself));
}

#[test]
fn links_made_to_be_walked_forever_are_taken_for_a_way_out() {
    let harmless = links(&[("x", "a/b/c/d")]);
    let mut steps = 5;
    assert!(links::leads_out("x", links::text_in(&harmless), &mut steps));
    assert_eq!(steps, 0);
}

/// The definition, on a tree of its own: the kernel's way of walking, with `..` at the root kept.
fn walk(start: &RelPath, links: &HashMap<RelPath, String>, hops: &mut u32) -> Option<Vec<String>> {
    let mut at: Vec<String> = start.parent().map_or_else(Vec::new, |parent| {
        parent.split('/').map(str::to_owned).collect()
    });
    let target = links.get(start)?;
    *hops += 1;
    if *hops > 40 {
        return Some(vec!["loop".into()]);
    }
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                at.pop()?;
            }
            name => {
                at.push(name.to_owned());
                let here = path(&at.join("/"));
                if links.contains_key(&here) {
                    at = walk(&here, links, hops)?;
                }
            }
        }
    }
    Some(at)
}

proptest! {
    #[test]
    fn as_a_recursive_walk_has_it(pairs in proptest::collection::hash_map(
        "[ab](/[ab]){0,2}", "(\\.\\.|a|b|\\.)(/(\\.\\.|a|b)){0,3}", 0..5,
    )) {
        let links: HashMap<RelPath, String> =
            pairs.iter().map(|(from, target)| (path(from), target.clone())).collect();
        for from in links.keys() {
            let mut hops = 0;
            let expected = walk(from, &links, &mut hops);
            if hops <= 40 {
                prop_assert_eq!(leads_out(from, &links), expected.is_none(), "{:?}", from);
            } else {
                leads_out(from, &links);
            }
        }
    }
}
