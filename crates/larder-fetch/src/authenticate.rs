//! Puts credentials on requests: those of the channel's URL first, else those that files keep by host.
//!
//! Credentials go to the scheme, host and port that they were given for and nowhere else; a redirect to
//! another host loses them (reqwest drops the header, and a token is part of the first URL only). A
//! token goes where it stood in the channel's URL, and never above that directory.

use std::sync::Arc;

use async_trait::async_trait;
use http::Extensions;
use larder_redact::{PathToken, with_token};
use rattler_networking::{
    Authentication, AuthenticationMiddleware, AuthenticationStorage,
    authentication_storage::{StorageBackend as _, backends::memory::MemoryStorage},
};
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};
use url::Url;

use crate::{
    Credential, NetworkError,
    base_url::{below, same_origin},
    redact,
};

/// The middleware.
pub(crate) struct Authenticate {
    channels: Vec<Channel>,
    stored: AuthenticationMiddleware,
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
        stored: AuthenticationMiddleware,
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
            stored,
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
            return self.stored.handle(request, extensions, next).await;
        };
        channel.put_tokens_on(request.url_mut());
        channel.header.handle(request, extensions, next).await
    }
}
