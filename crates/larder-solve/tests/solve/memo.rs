//! Remembered solves: when they are used and written, and what that costs.

use std::fs;

use larder_event::{Event, EventRecorder, Phase};
use larder_lock::Closure;
use larder_solve::{How, Solved, Solver, SolverOptions};
use larder_testkit::{ChannelBuilder, Index, PackageBuilder, Server};
use serde_json::json;

use crate::support::{Lab, block_on, channel_of, conda, dists, files_in, package, record_with};

pub(crate) const FORMS: [Index; 3] = [Index::Sharded, Index::Zst, Index::Plain];

/// `a` needs `b`; `ghost` is looked for and not there; `other` is not looked at.
pub(crate) fn small() -> Vec<PackageBuilder> {
    vec![
        package("a", "1").depends("b >=1"),
        package("a", "0").depends("ghost"),
        package("b", "1").noarch_generic(),
        package("other", "1"),
    ]
}

fn served(packages: Vec<PackageBuilder>) -> (Lab, Server, [String; 1]) {
    let lab = Lab::new();
    lab.channel("c", channel_of(packages));
    let server = lab.serve();
    let url = [format!("{}/c", server.url())];
    (lab, server, url)
}

/// Recalls, which must do without the solver.
pub(crate) fn hit(lab: &Lab, urls: &[String], specs: &[&str]) -> Closure {
    let solved = lab.recall(urls, specs).unwrap();
    assert_eq!((solved.how, solved.why_no_memo), (How::Memo, None));
    solved.closure
}

/// Solves, and gives the reason.
pub(crate) fn miss(lab: &Lab, urls: &[String], specs: &[&str]) -> (String, Closure) {
    let solved = lab.recall(urls, specs).unwrap();
    assert_eq!(solved.how, How::Solved);
    (solved.why_no_memo.unwrap(), solved.closure)
}

fn notes(recorder: &EventRecorder) -> Vec<String> {
    let note = |event| match event {
        Event::Noted { text } => Some(text),
        _ => None,
    };
    recorder.events().into_iter().filter_map(note).collect()
}

#[test]
fn the_second_run_recalls_whatever_the_form_of_the_index() {
    for form in FORMS {
        let lab = Lab::new();
        let local = lab.channel("c", channel_of(small()).indexes(&[form]));
        let server = lab.serve();
        for url in [format!("{}/c", server.url()), local.url()] {
            let url = [url];
            let (why, solved) = miss(&lab, &url, &["a"]);
            assert_eq!(why, "this request is not remembered");
            assert_eq!(hit(&lab, &url, &["a"]), solved, "{form:?}");
            assert_eq!(lab.solve(&url, &["a"]).unwrap(), solved, "{form:?}");
        }
    }
}

#[test]
fn a_hit_says_so_and_has_no_phase_of_solving() {
    let (mut lab, _server, url) = served(small());
    miss(&lab, &url, &["a"]);
    assert_eq!(
        notes(&lab.recorder),
        ["solve: solved (this request is not remembered)"]
    );
    lab.recorder = EventRecorder::default();
    hit(&lab, &url, &["a"]);
    assert_eq!(notes(&lab.recorder), ["solve: memo"]);
    let phases = lab.recorder.events().into_iter().filter_map(|event| {
        let Event::PhaseStarted { phase, .. } = event else {
            return None;
        };
        Some(phase)
    });
    assert_eq!(phases.collect::<Vec<_>>(), [Phase::Repodata]);
}

#[test]
fn a_hit_costs_one_conditional_request_for_each_index() {
    let (lab, server, url) = served(small());
    server.clear_requests();
    miss(&lab, &url, &["a"]);
    let mut paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    paths.sort();
    let asked = paths.len();
    paths.dedup();
    assert_eq!(asked, paths.len(), "a miss asks for nothing twice");
    server.clear_requests();
    hit(&lab, &url, &["a"]);
    let asked = server.requests().into_iter().map(|r| (r.path, r.status));
    let mut asked: Vec<(String, u16)> = asked.collect();
    asked.sort();
    let index = |subdir: &str| (format!("/c/{subdir}/repodata_shards.msgpack.zst"), 304);
    assert_eq!(asked, [index("linux-64"), index("noarch")]);
}

#[test]
fn a_hit_offline_asks_for_nothing() {
    let (mut lab, server, url) = served(small());
    let (_, solved) = miss(&lab, &url, &["a"]);
    server.clear_requests();
    lab.offline = true;
    assert_eq!(hit(&lab, &url, &["a"]), solved);
    assert!(server.requests().is_empty());
}

