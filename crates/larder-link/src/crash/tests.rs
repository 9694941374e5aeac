//! What is done without the lock, as on a file system that has none: each row of the second table.

use std::time::{Duration, SystemTime};

#[cfg(unix)]
use larder_event::EventRecorder;
use larder_event::SilentReporter;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory for environments, and the site of `env` in it.
fn site() -> (tempfile::TempDir, Site) {
    let parent = tempfile::tempdir().unwrap();
    fs::create_dir(parent.path().join("envs")).unwrap();
    let key = JournalKey::in_directory(Some(parent.path().join("state")));
    let site = Site::new(&parent.path().join("envs/env"), &key);
    (parent, site)
}

fn without_lock(later: Duration) -> Certainty {
    Certainty {
        is_alone: false,
        now: SystemTime::now() + later,
    }
}

/// A directory with something in it that is named as its content.
fn directory(site: &Site, name: &str) {
    let path = site.parent.join(name);
    fs::create_dir_all(path.join("conda-meta")).unwrap();
    fs::write(path.join("which"), name).unwrap();
    let long_ago = SystemTime::now() - 10 * DAY;
    let opened = fs::File::open(&path).unwrap();
    // A directory keeps the time of its content when it is renamed: it must not count alone.
    opened.set_modified(long_ago).unwrap();
}

/// The note in the environment that was moved aside for this one.
fn note(site: &Site, staged: &str) {
    let old = site.parent.join(format!("{staged}.old"));
    let text = seal_name(site, Sealed::Replaced, staged);
    fs::write(old.join("conda-meta").join(REPLACED), text).unwrap();
}

fn names(site: &Site) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(&site.parent).unwrap().map(name).collect();
    names.sort();
    names
}

fn run(site: &Site, certainty: Certainty) -> Recovered {
    recover_locked(site, certainty, &SilentReporter).unwrap()
}

#[test]
#[cfg(unix)]
fn a_staging_directory_is_left_alone_for_a_day_and_then_goes() {
    let (_parent, site) = site();
    for name in [".larder-env-aaaaaaaa", ".larder-env-bbbbbbbb.old", "env"] {
        directory(&site, name);
    }
    note(&site, ".larder-env-bbbbbbbb");
    let before = names(&site);
    for later in [Duration::ZERO, DAY / 2] {
        let recorder = EventRecorder::default();
        let recovered = recover_locked(&site, without_lock(later), &recorder).unwrap();
        let expected = Recovered {
            left_alone: 2,
            ..Recovered::default()
        };
        assert_eq!(recovered, expected);
        assert_eq!(names(&site), before);
        let text = format!("{:?}", recorder.events());
        assert!(text.contains("no locks"), "{text}");
    }
    assert_eq!(run(&site, without_lock(DAY)).leftovers, 2);
    assert_eq!(names(&site), ["env"]);
}

#[test]
fn with_the_lock_nothing_has_to_be_old() {
    let (_parent, site) = site();
    directory(&site, ".larder-env-aaaaaaaa");
    let alone = Certainty {
        is_alone: true,
        now: SystemTime::now(),
    };
    assert_eq!(run(&site, alone).leftovers, 1);
    assert!(names(&site).is_empty());
}

#[test]
#[cfg(unix)]
fn a_marked_prefix_and_what_it_replaced_are_left_alone_for_a_day_and_then_put_back() {
    let (_parent, site) = site();
    let staged = ".larder-env-aaaaaaaa";
    for name in [staged, "env"] {
        directory(&site, name);
    }
    let marker = seal_name(&site, Sealed::Marker, staged);
    fs::write(marker_path(&site.prefix), marker).unwrap();
    let before = names(&site);
    let recovered = run(&site, without_lock(DAY / 2));
    assert_eq!((recovered.left_alone, recovered.put_back), (1, false));
    assert_eq!(names(&site), before);
    assert!(crate::is_unfinished(&site.prefix));

    assert!(run(&site, without_lock(DAY)).put_back);
    assert_eq!(names(&site), ["env"]);
    let which = fs::read_to_string(site.prefix.join("which")).unwrap();
    assert_eq!(which, staged, "the directory that was there before");
}

