//! Tokens: which scopes a run may read, in order, and which it may write.
//!
//! GitHub's are JWTs with a claim `ac` that says the same; clients take them as opaque text.

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) read: Vec<String>,
    /// The first that may be written.
    pub(super) write: Option<String>,
}

const START: &str = "ghac-";

/// The token of a run with these scopes, in the order in which they are searched, each with `r`, `w` or
/// `rw`: `[("refs/heads/topic", "rw"), ("refs/heads/main", "r")]`. It must not contain `;` or `=`.
pub fn ghac_token(scopes: &[(&str, &str)]) -> String {
    let parts: Vec<String> = scopes
        .iter()
        .map(|(scope, right)| format!("{scope}={right}"))
        .collect();
    format!("{START}{}", parts.join(";"))
}

impl Access {
    /// What the header `Authorization` allows; `None` if it is no token.
    pub(super) fn of_header(value: &str) -> Option<Self> {
        let scopes = value.strip_prefix("Bearer ")?.strip_prefix(START)?;
        let mut access = Self {
            read: Vec::new(),
            write: None,
        };
        for part in scopes.split(';').filter(|part| !part.is_empty()) {
            let (scope, right) = part.split_once('=')?;
            if right.contains('r') {
                access.read.push(scope.to_owned());
            }
            if right.contains('w') && access.write.is_none() {
                access.write = Some(scope.to_owned());
            }
        }
        Some(access)
    }
}
