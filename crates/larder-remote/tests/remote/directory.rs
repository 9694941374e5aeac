//! The directory backend.

use std::{
    fs::{self, File, FileTimes},
    time::{Duration, SystemTime},
};

use larder_remote::{Directory, ObjectName, Remote as _, RemoteError, whole};

use crate::contract::{self, Abilities};

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_keeps_the_contract() {
    let place = tempfile::tempdir().unwrap();
    let remote = Directory::new(place.path().join("not/there/yet"));
    contract::check(&remote, "one", Abilities::ALL).await;
    contract::check(&remote, "two", Abilities::ALL).await;
}

#[tokio::test]
async fn a_directory_that_is_not_there_has_nothing() {
    let place = tempfile::tempdir().unwrap();
    let remote = Directory::new(place.path().join("none"));
    assert_eq!(remote.list("").await.unwrap(), []);
    remote.delete(&name("a")).await.unwrap();
    assert!(!place.path().join("none").exists());
}

#[tokio::test]
async fn created_and_used_are_the_files_times() {
    let place = tempfile::tempdir().unwrap();
    let remote = Directory::new(place.path());
    let object = name("a/b");
    remote
        .create_if_absent(&object, whole(&b"x"[..]))
        .await
        .unwrap();
    let (made, used) = (days_ago(9), days_ago(8));
    let times = FileTimes::new().set_modified(made).set_accessed(used);
    File::open(place.path().join("a/b"))
        .unwrap()
        .set_times(times)
        .unwrap();
    let info = remote.stat(&object).await.unwrap();
    assert_eq!((info.created, info.used), (made, used));
    remote.touch(&object).await.unwrap();
    let info = remote.stat(&object).await.unwrap();
    assert_eq!(info.created, made);
    assert!(info.used > days_ago(1));
}

#[tokio::test]
async fn what_a_killed_writer_left_is_swept_when_it_is_old() {
    let place = tempfile::tempdir().unwrap();
    let remote = Directory::new(place.path());
    fs::create_dir(place.path().join(".tmp")).unwrap();
    for (file, age) in [("old", 2), ("young", 0)] {
        let path = place.path().join(".tmp").join(file);
        fs::write(&path, "half").unwrap();
        let times = FileTimes::new().set_modified(days_ago(age));
        File::open(&path).unwrap().set_times(times).unwrap();
    }
    assert_eq!(remote.list("").await.unwrap(), []);
    remote
        .create_if_absent(&name("a"), whole(&b"x"[..]))
        .await
        .unwrap();
    assert!(!place.path().join(".tmp/old").exists());
    assert!(place.path().join(".tmp/young").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let remote = Directory::new("/dev/null/cache");
    let created = remote.create_if_absent(&name("a"), whole(&b"x"[..])).await;
    let error = created.unwrap_err();
    assert!(matches!(error, RemoteError::Broken { .. }), "{error:?}");
    assert!(error.to_string().contains("/dev/null/cache"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn who_may_see_a_directory_may_read_its_objects() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("other"), "").unwrap();
    let remote = Directory::new(place.path().join("cache"));
    for text in ["one", "two"] {
        let body = || whole(&b"x"[..]);
        match text {
            "one" => remote.create_if_absent(&name(text), body()).await.unwrap(),
            _ => remote.replace(&name(text), body()).await.unwrap(),
        };
        let path = place.path().join("cache").join(text);
        assert_eq!(mode(&path), mode(&place.path().join("other")), "{text}");
    }
}

#[test]
fn a_path_is_shown_as_one_would_write_it() {
    let options = larder_remote::OpenOptions {
        directory: "/srv".into(),
        ..larder_remote::OpenOptions::default()
    };
    let remote = larder_remote::open("./cache", &options).unwrap();
    assert_eq!(remote.url(), "file:///srv/cache");
}

fn days_ago(days: u64) -> SystemTime {
    let age = Duration::from_secs(days * 86_400);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    SystemTime::UNIX_EPOCH + Duration::from_secs((now.unwrap() - age).as_secs())
}
