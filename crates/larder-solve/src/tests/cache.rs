//! Kept indexes and shards: only what is whole comes back.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;
use url::Url;

use crate::cache::testing::{Directory, Entry, Kind, Verdict, look_at, parse, sha256};

fn url(path: &str) -> Url {
    Url::parse(&format!("https://h.test/c/{path}")).unwrap()
}

fn entry(url: &Url, body: &[u8]) -> Entry {
    Entry::new(url, body.to_vec())
}

#[test]
fn urls_are_told_apart_by_their_last_segment() {
    let digest = "ab".repeat(32);
    let cases = [
        ("noarch/repodata.json", Some(Kind::Plain)),
        ("noarch/repodata.json.zst", Some(Kind::Optional)),
        ("noarch/repodata.json.bz2", Some(Kind::Optional)),
        ("noarch/repodata_shards.msgpack.zst", Some(Kind::Optional)),
        ("noarch/a-1-0.conda", None),
        ("noarch/abc.msgpack.zst", None),
        ("noarch/", None),
    ];
    for (path, kind) in cases {
        assert_eq!(Kind::of(&url(path)), kind, "{path}");
    }
    let shard = Kind::of(&url(&format!("noarch/shards/{digest}.msgpack.zst")));
    assert!(matches!(shard, Some(Kind::Shard(found)) if found.to_hex() == digest));
}

#[test]
fn an_index_comes_back_for_its_own_url_only() {
    let directory = TempDir::new().unwrap();
    let cache = Directory(directory.path().to_owned());
    let (mine, other) = (url("a/repodata.json"), url("b/repodata.json"));
    assert_eq!(cache.index(&mine).unwrap(), None);
    let kept = entry(&mine, b"{}");
    cache.keep_index(&kept).unwrap();
    assert_eq!(cache.index(&mine).unwrap(), Some(kept));
    assert_eq!(cache.index(&other).unwrap(), None);
    let name = |url: &Url| format!("{}.index", &sha256(url.as_str().as_bytes()).to_hex()[..32]);
    let file = directory.path().join(name(&mine));
    fs::rename(file, directory.path().join(name(&other))).unwrap();
    assert_eq!(cache.index(&other).unwrap(), None, "it says whose it is");
}

#[test]
fn indexes_can_be_forgotten_and_shards_stay() {
    let directory = TempDir::new().unwrap();
    let cache = Directory(directory.path().to_owned());
    let url = url("a/repodata.json");
    cache.keep_index(&entry(&url, b"{}")).unwrap();
    cache.keep_shard(sha256(b"shard"), b"shard").unwrap();
    cache.forget_indexes().unwrap();
    assert_eq!(cache.index(&url).unwrap(), None);
    assert_eq!(cache.shard(sha256(b"shard")).unwrap().unwrap(), b"shard");
}

#[test]
fn a_shard_index_is_looked_at() {
    let index = |version: u8| {
        let mut bytes = vec![0x82, 0xa7];
        bytes.extend_from_slice(b"version");
        bytes.push(version);
        bytes.push(0xa6);
        bytes.extend_from_slice(b"shards");
        bytes.push(0x80);
        bytes
    };
    assert!(matches!(look_at(&index(1)), Verdict::Usable(_)));
    assert_eq!(look_at(&index(2)), Verdict::OtherVersion);
    assert!(matches!(look_at(b"<html>"), Verdict::Bad(_)));
}

#[test]
fn a_missing_file_is_an_entry_too() {
    let directory = TempDir::new().unwrap();
    let cache = Directory(directory.path().to_owned());
    let url = url("a/repodata.json");
    cache.keep_index(&Entry::missing(&url)).unwrap();
    assert!(cache.index(&url).unwrap().unwrap().head.missing);
}

proptest! {
    #[test]
    fn entries_survive_and_damage_does_not(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let directory = TempDir::new().unwrap();
        let cache = Directory(directory.path().to_owned());
        let url = url("a/repodata.json");
        let kept = entry(&url, &body);
        cache.keep_index(&kept).unwrap();
        let found = cache.index(&url).unwrap();
        prop_assert_eq!(found.as_ref(), Some(&kept));

        let file = fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap().path();
        let mut bytes = fs::read(&file).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&file, bytes).unwrap();
        if let Some(found) = cache.index(&url).unwrap() {
            prop_assert_eq!(found.body, kept.body, "only the validators may differ");
        }
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(bytes.clone());
        let _ = look_at(&bytes);
    }
}

mod keeper {
    use url::Url;

    use crate::cache::{Keeper, testing::Shard};

    #[tokio::test]
    async fn a_shard_that_cannot_be_kept_is_an_error_that_names_it_once() {
        let keeper = Keeper::new("/dev/null/cache".into());
        let url = Url::parse("https://h.test/c/shards/x").unwrap();
        keeper.keep(Shard {
            url,
            digest: super::sha256(b"shard"),
            bytes: b"shard".to_vec(),
        });
        let error = keeper.finish().await.unwrap_err();
        assert!(error.to_string().contains("/c/shards/x"), "{error}");
        keeper.finish().await.unwrap();
    }
}
