//! The text of a channel to its base URL (CEP 26): names, URLs, paths, `defaults`.
//!
//! Pure: never asks a channel, never reads the home directory. Credentials in the text come out
//! apart from the URL, so that the URL can go into locks, records and logs.

use std::path::{Component, Path, PathBuf};

use larder_redact::{
    Credential, PathToken, is_local_path, redact_text, split_credentials, split_tokens, with_token,
};
use url::Url;

use crate::channel_variables::{VariableProblem, check_variables};
use crate::names::{NameError, NameProblem, validate_label, validate_subdir_name};
use crate::scheme::{advice_for_scheme, unknown_scheme};

mod path;

pub use larder_redact::redact_text as without_credentials;

/// What the meaning of a channel's text depends on.
#[derive(Debug, Clone, Copy)]
pub struct ChannelContext<'a> {
    /// What names are joined to, like `https://conda.anaconda.org`.
    pub alias: &'a Url,
    /// What relative paths are relative to.
    pub root_dir: &'a Path,
    /// The user's home, for `~/channel`.
    pub home: Option<&'a Path>,
    /// What the name `defaults` stands for; see [`anaconda_defaults`].
    pub default_channels: &'a [Url],
}

/// A channel with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedChannel {
    /// Base URL without credentials (tokens at any depth too), trailing slash and subdir; of
    /// anaconda.org also without `/label/main`.
    pub url: Url,
    /// What stood in the URL to get in, in the order in which it stood there.
    pub credentials: Vec<Credential>,
    /// The text without credentials: what messages call the channel.
    pub text: String,
    /// The subdir that the URL ended in. Conda's reading, and larder's: the channel is what stands
    /// before it. Worth a warning (CEP 26).
    pub subdir: Option<String>,
}

/// A text that is no channel. Shows no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// An empty text, or a URL without host and path.
    #[error("the channel `{text}` is empty: expected a name like `conda-forge`, a URL or a path")]
    Empty {
        /// The text.
        text: String,
    },
    /// `nodefaults` switches the default channels off, it is no channel.
    #[error("`nodefaults` is not a channel: it switches the default channels off in `channels:`")]
    NoDefaults,
    /// Not a URL.
    #[error("`{text}` is not the URL of a channel")]
    Url {
        /// The text.
        text: String,
        /// Why.
        #[source]
        source: url::ParseError,
    },
    /// A scheme that larder cannot fetch from.
    #[error(
        "`{text}`: channels are fetched by `https`, `http` and `file`, not by `{scheme}`: {}",
        advice_for_scheme(scheme)
    )]
    Scheme {
        /// The text.
        text: String,
        /// The scheme.
        scheme: String,
    },
    /// A query or fragment.
    #[error("`{text}`: the URL of a channel has no `?` and no `#`")]
    Query {
        /// The text.
        text: String,
    },
    /// A path component that breaks CEP 26.
    #[error("`{text}` is not a channel")]
    Component {
        /// The text.
        text: String,
        /// The rule.
        #[source]
        source: NameError,
    },
    /// A variable where none is expanded, because its value would be sent or shown as part of an address.
    #[error(
        "`{text}`: the variable `{name}` is not expanded there: in the URL of a channel variables stand only for the user, the password (`https://USER:${{NAME}}@HOST/..`) and the token (`/t/${{NAME}}/`); configure the channel in .condarc for anything else"
    )]
    Variable {
        /// The text.
        text: String,
        /// The variable.
        name: String,
    },
    /// A variable with a credential of another service.
    #[error(
        "`{text}`: the variable `{name}` holds a credential of another service than this channel, so larder does not send it there; set a variable of its own for the channel, or use netrc or the authentication file"
    )]
    ForeignCredential {
        /// The text.
        text: String,
        /// The variable.
        name: String,
    },
    /// `~` without a home directory, or a path that no URL can be made of.
    #[error("`{text}` is a path that cannot be made absolute")]
    Path {
        /// The text.
        text: String,
    },
}

/// What `defaults` stands for in conda: `pkgs/main` and `pkgs/r`, on Windows `pkgs/msys2` too.
pub fn anaconda_defaults(windows: bool) -> Vec<Url> {
    let names: &[&str] = if windows {
        &["main", "r", "msys2"]
    } else {
        &["main", "r"]
    };
    let url = |name: &&str| Url::parse(&format!("https://repo.anaconda.com/pkgs/{name}")).ok();
    names.iter().filter_map(url).collect()
}

/// Resolves the text of a channel, which may be several channels (`defaults`).
///
/// Paths are texts that start with `/`, `./`, `../`, `\`, a drive (`C:`), and beyond CEP 26, as in
/// conda, `.`, `..` and `~/`. Upper-case letters pass in URLs against CEP 26's letter, as channels
/// of anaconda.org have them.
///
/// # Errors
/// [`ChannelError`] if the text is no channel.
pub fn resolve_channel(
    text: &str,
    context: &ChannelContext<'_>,
) -> Result<Vec<ResolvedChannel>, ChannelError> {
    let text = text.trim();
    let shown = shown(text);
    let one = |channel| vec![channel];
    match text {
        "" => Err(ChannelError::Empty { text: shown }),
        "nodefaults" => Err(ChannelError::NoDefaults),
        "defaults" => context
            .default_channels
            .iter()
            .map(|url| from_url(url.clone(), shown.clone()))
            .collect(),
        _ if path::is_path(text) => {
            let url = path::to_url(text, context).ok_or(ChannelError::Path {
                text: shown.clone(),
            })?;
            from_url(url, shown).map(one)
        }
        _ if text.contains("://") || text.starts_with("file:") => match Url::parse(text) {
            Ok(url) => from_url(url, shown).map(one),
            Err(source) => Err(ChannelError::Url {
                text: shown,
                source,
            }),
        },
        name => from_url(join(context.alias, name, &shown)?, shown).map(one),
    }
}

