//! What every system must do; Wine runs these for Windows.

use std::{fs, io};

use super::{rename, rename_noreplace};

#[test]
fn a_missing_source_is_not_found_whatever_is_at_the_new_name() {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    let error = rename_noreplace(&from, &to).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    fs::create_dir(&to).unwrap();
    let error = rename_noreplace(&from, &to).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error:?}");
    assert!(to.is_dir());
}

#[test]
fn a_name_that_is_taken_is_told_as_such_and_kept() {
    let place = tempfile::tempdir().unwrap();
    for is_dir in [false, true] {
        let (from, to) = (
            place.path().join(format!("from-{is_dir}")),
            place.path().join(format!("to-{is_dir}")),
        );
        for path in [&from, &to] {
            if is_dir {
                fs::create_dir(path).unwrap();
                fs::write(path.join("file"), path.to_str().unwrap()).unwrap();
            } else {
                fs::write(path, path.to_str().unwrap()).unwrap();
            }
        }
        let error = rename_noreplace(&from, &to).unwrap_err();
        assert_eq!(
            error.kind(),
            io::ErrorKind::AlreadyExists,
            "directory: {is_dir}"
        );
        let kept = if is_dir { to.join("file") } else { to.clone() };
        assert_eq!(fs::read_to_string(kept).unwrap(), to.to_str().unwrap());
        assert!(from.exists());
    }
}

#[test]
fn one_of_many_gets_the_name_and_the_others_are_told_that_it_is_taken() {
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("to");
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let from = place.path().join(number.to_string());
                fs::create_dir(&from).unwrap();
                fs::write(from.join("file"), "").unwrap();
                let to = &to;
                scope.spawn(move || rename_noreplace(&from, to))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 7);
    for error in errors {
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{error:?}");
    }
}

#[test]
fn a_read_only_file_that_is_open_is_replaced() {
    // Fails under Wine 8, which has no POSIX renames (ci/platforms.d/WINE.md).
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    fs::write(&from, "new").unwrap();
    fs::write(&to, "old").unwrap();
    crate::make_read_only(&to).unwrap();
    let open = fs::File::open(&to).unwrap();
    rename(&from, &to).unwrap();
    assert_eq!(fs::read_to_string(&to).unwrap(), "new");
    drop(open);
}
