//! Class test: a store is hostile input. Every place of the layout gets everything that a restored cache or a member
//! of a group can put there; every operation of this crate runs on it. Each ends, and nothing outside the store
//! changes or is read.
//!
//! The cases are generated: [`places`] times [`Intruder::ALL`]. A new directory of the layout is a case by itself, as
//! the directories are read from a store that was just made.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileTypeExt as _, MetadataExt as _, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, SystemTime},
};

use larder_event::SilentReporter;
use larder_store::{Access, CollectPolicy, ObjectKind, RootKind, Store, StoreOptions};

use crate::support::{bytes_of, collecting, content, lazy, md5, put, sha256};

/// No case takes a hundredth of it. A case that hangs fails the test; its thread ends with the process.
const WATCHDOG: Duration = Duration::from_secs(120);

/// What is put in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intruder {
    Fifo,
    Socket,
    LinkToDirectory,
    LinkToFile,
    LinkToFifo,
    LinkToDevice,
    DanglingLink,
    LinkToItself,
    Directory,
    Sparse,
    Empty,
    Foreign,
    HardLink,
    UnreadableNames,
}

impl Intruder {
    const ALL: [Self; 14] = [
        Self::Fifo,
        Self::Socket,
        Self::LinkToDirectory,
        Self::LinkToFile,
        Self::LinkToFifo,
        Self::LinkToDevice,
        Self::DanglingLink,
        Self::LinkToItself,
        Self::Directory,
        Self::Sparse,
        Self::Empty,
        Self::Foreign,
        Self::HardLink,
        Self::UnreadableNames,
    ];

    /// Replaces what is at `place`.
    fn put(self, place: &Path, precious: &Path) {
        larder_fs::remove_tree(place).ok();
        fs::remove_file(place).ok();
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        match self {
            Self::Fifo => make_fifo(place),
            // The path of a socket may have 108 bytes.
            Self::Socket => {
                let bound = precious.with_file_name("s");
                drop(UnixListener::bind(&bound).unwrap());
                fs::rename(bound, place).unwrap();
            }
            Self::LinkToDirectory => symlink(precious, place).unwrap(),
            Self::LinkToFile => symlink(precious.join("file"), place).unwrap(),
            Self::LinkToFifo => symlink(precious.join("fifo"), place).unwrap(),
            Self::LinkToDevice => symlink("/dev/zero", place).unwrap(),
            Self::DanglingLink => symlink(precious.join("absent"), place).unwrap(),
            Self::LinkToItself => symlink(place, place).unwrap(),
            Self::Directory => {
                fs::create_dir(place).unwrap();
                fs::write(place.join("inner"), "inner").unwrap();
            }
            Self::Sparse => fs::File::create(place).unwrap().set_len(1 << 41).unwrap(),
            Self::Empty => fs::write(place, "").unwrap(),
            Self::Foreign => fs::write(place, "foreign \u{1b}[31m\n##vso[x]").unwrap(),
            Self::HardLink => fs::hard_link(precious.join("file"), place).unwrap(),
            Self::UnreadableNames => {
                fs::create_dir(place).unwrap();
                for name in [&b"a\nb"[..], b"\x1b[2J", b"\xff\xfe", b"##vso[x]", b"-rf"] {
                    fs::write(place.join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
                }
            }
        }
    }
}

fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Names that larder removes or reads where it finds them, all very old.
fn bait(directory: &Path) {
    fs::create_dir_all(directory.join("ab")).unwrap();
    let object = format!("ab{}.conda", "0".repeat(62));
    let names = [
        "file".to_owned(),
        "0".repeat(32),
        "0".repeat(64),
        format!("{}.json", "0".repeat(64)),
        "1-00.json".to_owned(),
        "1-00.lock".to_owned(),
        "ingest-1-00".to_owned(),
        format!("damaged-{}-1-00.conda", "0".repeat(64)),
        format!("doomed-ab{}-1-00.conda", "0".repeat(62)),
        ".larder-x.tmp".to_owned(),
        "archives".to_owned(),
        "x.index".to_owned(),
        object.clone(),
        format!("ab/{object}"),
    ];
    for name in names {
        let path = directory.join(name);
        fs::write(&path, "precious").unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1000))
            .unwrap();
    }
    make_fifo(&directory.join("fifo"));
}

