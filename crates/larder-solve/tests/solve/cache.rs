//! What is kept between runs: offline, damage, nothing left behind.

use std::fs;

use larder_solve::{CutOffs, Solver};
use larder_testkit::Index;

use crate::support::{Lab, SILENT, block_on, channel, channel_of, dists, files_in, package};

#[test]
fn offline_with_a_warm_cache_gives_the_same_closure() {
    for index in [Index::Sharded, Index::Zst, Index::Plain] {
        let mut lab = Lab::new();
        let packages = [
            package("a", "1").depends("b"),
            package("b", "1").noarch_generic(),
        ];
        lab.channel("c", channel_of(packages).indexes(&[index]));
        let server = lab.serve();
        let url = [format!("{}/c", server.url())];
        let online = lab.solve(&url, &["a"]).unwrap();
        server.shutdown();
        lab.offline = true;
        assert_eq!(lab.solve(&url, &["a"]).unwrap(), online, "{index:?}");
    }
}

#[test]
fn offline_without_a_cache_says_what_is_missing() {
    let mut lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    lab.offline = true;
    let error = lab.error(&url, &["a"]);
    assert!(
        error.contains("offline") && error.contains("/c/"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn offline_with_a_package_that_was_never_asked_for_names_its_shard() {
    let mut lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1"), package("b", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    lab.dists(&url, &["a"]);
    lab.offline = true;
    let error = lab.error(&url, &["b"]);
    assert!(
        error.contains("offline") && error.contains("/shards/"),
        "{error}"
    );
}

#[test]
fn a_damaged_index_is_fetched_again() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    lab.dists(&url, &["a"]);
    for file in files_in(&lab.cache()) {
        let mut bytes = fs::read(&file).unwrap();
        let end = bytes.len() - 1;
        bytes[end] ^= 1;
        fs::write(&file, bytes).unwrap();
    }
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
}

#[test]
fn a_changed_channel_is_seen_by_the_next_run() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
    lab.channel("c", channel_of([package("a", "1"), package("a", "2")]));
    assert_eq!(lab.dists(&url, &["a"]), ["a-2-0"]);
}

#[test]
fn nothing_but_indexes_and_shards_is_left_behind() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    lab.dists(&[format!("{}/c", server.url())], &["a"]);
    let kept = files_in(&lab.cache());
    let known = |file: &String| file.ends_with(".index") || file.ends_with(".msgpack.zst");
    assert!(kept.iter().all(known), "{kept:?}");
    assert_eq!(kept.len(), 3, "{kept:?}");
}

#[test]
fn one_solver_reads_each_index_once() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1").noarch_generic()]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    let solver = Solver::new(lab.options());
    let first = lab.solve_with(&solver, &url, &["a"]).unwrap();
    server.clear_requests();
    let second = lab.solve_with(&solver, &url, &["a"]).unwrap();
    assert_eq!(first, second);
    assert!(server.requests().is_empty());
}

#[test]
fn inexact_names_are_refused_before_any_request() {
    let lab = Lab::new();
    let solver = Solver::new(lab.options());
    let specs = [larder_solve::Requested {
        spec: rattler_conda_types::MatchSpec::default(),
        text: "*".to_owned(),
        location: Some("environment.yml:4:5".to_owned()),
        is_implied: false,
    }];
    let request = larder_solve::SolveRequest {
        subdir: lab.subdir,
        channels: &[channel("http://127.0.0.1:1/c")],
        priority: lab.priority,
        specs: &specs,
        pinned: &[],
        only_tar_bz2: false,
        virtual_packages: &[],
        preferred: &[],
        strategy: larder_solve::Strategy::Highest,
        exclude_newer: CutOffs::default(),
    };
    let error = block_on(solver.solve(&request, &SILENT)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment.yml:4:5: `*` does not name a package: expected an exact name"
    );
}

#[test]
fn solves_are_repeatable() {
    let lab = Lab::new();
    let packages = (0..30).map(|n| package("a", &n.to_string()).depends(&format!("b <={n}")));
    let more = (0..30).map(|n| package("b", &n.to_string()));
    let url = [lab.channel("c", channel_of(packages.chain(more))).url()];
    let first = lab.solve(&url, &["a"]).unwrap();
    assert_eq!(dists(&first), ["a-29-0", "b-29-0"]);
    for _ in 0..5 {
        assert_eq!(lab.solve(&url, &["a"]).unwrap(), first);
    }
}

#[test]
fn every_shard_of_a_solve_is_kept_when_it_ends_even_in_failure() {
    let lab = Lab::new();
    let packages = [package("a", "1").depends("gone"), package("b", "1")];
    lab.channel("c", channel_of(packages));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    lab.error(&url, &["a", "b"]);
    let kept = files_in(&lab.cache().join("shards"));
    assert_eq!(kept.len(), 2, "{kept:?}");
}

/// A restored cache may lead out of the store.
#[test]
#[cfg(unix)]
fn a_link_in_place_of_the_directory_of_shards_is_replaced() {
    let lab = Lab::new();
    lab.channel("c", channel_of([package("a", "1")]));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    lab.write("cache/note", "");
    lab.write("elsewhere/mine", "");
    let shards = lab.cache().join("shards");
    for target in ["nowhere", "elsewhere"] {
        fs::remove_dir_all(&shards).ok();
        std::os::unix::fs::symlink(lab.path(target), &shards).unwrap();
        assert_eq!(lab.dists(&url, &["a"]), ["a-1-0"]);
        assert!(!shards.is_symlink() && shards.is_dir());
    }
    assert_eq!(files_in(&lab.path("elsewhere")).len(), 1);
}
