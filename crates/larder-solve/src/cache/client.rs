//! The client that the gateway sees.
//!
//! Requests for indexes and shards are answered from the cache or by the network client behind it;
//! everything else passes through untouched.

use http::Extensions;
use larder_fs::PathError;
use rattler_networking::LazyClient;
use reqwest::{
    Client, Method, Request, Response, StatusCode,
    header::{ACCEPT_ENCODING, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};
use reqwest_middleware::{ClientBuilder, Error, Middleware, Next};
use url::Url;

use super::{
    disk::answer_from_disk,
    entry::{Directory, Entry, Validators, sha256},
    error::{IndexError, is_temporary},
    keeper::{Keeper, Shard},
    kind::{Kind, is_shard_index, is_zst},
    log::{Log, digest},
    response::answer,
    retry::{Retry, retry_after},
    shard_index::{Verdict, look_at},
};
use crate::{SolverOptions, local::is_stand_in, pool::outside};

/// Answers from the cache, else from the network.
pub(crate) struct IndexClient {
    network: LazyClient,
    directory: Directory,
    keeper: Keeper,
    offline: bool,
    retry: Retry,
    log: Log,
}

/// A whole answer of the network, or that nothing has changed.
enum Answer {
    Body(Vec<u8>, HeaderMap),
    NotModified,
    Missing,
}

impl IndexClient {
    /// A client that asks the network for what the cache cannot prove.
    pub(crate) fn over(options: &SolverOptions, keeper: Keeper, log: Log) -> LazyClient {
        let client = Self {
            network: options.client.clone(),
            directory: Directory(options.repodata_cache.clone()),
            keeper,
            offline: options.offline,
            retry: Retry::of(options),
            log,
        };
        LazyClient::new(move || carrier(&client.network).with(client).build())
    }

    async fn index(&self, request: Request, kind: Kind) -> Result<Response, Error> {
        let url = request.url().clone();
        let entry = self.read(&url, |directory| directory.index(&url)).await?;
        let is_known = entry.as_ref().is_some_and(|entry| self.log.confirms(entry));
        let found = match (entry, self.offline || is_known) {
            (Some(entry), true) => entry,
            (None, true) if kind == Kind::Plain => {
                return Err(Error::middleware(IndexError::Offline { url }));
            }
            (None, true) => missing(&url),
            (entry, false) => self.revalidate(request, kind, entry).await?,
        };
        self.log.note(&url, digest(&found));
        if found.validators.missing {
            return answer(&url, StatusCode::NOT_FOUND, Vec::new());
        }
        answer(&url, StatusCode::OK, readable(kind, found.body))
    }

    /// Asks the network whether `entry` still holds, and keeps what it says.
    async fn revalidate(
        &self,
        request: Request,
        kind: Kind,
        entry: Option<Entry>,
    ) -> Result<Entry, Error> {
        let url = request.url().clone();
        let conditions = entry.as_ref().map(|entry| &entry.validators);
        let entry = match (self.fetch(request, kind, conditions).await?, entry) {
            (Answer::NotModified, Some(entry)) => return Ok(entry),
            (Answer::Body(body, headers), _) => match check(&url, &body)? {
                Verdict::OtherVersion => missing(&url),
                _ => describe(&url, body, &headers),
            },
            (Answer::Missing | Answer::NotModified, _) => missing(&url),
        };
        let kept = entry.clone();
        self.read(&url, move |directory| directory.keep_index(&kept))
            .await?;
        Ok(entry)
    }

    async fn shard(
        &self,
        request: Request,
        digest: larder_digest::Sha256,
    ) -> Result<Response, Error> {
        let url = request.url().clone();
        if let Some(bytes) = self.read(&url, |directory| directory.shard(digest)).await? {
            return answer(&url, StatusCode::OK, bytes);
        }
        if self.offline {
            return Err(Error::middleware(IndexError::Offline { url }));
        }
        match self.fetch(request, Kind::Shard(digest), None).await? {
            Answer::Body(bytes, _) => {
                self.keeper.keep(Shard {
                    url: url.clone(),
                    digest,
                    bytes: bytes.clone(),
                });
                answer(&url, StatusCode::OK, bytes)
            }
            Answer::Missing | Answer::NotModified => {
                Err(Error::middleware(IndexError::ShardGone { url }))
            }
        }
    }

    /// One answer from the network, after as many tries as it takes and the policy allows.
    async fn fetch(
        &self,
        request: Request,
        kind: Kind,
        conditions: Option<&Validators>,
    ) -> Result<Answer, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let request = conditional(&request, conditions);
            let answer = self.fetch_once(request, kind, tries);
            match outside(answer).await {
                Err(error) if error.is_temporary() && tries < self.retry.tries => {
                    tracing::debug!("try {tries} failed: {error}");
                    self.retry.wait(tries, error.retry_after()).await;
                }
                result => return result.map_err(Error::middleware),
            }
        }
    }

    async fn fetch_once(
        &self,
        request: Request,
        kind: Kind,
        tries: u32,
    ) -> Result<Answer, IndexError> {
        let url = request.url().clone();
        let unreachable = |source: Error| IndexError::Unreachable {
            url: url.clone(),
            tries,
            source: without_url(source),
        };
        let response = self.network.client().execute(request).await;
        let response = response.map_err(unreachable)?;
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(Answer::NotModified),
            status if is_missing(status, kind) => return Ok(Answer::Missing),
            status if !status.is_success() => return Err(refused(&response, url, tries)),
            _ => {}
        }
        let headers = response.headers().clone();
        let bytes = response.bytes().await.map_err(|source| IndexError::Cut {
            url: url.clone(),
            tries,
            source: source.without_url(),
        })?;
        check_shard(&url, kind, &bytes, tries)?;
        Ok(Answer::Body(bytes.into(), headers))
    }

    /// Runs a small operation on the directory.
    async fn read<T>(
        &self,
        url: &Url,
        operation: impl FnOnce(&Directory) -> Result<T, PathError>,
    ) -> Result<T, Error> {
        operation(&self.directory).map_err(|source| {
            let (url, source) = (url.clone(), Box::new(source));
            Error::middleware(IndexError::Disk { url, source })
        })
    }
}

