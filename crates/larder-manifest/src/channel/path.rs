//! Channels that are directories: which texts are paths, and the `file://` URL of a path.
//!
//! Never looks if the directory exists.

use url::Url;

use super::{ChannelContext, lexically_normal};

/// CEP 26's two patterns, and conda's `.`, `..`, `~/` and lower-case drives.
pub(super) fn is_path(text: &str) -> bool {
    let after_dots = text
        .strip_prefix("..")
        .or(text.strip_prefix('.'))
        .unwrap_or(text);
    after_dots.starts_with(['/', '\\'])
        || matches!(text, "." | ".." | "~")
        || text.starts_with("~/")
        || text.starts_with("~\\")
        || is_drive(text)
}

/// `C:`, `C:\channel`, `c:/channel`.
fn is_drive(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && characters.next() == Some(':')
        && matches!(characters.next(), None | Some('/' | '\\'))
}

/// The URL of a directory, without trailing slash.
pub(super) fn to_url(text: &str, context: &ChannelContext<'_>) -> Option<Url> {
    if is_drive(text) || text.starts_with("\\\\") {
        return windows_url(text);
    }
    let text = text.replace('\\', "/");
    let path = match text.strip_prefix('~') {
        Some(rest) => context.home?.join(rest.trim_start_matches('/')),
        None => context.root_dir.join(&text),
    };
    Url::from_file_path(lexically_normal(&path)).ok()
}

/// Paths of Windows mean the same on every machine.
fn windows_url(text: &str) -> Option<Url> {
    let mut path = text.replace('%', "%25").replace('\\', "/");
    if let Some(drive) = path.get_mut(..1) {
        drive.make_ascii_uppercase();
    }
    let address = match path.strip_prefix("//") {
        Some(share) => format!("file://{share}"),
        None => format!("file:///{path}"),
    };
    Url::parse(&address.replace('?', "%3F").replace('#', "%23")).ok()
}
