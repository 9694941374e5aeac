//! Specs that name a channel or a subdir are met from there or not at all.

use std::sync::Arc;

use larder_lock::Closure;
use larder_solve::{
    CutOffs, Priority, Requested, SolveError, SolveRequest, Solver, SolverOptions, Strategy,
};
use larder_testkit::Index;
use rattler_conda_types::{Channel, MatchSpec};
use serde_json::json;

use crate::support::{Lab, SILENT, block_on, channel, channel_of, package, spec, text_of};

/// Solves for specs with the channel and subdir in front, either empty.
fn solve(
    lab: &Lab,
    channels: &[String],
    specs: &[(&str, &str, &str)],
) -> Result<Closure, SolveError> {
    let channels: Vec<Channel> = channels.iter().map(|url| channel(url)).collect();
    let specs: Vec<Requested> = specs.iter().map(placed).collect();
    let request = SolveRequest {
        subdir: lab.subdir,
        channels: &channels,
        priority: lab.priority,
        specs: &specs,
        pinned: &[],
        only_tar_bz2: false,
        virtual_packages: &[],
        preferred: &lab.preferred,
        strategy: Strategy::Highest,
        exclude_newer: CutOffs::default(),
    };
    let solver = Solver::new(SolverOptions {
        tries: 1,
        ..lab.options()
    });
    block_on(solver.solve(&request, &SILENT))
}

fn placed((from, subdir, text): &(&str, &str, &str)) -> Requested {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Requested {
        spec: MatchSpec {
            channel: some(from).map(|url| Arc::new(channel(&url))),
            subdir: some(subdir),
            ..spec(text)
        },
        text: format!("{from}/{subdir}::{text}"),
        location: None,
        is_implied: false,
    }
}

fn lab(names: &[&str]) -> (Lab, Vec<String>) {
    let lab = Lab::new();
    let url = |(number, name): (usize, &&str)| {
        let number = number.to_string();
        let packages = [
            package("p", &number),
            package("p", &format!("0.{number}")).noarch_generic(),
        ];
        lab.channel(name, channel_of(packages)).url()
    };
    let urls = names.iter().enumerate().map(url).collect();
    (lab, urls)
}

fn from(closure: &Closure, name: &str) -> (String, String) {
    let package = closure.get(name).unwrap();
    (package.record.channel.clone().unwrap(), package.dist())
}

fn error(result: Result<Closure, SolveError>) -> String {
    text_of(&result.unwrap_err())
}

#[test]
fn a_channel_in_a_spec_counts_whatever_the_order() {
    for priority in [Priority::Strict, Priority::Flexible, Priority::Disabled] {
        let (mut lab, urls) = lab(&["x", "y", "z"]);
        lab.priority = priority;
        for (number, url) in urls.iter().enumerate() {
            let closure = solve(&lab, &urls, &[(url, "", "p")]).unwrap();
            assert_eq!(from(&closure, "p"), (url.clone(), format!("p-{number}-0")));
        }
        let error = error(solve(&lab, &urls, &[(&urls[0], "", "p=2")]));
        assert!(
            error.contains(&format!("2 0 in {}/linux-64", urls[2])),
            "{error}"
        );
    }
}

#[test]
fn two_channels_for_one_name_cannot_both_be_had() {
    let (lab, urls) = lab(&["x", "y"]);
    for order in [[0, 1], [1, 0]] {
        let specs = order.map(|at| (urls[at].as_str(), "", "p"));
        let error = error(solve(&lab, &urls, &specs));
        assert!(error.contains("together"), "{error}");
        assert!(error.contains("::p`"), "{error}");
    }
}

#[test]
fn a_subdir_in_a_spec_counts() {
    let (lab, urls) = lab(&["x", "y"]);
    let cases = [
        (("", "noarch", "p"), 0, "p-0.0-0"),
        (("", "linux-64", "p"), 0, "p-0-0"),
        ((urls[1].as_str(), "noarch", "p"), 1, "p-0.1-0"),
        ((urls[1].as_str(), "linux-64", "p"), 1, "p-1-0"),
    ];
    for (spec, channel, dist) in cases {
        let closure = solve(&lab, &urls, &[spec]).unwrap();
        assert_eq!(
            from(&closure, "p"),
            (urls[channel].clone(), dist.to_owned()),
            "{spec:?}"
        );
    }
    let error = error(solve(&lab, &urls, &[(&urls[1], "osx-64", "p")]));
    assert!(
        error.contains("no build of `p` for linux-64 fits"),
        "{error}"
    );
    assert!(error.contains(&format!("{}/noarch", urls[1])), "{error}");
}

#[test]
fn a_conflict_tells_of_the_subdir() {
    let (lab, urls) = lab(&["x"]);
    let needs = lab.channel("n", channel_of([package("q", "1").depends("p >=0")]));
    let channels = [urls[0].clone(), needs.url()];
    let specs = [("", "noarch", "p"), ("", "", "q"), ("", "", "p >=0")];
    let closure = solve(&lab, &channels, &specs).unwrap();
    assert_eq!(from(&closure, "p").1, "p-0.0-0");
    let twice = [("", "noarch", "p"), ("", "linux-64", "p")];
    let error = error(solve(&lab, &channels, &twice));
    assert!(error.contains("it is not from subdir"), "{error}");
}

