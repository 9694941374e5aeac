//! Stores that may not be written: what is in them is found, and errors name path and reason.

use std::{error::Error as _, io, path::Path};

use larder_store::{Access, ObjectFault, ObjectKind, Store, StoreError, StoreOptions};

use crate::support::{Fixture, bytes_of, content, find, lazy, put_content, sha256};
#[cfg(unix)]
use crate::worker::{Job, Worker};

#[test]
fn a_store_for_reading_gives_objects_and_takes_none() {
    let fixture = Fixture::new();
    put_content(&fixture.store, 1);
    let options = StoreOptions {
        access: Access::ReadOnly,
        ..StoreOptions::default()
    };
    let store = Store::open(fixture.store.root(), &options).unwrap();
    let object = find(&store, sha256(&content(1))).unwrap();
    assert_eq!(bytes_of(&store, &object), content(1));
    let error = store.ingest(ObjectKind::Conda, None).err().unwrap();
    assert!(matches!(error, StoreError::ReadOnly { .. }));
    assert!(error.to_string().contains(store.root().to_str().unwrap()));
    assert!(fixture.temporary().is_empty());
}

/// What another user does with a store of ours, as a process of that user.
pub(crate) fn work(root: &Path) {
    let store = Store::open(root, &lazy()).unwrap();
    let object = find(&store, sha256(&content(1))).unwrap();
    assert_eq!(bytes_of(&store, &object), content(1));
    let error = store.ingest(ObjectKind::Conda, None).err().unwrap();
    let StoreError::NotWritable {
        root: named,
        source,
    } = &error
    else {
        unreachable!("{error}")
    };
    assert_eq!(named, root);
    assert_eq!(source.kind(), io::ErrorKind::PermissionDenied);
    assert!(source.path.starts_with(root.join("tmp")));
    assert!(error.source().is_some());
    let Err(error) = Store::open(&root.join("new"), &lazy()) else {
        unreachable!()
    };
    assert!(
        error
            .to_string()
            .contains(root.join("new").to_str().unwrap())
    );
    crate::worker::say("done");
}

/// R4: what a user does with an object that has lost its permissions, as a process that is not root.
#[cfg(unix)]
pub(crate) fn work_unreadable(root: &Path) {
    use std::{
        fs::{Permissions, set_permissions},
        os::unix::fs::PermissionsExt as _,
    };

    let store = Store::open(root, &lazy()).unwrap();
    for read_first in [true, false] {
        let object = put_content(&store, 1);
        set_permissions(&object.path, Permissions::from_mode(0o000)).unwrap();
        let report = store.verify(None, &larder_event::SilentReporter).unwrap();
        assert!(matches!(
            report.damaged[0].fault,
            ObjectFault::Unreadable(_)
        ));
        if read_first {
            let error = store.open_verified(&object).unwrap_err();
            assert!(error.to_string().contains(object.path.to_str().unwrap()));
            assert!(error.is_repaired_by_ingest());
            assert_eq!(find(&store, sha256(&content(1))), None);
        }
        assert_eq!(put_content(&store, 1), object);
        assert_eq!(bytes_of(&store, &object), content(1));
    }
    crate::worker::say("done");
}

#[cfg(not(unix))]
pub(crate) fn work_unreadable(_root: &Path) {}

/// Runs a job as a user who is not root: root may read and write anything.
#[cfg(unix)]
fn run_without_privileges(job: &Job, probe: &Path) {
    use std::{fs, os::unix::process::CommandExt as _};

    const NOBODY: u32 = 65534;
    let mut command = Worker::command();
    if fs::write(probe.join("probe"), "").is_ok() {
        fs::remove_file(probe.join("probe")).unwrap();
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    match Worker::spawn(&mut command, job) {
        Ok(mut worker) => {
            assert_eq!(worker.next().as_deref(), Some("done"));
            assert!(worker.wait().success());
        }
        Err(error) => crate::worker::say(&format!("skipped: cannot become another user: {error}")),
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_store_of_another_user_is_read_and_not_written() {
    let fixture = Fixture::new();
    put_content(&fixture.store, 1);
    let root = fixture.store.root();
    let directories = ["", "tmp", "pkgs"].map(|name| root.join(name));
    set_mode(root.parent().unwrap(), 0o755);
    directories.iter().for_each(|path| set_mode(path, 0o555));
    let store = root.to_owned();
    run_without_privileges(&Job::Denied { store }, root);
    directories.iter().for_each(|path| set_mode(path, 0o755));
}

#[cfg(unix)]
#[test]
fn an_object_without_permissions_is_named_and_healed() {
    let temp = tempfile::tempdir().unwrap();
    let probe = temp.path().join("probe");
    std::fs::create_dir(&probe).unwrap();
    set_mode(&probe, 0o555);
    set_mode(temp.path(), 0o777);
    let store = temp.path().join("store");
    run_without_privileges(&Job::Unreadable { store }, &probe);
}

/// A member of the group, with a umask that gives nothing to anybody.
#[cfg(unix)]
pub(crate) fn work_member(root: &Path, seed: u32) {
    let store = Store::open(root, &lazy()).unwrap();
    if let Some(object) = find(&store, sha256(&content(0))) {
        assert_eq!(bytes_of(&store, &object), content(0));
    }
    let _pin = store.pin([sha256(&content(seed))]).unwrap();
    let object = put_content(&store, seed);
    let path = root.with_file_name("env");
    let kind = larder_store::RootKind::Prefix;
    store.record_root(kind, &path, [object.id]).unwrap();
    crate::worker::say("done");
}

#[cfg(not(unix))]
pub(crate) fn work_member(_root: &Path, _seed: u32) {}

/// The store's directory says who shares it: two users of one group, neither of whom gives others
/// anything by their umask, write into one store and read what the other wrote.
#[cfg(target_os = "linux")]
#[test]
fn members_of_a_group_share_a_store_whatever_their_umask() {
    use std::{
        fs,
        os::unix::{
            fs::{MetadataExt as _, PermissionsExt as _, chown},
            process::CommandExt as _,
        },
        process::Command,
    };

    const GROUP: u32 = 54_321;
    let temp = tempfile::tempdir().unwrap();
    set_mode(temp.path(), 0o755);
    let root = temp.path().join("store");
    fs::create_dir(&root).unwrap();
    if chown(&root, None, Some(GROUP)).is_err() {
        crate::worker::say("skipped: cannot give a directory to a group");
        return;
    }
    set_mode(&root, 0o2770);
    for (user, seed) in [(54_001, 0), (54_002, 1), (54_001, 2)] {
        let mut command = Command::new("sh");
        let worker = Worker::command();
        command
            .args(["-c", "umask 077; exec \"$0\" \"$@\""])
            .arg(worker.get_program())
            .args(worker.get_args())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .uid(user)
            .gid(GROUP)
            .current_dir("/");
        let store = root.clone();
        let mut worker = Worker::spawn(&mut command, &Job::Member { store, seed }).unwrap();
        assert_eq!(worker.next().as_deref(), Some("done"), "user {user}");
        assert!(worker.wait().success());
    }
    let store = Store::open(&root, &lazy()).unwrap();
    for seed in 0..3 {
        let object = find(&store, sha256(&content(seed))).unwrap();
        let metadata = fs::metadata(&object.path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o440, "{seed}");
        assert_eq!(metadata.gid(), GROUP);
        let shard = fs::metadata(object.path.parent().unwrap()).unwrap();
        assert_eq!(shard.permissions().mode() & 0o7777, 0o2770, "{seed}");
    }
    assert_eq!(store.read_roots().unwrap().len(), 1);
}
