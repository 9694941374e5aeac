//! Which service is meant: the URL's form, and what the variables must say.

use url::Url;

use crate::RemoteError;

/// Why there is none.
const WHERE: &str = "GitHub tells it to actions and not to `run:` steps: larder's action hands it on, and so does `actions/github-script` with `core.exportVariable`";

/// What stands behind the scheme; `None` if it has no place there.
pub(super) fn namespace(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("ghac:")?;
    let name = rest.strip_prefix("//").unwrap_or(rest);
    let name = name.strip_suffix('/').unwrap_or(name);
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (name.chars().all(is_allowed) && (name.is_empty() || rest.starts_with("//"))).then_some(name)
}

pub(super) fn refused(url: &str, problem: impl Into<String>) -> RemoteError {
    RemoteError::Url {
        url: url.to_owned(),
        problem: problem.into(),
    }
}

pub(super) fn missing(url: &str, name: &str) -> RemoteError {
    refused(url, format!("{name} is not set; {WHERE}"))
}

pub(super) fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_web.then_some(url)
}
