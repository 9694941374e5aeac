//! Stores that may not be written: what is in them is found, and errors name path and reason.

use std::{error::Error as _, io, path::Path};

use larder_store::{Access, ObjectKind, Store, StoreError, StoreOptions};

use crate::support::{Fixture, bytes_of, content, find, lazy, put_content, sha256};

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

/// Root may write anywhere, so it asks somebody else to try.
#[cfg(unix)]
#[test]
fn a_store_of_another_user_is_read_and_not_written() {
    use std::{
        fs::{self, Permissions},
        os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    };

    use crate::worker::{Job, Worker};

    const NOBODY: u32 = 65534;
    let fixture = Fixture::new();
    put_content(&fixture.store, 1);
    let root = fixture.store.root();
    let protect = |mode| {
        let directories = ["", "tmp", "pkgs"].map(|name| root.join(name));
        for directory in directories {
            fs::set_permissions(directory, Permissions::from_mode(mode)).unwrap();
        }
    };
    fs::set_permissions(root.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
    protect(0o555);
    let mut command = Worker::command();
    if fs::write(root.join("probe"), "").is_ok() {
        fs::remove_file(root.join("probe")).unwrap();
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    let job = Job::Denied {
        store: root.to_owned(),
    };
    let outcome =
        Worker::spawn(&mut command, &job).map(|mut worker| (worker.next(), worker.wait()));
    protect(0o755);
    match outcome {
        Ok((said, status)) => {
            assert_eq!(said.as_deref(), Some("done"));
            assert!(status.success());
        }
        Err(error) => println!("skipped: cannot run this test as another user: {error}"),
    }
}
