//! Locks between threads, each with its own open file, as between processes.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use super::{Holder, LockFile, lock_holder};

#[test]
fn one_holder_at_a_time_and_no_file_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.lock");
    let (held, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let lock = LockFile::acquire(&path, || {}).unwrap();
                    assert!(!held.swap(true, Ordering::SeqCst), "two holders");
                    turns.fetch_add(1, Ordering::SeqCst);
                    held.store(false, Ordering::SeqCst);
                    drop(lock);
                }
            });
        }
    });
    assert_eq!(turns.into_inner(), 400);
    assert!(!path.exists());
}

#[test]
fn who_has_to_wait_is_told_so_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.lock");
    let told = AtomicBool::new(false);
    let held = LockFile::acquire(&path, || told.store(true, Ordering::SeqCst)).unwrap();
    assert!(held.is_held(), "this file system has locks");
    assert!(!told.load(Ordering::SeqCst));
    thread::scope(|scope| {
        scope.spawn(|| LockFile::acquire(&path, || told.store(true, Ordering::SeqCst)).map(drop));
        while !told.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        drop(held);
    });
}

#[test]
fn who_asks_is_told_whether_a_lock_is_held_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.lock");
    assert_eq!(lock_holder(&path), Holder::Nobody);
    assert!(!path.exists());
    let held = LockFile::acquire(&path, || {}).unwrap();
    assert_eq!(lock_holder(&path), Holder::Somebody);
    drop(held);
    assert_eq!(lock_holder(&path), Holder::Nobody);
    std::fs::write(&path, "").unwrap();
    assert_eq!(lock_holder(&path), Holder::Nobody, "its owner was killed");
    assert!(path.exists());
}

#[test]
#[cfg(unix)]
fn who_has_to_wait_is_told_for_whom() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.lock");
    std::fs::write(&path, "somebody who was killed, with a longer name").unwrap();
    let held = LockFile::acquire_signed(&path, "the first", |_| {}).unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let tell = |holder: &str| send.send(holder.to_owned()).unwrap();
            LockFile::acquire_signed(&path, "the second", tell).map(drop)
        });
        assert_eq!(receive.recv().unwrap(), "the first");
        drop(held);
    });
}
