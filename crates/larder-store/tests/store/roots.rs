//! Roots (FORMAT.md L5, G1).

use std::{fs, path::Path};

use larder_store::{
    Access, NeededObject, ObjectKind, ObjectOrigin, RootError, RootKind, Store, StoreOptions,
};

use crate::support::{Fixture, content, id, names};

fn ids(seeds: &[u32]) -> Vec<larder_store::ObjectId> {
    seeds
        .iter()
        .map(|&seed| id(ObjectKind::Conda, &content(seed)))
        .collect()
}

#[test]
fn a_root_is_recorded_once_for_each_path_and_kind() {
    let fixture = Fixture::new();
    let (prefix, lock) = (fixture.beside("env"), fixture.beside("conda-lock.yml"));
    let store = &fixture.store;
    store
        .record_root(RootKind::Lock, &lock, ids(&[1, 2, 2]))
        .unwrap();
    store
        .record_root(RootKind::Prefix, &prefix, ids(&[1]))
        .unwrap();
    store
        .record_root(RootKind::Prefix, &prefix, ids(&[3]))
        .unwrap();
    let roots = store.read_roots().unwrap();
    assert_eq!(roots.len(), 2);
    assert_eq!(roots[0].kind, RootKind::Prefix);
    assert_eq!(roots[0].path.as_deref(), Some(prefix.as_path()));
    assert_eq!(Vec::from_iter(roots[0].objects.clone()), ids(&[3]));
    assert_eq!(roots[1].kind, RootKind::Lock);
    assert_eq!(roots[1].objects.len(), 2);
    assert!(fixture.verify().is_sound());
}

/// L5: the name is the hash of kind and path, the content the same bytes for the same root.
#[test]
fn the_same_root_is_the_same_file() {
    let fixture = Fixture::new();
    let read = || {
        let files = names(&fixture.path("roots"));
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].len(), "0".repeat(64).len() + ".json".len());
        fs::read_to_string(fixture.path("roots").join(&files[0])).unwrap()
    };
    let record = |seeds: &[u32]| {
        fixture
            .store
            .record_root(RootKind::Prefix, &fixture.beside("env"), ids(seeds))
            .unwrap();
    };
    record(&[1, 2]);
    let text = read();
    assert!(text.contains("\"kind\": \"prefix\"") && text.contains(".conda\""));
    record(&[2, 1]);
    assert_eq!(read(), text);
}

#[test]
fn a_relative_path_is_no_root() {
    let fixture = Fixture::new();
    let result = fixture
        .store
        .record_root(RootKind::Prefix, Path::new("env"), ids(&[]));
    assert!(matches!(result, Err(RootError::Relative { .. })));
    assert!(fixture.store.read_roots().unwrap().is_empty());
}

/// L5: names and URLs of objects stand beside them, and a root without any is read as before.
#[test]
fn a_root_says_what_its_objects_are_and_where_they_came_from() {
    let fixture = Fixture::new();
    let [named, nameless] = [1, 2].map(|seed| ids(&[seed])[0]);
    let origin = ObjectOrigin {
        name: Some("numpy-2.0-py_0.conda".into()),
        url: Some("https://conda.example/noarch/numpy-2.0-py_0.conda".into()),
    };
    let needed = NeededObject {
        id: named,
        origin: Some(origin.clone()),
    };
    let lock = fixture.beside("conda-lock.yml");
    let objects = [needed, nameless.into()];
    let store = &fixture.store;
    store.record_root(RootKind::Lock, &lock, objects).unwrap();
    let roots = store.read_roots().unwrap();
    assert_eq!(roots[0].objects.len(), 2);
    assert_eq!(Vec::from_iter(roots[0].origins.clone()), [(named, origin)]);
    store.record_root(RootKind::Lock, &lock, [named]).unwrap();
    let text = fs::read_to_string(&store.read_recorded_roots().unwrap()[0].file).unwrap();
    assert!(!text.contains("origins"), "{text}");
}

/// G1: what cannot be read is not passed over.
#[test]
fn a_root_that_cannot_be_read_is_an_error() {
    for text in [
        "",
        "{}",
        "{\"kind\": \"lock\", \"path\": \"/l\", \"objects\": [\"../x\"]}",
    ] {
        let fixture = Fixture::new();
        fs::write(fixture.path("roots/abc.json"), text).unwrap();
        let error = fixture.store.read_roots().unwrap_err();
        assert!(matches!(error, RootError::Malformed { .. }), "{text}");
        assert!(error.to_string().contains("abc.json"));
    }
}

#[test]
fn a_store_for_reading_takes_no_roots() {
    let fixture = Fixture::new();
    let options = StoreOptions {
        access: Access::ReadOnly,
        ..StoreOptions::default()
    };
    let store = Store::open(fixture.store.root(), &options).unwrap();
    let result = store.record_root(RootKind::Lock, &fixture.beside("l"), ids(&[]));
    assert!(matches!(result, Err(RootError::ReadOnly { .. })));
}

/// What is not Unicode is recorded all the same, and stays alive.
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_unicode_is_a_root_without_a_path() {
    use std::os::unix::ffi::OsStrExt as _;

    let fixture = Fixture::new();
    let paths = [b"/e/\xff".as_slice(), b"/e/\xfe"];
    for path in paths {
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        let objects = ids(&[1]);
        fixture
            .store
            .record_root(RootKind::Prefix, path, objects)
            .unwrap();
    }
    let roots = fixture.store.read_roots().unwrap();
    assert_eq!(roots.len(), 2);
    assert!(
        roots
            .iter()
            .all(|root| root.path.is_none() && root.objects.len() == 1)
    );
}
