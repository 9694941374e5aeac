//! GitLab's `key:files`: what git calls the files, and what stands for none.

use std::fs;

use larder_cache::key::{KeyError, files_key};

/// Files whose ids `git hash-object` says.
fn workspace() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    // 8600d566501370bc2077e4bc7af406306864b824
    fs::write(place.path().join("yarn.lock"), "lock-1\n").unwrap();
    // f7f642387004c4e9e4657e30fdd69ca30fe2a804
    fs::write(place.path().join("go.mod"), "module m\n").unwrap();
    fs::create_dir(place.path().join("app")).unwrap();
    fs::write(place.path().join("app/yarn.lock"), "lock-1\n").unwrap();
    place
}

fn key(prefix: &str, files: &[&str]) -> Result<String, KeyError> {
    let place = workspace();
    let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
    files_key(prefix, &files, place.path())
}

#[test]
fn r38_files_that_are_not_there_make_the_default() {
    assert_eq!(key("rspec", &["absent.lock"]).unwrap(), "rspec-default");
    assert_eq!(key("", &["absent.lock"]).unwrap(), "0-default");
}

#[test]
fn ids_are_hashed_sorted_and_once() {
    const YARN: &str = "p-a49f8ef9fa830f16de08e7589df1722524186360";
    const BOTH: &str = "p-bd437d68f490722ca40d17162d39f26ce9b7ec99";
    assert_eq!(key("p", &["yarn.lock"]).unwrap(), YARN);
    assert_eq!(
        key("p", &["**/yarn.lock"]).unwrap(),
        YARN,
        "one content, one id"
    );
    assert_eq!(key("p", &["yarn.lock", "absent.lock"]).unwrap(), YARN);
    assert_eq!(key("p", &["yarn.lock", "go.mod"]).unwrap(), BOTH);
    assert_eq!(key("p", &["go.mod", "yarn.lock"]).unwrap(), BOTH);
}

#[test]
fn gitlab_takes_two_files_at_most() {
    let error = key("p", &["a", "b", "c"]).unwrap_err();
    assert!(matches!(
        error,
        KeyError::TooManyFiles { count: 3, limit: 2 }
    ));
}
