//! URLs of packages and channels as text: free of credentials, taken apart, compared.
//!
//! Never resolves a name by configuration: where a lock of another tool has a mere channel name, it
//! means the one on conda.anaconda.org.

use larder_redact::{is_local_path, split_tokens, split_userinfo};
use url::Url;

const DEFAULT_HOST: &str = "https://conda.anaconda.org/";
const DEFAULTS: [&str; 3] = [
    "https://repo.anaconda.com/pkgs/main",
    "https://repo.anaconda.com/pkgs/r",
    MSYS2,
];
/// Part of `defaults` on Windows.
pub(crate) const MSYS2: &str = "https://repo.anaconda.com/pkgs/msys2";

/// What conda and conda-lock write where they have taken a token out.
const REDACTED: &str = "<TOKEN>";

/// An address without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clean {
    /// Without userinfo, `/t/<token>`, query, fragment and trailing slash.
    pub(crate) url: String,
    /// The environment variables that stood where credentials belong.
    pub(crate) variables: Vec<String>,
    /// Whether something was taken out that is no reference to a variable.
    pub(crate) secret: bool,
}

/// Takes credentials out of `text`, a URL or a mere channel name.
pub(crate) fn clean(text: &str) -> Clean {
    let mut found = Found::default();
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    let Some((scheme, rest)) = text.split_once("://") else {
        let is_name = !is_local_path(text) && !is_archive(text);
        let name = if is_name {
            without_token(text, &mut found)
        } else {
            text.to_owned()
        };
        return found.into_clean(&name);
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !query.is_empty() {
        found.note(query.split('&').filter_map(|pair| pair.rsplit('=').next()));
    }
    let (userinfo, rest) = split_userinfo(rest);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    found.note_userinfo(userinfo);
    let path = if scheme == "file" {
        path.to_owned()
    } else {
        without_token(path, &mut found)
    };
    found.into_clean(&format!("{scheme}://{host}{path}"))
}

/// Keys of a query by which tools name a part of a repository: uv and pixi write `?rev=v1&subdirectory=py`.
const PARTS: [&str; 5] = ["rev", "branch", "tag", "subdirectory", "egg"];
/// What stands where larder has taken something out of a text.
const MASK: &str = "***";

/// Whether the address of a repository (`git+https://..`, `git://..`, `ssh://..`) holds a secret. The user of a
/// login (`git@`, and any user of ssh) is none, nor is a query that names a revision.
pub(crate) fn has_repository_secret(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_part = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        pair.is_empty() || pair.starts_with(MASK) || PARTS.contains(&key) || is_open(value)
    };
    if !query.split('&').all(is_part) {
        return true;
    }
    let (userinfo, _) = split_userinfo(address);
    match userinfo.split_once(':') {
        Some((_, password)) => !is_open(password),
        None => !(scheme.ends_with("ssh") || userinfo == "git" || is_open(userinfo)),
    }
}

/// Whether a text that stands where a secret would is none: nothing, a variable, or a mask.
fn is_open(text: &str) -> bool {
    text.is_empty() || text == MASK || text == REDACTED || variable(text).is_some()
}

/// Relative paths of archives stand beside URLs in explicit locks.
fn is_archive(text: &str) -> bool {
    text.ends_with(".conda") || text.ends_with(".tar.bz2")
}

/// What stood where credentials belong.
#[derive(Default)]
struct Found {
    variables: Vec<String>,
    secret: bool,
}

impl Found {
    fn note<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        for part in parts.filter(|part| *part != REDACTED) {
            match variable(part) {
                Some(name) => self.variables.push(name.to_owned()),
                None => self.secret = true,
            }
        }
    }

    /// A literal user name is no secret where the password is a variable.
    fn note_userinfo(&mut self, userinfo: &str) {
        match userinfo.split_once(':') {
            Some((user, password)) => {
                self.variables.extend(variable(user).map(ToOwned::to_owned));
                self.note(std::iter::once(password));
            }
            None if userinfo.is_empty() => {}
            None => self.note(std::iter::once(userinfo)),
        }
    }

    fn into_clean(self, url: &str) -> Clean {
        Clean {
            url: url.trim_end_matches('/').to_owned(),
            variables: self.variables,
            secret: self.secret,
        }
    }
}

fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name
        .strip_prefix('{')
        .and_then(|name| name.strip_suffix('}'))
        .unwrap_or(name);
    let valid = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    valid.then_some(name)
}

fn without_token(path: &str, found: &mut Found) -> String {
    let (path, tokens) = split_tokens(path);
    found.note(tokens.iter().map(|token| token.token.as_str()));
    path
}

/// What a package's URL says: `<channel>/<subdir>/<file name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageUrl {
    /// Without trailing slash; `None` if the URL has no subdir.
    pub(crate) channel: Option<String>,
    /// `None` if the last directory is no subdir.
    pub(crate) subdir: Option<String>,
    /// Percent-decoded.
    pub(crate) file_name: String,
}

impl PackageUrl {
    pub(crate) fn of(url: &Url) -> Self {
        let text = url.as_str().split(['?', '#']).next().unwrap_or_default();
        let (directory, file_name) = text.rsplit_once('/').unwrap_or(("", text));
        let (channel, subdir) = directory.rsplit_once('/').unwrap_or(("", directory));
        let known = subdir.parse::<rattler_conda_types::Subdir>().is_ok();
        Self {
            channel: known.then(|| channel.to_owned()),
            subdir: known.then(|| subdir.to_owned()),
            file_name: percent_decoded(file_name),
        }
    }
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let pair = (digit(bytes.get(index + 1)), digit(bytes.get(index + 2)));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                decoded.extend(u8::try_from(high * 16 + low));
                index += 3;
            }
            _ => {
                decoded.push(*byte);
                index += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// The base URLs that a channel of a lock or a manifest stands for: one, but for `defaults`.
pub(crate) fn base_urls(channel: &str) -> Vec<String> {
    let cleaned = clean(channel).url;
    if cleaned.contains("://") {
        vec![cleaned]
    } else if cleaned == "defaults" {
        DEFAULTS.map(ToOwned::to_owned).to_vec()
    } else {
        vec![format!("{DEFAULT_HOST}{cleaned}")]
    }
}

/// The base URLs of a list of channels, each once.
pub(crate) fn base_url_list<'a>(channels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for url in channels.flat_map(base_urls) {
        if !list.contains(&url) {
            list.push(url);
        }
    }
    list
}

#[cfg(test)]
mod tests;