#[async_trait::async_trait]
impl Middleware for IndexClient {
    async fn handle(
        &self,
        request: Request,
        _extensions: &mut Extensions,
        _next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let url = request.url().clone();
        match (Kind::of(&url), request.method()) {
            // Asking for a form costs as much as fetching it, and fetching falls back by itself.
            (Some(_), &Method::HEAD) => answer(&url, StatusCode::OK, Vec::new()),
            (kind, &Method::GET) if is_stand_in(&url) => {
                let log = self.log.clone();
                tokio::task::spawn_blocking(move || answer_from_disk(&url, kind, &log))
                    .await
                    .map_err(Error::middleware)?
            }
            (Some(Kind::Shard(digest)), &Method::GET) => self.shard(request, digest).await,
            (Some(kind), &Method::GET) => self.index(request, kind).await,
            _ if self.offline => Err(Error::middleware(IndexError::Offline { url })),
            _ => outside(self.network.client().execute(request)).await,
        }
    }
}

/// Something to build requests with: it never sends one, so it needs neither proxies nor certificates.
fn carrier(network: &LazyClient) -> ClientBuilder {
    match Client::builder().no_proxy().tls_certs_only([]).build() {
        Ok(client) => ClientBuilder::new(client),
        Err(_) => ClientBuilder::from_client(network.client().clone()),
    }
}

/// The request with `entry`'s validators, and asking for the bytes as they are.
fn conditional(request: &Request, entry: Option<&Validators>) -> Request {
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    *copy.headers_mut() = request.headers().clone();
    let headers = copy.headers_mut();
    headers.remove(ACCEPT_ENCODING);
    let mut set = |name, value: Option<&String>| {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            headers.insert(name, value);
        }
    };
    if let Some(entry) = entry.filter(|entry| !entry.missing) {
        set(IF_NONE_MATCH, entry.etag.as_ref());
        set(IF_MODIFIED_SINCE, entry.last_modified.as_ref());
    }
    copy
}

/// Object stores answer 403 for what they do not have; another form of the index may be there.
fn is_missing(status: StatusCode, kind: Kind) -> bool {
    match status.as_u16() {
        404 | 410 => true,
        403 | 501 => kind == Kind::Optional,
        _ => false,
    }
}

fn refused(response: &Response, url: Url, tries: u32) -> IndexError {
    let status = response.status();
    if matches!(status.as_u16(), 401 | 403 | 407) {
        return IndexError::Denied { url, status };
    }
    if !is_temporary(status) {
        tracing::debug!("{} answered {status}", larder_redact::redact(&url));
    }
    IndexError::Status {
        url,
        status,
        tries,
        retry_after: retry_after(response),
    }
}

pub(super) fn check_shard(
    url: &Url,
    kind: Kind,
    bytes: &[u8],
    tries: u32,
) -> Result<(), IndexError> {
    let Kind::Shard(expected) = kind else {
        return Ok(());
    };
    let found = sha256(bytes);
    if found == expected {
        return Ok(());
    }
    let url = url.clone();
    Err(IndexError::Mismatch {
        url,
        expected: Box::new(expected),
        found: Box::new(found),
        tries,
    })
}

/// Before anything is kept: a file that is truncated on the server has a correct length.
pub(super) fn check(url: &Url, bytes: &[u8]) -> Result<Verdict, Error> {
    if !is_zst(url) {
        return Ok(Verdict::Usable);
    }
    let damaged = |source| {
        Error::middleware(IndexError::Damaged {
            url: url.clone(),
            found: bytes.len(),
            source,
        })
    };
    let mut decoder = zstd::Decoder::new(bytes).map_err(damaged)?;
    if !is_shard_index(url) {
        std::io::copy(&mut decoder, &mut std::io::sink()).map_err(damaged)?;
        return Ok(Verdict::Usable);
    }
    let mut decoded = Vec::new();
    std::io::copy(&mut decoder, &mut decoded).map_err(damaged)?;
    match look_at(&decoded) {
        Verdict::Bad(reason) => {
            let url = url.clone();
            Err(Error::middleware(IndexError::BadShardIndex { url, reason }))
        }
        verdict => Ok(verdict),
    }
}

/// An empty file is an empty index (CEP 36).
pub(super) fn readable(kind: Kind, body: Vec<u8>) -> Vec<u8> {
    if kind == Kind::Plain && body.is_empty() {
        return b"{}".to_vec();
    }
    body
}

fn describe(url: &Url, body: Vec<u8>, headers: &HeaderMap) -> Entry {
    let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
    let validators = Validators {
        url: url.clone(),
        missing: false,
        etag: text(ETAG),
        last_modified: text(LAST_MODIFIED),
        sha256: sha256(&body).to_hex(),
    };
    Entry { validators, body }
}

pub(crate) fn missing(url: &Url) -> Entry {
    let validators = Validators {
        url: url.clone(),
        missing: true,
        etag: None,
        last_modified: None,
        sha256: sha256(&[]).to_hex(),
    };
    Entry {
        validators,
        body: Vec::new(),
    }
}

fn without_url(error: Error) -> Error {
    match error {
        Error::Reqwest(error) => Error::Reqwest(error.without_url()),
        error @ Error::Middleware(_) => error,
    }
}