#[test]
fn a_memo_of_another_machine_fetches_the_shards_of_its_packages_only() {
    let (lab, server, url) = served(small());
    let (_, solved) = miss(&lab, &url, &["a"]);
    fs::remove_dir_all(lab.cache()).unwrap();
    server.clear_requests();
    assert_eq!(hit(&lab, &url, &["a"]), solved);
    let asked = server.requests();
    let shards = asked.iter().filter(|r| r.path.contains("/shards/"));
    assert_eq!(shards.count(), 2, "a and b, not other");
}

#[test]
fn equivalent_requests_share_a_memo_but_keep_their_own_texts() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    miss(&lab, &url, &["a >=1", "b"]);
    let closure = hit(&lab, &url, &["b", "a>=1", "b"]);
    assert_eq!(closure.get("a").unwrap().requested_specs, ["a>=1"]);
    assert_eq!(closure.get("b").unwrap().requested_specs, ["b", "b"]);
}

#[test]
fn refresh_solves_and_remembers() {
    let mut lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    lab.refresh = true;
    for _ in 0..2 {
        let (why, _) = miss(&lab, &url, &["a"]);
        assert_eq!(why, "a new solve was asked for");
    }
    lab.refresh = false;
    hit(&lab, &url, &["a"]);
}

#[test]
fn preferred_records_are_part_of_what_is_remembered() {
    let mut lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    let (_, closure) = miss(&lab, &url, &["a"]);
    lab.preferred = vec![closure.get("a").unwrap().record.clone()];
    miss(&lab, &url, &["a"]);
    hit(&lab, &url, &["a"]);
    let mut other = lab.preferred[0].clone();
    other.package_record.sha256 = None;
    lab.preferred = vec![other];
    miss(&lab, &url, &["a"]);
    assert_eq!(files_in(&lab.path("solves")).len(), 3);
}

#[test]
fn nothing_is_remembered_where_nobody_wants_it() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    let solver = Solver::new(lab.options());
    for _ in 0..2 {
        let solved = lab.request(&url, &["a"], |request| {
            block_on(solver.recall_or_solve(request, &lab.recorder)).unwrap()
        });
        let Solved {
            how, why_no_memo, ..
        } = solved;
        assert_eq!((how, why_no_memo), (How::Solved, None));
    }
    assert_eq!(files_in(&lab.path("solves")), [""; 0]);
    assert_eq!(notes(&lab.recorder), ["solve: solved"; 2]);
}

#[test]
fn an_unsolvable_request_is_not_remembered() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    assert!(lab.recall(&url, &["a 0"]).is_err());
    assert_eq!(files_in(&lab.path("solves")), [""; 0]);
}

#[test]
fn a_mended_index_is_not_remembered() {
    let lab = Lab::new();
    let bad = record_with("a", "2", json!({ "depends": 7 }));
    let index = json!({ "packages.conda": {
        "a-1-0.conda": record_with("a", "1", json!({})), "a-2-0.conda": bad,
    }});
    lab.write("www/c/noarch/repodata.json", index.to_string());
    let url = [url::Url::from_file_path(lab.path("www/c"))
        .unwrap()
        .to_string()];
    for _ in 0..2 {
        let (why, closure) = miss(&lab, &url, &["a"]);
        assert_eq!(why, "this request is not remembered");
        assert_eq!(dists(&closure), ["a-1-0"]);
    }
    let expected = "solve: not remembered (a channel has records that make no sense)";
    assert!(notes(&lab.recorder).contains(&expected.to_owned()));
}

#[test]
fn one_session_remembers_each_of_its_solves() {
    let (lab, server, url) = served(small());
    let solver = Solver::new(SolverOptions {
        memos: Some(lab.path("solves")),
        ..lab.options()
    });
    let specs: [&[&str]; 3] = [&["a"], &["b"], &["other", "b"]];
    for specs in specs {
        lab.request(&url, specs, |request| {
            block_on(solver.recall_or_solve(request, &lab.recorder)).unwrap()
        });
    }
    for specs in specs {
        hit(&lab, &url, specs);
    }
    server.shutdown();
}

#[test]
fn a_memo_that_cannot_be_kept_is_a_note() {
    let lab = Lab::new();
    let url = [lab.channel("c", channel_of(small())).url()];
    lab.write("solves", "a file, no directory");
    let closure = lab.recall(&url, &["a"]).unwrap().closure;
    assert_eq!(dists(&closure), ["a-1-0", "b-1-0"]);
    let notes = notes(&lab.recorder);
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("solve: not remembered (cannot")),
        "{notes:?}"
    );
}

#[test]
fn archives_in_both_formats_and_noarch_keep_the_hit() {
    let lab = Lab::new();
    let old = package("a", "1").build(larder_testkit::Format::TarBz2);
    let channel = ChannelBuilder::new()
        .package(old)
        .package(conda(package("a", "1")));
    let url = [lab.channel("c", channel).url()];
    let (_, closure) = miss(&lab, &url, &["a"]);
    assert_eq!(hit(&lab, &url, &["a"]), closure);
}