/// Checks the variables in the text of a manifest's channel, as it is `written` there; `expanded` is what
/// the manifest's reader made of it.
///
/// # Errors
/// [`ChannelError`] if a variable stands where none is expanded, or is not for channels.
pub fn check_channel_variables(written: &str, expanded: &str) -> Result<(), ChannelError> {
    let text = || shown(written);
    check_variables(written, expanded).map_err(|problem| match problem {
        VariableProblem::Place(name) => ChannelError::Variable { text: text(), name },
        VariableProblem::Service(name) => ChannelError::ForeignCredential { text: text(), name },
    })
}

/// The text without credentials. Of a channel's name it is known that what follows `t/` is a token,
/// however short.
fn shown(text: &str) -> String {
    let (name, tokens) = split_tokens(text);
    if text.contains("://") || is_local_path(text) || tokens.is_empty() {
        return redact_text(text);
    }
    let masked = |name: String, token: &PathToken| with_token(&name, "***", token.after);
    redact_text(&tokens.iter().rev().fold(name, masked))
}

/// The alias with the parts of a name behind it.
fn join(alias: &Url, name: &str, shown: &str) -> Result<Url, ChannelError> {
    // Checked before the URL swallows `..` and encodes what it does not like.
    let (name, tokens) = split_tokens(name);
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Err(ChannelError::Empty {
            text: shown.to_owned(),
        });
    }
    check_components(&parts, shown)?;
    for PathToken { token, .. } in &tokens {
        check_component(token).map_err(|error| ChannelError::Component {
            text: shown.to_owned(),
            source: NameError {
                name: "***".to_owned(),
                ..error
            },
        })?;
    }
    let mut url = alias.clone();
    let name = tokens.iter().rev().fold(parts.join("/"), |name, token| {
        with_token(&name, &token.token, token.after)
    });
    let above = alias.path().trim_end_matches('/');
    url.set_path(&format!("{above}/{name}"));
    Ok(url)
}

fn from_url(url: Url, text: String) -> Result<ResolvedChannel, ChannelError> {
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ChannelError::Query { text });
    }
    if let Some(scheme) = unknown_scheme(&url) {
        let scheme = scheme.to_owned();
        return Err(ChannelError::Scheme {
            text: shown_with_address(text, &url),
            scheme,
        });
    }
    let is_local = url.scheme() == "file";
    let (mut url, credentials) = split_credentials(&url);
    let path = url.path().to_owned();
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let subdir = ending_subdir(&parts).map(str::to_owned);
    if subdir.is_some() {
        parts.pop();
    }
    // anaconda.org serves a channel and its label `main` as the same; elsewhere a directory of that name is its own.
    let is_anaconda = url
        .host_str()
        .is_some_and(|host| host == "anaconda.org" || host.ends_with(".anaconda.org"));
    if let [.., "label", "main"] = parts.as_slice()
        && is_anaconda
    {
        parts.truncate(parts.len() - 2);
    }
    if parts.is_empty() && url.host_str().is_none_or(str::is_empty) {
        return Err(ChannelError::Empty { text });
    }
    if !is_local {
        check_components(&parts, &text)?;
    }
    url.set_path(&parts.join("/"));
    Ok(ResolvedChannel {
        url,
        credentials,
        text,
        subdir,
    })
}

/// The text, and where the configuration puts a name: whoever wrote `channel_alias` looks for that.
fn shown_with_address(text: String, url: &Url) -> String {
    match text.contains("://") {
        true => text,
        false => format!("{text}` at `{}", redact_text(url.as_str())),
    }
}

/// The subdir that a channel's URL ends in. Only known ones: `conda-forge` has the form of one.
fn ending_subdir<'a>(parts: &[&'a str]) -> Option<&'a str> {
    let last = parts.last()?;
    let known = last.parse::<rattler_conda_types::Subdir>().is_ok();
    (known && validate_subdir_name(last).is_ok()).then_some(*last)
}

/// The rules of CEP 26 for the path of a channel; what follows `label` is a label.
fn check_components(parts: &[&str], text: &str) -> Result<(), ChannelError> {
    let label = parts
        .iter()
        .skip(1)
        .position(|part| *part == "label")
        .map(|at| at + 1);
    let (path, label) = parts.split_at(label.unwrap_or(parts.len()));
    let wrap = |source| ChannelError::Component {
        text: text.to_owned(),
        source,
    };
    for part in path {
        check_component(part).map_err(wrap)?;
    }
    match label.split_first() {
        Some((_, label)) if !label.is_empty() => validate_label(&label.join("/")).map_err(wrap),
        _ => Ok(()),
    }
}

fn check_component(part: &str) -> Result<(), NameError> {
    let error = |problem| NameError {
        name: shown_component(part),
        what: "a part of a channel's address",
        problem,
    };
    let length = part.chars().count();
    if length > 128 {
        return Err(error(NameProblem::TooLong { length, limit: 128 }));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let character = part.chars().find(|c| !allowed(*c));
    if let Some(character) = character {
        let place = "in it";
        return Err(error(NameProblem::Character { character, place }));
    }
    match part.chars().next() {
        Some(character @ ('.' | '-')) => {
            let place = "at its start";
            Err(error(NameProblem::Character { character, place }))
        }
        _ => Ok(()),
    }
}

/// A refused component may be a piece of a password with a `/` in it.
fn shown_component(part: &str) -> String {
    let shown = match part.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => redact_text(part),
    };
    shown.chars().take(256).collect()
}

/// Without `.` and with `..` taking the component before it.
fn lexically_normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}
