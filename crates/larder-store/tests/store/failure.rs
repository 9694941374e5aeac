//! A step that fails (FORMAT.md: "a failure at any step"), as a full disk makes it.

use std::{error::Error as _, io, sync::Arc};

use larder_fs::Durability;
use larder_store::{IngestError, ObjectKind, Store, StoreError, StoreStep};

use crate::support::{Fixture, Watch, bytes_of, content, find, lazy, md5, put, sha256};

#[test]
fn whatever_step_fails_no_temporary_file_is_left_and_the_next_try_succeeds() {
    let bytes = content(1);
    for step in StoreStep::INGEST {
        let watch = Arc::new(Watch {
            fail_at: Some(step),
            ..Watch::default()
        });
        let fixture = Fixture::with(&watch.options(Durability::Flush));
        if step == StoreStep::Created {
            let error = fixture.store.ingest(ObjectKind::Conda, None).err().unwrap();
            assert!(matches!(error, StoreError::Io(_)));
        } else {
            let error = put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap_err();
            check(&error, fixture.store.root().to_str().unwrap());
        }
        assert!(fixture.temporary().is_empty(), "{step:?}");
        assert!(fixture.verify().is_sound(), "{step:?}");
        let healthy = Store::open(fixture.store.root(), &lazy()).unwrap();
        let object = put(&healthy, &bytes, Some(md5(&bytes))).unwrap();
        assert_eq!(find(&healthy, md5(&bytes)), Some(object.clone()));
        assert_eq!(bytes_of(&healthy, &object), bytes);
    }
}

fn check(error: &IngestError, root: &str) {
    let IngestError::Io(path_error) = error else {
        unreachable!("{error}")
    };
    assert_eq!(path_error.kind(), io::ErrorKind::StorageFull);
    assert!(error.to_string().contains(root), "{error}");
    assert!(error.source().is_some());
}

/// Before W6 the object is not there, from W6 on it is.
#[test]
fn a_failed_step_before_the_rename_leaves_no_object() {
    let bytes = content(1);
    let (before, after) = StoreStep::INGEST[1..].split_at(4);
    for (steps, there) in [(before, false), (after, true)] {
        for &step in steps {
            let watch = Arc::new(Watch {
                fail_at: Some(step),
                ..Watch::default()
            });
            let fixture = Fixture::with(&watch.options(Durability::Flush));
            put(&fixture.store, &bytes, Some(md5(&bytes))).unwrap_err();
            let found = find(&fixture.store, sha256(&bytes));
            assert_eq!(found.is_some(), there, "{step:?}");
        }
    }
}
