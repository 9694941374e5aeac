//! [`ObjectName`]: names that every service and file system takes as they are.

use std::fmt;

/// The name of an object: components with `/` between them, of ASCII letters and digits and
/// `-_.=+,@()%!`. No component is empty or starts with a dot. At most 900 bytes: S3 takes 1024, and a
/// bucket's own prefix comes in front.
///
/// Any text becomes a component by [`ObjectName::escape`], which works character by character: the
/// escaped form of a text's beginning is the beginning of its escaped form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

/// Why a text is no object's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no name of an object: {problem}")]
pub struct ObjectNameError {
    /// The text.
    pub name: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl ObjectName {
    /// The longest name in bytes.
    pub const MAX_LENGTH: usize = 900;

    /// Takes a name.
    ///
    /// # Errors
    /// If it is not of the form above.
    pub fn new(name: impl Into<String>) -> Result<Self, ObjectNameError> {
        let name = name.into();
        match problem(&name) {
            None => Ok(Self(name)),
            Some(problem) => Err(ObjectNameError { name, problem }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Any text as part of a component: what has no place in a name becomes `%` and two digits a byte.
    pub fn escape(text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for byte in text.bytes() {
            // A dot that stands first would hide a file, or lead up.
            if is_allowed(byte) && byte != b'%' && (byte != b'.' || !escaped.is_empty()) {
                escaped.push(char::from(byte));
            } else {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        }
        escaped
    }

    /// The text that [`ObjectName::escape`] made this of; `None` if it did not.
    pub fn unescape(escaped: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(escaped.len());
        let mut rest = escaped.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).ok()
    }
}

fn problem(name: &str) -> Option<&'static str> {
    if name.len() > ObjectName::MAX_LENGTH {
        return Some("it has more than 900 bytes");
    }
    if !name.bytes().all(|byte| byte == b'/' || is_allowed(byte)) {
        return Some("it has a character that is not allowed");
    }
    name.split('/')
        .any(|component| component.is_empty() || component.starts_with('.'))
        .then_some("a component is empty or starts with a dot")
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.=+,@()%!".contains(&byte)
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
