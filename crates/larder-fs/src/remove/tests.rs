//! What [`unprotect`] gives. Whoever may do everything (root) never needs it, so it is called here.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

#[test]
fn directories_are_opened_up_before_what_is_in_them() {
    let temp = tempfile::tempdir().unwrap();
    let outer = temp.path().join("outer");
    let inner = outer.join("inner");
    fs::create_dir_all(&inner).unwrap();
    for directory in [&inner, &outer] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o000)).unwrap();
    }
    unprotect(&outer).unwrap();
    for directory in [&outer, &inner] {
        let mode = fs::metadata(directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", directory.display());
    }
    remove_tree(&outer).unwrap();
}
