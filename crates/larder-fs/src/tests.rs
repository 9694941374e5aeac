use std::{fs, io, path::Path};

use crate::{
    Dir, Durability, LinkFile, LinkMethod, LinkMode, Linker, make_read_only, remove_tree,
    rename_noreplace, write_atomic,
};
#[cfg(unix)]
use crate::{exchange, last_changed, make_executable};

fn two_dirs() -> (tempfile::TempDir, Dir, Dir) {
    let temp = tempfile::tempdir().unwrap();
    for name in ["from", "to"] {
        fs::create_dir(temp.path().join(name)).unwrap();
    }
    let (from, to) = (
        Dir::open(temp.path().join("from")).unwrap(),
        Dir::open(temp.path().join("to")).unwrap(),
    );
    (temp, from, to)
}

fn link(mode: LinkMode, from: &Dir, to: &Dir) -> Result<LinkMethod, crate::PathError> {
    let (name, to_name) = (Path::new("a"), Path::new("b"));
    Linker::new(mode).link(LinkFile {
        from,
        name,
        to,
        to_name,
    })
}

#[test]
fn files_are_replaced_whole_and_nothing_is_left_beside_them() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("file");
    for (content, durability) in [("one", Durability::Flush), ("two", Durability::Lazy)] {
        write_atomic(&path, content.as_bytes(), durability).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn who_may_read_a_file_may_run_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("script");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    for (before, after) in [
        (0o644, 0o755),
        (0o600, 0o700),
        (0o440, 0o550),
        (0o711, 0o711),
    ] {
        fs::set_permissions(&file, fs::Permissions::from_mode(before)).unwrap();
        make_executable(&file).unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, after, "{before:o} became {mode:o}");
    }
}

#[test]
#[cfg(unix)]
fn a_written_file_is_for_whom_the_umask_admits() {
    use std::os::unix::fs::PermissionsExt as _;

    let temp = tempfile::tempdir().unwrap();
    let [written, usual] = ["written", "usual"].map(|name| temp.path().join(name));
    write_atomic(&written, b"", Durability::Lazy).unwrap();
    fs::write(&usual, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&written), mode(&usual));
}

#[test]
#[cfg(unix)]
fn a_rename_counts_as_a_change_however_old_the_content() {
    let temp = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| temp.path().join(name));
    fs::create_dir(&one).unwrap();
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    fs::File::open(&one).unwrap().set_modified(old).unwrap();
    let before = last_changed(&one).unwrap();
    rename_noreplace(&one, &two).unwrap();
    assert!(old < before && before <= last_changed(&two).unwrap());
    assert!(last_changed(&one).is_err());
}

#[test]
fn a_write_that_cannot_succeed_names_the_path() {
    let temp = tempfile::tempdir().unwrap();
    let error = write_atomic(&temp.path().join("missing/file"), b"", Durability::Lazy).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn a_rename_never_replaces() {
    let temp = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| temp.path().join(name));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    assert_eq!(
        rename_noreplace(&one, &two).unwrap_err().kind(),
        io::ErrorKind::AlreadyExists
    );
    fs::remove_dir(&two).unwrap();
    rename_noreplace(&one, &two).unwrap();
    assert!(two.is_dir() && !one.exists());
}

#[test]
#[cfg(target_os = "linux")]
fn two_directories_swap_in_one_step() {
    let temp = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| temp.path().join(name));
    fs::create_dir_all(one.join("of-one")).unwrap();
    fs::create_dir(&two).unwrap();
    exchange(&one, &two).unwrap();
    assert!(two.join("of-one").is_dir());
    assert!(exchange(&one, &temp.path().join("missing")).is_err());
}

#[test]
#[cfg(unix)]
fn hard_links_share_the_inode_and_copies_do_not() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    for (mode, shares) in [
        (LinkMode::Auto, true),
        (LinkMode::Hardlink, true),
        (LinkMode::Copy, false),
    ] {
        let (_temp, from, to) = two_dirs();
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        from.create_file("a", true)
            .unwrap()
            .set_modified(old)
            .unwrap();
        link(mode, &from, &to).unwrap();
        let [source, target] =
            [from.path().join("a"), to.path().join("b")].map(|path| fs::metadata(path).unwrap());
        assert_eq!(source.ino() == target.ino(), shares, "{mode:?}");
        assert_eq!(target.modified().unwrap(), old, "time with {mode:?}");
        assert_ne!(
            target.permissions().mode() & 0o100,
            0,
            "executable with {mode:?}"
        );
    }
}

