//! The text of symbolic links: packages and archives have `/` between names on every system, and so have all records.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The text of a symbolic link, with `/` between names on Windows too.
///
/// # Errors
/// As the system reports them; kind `InvalidInput` or one without a kind if it is no link.
pub fn read_link(path: &Path) -> io::Result<PathBuf> {
    let target = std::fs::read_link(path)?;
    Ok(match target.to_str() {
        Some(text) if cfg!(windows) => text.replace('\\', "/").into(),
        _ => target,
    })
}

/// The text of a link as Windows follows it: a relative one with `/` in it leads nowhere there.
#[cfg(any(windows, test))]
pub(crate) fn text_for_windows(target: &Path) -> PathBuf {
    match target.to_str() {
        Some(text) => text.replace('/', r"\").into(),
        None => target.to_owned(),
    }
}

/// Copies what a link leads to in place of the link, where links need a privilege that is missing: a file, or a
/// directory with all that is in it. Links in that directory are followed, within bounds.
///
/// # Errors
/// If it is absent, cannot be copied, holds the copy itself, or is deeper or larger than any package needs. What was
/// copied is removed then.
#[cfg(any(not(unix), test))]
pub(crate) fn copy_in_place_of_link(from: &Path, to: &Path) -> io::Result<()> {
    let from = from.canonicalize()?;
    if from.is_file() {
        return std::fs::copy(&from, to).map(drop);
    }
    // A link to a directory that it lies in: a copy would hold a copy of itself.
    let parent = to.parent().unwrap_or(Path::new(".")).canonicalize()?;
    if parent.starts_with(&from) {
        return Err(io::Error::other("it leads to a directory that it lies in"));
    }
    const LEVELS: u32 = 64;
    let mut entries = 100_000;
    copy_directory(&from, to, LEVELS, &mut entries).inspect_err(|_| {
        crate::remove_tree(to).ok();
    })
}

#[cfg(any(not(unix), test))]
fn copy_directory(from: &Path, to: &Path, levels: u32, entries: &mut u32) -> io::Result<()> {
    let exceeds = || io::Error::other("the directory that it leads to is too large to be copied");
    let levels = levels.checked_sub(1).ok_or_else(exceeds)?;
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        *entries = entries.checked_sub(1).ok_or_else(exceeds)?;
        let entry = entry?;
        let to = to.join(entry.file_name());
        match std::fs::metadata(entry.path())?.is_dir() {
            true => copy_directory(&entry.path(), &to, levels, entries)?,
            false => std::fs::copy(entry.path(), to).map(drop)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{copy_in_place_of_link, text_for_windows};

    #[test]
    fn a_link_of_windows_has_its_separator() {
        let text = text_for_windows(Path::new("../lib/x.dll"));
        assert_eq!(text, Path::new(r"..\lib\x.dll"));
    }

    #[test]
    fn files_and_directories_stand_in_for_links_to_them() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("real/sub")).unwrap();
        fs::write(at("real/sub/file"), "1").unwrap();
        copy_in_place_of_link(&at("real"), &at("copy")).unwrap();
        copy_in_place_of_link(&at("real/sub/../sub/file"), &at("file")).unwrap();
        assert_eq!(fs::read(at("copy/sub/file")).unwrap(), b"1");
        assert_eq!(fs::read(at("file")).unwrap(), b"1");
        copy_in_place_of_link(&at("absent"), &at("other")).unwrap_err();
        assert!(!at("other").exists());
    }

    #[test]
    fn a_directory_is_not_copied_into_itself() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        for from in ["a", "a/b", ""] {
            let error = copy_in_place_of_link(&at(from), &at("a/b/link")).unwrap_err();
            assert!(error.to_string().contains("lies in"), "{error}");
            assert!(!at("a/b/link").exists());
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_directory_with_a_circle_of_links_has_an_end_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("a")).unwrap();
        std::os::unix::fs::symlink(at("a"), at("a/again")).unwrap();
        copy_in_place_of_link(&at("a"), &at("copy")).unwrap_err();
        assert!(!at("copy").exists());
    }
}