/// Every path, with its kind, size, mode and time of last write, and its bytes if it is a file.
fn snapshot(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let bytes = if metadata.is_file() {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            let (mode, time) = (metadata.mode(), metadata.mtime());
            let kind = metadata.file_type().is_fifo();
            found.insert(path.clone(), format!("{mode:o} {time} {kind} {bytes:?}"));
            if metadata.is_dir() {
                directories.push(path);
            }
        }
    }
    found
}

/// A store with something in every directory.
fn build(root: &Path) {
    let store = Store::open(root, &lazy()).unwrap();
    let bytes = content(1);
    let object = put(&store, &bytes, Some(md5(&bytes))).unwrap();
    let lock = root.with_file_name("lock");
    fs::write(&lock, "").unwrap();
    store
        .record_root(RootKind::Lock, &lock, [object.id])
        .unwrap();
    let hex = object.id.sha256.to_hex();
    let files = [
        format!("pins/1-{:016x}.json", 7),
        format!("pins/1-{:016x}.lock", 7),
        format!("tmp/ingest-1-{:016x}", 7),
        format!("tmp/damaged-{hex}-1-{:016x}.conda", 7),
        format!("tmp/doomed-{}-1-{:016x}.conda", "cd".repeat(32), 7),
        format!("solves/{}", "ef".repeat(32)),
        "repodata/0123.index".to_owned(),
        "confirmed/archives".to_owned(),
        format!("bytecode/{hex}-{hex}"),
        format!("wheels/ab/{}.whl", "ab".repeat(32)),
    ];
    for file in files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
}

/// Every path of a store, and in each directory a name that larder does not give.
fn places(root: &Path) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = snapshot(root).into_keys().collect();
    let directories: Vec<PathBuf> = places
        .iter()
        .filter(|path| path.is_dir())
        .cloned()
        .collect();
    places.extend(directories.iter().map(|path| path.join("foreign")));
    places
        .iter()
        .map(|path| path.strip_prefix(root).unwrap().to_owned())
        .collect()
}

/// Every operation of the crate. What they return is not looked at: they end.
fn operate(root: &Path) {
    let inspect = StoreOptions {
        displace: false,
        ..lazy()
    };
    let lower = StoreOptions {
        lower: vec![root.to_owned()],
        ..lazy()
    };
    let read_only = StoreOptions {
        access: Access::ReadOnly,
        ..lazy()
    };
    let above = root.with_file_name("above");
    for (path, options) in [
        (root, &inspect),
        (root, &read_only),
        (above.as_path(), &lower),
        (root, &lazy()),
    ] {
        let Ok(store) = Store::open(path, options) else {
            // A `format` that is none: what else is there can still be used.
            Store::repair_format(root).ok();
            continue;
        };
        look_at(&store);
        if options.access == Access::ReadWrite && options.displace {
            write_to(&store);
        }
    }
}

fn look_at(store: &Store) {
    for checksum in [sha256(&content(1)), md5(&content(1)), sha256(&content(9))] {
        for kind in ObjectKind::ALL {
            if let Ok(Some(object)) = store.find(kind, &checksum)
                && store.open_verified(&object).is_ok()
            {
                assert_eq!(bytes_of(store, &object), content(1));
            }
        }
    }
    for stored in store.list_objects().into_iter().flatten() {
        store.open_unverified(&stored.object).ok();
    }
    store.list_all_object_ids().ok();
    store.read_recorded_roots().ok();
    store.list_readable_roots().ok();
    store.lost_objects().ok();
    store
        .plan_collection(&collecting(CollectPolicy::Needed))
        .ok();
    store.verify(None, &SilentReporter).ok();
}

fn write_to(store: &Store) {
    let pin = store.pin([sha256(&content(1)), md5(&content(1))]);
    for seed in [1, 2] {
        let bytes = content(seed);
        if let Ok(mut ingest) = store.ingest(ObjectKind::Conda, Some(md5(&bytes))) {
            ingest.write_all(&bytes).unwrap();
            if let Ok(object) = ingest.finish() {
                assert_eq!(bytes_of(store, &object), bytes);
            }
        }
    }
    let path = store.root().with_file_name("env");
    store
        .record_root(RootKind::Prefix, &path, [] as [larder_store::ObjectId; 0])
        .ok();
    drop(pin);
    let mut options = collecting(CollectPolicy::Exactly([].into()));
    options.abandoned = Duration::ZERO;
    options.damaged = Duration::ZERO;
    for _ in 0..2 {
        if let Ok(plan) = store.plan_collection(&options) {
            store
                .collect(&plan, SystemTime::now(), &SilentReporter)
                .ok();
        }
        store.sweep_abandoned(Duration::ZERO).ok();
        let report = store.verify(None, &SilentReporter).unwrap();
        for damage in &report.damaged {
            store.set_aside(damage);
        }
        let mended = store.repair(&report).unwrap();
        assert_eq!(mended.refused.len(), 0, "{mended:?}");
    }
    // Nothing of a lower store can be mended.
    let report = store.verify(None, &SilentReporter).unwrap();
    let damaged = report.damaged.iter().map(|damage| &damage.path);
    let wrong = damaged.chain(&report.stray).chain(&report.misleading);
    let wrong: Vec<_> = wrong
        .filter(|path| path.starts_with(store.root()))
        .collect();
    assert!(wrong.is_empty() && report.roots.is_empty(), "{report:?}");
    // Whatever was there, the store can be written to again, and gives what was put there.
    let object = put(store, &content(3), Some(md5(&content(3)))).unwrap();
    assert_eq!(bytes_of(store, &object), content(3));
}