#[test]
fn nothing_is_linked_over_something() {
    for mode in [LinkMode::Auto, LinkMode::Hardlink, LinkMode::Copy] {
        let (_temp, from, to) = two_dirs();
        drop(from.create_file("a", false).unwrap());
        drop(to.create_file("b", false).unwrap());
        assert_eq!(
            link(mode, &from, &to).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
    }
}

#[test]
#[cfg(unix)]
fn handles_do_not_follow_links() {
    let (temp, from, to) = two_dirs();
    fs::create_dir(temp.path().join("outside")).unwrap();
    to.symlink("../outside", "link").unwrap();
    from.symlink("/etc/passwd", "a").unwrap();
    assert!(to.open_dir("link").is_err());
    assert!(to.create_file("link", false).is_err());
    assert!(from.open_file("a").is_err());
}

#[test]
fn a_protected_tree_is_removed_and_a_missing_one_is_no_error() {
    let temp = tempfile::tempdir().unwrap();
    let tree = temp.path().join("tree");
    fs::create_dir_all(tree.join("inner")).unwrap();
    fs::write(tree.join("inner/file"), "").unwrap();
    make_read_only(&tree.join("inner")).unwrap();
    remove_tree(&tree).unwrap();
    remove_tree(&tree).unwrap();
    assert!(!tree.exists());
}

#[test]
fn a_file_system_is_flushed_by_any_directory_on_it() {
    let temp = tempfile::tempdir().unwrap();
    let flushed = crate::flush_file_system(temp.path()).unwrap();
    let expected = match cfg!(unix) {
        true => crate::Flushed::Everything,
        false => crate::Flushed::Nothing,
    };
    assert_eq!(flushed, expected);
    if cfg!(unix) {
        let missing = temp.path().join("missing");
        let error = crate::flush_file_system(&missing).unwrap_err();
        assert_eq!(error.path, missing);
    }
}

#[test]
fn what_was_written_can_be_settled_where_order_is_kept_and_is_there() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("file");
    fs::write(&path, "text").unwrap();
    let file = fs::File::open(&path).unwrap();
    crate::begin_settling(&file);
    if crate::keeps_order(temp.path()) {
        crate::settle(&file).unwrap();
    }
    assert!(!crate::keeps_order(&temp.path().join("missing")));
    if Path::new("/proc/self").exists() {
        assert!(!crate::keeps_order(Path::new("/proc/self")));
    }
    write_atomic(&path, b"new", Durability::Ordered).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn order_is_flushing_where_none_is_kept() {
    let missing = Path::new("/nowhere/at/all");
    assert_eq!(Durability::Ordered.on(missing), Durability::Flush);
    assert_eq!(Durability::Lazy.on(missing), Durability::Lazy);
}

#[cfg(unix)]
#[test]
fn a_mark_is_of_one_directory_and_not_of_the_one_that_takes_its_place() {
    use crate::FlushedMark;

    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("tree");
    assert_eq!(FlushedMark::of(&directory), None);
    fs::create_dir(&directory).unwrap();
    let mark = FlushedMark::of(&directory).unwrap();
    assert!(!mark.is_set());
    mark.set().unwrap();
    assert!(FlushedMark::of(&directory).unwrap().is_set());
    fs::create_dir(temp.path().join("other")).unwrap();
    fs::rename(&directory, temp.path().join("old")).unwrap();
    fs::rename(temp.path().join("other"), &directory).unwrap();
    assert!(!FlushedMark::of(&directory).unwrap().is_set());
    mark.clear().unwrap();
    mark.clear().unwrap();
    assert!(!mark.is_set());
}

#[cfg(target_os = "linux")]
#[test]
fn bytes_that_a_process_writes_are_counted() {
    let temp = tempfile::tempdir().unwrap();
    let Some(before) = crate::bytes_written() else {
        return;
    };
    fs::write(temp.path().join("file"), vec![1; 1 << 20]).unwrap();
    let after = crate::bytes_written().unwrap();
    // A file system in memory writes nothing.
    let is_disk = crate::keeps_order(temp.path());
    assert!(!is_disk || after - before >= 1 << 20, "{before} {after}");
}

#[test]
fn what_flushes_in_the_background_ends_with_its_owner() {
    let temp = tempfile::tempdir().unwrap();
    let flusher = crate::Flusher::start(temp.path());
    flusher.wrote(1);
    fs::write(temp.path().join("file"), "text").unwrap();
    flusher.wrote(1 << 30);
    drop(flusher);
    drop(crate::Flusher::start(&temp.path().join("missing")));
}
