//! Variables in the text of a channel: where they are expanded, and where never.
//!
//! A manifest may come from a stranger's pull request, and a variable's value from the secrets of the job
//! that reads it. So in a URL variables are expanded only where credentials stand (user, password and the
//! token behind `/t/`), which are taken off before anything is shown or kept; never in scheme, host, port or
//! path, which would send or print the value. Variables that hold credentials of other services are not
//! expanded there either. In a path of this machine everything is expanded that does not look like a secret.
//!
//! `.condarc`, which is the user's own, has variables everywhere, as in conda.

use std::ffi::OsStr;

use larder_redact::{is_local_path, is_service_credential, value_for_script, withhold};

use crate::expand::{Lookup, expand_path, expand_variables, reference};

/// Why a variable in a channel's text is not expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VariableProblem {
    /// It stands where no credential does.
    Place(String),
    /// It is a credential of another service than a channel.
    Service(String),
}

/// A part of a channel's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'t> {
    /// User, password or token.
    Credential(&'t str),
    /// Everything else.
    Address(&'t str),
}

/// The text of a channel with its variables expanded where they may be.
pub(crate) fn expand_channel(text: &str, lookup: &dyn Lookup) -> String {
    if is_path(text) {
        return expand_path(text, &Harmless(lookup));
    }
    if text.starts_with('$') {
        // A whole address in a variable: a path may be, anything else could be a secret that becomes a name.
        let expanded = expand_variables(text, &Harmless(lookup));
        // `$X://host` would look like the path of a drive if X has one letter.
        return match is_local_path(&expanded) && !text.contains("://") {
            true => expanded,
            false => text.to_owned(),
        };
    }
    let encoding = Encoding(lookup);
    let expanded = parts(text).into_iter().map(|part| match part {
        Part::Credential(text) => expand_variables(text, &encoding),
        Part::Address(text) => text.to_owned(),
    });
    expanded.collect()
}

/// Finds a reference in `text` that [`expand_channel`] left alone, giving `expanded`, although somebody may
/// count on it.
pub(crate) fn check_variables(text: &str, expanded: &str) -> Result<(), VariableProblem> {
    if is_path(expanded) && !text.contains("://") || is_path(text) {
        return Ok(());
    }
    for part in parts(text) {
        match part {
            Part::Address(text) => match names(text).next() {
                Some(name) => return Err(VariableProblem::Place(name.to_owned())),
                None => continue,
            },
            Part::Credential(text) => {
                let mut names = names(text);
                if let Some(name) = names.find(|name| is_service_credential(name)) {
                    return Err(VariableProblem::Service(name.to_owned()));
                }
            }
        }
    }
    Ok(())
}

fn is_path(text: &str) -> bool {
    is_local_path(text) || text.starts_with("file:")
}

/// The names of the variables that a text refers to.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let references = text.split('$').skip(1).map(|after| reference(after).0);
    references.filter(|name| !name.is_empty())
}

/// A URL or a name, taken apart.
fn parts(text: &str) -> Vec<Part<'_>> {
    let (scheme, address) = match text.find("://") {
        Some(at) => text.split_at(at + "://".len()),
        None => ("", text),
    };
    let mut parts = vec![Part::Address(scheme)];
    let (authority, path) = match scheme {
        "" => ("", address),
        _ => address.split_at(address.find(['/', '?', '#']).unwrap_or(address.len())),
    };
    match authority.rsplit_once('@') {
        Some((userinfo, _)) => {
            parts.push(Part::Credential(userinfo));
            parts.push(Part::Address(&authority[userinfo.len()..]));
        }
        None => parts.push(Part::Address(authority)),
    }
    let mut is_token = false;
    for piece in path.split_inclusive('/') {
        let segment = piece.trim_end_matches('/');
        match is_token && !segment.is_empty() {
            // Only the segment itself: a value cannot bring a `/` along.
            true => {
                parts.push(Part::Credential(segment));
                parts.push(Part::Address(&piece[segment.len()..]));
                is_token = false;
            }
            false => {
                parts.push(Part::Address(piece));
                is_token = segment == "t" || is_token && segment.is_empty();
            }
        }
    }
    parts
}

/// Values as they can stand in a URL: what would end the part is percent-encoded.
struct Encoding<'l>(&'l dyn Lookup);

impl Lookup for Encoding<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.0.variable(name)?;
        if is_service_credential(name) {
            return None;
        }
        withhold(name);
        Some(encode(&value))
    }

    fn home(&self) -> Option<String> {
        None
    }
}

/// Values that no name and no content shows to be secret.
struct Harmless<'l>(&'l dyn Lookup);

impl Lookup for Harmless<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.0.variable(name)?;
        is_harmless_variable(name, &value).then_some(value)
    }

    fn home(&self) -> Option<String> {
        self.0.home()
    }
}

/// Whether a variable may become part of an address or a path, which are shown and kept: neither its name nor
/// its value looks like a secret.
pub fn is_harmless_variable(name: &str, value: &str) -> bool {
    let seen = value_for_script(OsStr::new(name), OsStr::new(value));
    seen.is_some_and(|seen| *seen == *OsStr::new(value))
}

/// Expands a path that a manifest names, such as its `prefix:`, without showing secrets in it.
pub fn expand_harmless_path(text: &str, lookup: &dyn Lookup) -> String {
    expand_path(text, &Harmless(lookup))
}

/// What is encoded already stays so.
fn encode(value: &str) -> String {
    let bytes = value.as_bytes();
    let is_encoded = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let mut text = String::with_capacity(value.len());
    for (at, byte) in bytes.iter().enumerate() {
        let stays = byte.is_ascii_alphanumeric()
            || b"-._~!&'()*+,;=:".contains(byte)
            || *byte == b'%' && is_encoded(at);
        match stays {
            true => text.push(char::from(*byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests;
