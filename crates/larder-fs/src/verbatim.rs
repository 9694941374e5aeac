//! Paths of Windows without the limit of 260 characters.

use std::borrow::Cow;

/// The form of an absolute, normalized path of Windows that the system takes as it is, however long it is.
pub(crate) fn verbatim(absolute: &str) -> Cow<'_, str> {
    match absolute.strip_prefix(r"\\") {
        // `\\?\` and `\\.\`: neither a share nor limited.
        Some(rest) if rest.starts_with(r"?\") || rest.starts_with(r".\") => absolute.into(),
        Some(share) => format!(r"\\?\UNC\{share}").into(),
        None => format!(r"\\?\{absolute}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::verbatim;

    #[test]
    fn drives_and_shares_get_the_form_without_a_limit_and_others_have_it() {
        for (path, expected) in [
            (r"C:\a\b", r"\\?\C:\a\b"),
            (r"\\server\share\a", r"\\?\UNC\server\share\a"),
            (r"\\?\C:\a", r"\\?\C:\a"),
            (r"\\.\pipe\x", r"\\.\pipe\x"),
        ] {
            assert_eq!(verbatim(path), expected);
        }
    }
}
