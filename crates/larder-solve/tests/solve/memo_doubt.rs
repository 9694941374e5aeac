//! Memos come out of a cache that others may write: damaged, foreign and forged ones are refused, and
//! the answer is that of a solve.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use larder_digest::Hasher;
use larder_solve::How;
use larder_testkit::PackageBuilder;
use serde_json::{Value, json};

use crate::support::{Lab, channel_of, dists, files_in, package};

/// `a` needs `b`; older ones of both are there; `c` is not needed.
fn packages() -> Vec<PackageBuilder> {
    vec![
        package("a", "1").depends("b"),
        package("a", "2").depends("b"),
        package("b", "1"),
        package("b", "2"),
        package("c", "1"),
    ]
}

struct Remembered {
    lab: Lab,
    url: [String; 1],
    memo: PathBuf,
}

impl Remembered {
    fn new() -> Self {
        let lab = Lab::new();
        let url = [lab.channel("c", channel_of(packages())).url()];
        lab.recall(&url, &["a"]).unwrap();
        assert_eq!(lab.recall(&url, &["a"]).unwrap().how, How::Memo);
        let memo = PathBuf::from(&files_in(&lab.path("solves"))[0]);
        Self { lab, url, memo }
    }

    /// Records the memo as one that came from a remote of the user's choice.
    fn accept(&self) {
        let bytes = fs::read(&self.memo).unwrap();
        let records = self.lab.options().records;
        records.record_file(&self.memo, &bytes);
        assert!(records.has_file(&self.memo, &bytes));
    }

    /// Why the memo is refused; the answer must be right, and be remembered anew.
    fn refusal(&self) -> String {
        self.accept();
        let solved = self.lab.recall(&self.url, &["a"]).unwrap();
        assert_eq!(solved.how, How::Solved);
        assert_eq!(dists(&solved.closure), ["a-2-0", "b-2-0"]);
        assert_eq!(self.lab.recall(&self.url, &["a"]).unwrap().how, How::Memo);
        solved.why_no_memo.unwrap()
    }

    /// Changes the content and mends the digest, as somebody would who may write the cache.
    fn forge(&self, change: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(&self.memo).unwrap();
        let (head, body) = text.split_once('\n').unwrap();
        let mut body: Value = serde_json::from_str(body).unwrap();
        change(&mut body);
        let body = body.to_string();
        let mut hasher = Hasher::sha256();
        hasher.update(body.as_bytes());
        let (head, _) = head.rsplit_once(' ').unwrap();
        let text = format!("{head} {}\n{body}", hasher.finish().sha256);
        fs::write(&self.memo, text).unwrap();
        self.accept();
    }

    /// Why a memo with these packages is refused.
    fn refusal_of(&self, change: impl FnOnce(&mut Vec<Value>)) -> String {
        self.forge(|memo| change(memo["packages"].as_array_mut().unwrap()));
        self.refusal()
    }

    /// The record of another version, as the channel has it.
    fn record(&self, name: &str, spec: &str) -> Value {
        let closure = self.lab.solve(&self.url, &[spec, "b"]).unwrap();
        serde_json::to_value(&closure.get(name).unwrap().record).unwrap()
    }
}

#[test]
fn a_memo_that_this_machine_did_not_write_is_refused() {
    let remembered = Remembered::new();
    let old = remembered.record("a", "a=1");
    remembered.forge(|memo| memo["packages"][0] = old);
    fs::remove_dir_all(remembered.lab.path("machine")).unwrap();
    let solved = remembered.lab.recall(&remembered.url, &["a"]).unwrap();
    assert_eq!(dists(&solved.closure), ["a-2-0", "b-2-0"]);
    let why = solved.why_no_memo.unwrap();
    assert_eq!(why, "the memo in the store was not written by this machine");
}

#[test]
fn damage_anywhere_is_noticed() {
    let remembered = Remembered::new();
    let whole = fs::read(&remembered.memo).unwrap();
    for position in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[position] ^= 4;
        fs::write(&remembered.memo, bytes).unwrap();
        let why = remembered.refusal();
        assert!(why.starts_with("the memo "), "{position}: {why}");
        fs::write(&remembered.memo, &whole[..position]).unwrap();
        let why = remembered.refusal();
        assert!(why.starts_with("the memo "), "{position}: {why}");
    }
}

#[test]
fn other_versions_and_other_memos_are_refused() {
    let remembered = Remembered::new();
    let text = fs::read_to_string(&remembered.memo).unwrap();
    fs::write(&remembered.memo, text.replacen(" 1 ", " 2 ", 1)).unwrap();
    assert_eq!(remembered.refusal(), "the memo has format 2, expected 1");

    remembered.lab.recall(&remembered.url, &["b"]).unwrap();
    let memos = files_in(&remembered.lab.path("solves"));
    let other = memos
        .iter()
        .find(|memo| PathBuf::from(memo) != remembered.memo);
    fs::copy(other.unwrap(), &remembered.memo).unwrap();
    assert_eq!(remembered.refusal(), "the memo is that of another request");

    remembered.forge(|memo| *memo = json!({ "key": memo["key"], "packages": 1 }));
    let why = remembered.refusal();
    assert!(why.starts_with("the memo makes no sense"), "{why}");
}

#[test]
fn a_memo_that_cannot_be_read_is_none() {
    let remembered = Remembered::new();
    fs::remove_file(&remembered.memo).unwrap();
    fs::create_dir(&remembered.memo).unwrap();
    let solved = remembered.lab.recall(&remembered.url, &["a"]).unwrap();
    assert_eq!(dists(&solved.closure), ["a-2-0", "b-2-0"]);
    let why = solved.why_no_memo.unwrap();
    assert!(why.starts_with("the memo cannot be read"), "{why}");
    let again = remembered.lab.recall(&remembered.url, &["a"]).unwrap();
    assert_eq!(again.how, How::Memo, "what is no file was replaced by one");
}

