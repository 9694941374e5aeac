//! Which kind of lock file a text is, by its content and never by its name.
//!
//! Looks at the names of the top-level keys alone, so a damaged lock is still recognised and its
//! reader can say what is wrong with it.

use std::fmt;

/// The lock formats that larder knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// `conda-lock.yml` (CEP 37). pixi's locks of versions 1 to 3 have this form as well.
    CondaLock,
    /// `pixi.lock`, version 4 and newer.
    Pixi,
    /// A list of URLs after `@EXPLICIT` (CEP 23).
    Explicit,
}

impl fmt::Display for LockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CondaLock => "conda-lock.yml",
            Self::Pixi => "pixi.lock",
            Self::Explicit => "@EXPLICIT list",
        })
    }
}

/// The line that makes a list explicit (CEP 23), wherever it stands.
pub(crate) const EXPLICIT: &str = "@EXPLICIT";

/// What a lock file is called where nobody says otherwise.
pub const DEFAULT_FILE_NAME: &str = "conda-lock.yml";

/// Whether a `conda-lock.yml` may be called this: CEP 37 wants `.yml` or `.yaml`.
pub fn may_be_lock_name(file_name: &str) -> bool {
    file_name.ends_with(".yml") || file_name.ends_with(".yaml")
}

/// The kind of lock that `text` is, or `None` if it is none (an environment file, for example).
pub fn detect(text: &str) -> Option<LockKind> {
    if text.lines().any(|line| line.trim() == EXPLICIT) {
        return Some(LockKind::Explicit);
    }
    let has = |wanted: &str| top_level(text).any(|(_, key, _)| key == wanted);
    if has("dependencies") {
        return None;
    }
    if has("package") || (has("metadata") && has("version")) {
        Some(LockKind::CondaLock)
    } else if has("version") && (has("environments") || has("packages")) {
        Some(LockKind::Pixi)
    } else {
        None
    }
}

/// Line (from 1), key and rest of each line that begins with a key.
pub(crate) fn top_level(text: &str) -> impl Iterator<Item = (u64, &str, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    (1..).zip(text.lines()).filter_map(|(number, line)| {
        if line.starts_with([' ', '\t', '-', '#']) {
            return None;
        }
        let (key, rest) = line.split_once(':')?;
        let separate = rest.is_empty() || rest.starts_with([' ', '\t', '\r']);
        separate.then(|| {
            (
                number,
                key.trim_end().trim_matches(['"', '\'']),
                rest.trim(),
            )
        })
    })
}
