//! `~`, `$NAME` and `${NAME}` in texts of the user, as Python's `expanduser` and `expandvars` do.
//!
//! Never reads the environment: the caller's [`Lookup`] answers. A variable that is not defined
//! stays as it is written.

/// What the environment says: the one thing that a manifest's meaning depends on besides its text.
pub trait Lookup {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// The user's home directory.
    fn home(&self) -> Option<String>;
}

/// A lookup that knows nothing: every reference stays as it is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLookup;

impl Lookup for NoLookup {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
    fn home(&self) -> Option<String> {
        None
    }
}

/// Expands a leading `~` (alone or before a slash), then the variables. Another user's home
/// (`~name`) stays as it is written.
pub fn expand_path(text: &str, lookup: &dyn Lookup) -> String {
    let rest = text.strip_prefix('~');
    match (rest, lookup.home()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
            format!("{home}{}", expand_variables(rest, lookup))
        }
        _ => expand_variables(text, lookup),
    }
}

/// Expands `$NAME` and `${NAME}`; names are ASCII letters, digits and `_` without braces, anything
/// up to the closing brace with them. A value is not expanded again.
pub fn expand_variables(text: &str, lookup: &dyn Lookup) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        let (name, written) = reference(after);
        match lookup.variable(name).filter(|_| !name.is_empty()) {
            Some(value) => result.push_str(&value),
            None => {
                result.push('$');
                result.push_str(&after[..written]);
            }
        }
        rest = &after[written..];
    }
    result.push_str(rest);
    result
}

/// The name that a reference names, and how many bytes after the `$` it takes.
pub(crate) fn reference(after: &str) -> (&str, usize) {
    if let Some((name, _)) = after
        .strip_prefix('{')
        .and_then(|text| text.split_once('}'))
    {
        return (name, name.len() + 2);
    }
    let length = after
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    (&after[..length], length)
}
