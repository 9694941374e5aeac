//! Which categories of a lock are wanted, and what is said of the others.

use std::{fmt::Write as _, path::Path};

use larder_lock::{LockFile, Selection};
use rattler_conda_types::Subdir;

/// The selection for a lock that is used alone: as micromamba, exactly the categories that were named, else `main`.
pub(crate) fn selection_of_lock(categories: &[String]) -> Selection {
    match categories {
        [] => Selection::default(),
        named => Selection::categories(named.iter().cloned()),
    }
}

/// How many packages of which categories are left out, in a sentence; `None` if none are.
pub(crate) fn describe_left_out(
    lock: &LockFile,
    path: &Path,
    subdir: Subdir,
    selection: &Selection,
) -> Option<String> {
    let left_out = lock.left_out(subdir, selection);
    let count: usize = left_out.values().sum();
    if count == 0 {
        return None;
    }
    let packages = match count {
        1 => "1 package".to_owned(),
        count => format!("{count} packages"),
    };
    let names: Vec<&str> = left_out.keys().copied().collect();
    Some(format!(
        "{packages} of the {} of `{}` left out: `{}` takes {}",
        quoted(&names),
        path.display(),
        options(lock, selection, &names),
        if count == 1 { "it" } else { "them" },
    ))
}

/// `category `dev`` or `categories `dev`, `docs``.
fn quoted(names: &[&str]) -> String {
    match names {
        [one] => format!("category `{one}`"),
        several => format!("categories `{}`", several.join("`, `")),
    }
}

/// The options that take the selected categories and `more`.
fn options(lock: &LockFile, selection: &Selection, more: &[&str]) -> String {
    let mut text = String::new();
    for category in lock.categories() {
        if selection.contains(category) || more.contains(&category) {
            // Writing to a String cannot fail.
            let _ = write!(text, "--category {category} ");
        }
    }
    text.trim_end().to_owned()
}

/// What helps where packages of a lock that is used alone do not fit: those of `main` are not implied.
pub(super) fn help_with_categories(
    lock: &LockFile,
    subdir: Subdir,
    selection: &Selection,
) -> Option<String> {
    let left_out = lock.left_out(subdir, selection);
    let names: Vec<&str> = left_out.keys().copied().collect();
    (!names.is_empty()).then(|| {
        let options = options(lock, selection, &names);
        format!("packages of other categories are left out, `{options}` takes all of them")
    })
}
