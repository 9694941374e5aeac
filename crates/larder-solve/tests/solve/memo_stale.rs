//! What makes a remembered solve stale, and what does not.

use larder_solve::{How, Priority};
use larder_testkit::{ChannelBuilder, Index, PackageBuilder};
use serde_json::json;

use crate::{
    memo::{FORMS, hit, miss, small},
    support::{Lab, channel_of, dists, package, provides},
};

#[test]
fn changes_outside_the_names_looked_at_keep_the_hit_and_those_inside_lose_it() {
    type Change = fn(Vec<PackageBuilder>) -> Vec<PackageBuilder>;
    fn with(packages: Vec<PackageBuilder>, more: PackageBuilder) -> Vec<PackageBuilder> {
        packages.into_iter().chain([more]).collect()
    }
    let changes: [(&str, Change, Option<&str>); 6] = [
        ("another name", |all| with(all, package("new", "1")), None),
        (
            "another version of a name outside",
            |all| with(all, package("other", "2")),
            None,
        ),
        ("a name outside goes", |all| all[..3].to_vec(), None),
        (
            "a newer version",
            |all| with(all, package("a", "2")),
            Some("a changed in"),
        ),
        (
            "a dependency's version",
            |all| with(all, package("b", "9")),
            Some("b changed in"),
        ),
        (
            "a name looked for in vain",
            |all| with(all, package("ghost", "1")),
            Some("ghost changed in"),
        ),
    ];
    for form in FORMS {
        for (what, change, expected) in changes {
            let lab = Lab::new();
            let local = lab.channel("c", channel_of(small()).indexes(&[form]));
            let url = [local.url()];
            miss(&lab, &url, &["a"]);
            lab.channel("c", channel_of(change(small())).indexes(&[form]));
            let found = lab.recall(&url, &["a"]).unwrap();
            match expected {
                None => assert_eq!(found.how, How::Memo, "{form:?}: {what}: {found:?}"),
                Some(text) => {
                    let why = found.why_no_memo.unwrap_or_default();
                    assert!(why.starts_with(text), "{form:?}: {what}: {why}");
                }
            }
            assert_eq!(found.closure, Lab::new().solve(&url, &["a"]).unwrap());
        }
    }
}

#[test]
fn a_package_that_appears_in_an_earlier_channel_counts() {
    for priority in [Priority::Strict, Priority::Flexible, Priority::Disabled] {
        let lab = Lab {
            priority,
            ..Lab::new()
        };
        let first = lab.channel("first", channel_of([package("x", "1")]));
        let second = lab.channel("second", channel_of(small()));
        let urls = [first.url(), second.url()];
        miss(&lab, &urls, &["a"]);
        lab.channel("first", channel_of([package("x", "1"), package("y", "1")]));
        hit(&lab, &urls, &["a"]);
        lab.channel("first", channel_of([package("b", "1.5")]));
        let (why, closure) = miss(&lab, &urls, &["a"]);
        assert!(why.starts_with("b changed in file:///"), "{why}");
        assert_eq!(dists(&closure), ["a-1-0", "b-1.5-0"]);
        hit(&lab, &urls, &["a"]);
    }
}

#[test]
fn what_an_index_says_about_itself_counts() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    miss(&lab, &url, &["a"]);
    let dated = |channel: ChannelBuilder| {
        channel.info("linux-64", "created_at", json!("2031-01-01T00:00:00Z"))
    };
    lab.channel("c", dated(channel_of(small())));
    hit(&lab, &url, &["a"]);
    let moved = channel_of(small()).info("linux-64", "base_url", json!("../elsewhere/"));
    lab.channel("c", moved);
    let (why, closure) = miss(&lab, &url, &["a"]);
    assert!(
        why.ends_with("/linux-64 says something else about itself"),
        "{why}"
    );
    assert!(
        closure
            .get("a")
            .unwrap()
            .record
            .url
            .path()
            .contains("/elsewhere/")
    );
}

#[test]
fn another_form_of_the_index_is_another_proof() {
    let lab = Lab::new();
    let local = lab.channel("c", channel_of(small()).indexes(&[Index::Plain]));
    miss(&lab, &[local.url()], &["a"]);
    lab.channel("c", channel_of(small()));
    let (why, _) = miss(&lab, &[local.url()], &["a"]);
    assert!(why.ends_with("is published in another form"), "{why}");
}

#[test]
fn related_channels_are_part_of_the_proof() {
    let related = |to: &str| {
        let channel = channel_of(small()).subdir("noarch");
        channel.info(
            "noarch",
            "channel_relations",
            json!({ "base": format!("../{to}") }),
        )
    };
    let lab = Lab::new();
    let url = [lab.channel("c", related("forge")).url()];
    lab.channel("forge", channel_of([package("b", "3")]));
    lab.channel("mine", channel_of([package("b", "4")]));
    let (_, closure) = miss(&lab, &url, &["a"]);
    assert_eq!(dists(&closure), ["a-1-0", "b-3-0"]);
    hit(&lab, &url, &["a"]);
    lab.channel("forge", channel_of([package("b", "3"), package("z", "1")]));
    hit(&lab, &url, &["a"]);
    lab.channel("forge", channel_of([package("b", "5")]));
    let (why, closure) = miss(&lab, &url, &["a"]);
    assert!(why.contains("/forge/linux-64"), "{why}");
    assert_eq!(dists(&closure), ["a-1-0", "b-5-0"]);
    lab.channel("c", related("mine"));
    let (why, closure) = miss(&lab, &url, &["a"]);
    assert_eq!(why, "the channels relate to others than before");
    assert_eq!(dists(&closure), ["a-1-0", "b-4-0"]);
}

#[test]
fn a_channel_that_only_a_spec_names_counts_for_that_name() {
    let lab = Lab::new();
    let listed = [lab.channel("c", channel_of(small())).url()];
    let apart = lab.channel("apart", channel_of([package("p", "1").depends("b")]));
    let spec = format!("{}::p", apart.url());
    let (_, closure) = miss(&lab, &listed, &["a", &spec]);
    assert_eq!(dists(&closure), ["a-1-0", "b-1-0", "p-1-0"]);
    assert_eq!(hit(&lab, &listed, &["a", &spec]), closure);
    lab.channel(
        "apart",
        channel_of([package("p", "1").depends("b"), package("b", "7")]),
    );
    hit(&lab, &listed, &["a", &spec]);
    lab.channel("apart", channel_of([package("p", "2")]));
    let (why, closure) = miss(&lab, &listed, &["a", &spec]);
    assert!(why.starts_with("p changed in"), "{why}");
    assert_eq!(dists(&closure), ["a-1-0", "b-1-0", "p-2-0"]);
}

#[test]
fn a_virtual_package_is_part_of_the_key() {
    let lab = Lab::new();
    let packages = [package("a", "1").depends("__cuda"), package("a", "0")];
    let url = [lab.channel("c", channel_of(packages)).url()];
    miss(&lab, &url, &["a"]);
    let with_cuda = Lab {
        virtual_packages: vec![provides("__cuda", "12", "0")],
        ..lab
    };
    let (why, closure) = miss(&with_cuda, &url, &["a"]);
    assert_eq!(why, "this request is not remembered");
    assert_eq!(dists(&closure), ["a-1-0"]);
    assert_eq!(hit(&with_cuda, &url, &["a"]), closure);
}