#[test]
fn a_preference_for_another_place_is_dropped() {
    let (mut lab, urls) = lab(&["x", "y"]);
    let locked = solve(&lab, &urls, &[]).unwrap();
    assert!(locked.packages().is_empty());
    let locked = solve(&lab, &urls, &[("", "", "p")]).unwrap();
    lab.preferred = vec![locked.get("p").unwrap().record.clone()];
    for spec in [
        (urls[1].as_str(), "", "p"),
        (urls[0].as_str(), "noarch", "p"),
    ] {
        let closure = solve(&lab, &urls, &[spec]).unwrap();
        assert_ne!(from(&closure, "p").1, "p-0-0", "{spec:?}");
    }
}

#[test]
fn a_channel_that_is_not_listed_is_asked_for_that_package_alone() {
    for served in [false, true] {
        let lab = Lab::new();
        let mine = channel_of([
            package("p", "1").depends("dep >=1").depends("deeper"),
            package("dep", "9"),
        ]);
        let mut mine = lab.channel("mine", mine).url();
        let listed = channel_of([
            package("p", "5"),
            package("dep", "1").depends("other"),
            package("deeper", "1"),
            package("other", "1"),
        ]);
        let listed = [lab.channel("listed", listed).url()];
        let server = lab.serve();
        if served {
            mine = format!("{}/mine", server.url());
        }
        let closure = solve(&lab, &listed, &[(&mine, "", "p"), ("", "", "other")]).unwrap();
        assert_eq!(from(&closure, "p"), (mine.clone(), "p-1-0".to_owned()));
        for name in ["dep", "deeper", "other"] {
            assert_eq!(
                from(&closure, name),
                (listed[0].clone(), format!("{name}-1-0"))
            );
        }
        let error = error(solve(&lab, &listed, &[(&mine, "", "nope")]));
        assert!(error.contains("no package `nope` in"), "{error}");
        assert!(error.contains(&mine), "{error}");
    }
}

#[test]
fn an_unlisted_channel_that_cannot_be_read_is_named() {
    let (lab, urls) = lab(&["x"]);
    let missing = format!("{}-nowhere", urls[0]);
    let text = error(solve(&lab, &urls, &[(&missing, "", "p")]));
    assert!(
        text.contains(&format!("channel `{missing}` does not exist")),
        "{text}"
    );
    lab.write("bad/noarch/repodata.json", "<html>");
    let bad = url::Url::from_file_path(lab.path("bad"))
        .unwrap()
        .to_string();
    let text = error(solve(&lab, &urls, &[(&bad, "", "p")]));
    assert!(
        text.contains(&format!("index of channel `{bad}`")),
        "{text}"
    );
    let dead = "http://127.0.0.1:9/c";
    let text = error(solve(&lab, &urls, &[(dead, "", "p")]));
    assert!(
        text.contains(&format!("cannot read channel `{dead}`")),
        "{text}"
    );
}

#[test]
fn a_channel_that_a_relation_brings_is_no_other_one() {
    let lab = Lab::new();
    let bio = channel_of([package("p", "1").noarch_generic()])
        .indexes(&[Index::Plain])
        .info(
            "noarch",
            "channel_relations",
            json!({ "overrides": "../forge" }),
        );
    let bio = lab.channel("bio", bio).url();
    let forge = lab.channel("forge", channel_of([package("p", "2")])).url();
    let closure = solve(&lab, &[bio], &[(&forge, "", "p")]).unwrap();
    assert_eq!(from(&closure, "p"), (forge, "p-2-0".to_owned()));
}

#[test]
fn two_channels_may_have_their_packages_in_one_place() {
    let lab = Lab::new();
    let shared = |name: &str| {
        let channel = channel_of([package("p", "1")]);
        let channel = channel.info("linux-64", "base_url", json!("https://cdn.test/pool/"));
        lab.channel(name, channel).url()
    };
    let urls = ["x", "y"].map(shared);
    for url in &urls {
        let closure = solve(&lab, &urls, &[(url, "", "p")]).unwrap();
        assert_eq!(from(&closure, "p").0, *url);
    }
}

#[test]
fn credentials_and_slash_of_a_spec_s_channel_do_not_matter() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("p", "1")]));
    let server = lab.serve();
    let url = format!("{}/c", server.url());
    let with_user = url.replace("http://", "http://me:s3cret@");
    for listed in [vec![url.clone()], vec![]] {
        let closure = solve(&lab, &listed, &[(&format!("{with_user}/"), "", "p")]).unwrap();
        assert_eq!(from(&closure, "p"), (url.clone(), "p-1-0".to_owned()));
    }
}
