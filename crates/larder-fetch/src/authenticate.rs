//! Puts credentials on requests: those of the channel's URL first, else those that files keep by host.
//!
//! Credentials go to the scheme, host and port that they were given for and nowhere else; a redirect to
//! another host loses them (reqwest drops the header, and a token is part of the first URL only). A
//! token goes where it stood in the channel's URL, and never above that directory. Credentials from files
//! do not go over plain http, unless to this machine or by an entry that says so ([`plain_key`]).

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{Extensions, HeaderValue, header::AUTHORIZATION};
use larder_redact::{PathToken, with_token};
use rattler_networking::{
    Authentication, AuthenticationMiddleware, AuthenticationStorage,
    authentication_storage::{StorageBackend as _, backends::memory::MemoryStorage},
};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};
use url::{Host, Url};

use crate::{
    Credential, NetworkError,
    base_url::{below, same_origin},
    redact,
};

/// The middleware.
pub(crate) struct Authenticate {
    channels: Vec<Channel>,
    stored: AuthenticationMiddleware,
    plain: PlainEntries,
}

struct Channel {
    base: Url,
    /// In the order in which they stood in the path.
    tokens: Vec<PathToken>,
    header: AuthenticationMiddleware,
}

impl Authenticate {
    /// Holds `credentials` ready by channel base, and `stored` for all other requests.
    pub(crate) fn new(
        credentials: &[(Url, Credential)],
        stored: AuthenticationStorage,
    ) -> std::result::Result<Self, NetworkError> {
        let mut bases: Vec<&Url> = Vec::new();
        for (base, _) in credentials {
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
        let channel = |base: &&Url| Channel::new(base, credentials);
        Ok(Self {
            channels: bases
                .iter()
                .map(channel)
                .collect::<std::result::Result<_, _>>()?,
            plain: PlainEntries(stored.clone()),
            stored: AuthenticationMiddleware::from_auth_storage(stored),
        })
    }

    /// Longest base first; without one the first channel at the same place, because a channel may keep
    /// its packages beside its index (CEP 15, `base_url`).
    fn channel(&self, url: &Url) -> Option<&Channel> {
        self.channels
            .iter()
            .filter(|channel| below(&channel.base, url).is_some())
            .max_by_key(|channel| channel.base.path().trim_end_matches('/').len())
            .or_else(|| {
                self.channels
                    .iter()
                    .find(|channel| same_origin(&channel.base, url))
            })
    }
}

impl Channel {
    fn new(
        base: &Url,
        credentials: &[(Url, Credential)],
    ) -> std::result::Result<Self, NetworkError> {
        let storage = MemoryStorage::new();
        let mut tokens = Vec::new();
        for (_, credential) in credentials.iter().filter(|(other, _)| other == base) {
            let authentication = match credential {
                Credential::Token { token, after } => {
                    tokens.push(PathToken {
                        token: token.clone(),
                        after: (*after).min(segments(base).count()),
                    });
                    continue;
                }
                Credential::Bearer(text) => Authentication::BearerToken(text.clone()),
                Credential::Basic { user, password } => Authentication::BasicHTTP {
                    username: user.clone(),
                    password: password.clone(),
                },
            };
            storage
                .store(base.host_str().unwrap_or_default(), &authentication)
                .map_err(|source| NetworkError::Credential {
                    url: redact(base),
                    source,
                })?;
        }
        let mut by_host = AuthenticationStorage::empty();
        by_host.add_backend(Arc::new(storage));
        Ok(Self {
            base: base.clone(),
            tokens,
            header: AuthenticationMiddleware::from_auth_storage(by_host),
        })
    }

    /// Puts the tokens back that belong on the way to `url`.
    fn put_tokens_on(&self, url: &mut Url) {
        let common = segments(&self.base)
            .zip(segments(url))
            .take_while(|(base, asked)| base == asked)
            .count();
        let tokens = self.tokens.iter().filter(|token| token.after <= common);
        let path = tokens.rev().fold(url.path().to_owned(), |path, token| {
            with_token(&path, &token.token, token.after)
        });
        url.set_path(&path);
    }
}

/// The entry of a file of credentials that has to exist for a URL whose credentials everybody on the way
/// could read: `http://HOST` or `http://HOST:PORT`, as `machine http://HOST` in netrc. `None` for URLs that
/// need no such entry: those of https, and those of this machine.
pub(crate) fn plain_key(url: &Url) -> Option<String> {
    let is_local = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // RFC 6761: never another machine.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    };
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let key = format!("http://{}{port}", url.host_str().unwrap_or_default());
    (url.scheme() == "http" && !is_local).then_some(key)
}

/// Entries of files whose names say that they are for plain http.
struct PlainEntries(AuthenticationStorage);

impl PlainEntries {
    /// As far as the entry is a header; what cannot be read is none.
    fn put_on(&self, key: &str, request: &mut Request) {
        let header = match self.0.get(key) {
            Ok(Some(Authentication::BasicHTTP { username, password })) => {
                let pair = format!("{username}:{password}");
                format!("Basic {}", BASE64_STANDARD.encode(pair))
            }
            Ok(Some(Authentication::BearerToken(token))) => format!("Bearer {token}"),
            _ => return,
        };
        if let Ok(mut value) = HeaderValue::from_str(&header) {
            value.set_sensitive(true);
            request.headers_mut().entry(AUTHORIZATION).or_insert(value);
        }
    }
}

fn segments(url: &Url) -> impl Iterator<Item = &str> {
    url.path().split('/').filter(|segment| !segment.is_empty())
}

#[async_trait]
impl Middleware for Authenticate {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(channel) = self.channel(request.url()) else {
            let Some(key) = plain_key(request.url()) else {
                return self.stored.handle(request, extensions, next).await;
            };
            self.plain.put_on(&key, &mut request);
            return next.run(request, extensions).await;
        };
        channel.put_tokens_on(request.url_mut());
        channel.header.handle(request, extensions, next).await
    }
}