#[test]
fn an_environment_that_is_missing_from_its_place_is_put_back_at_once() {
    let (_parent, site) = site();
    directory(&site, ".larder-env-aaaaaaaa.old");
    note(&site, ".larder-env-aaaaaaaa");
    assert!(run(&site, without_lock(Duration::ZERO)).put_back);
    assert_eq!(names(&site), ["env"]);
}

#[test]
#[cfg(unix)]
fn nothing_is_done_behind_a_link() {
    let (_parent, site) = site();
    directory(&site, "other");
    fs::write(
        marker_path(&site.parent.join("other")),
        ".larder-env-aaaaaaaa",
    )
    .unwrap();
    std::os::unix::fs::symlink("other", &site.prefix).unwrap();
    assert_eq!(
        recover(&site.prefix, &site.key, &SilentReporter).unwrap(),
        Recovered::default()
    );
    assert_eq!(names(&site), ["env", "other"]);
    assert!(site.prefix.is_symlink());
}

/// A repository that was cloned may carry all of these.
#[test]
fn what_has_no_seal_is_neither_honoured_nor_removed() {
    let (_parent, site) = site();
    let staged = ".larder-env-aaaaaaaa";
    let alone = Certainty {
        is_alone: true,
        now: SystemTime::now(),
    };
    // Something in the place of an environment that was replaced.
    let old = format!("{staged}.old");
    directory(&site, &old);
    let recovered = run(&site, alone);
    assert_eq!((recovered.unknown, recovered.put_back), (1, false));
    assert_eq!(names(&site), [old.as_str()]);
    // The seal of another directory's note, or of a marker.
    let forged = seal_name(&site, Sealed::Marker, staged);
    fs::write(
        site.parent.join(&old).join("conda-meta").join(REPLACED),
        forged,
    )
    .unwrap();
    assert!(!run(&site, alone).put_back);
    // A marker that would bring a directory to the prefix and delete what is there.
    for name in [staged, "env"] {
        directory(&site, name);
    }
    let elsewhere = Site::new(&site.parent.join("other"), &site.key);
    let other_key = JournalKey::in_directory(Some(site.parent.join("../other-state")));
    let stranger = Site::new(&site.prefix, &other_key);
    for marker in [
        String::new(),
        staged.to_owned(),
        format!("{staged}\n\n"),
        format!("{staged}\n{}\n", "0".repeat(64)),
        seal_name(&elsewhere, Sealed::Marker, staged),
        seal_name(&stranger, Sealed::Marker, staged),
        seal_name(&site, Sealed::Replaced, staged),
        seal_name(&site, Sealed::Marker, "../env"),
    ] {
        fs::write(marker_path(&site.prefix), &marker).unwrap();
        let before = names(&site);
        let error = recover_locked(&site, alone, &SilentReporter).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{marker:?}");
        assert_eq!(names(&site), before, "{marker:?}");
        assert_eq!(
            fs::read_to_string(site.prefix.join("which")).unwrap(),
            "env"
        );
    }
}

#[test]
#[cfg(unix)]
fn left_overs_that_are_links_or_files_stay() {
    let (_parent, site) = site();
    directory(&site, "precious");
    std::os::unix::fs::symlink("precious", site.parent.join(".larder-env-aaaaaaaa")).unwrap();
    fs::write(site.parent.join(".larder-env-bbbbbbbb.scratch"), "").unwrap();
    let alone = Certainty {
        is_alone: true,
        now: SystemTime::now(),
    };
    let before = names(&site);
    assert_eq!(run(&site, alone).unknown, 2);
    assert_eq!(names(&site), before);
}