/// `directory` has `precious` in it, as it was before.
fn check(directory: &Path, place: &Path, intruder: Intruder) {
    let temp = tempfile::tempdir_in(directory).unwrap();
    let root = temp.path().join("store");
    let precious = directory.join("precious");
    let before = snapshot(&precious);
    build(&root);
    intruder.put(&root.join(place), &precious);
    operate(&root);
    if matches!(intruder, Intruder::HardLink) {
        // One file under two names: when it was used is kept as its time, under either name.
        let file = fs::File::options().write(true).open(precious.join("file"));
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        file.unwrap().set_modified(time).unwrap();
    }
    assert_eq!(before, snapshot(&precious), "outside of the store");
}

#[test]
fn whatever_is_in_a_store_nothing_outside_it_changes_and_every_operation_ends() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("store");
    build(&root);
    let cases: Vec<(PathBuf, Intruder)> = places(&root)
        .into_iter()
        .flat_map(|place| Intruder::ALL.map(|intruder| (place.clone(), intruder)))
        .collect();
    assert!(cases.len() > 400, "{}", cases.len());
    let (sender, receiver) = mpsc::channel();
    let total = cases.len();
    let next = std::sync::Arc::new(std::sync::Mutex::new(cases.into_iter()));
    for _ in 0..4 {
        let (sender, next) = (sender.clone(), std::sync::Arc::clone(&next));
        thread::spawn(move || {
            let directory = tempfile::tempdir().unwrap();
            bait(&directory.path().join("precious"));
            loop {
                let case = next.lock().unwrap().next();
                let Some((place, intruder)) = case else { break };
                let directory = directory.path();
                let outcome = thread::scope(|scope| {
                    scope.spawn(|| check(directory, &place, intruder)).join()
                });
                sender.send((place, intruder, outcome.is_ok())).unwrap();
            }
        });
    }
    let mut failed = Vec::new();
    for _ in 0..total {
        let (place, intruder, is_right) = receiver.recv_timeout(WATCHDOG).expect("a case hangs");
        if !is_right {
            failed.push((intruder, place));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {total} cases: {failed:#?}",
        failed.len()
    );
}

/// A directory of the layout that is exchanged for a link while a store is open, as a member of a group can.
#[test]
fn a_directory_that_becomes_a_link_after_opening_is_not_followed() {
    let temp = tempfile::tempdir().unwrap();
    let template = temp.path().join("template");
    build(&template);
    let directories = places(&template);
    let directories = directories
        .iter()
        .filter(|path| template.join(path).is_dir());
    for (number, place) in directories.enumerate() {
        let directory = temp.path().join(number.to_string());
        let (root, precious) = (directory.join("store"), directory.join("precious"));
        fs::create_dir(&directory).unwrap();
        build(&root);
        bait(&precious);
        let before = snapshot(&precious);
        let store = Store::open(&root, &lazy()).unwrap();
        let plan = store
            .plan_collection(&collecting(CollectPolicy::Exactly([].into())))
            .unwrap();
        let report = store.verify(None, &SilentReporter).unwrap();
        fs::rename(root.join(place), directory.join("moved")).unwrap();
        symlink(&precious, root.join(place)).unwrap();
        store
            .collect(&plan, SystemTime::now(), &SilentReporter)
            .ok();
        store.repair(&report).ok();
        store.sweep_abandoned(Duration::ZERO).ok();
        put(&store, &content(5), Some(md5(&content(5)))).ok();
        look_at(&store);
        assert_eq!(before, snapshot(&precious), "{}", place.display());
    }
}