#[test]
fn a_swapped_record_is_refused() {
    let other = "ab".repeat(32);
    type Change = fn(&mut Value, &str);
    let changes: [(&str, Change); 5] = [
        ("digest", |record, other| record["sha256"] = other.into()),
        ("address", |record, _| {
            record["url"] = "https://evil.test/a-2-0.conda".into()
        }),
        ("dependencies", |record, _| record["depends"] = json!([])),
        ("channel", |record, _| {
            record["channel"] = "https://evil.test".into()
        }),
        ("name", |record, _| record["name"] = "evil".into()),
    ];
    for (what, change) in changes {
        let remembered = Remembered::new();
        let why = remembered.refusal_of(|packages| change(&mut packages[0], &other));
        assert!(why.ends_with("as it is remembered"), "{what}: {why}");
    }
    let remembered = Remembered::new();
    let why = remembered.refusal_of(|packages| packages[0]["name"] = "\u{1b}[31m/../x".into());
    assert_eq!(why, "the memo has a package of the name `[31m/../x`");
}

#[test]
fn a_closure_that_is_not_the_request_s_is_refused() {
    let remembered = Remembered::new();
    let c = remembered.record("c", "c");
    let b = remembered.record("b", "b 1");
    type Change = Box<dyn FnOnce(&mut Vec<Value>)>;
    let cases: [(&str, Change); 5] = [
        (
            "a spec is missed",
            Box::new(|packages| drop(packages.remove(0))),
        ),
        (
            "a dependency is missed",
            Box::new(|packages| drop(packages.remove(1))),
        ),
        ("everything is missed", Box::new(Vec::clear)),
        ("one too many", Box::new(|packages| packages.push(c))),
        ("one name twice", Box::new(|packages| packages.push(b))),
    ];
    for (what, change) in cases {
        let why = remembered.refusal_of(change);
        let known = ["does not fit", "unusable"];
        assert!(known.iter().any(|text| why.contains(text)), "{what}: {why}");
    }
}

#[test]
fn a_record_of_a_later_channel_is_refused_under_strict_priority() {
    let lab = Lab::new();
    let first = lab.channel("first", channel_of([package("a", "1")]));
    let second = lab.channel("second", channel_of([package("a", "2")]));
    let urls = [first.url(), second.url()];
    lab.recall(&urls, &["a"]).unwrap();
    let memo = PathBuf::from(&files_in(&lab.path("solves"))[0]);
    let worse = lab.solve(&urls[1..], &["a"]).unwrap();
    let worse = serde_json::to_value(&worse.get("a").unwrap().record).unwrap();
    let remembered = Remembered {
        lab,
        url: [String::new()],
        memo,
    };
    remembered.forge(|memo| memo["packages"] = json!([worse]));
    let solved = remembered.lab.recall(&urls, &["a"]).unwrap();
    assert_eq!(dists(&solved.closure), ["a-1-0"]);
    assert_eq!(
        solved.why_no_memo.as_deref(),
        Some("a solve may not choose the remembered a")
    );
}

#[test]
fn a_record_that_is_too_new_is_refused() {
    let mut lab = Lab::new();
    let dated = |version: &str, time| package("a", version).timestamp_ms(time);
    let channel = channel_of([dated("1", 1_600_000_000_000), dated("2", 1_700_000_000_000)]);
    let url = [lab.channel("c", channel).url()];
    let newer = lab.solve(&url, &["a"]).unwrap();
    let newer = serde_json::to_value(&newer.get("a").unwrap().record).unwrap();
    lab.exclude_newer = Some(UNIX_EPOCH + Duration::from_secs(1_650_000_000)).into();
    lab.recall(&url, &["a"]).unwrap();
    let memo = PathBuf::from(&files_in(&lab.path("solves"))[0]);
    let remembered = Remembered { lab, url, memo };
    remembered.forge(|memo| memo["packages"] = json!([newer]));
    let solved = remembered.lab.recall(&remembered.url, &["a"]).unwrap();
    assert_eq!(dists(&solved.closure), ["a-1-0"]);
    assert_eq!(
        solved.why_no_memo.as_deref(),
        Some("a solve may not choose the remembered a")
    );
}

#[test]
fn a_forged_proof_does_not_bring_back_what_is_gone() {
    let remembered = Remembered::new();
    let first = remembered.lab.recall(&remembered.url, &["a"]).unwrap();
    let gone = package("a", "1").depends("b");
    let lab = &remembered.lab;
    lab.channel("c", channel_of([gone, package("b", "2")]));
    let second = lab.recall(&remembered.url, &["a"]).unwrap();
    let packages = first.closure.packages().iter();
    let old: Vec<_> = packages.map(|package| &package.record).collect();
    // The proof is that of now; the records are those of before.
    remembered.forge(|memo| memo["packages"] = json!(old));
    let third = lab.recall(&remembered.url, &["a"]).unwrap();
    assert_eq!(third.how, How::Solved);
    assert_eq!(third.closure, second.closure);
}

/// What `MEMO.md` owns up to: this is consistent, offered and asked for, and nothing but a solve could
/// tell that it is not the best.
#[test]
fn an_older_build_that_the_channel_offers_cannot_be_told_from_the_best() {
    let remembered = Remembered::new();
    let older = remembered.record("b", "b 1");
    remembered.forge(|memo| memo["packages"][1] = older);
    let solved = remembered.lab.recall(&remembered.url, &["a"]).unwrap();
    assert_eq!(dists(&solved.closure), ["a-2-0", "b-1-0"]);
}
