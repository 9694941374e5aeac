//! Entries of the pipeline cache that somebody with write access made: each is a miss and is gone afterwards, so
//! that the job goes on and the next one can save; nothing of it is left, and what was there is there.

use std::{fs, path::PathBuf};

use larder_testkit::{CacheFrame, RawEntry, Sandbox, cache_archive, compress_zstd, tree_of};

use crate::support::{json, sandbox};

use super::{bounded, ended_by_itself};

const RESTORE: [&str; 7] = ["cache", "restore", "--json", "--key", "k", "--path", "data"];

fn directory(name: &str) -> (String, RawEntry) {
    (name.to_owned(), RawEntry::Directory(0o755))
}

fn file(name: &str) -> (String, RawEntry) {
    (name.to_owned(), RawEntry::file("x"))
}

fn root() -> CacheFrame {
    CacheFrame::entries(&[directory("0/")])
}

/// Frames, how many entries and bytes of files their end says, and what it is.
type Bomb = (&'static str, Vec<CacheFrame>, u64, u64);

fn bombs() -> Vec<Bomb> {
    let zeros = |bytes: usize| compress_zstd(&vec![0; bytes]);
    let link = |length: usize| ("0/l".to_owned(), RawEntry::Symlink("x".repeat(length)));
    let deep = |levels: usize| -> Vec<_> {
        (0..=levels)
            .map(|level| directory(&format!("0/{}", "d/".repeat(level))))
            .collect()
    };
    let many: Vec<_> = (0..300)
        .map(|number| CacheFrame::opening(&format!("0/{number}"), 100))
        .collect();
    vec![
        (
            "a frame of a gigabyte",
            vec![root(), CacheFrame::claiming(1 << 30, zeros(1 << 20))],
            1,
            0,
        ),
        (
            "directories in a gigabyte of zeros",
            vec![CacheFrame::claiming(1 << 30, zeros(256 << 20))],
            0,
            0,
        ),
        (
            "a frame that claims less than it holds",
            vec![root(), CacheFrame::claiming(10, zeros(64 << 20))],
            1,
            0,
        ),
        (
            "a file of 16 GiB",
            vec![
                root(),
                CacheFrame::opening("0/big", 16 << 30),
                CacheFrame::body(1, 0, &[7; 1024]),
            ],
            2,
            16 << 30,
        ),
        (
            "a file of all there is",
            vec![root(), CacheFrame::opening("0/big", (1 << 33) - 1)],
            2,
            0,
        ),
        (
            "a link's text of 5,000 bytes",
            vec![root(), CacheFrame::entries(&[link(5_000)])],
            2,
            0,
        ),
        (
            "a link's text of 500,000 bytes",
            vec![root(), CacheFrame::entries(&[link(500_000)])],
            2,
            0,
        ),
        (
            "a link without a text",
            vec![root(), CacheFrame::entries(&[link(0)])],
            2,
            0,
        ),
        (
            "a directory 2,000 deep",
            vec![CacheFrame::entries(&deep(2_000))],
            2_001,
            0,
        ),
        (
            "a name of 300 bytes",
            vec![
                root(),
                CacheFrame::entries(&[file(&format!("0/{}", "n".repeat(300)))]),
            ],
            2,
            1,
        ),
        (
            "files that are never complete",
            [vec![root()], many].concat(),
            301,
            30_000,
        ),
        (
            "no end",
            vec![root(), CacheFrame::claiming(512, compress_zstd(b"x"))],
            0,
            0,
        ),
    ]
}

/// A sandbox with a saved entry of the key `k`, and where it is.
fn world() -> (Sandbox, PathBuf, String) {
    let sandbox = sandbox();
    sandbox.write("data/file", "saved");
    bounded(&sandbox, &["cache", "save", "--key", "k", "--path", "data"]).success();
    sandbox.write("data/file", "present");
    let key = json(&bounded(&sandbox, &[&RESTORE[..], &["--lookup-only"]].concat()).success());
    let key = key["matched_key"].as_str().unwrap().to_owned();
    let mut places = vec![sandbox.home().join(".cache/larder/pipeline/cache1")];
    while let Some(place) = places.pop() {
        if place.is_file() {
            return (sandbox, place, key);
        }
        places.extend(
            fs::read_dir(place)
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        );
    }
    panic!("no entry was saved");
}

#[test]
fn an_entry_that_cannot_be_used_is_a_miss_and_is_gone() {
    let (sandbox, entry, key) = world();
    for (what, frames, entries, bytes) in bombs() {
        let _ = fs::remove_file(&entry);
        fs::write(&entry, cache_archive(&key, &frames, entries, bytes)).unwrap();
        let before = tree_of(&sandbox.work());
        let run = bounded(&sandbox, &RESTORE);
        ended_by_itself(&run, what);
        let report = json(&run.success());
        assert_eq!(report["hit"], "false", "{what}");
        assert!(!entry.exists(), "{what} stays");
        assert_eq!(tree_of(&sandbox.work()), before, "{what} left something");
        bounded(&sandbox, &["cache", "save", "--key", "k", "--path", "data"]).success();
        let again = json(&bounded(&sandbox, &RESTORE).success());
        assert_eq!(again["hit"], "true", "{what}: the next save is found");
    }
}

#[test]
fn an_archive_of_80_000_pieces_of_a_byte_takes_no_square_of_that() {
    let (sandbox, entry, key) = world();
    let frames: Vec<CacheFrame> = [root(), CacheFrame::opening("0/big", 80_000)]
        .into_iter()
        // Every other byte first, so that no piece joins the one before.
        .chain((0..80_000).map(|number| {
            let at = if number < 40_000 {
                2 * number
            } else {
                2 * (number - 40_000) + 1
            };
            CacheFrame::body(1, at, b"x")
        }))
        .collect();
    fs::remove_file(&entry).unwrap();
    fs::write(&entry, cache_archive(&key, &frames, 2, 80_000)).unwrap();
    let report = json(&bounded(&sandbox, &RESTORE).success());
    assert_eq!(report["hit"], "true");
    assert_eq!(fs::read(sandbox.path("data/big")).unwrap(), [b'x'; 80_000]);
}

#[test]
fn what_may_come_out_can_be_set_and_a_disk_without_room_is_a_miss() {
    let (sandbox, entry, _) = world();
    let small = bounded(
        &sandbox,
        &[&RESTORE[..], &["--max-unpacked", "1kB"]].concat(),
    )
    .success();
    assert_eq!(json(&small)["hit"], "false");
    assert!(
        !entry.exists(),
        "an entry that is taken for an attack is gone"
    );
    assert_eq!(
        fs::read_to_string(sandbox.path("data/file")).unwrap(),
        "present"
    );
}
