//! Reads the URL of a remote on a network, strictly: what is not understood is refused, and so is
//! everything that could be a secret. Opens nothing and asks nobody.

use std::collections::BTreeMap;

use url::Url;

use crate::RemoteError;

#[cfg(test)]
mod tests;

/// How the URLs of a service look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// What an error shows, such as `s3://BUCKET/PREFIX?region=REGION`.
    pub(crate) example: &'static str,
    /// What the host is: `bucket`.
    pub(crate) host: &'static str,
    /// Names that the query may have.
    pub(crate) options: &'static [&'static str],
}

/// A URL that has the form of its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The host: a bucket, a container.
    pub(crate) host: String,
    /// The path without `/` at its ends, decoded; may be empty.
    pub(crate) prefix: String,
    /// As it may be shown.
    pub(crate) shown: String,
    options: BTreeMap<String, String>,
    example: &'static str,
}

impl Address {
    /// Reads a URL.
    pub(crate) fn parse(url: &Url, form: &Form) -> Result<Self, RemoteError> {
        let refused =
            |problem: String| refused(url, format!("{problem}; expected {}", form.example));
        without_secrets(url)?;
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() || url.port().is_some() {
            return Err(refused(format!("it names no {}", form.host)));
        }
        let mut options = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            if !form.options.contains(&&*name) {
                return Err(refused(format!("`{name}` is no option of it")));
            }
            if value.is_empty() {
                return Err(refused(format!("its `{name}` is empty")));
            }
            if options
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                return Err(refused(format!("it has `{name}` twice")));
            }
        }
        let prefix = prefix(url).ok_or_else(|| refused("its path is none of an object".into()))?;
        let address = Self {
            shown: shown(url, &options),
            host: host.to_owned(),
            prefix,
            options,
            example: form.example,
        };
        address.endpoint()?;
        Ok(address)
    }

    /// An option of the query.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Whether an option is on; it is `true` or `false`.
    pub(crate) fn is_on(&self, name: &str) -> Result<bool, RemoteError> {
        match self.option(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.refused(&format!("`{name}` is `true` or `false`"))),
        }
    }

    /// The service's own URL, if it is given: http or https, nothing secret, no `/` at its end.
    pub(crate) fn endpoint(&self) -> Result<Option<String>, RemoteError> {
        let Some(text) = self.option("endpoint") else {
            return Ok(None);
        };
        endpoint(text).map_or_else(
            || Err(self.refused("its endpoint is no http:// or https:// URL of a service")),
            |endpoint| Ok(Some(endpoint)),
        )
    }

    /// That it cannot be used.
    pub(crate) fn refused(&self, problem: &str) -> RemoteError {
        RemoteError::Url {
            url: self.shown.clone(),
            problem: format!("{problem}; expected {}", self.example),
        }
    }
}

/// A service's URL as it is used; `None` if it is none.
pub(crate) fn endpoint(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_plain.then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Refuses what could be a secret, without showing it.
pub(crate) fn without_secrets(url: &Url) -> Result<(), RemoteError> {
    let hint = "credentials come from variables, never from the URL";
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(url, format!("it has a user or a password; {hint}")));
    }
    let (_, tokens) = larder_redact::split_tokens(url.path());
    if !tokens.is_empty() || url.query_pairs().any(|(name, _)| is_secret(&name)) {
        return Err(refused(
            url,
            format!("it has a token, a key or a signature; {hint}"),
        ));
    }
    if url.fragment().is_some() {
        return Err(refused(url, "it has a `#`".into()));
    }
    Ok(())
}

/// Whether an option of this name holds a secret: what services and those who sign URLs call theirs.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = [
        "token",
        "sig",
        "secret",
        "password",
        "key",
        "credential",
        "auth",
    ];
    parts.iter().any(|part| name.contains(part))
}

/// That a URL is none of a remote.
pub(crate) fn refused(url: &Url, problem: String) -> RemoteError {
    RemoteError::Url {
        url: larder_redact::redact(url),
        problem,
    }
}

fn shown(url: &Url, options: &BTreeMap<String, String>) -> String {
    let shown = larder_redact::redact(url);
    let shown = shown.trim_end_matches('/');
    let endpoint = options.get("endpoint").and_then(|text| endpoint(text));
    endpoint.map_or_else(
        || shown.to_owned(),
        |endpoint| format!("{shown}?endpoint={endpoint}"),
    )
}

/// The path, if it could begin an object's name.
fn prefix(url: &Url) -> Option<String> {
    let path = percent_encoding::percent_decode_str(url.path());
    let path = path.decode_utf8().ok()?;
    let path = path.trim_matches('/');
    let is_name = path.is_empty() || crate::ObjectName::new(path).is_ok();
    is_name.then(|| path.to_owned())
}
