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
    check::{CheckedIndex, check_digest, check_index, check_shard, readable, size_limit},
    disk::answer_from_disk,
    entry::{Directory, Entry, RecordedIndex},
    error::{IndexError, is_temporary},
    keeper::{Keeper, Shard},
    kind::Kind,
    log::{Log, digest},
    response::answer,
    retry::{Retry, retry_after},
};
use crate::{MachineRecords, SolverOptions, local::is_stand_in, pool::outside};

/// Answers from the cache, else from the network.
pub(crate) struct IndexClient {
    network: LazyClient,
    directory: Directory,
    records: MachineRecords,
    keeper: Keeper,
    offline: bool,
    retry: Retry,
    log: Log,
}

/// Marks a request for an index that may have records which rattler must not read: the caller takes them out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AcceptFlawed;

/// A whole answer of the network, or that nothing has changed.
enum Answer {
    Body(Vec<u8>, HeaderMap),
    NotModified,
    Missing,
}

/// What the cache has of an index.
enum CachedIndex {
    /// It is what a server sent to this machine.
    Recorded(Entry, RecordedIndex),
    /// Nothing says where it comes from.
    Unproven(Entry),
    /// Nothing usable; whether this machine has recorded one.
    Absent { was_recorded: bool },
}

impl IndexClient {
    /// A client that asks the network for what the cache cannot prove.
    pub(crate) fn over(options: &SolverOptions, keeper: Keeper, log: Log) -> LazyClient {
        let client = Self {
            network: options.client.clone(),
            directory: Directory(options.repodata_cache.clone()),
            records: options.records.clone(),
            keeper,
            offline: options.offline,
            retry: Retry::of(options),
            log,
        };
        LazyClient::new(move || carrier(&client.network).with(client).build())
    }

    async fn index(
        &self,
        request: Request,
        kind: Kind,
        accepts_flawed: bool,
    ) -> Result<Response, Error> {
        let url = request.url().clone();
        let found = match self.cached_index(&url).await? {
            // The session has this digest from the network already, or from a record.
            CachedIndex::Recorded(entry, _) | CachedIndex::Unproven(entry)
                if self.log.confirms(&entry) =>
            {
                entry
            }
            cached if self.offline => self.index_without_network(&url, kind, cached)?,
            cached => self.revalidate(request, kind, cached).await?,
        };
        self.log.note(&url, digest(&found));
        if let Some(reason) = self.log.flaw(&url).filter(|_| !accepts_flawed) {
            return Err(Error::middleware(IndexError::BadRecord { url, reason }));
        }
        if found.head.missing {
            return answer(&url, StatusCode::NOT_FOUND, Vec::new());
        }
        answer(&url, StatusCode::OK, readable(kind, found.body))
    }

    /// Reads an index from the cache, and what this machine has recorded of it.
    async fn cached_index(&self, url: &Url) -> Result<CachedIndex, Error> {
        let (directory, records) = (self.directory.clone(), self.records.clone());
        let asked = url.clone();
        let (entry, recorded) = on_thread(url, move || {
            let recorded = records.index(&directory.0, &asked);
            directory.index(&asked).map(|entry| (entry, recorded))
        })
        .await?;
        Ok(match (entry, recorded) {
            (Some(entry), Some(recorded)) if entry.is_recorded_as(&recorded) => {
                CachedIndex::Recorded(entry, recorded)
            }
            (Some(entry), _) => CachedIndex::Unproven(entry),
            (None, recorded) => CachedIndex::Absent {
                was_recorded: recorded.is_some_and(|recorded| !recorded.missing),
            },
        })
    }

    fn index_without_network(
        &self,
        url: &Url,
        kind: Kind,
        cached: CachedIndex,
    ) -> Result<Entry, Error> {
        let url = url.clone();
        match cached {
            CachedIndex::Recorded(entry, recorded) => {
                self.log.note_flaw(&url, recorded.flaw);
                Ok(entry)
            }
            // What was put into the cache by others decides nothing, not even that a form is missing.
            CachedIndex::Unproven(_) => Err(Error::middleware(IndexError::NotRecorded { url })),
            // The cache lost a form that the channel has: another form may be older.
            CachedIndex::Absent { was_recorded } if was_recorded || kind == Kind::Plain => {
                Err(Error::middleware(IndexError::Offline { url }))
            }
            CachedIndex::Absent { .. } => Ok(Entry::missing(&url)),
        }
    }

    /// Asks the network for the index, on condition that it has changed if this machine has recorded what
    /// the cache has, and keeps and records the answer.
    ///
    /// Only recorded validators are sent: "not modified" in answer to one that came out of the cache would
    /// prove nothing (`*` fits everything).
    async fn revalidate(
        &self,
        request: Request,
        kind: Kind,
        cached: CachedIndex,
    ) -> Result<Entry, Error> {
        let url = request.url().clone();
        let known = match cached {
            CachedIndex::Recorded(entry, recorded) => Some((entry, recorded)),
            CachedIndex::Unproven(_) | CachedIndex::Absent { .. } => None,
        };
        let conditions = known.as_ref().map(|(_, recorded)| recorded);
        let (entry, recorded) = match (self.fetch(request, kind, conditions).await?, known) {
            (Answer::NotModified, Some((entry, recorded))) => {
                self.log.note_flaw(&url, recorded.flaw);
                return Ok(entry);
            }
            // Nothing was said that could be unmodified.
            (Answer::NotModified, None) => {
                let error = unexpected_status(&url, StatusCode::NOT_MODIFIED);
                return Err(Error::middleware(error));
            }
            (Answer::Missing, _) => (Entry::missing(&url), None),
            (Answer::Body(body, headers), _) => {
                let checked = url.clone();
                let (body, result) = on_thread(&url, move || {
                    let result = check_index(&checked, kind, &body);
                    Ok((body, result))
                })
                .await?;
                match result.map_err(Error::middleware)? {
                    CheckedIndex::OtherVersion => (Entry::missing(&url), None),
                    CheckedIndex::Usable => (Entry::new(&url, body), Some((headers, None))),
                    CheckedIndex::Flawed(flaw) => {
                        (Entry::new(&url, body), Some((headers, Some(flaw))))
                    }
                }
            }
        };
        let recorded = describe(&entry, recorded);
        self.log.note_flaw(&url, recorded.flaw.clone());
        let (directory, records) = (self.directory.clone(), self.records.clone());
        on_thread(&url, move || {
            directory.keep_index(&entry)?;
            records.record_index(&directory.0, &entry.head.url, recorded);
            Ok(entry)
        })
        .await
    }

    async fn shard(
        &self,
        request: Request,
        digest: larder_digest::Sha256,
    ) -> Result<Response, Error> {
        let url = request.url().clone();
        let kind = Kind::Shard(digest);
        let (directory, asked) = (self.directory.clone(), url.clone());
        // Its name is the digest that a proven index gives, so that a shard from any cache will do.
        let kept = on_thread(&url, move || {
            let bytes = directory.shard(digest)?;
            Ok(bytes.map(|bytes| check_shard(&asked, kind, &bytes).map(|()| bytes)))
        })
        .await?;
        if let Some(checked) = kept {
            return answer(&url, StatusCode::OK, checked.map_err(Error::middleware)?);
        }
        if self.offline {
            return Err(Error::middleware(IndexError::Offline { url }));
        }
        match self.fetch(request, kind, None).await? {
            Answer::Body(bytes, _) => {
                let asked = url.clone();
                let checked = on_thread(&url, move || {
                    Ok(check_shard(&asked, kind, &bytes).map(|()| bytes))
                });
                let bytes = checked.await?.map_err(Error::middleware)?;
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
        conditions: Option<&RecordedIndex>,
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
        let target = response.url();
        // The client follows redirects by itself. Content that came in the clear is not that of an https server.
        if url.scheme() == "https" && target.scheme() != "https" {
            let target = target.clone();
            return Err(IndexError::Redirected { url, target });
        }
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(Answer::NotModified),
            status if is_missing(status, kind) => return Ok(Answer::Missing),
            status if !status.is_success() => return Err(refused(&response, url, tries)),
            _ => {}
        }
        let headers = response.headers().clone();
        let limit = size_limit(&url, kind).body;
        let bytes = receive(response, &url, limit, tries).await?;
        check_digest(&url, kind, &bytes, tries)?;
        Ok(Answer::Body(bytes, headers))
    }
}

#[async_trait::async_trait]
impl Middleware for IndexClient {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        _next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let url = request.url().clone();
        let accepts_flawed = extensions.get::<AcceptFlawed>().is_some();
        match (Kind::of(&url), request.method()) {
            // Asking for a form costs as much as fetching it, and fetching falls back by itself.
            (Some(_), &Method::HEAD) => answer(&url, StatusCode::OK, Vec::new()),
            (kind, &Method::GET) if is_stand_in(&url) => {
                let log = self.log.clone();
                tokio::task::spawn_blocking(move || {
                    answer_from_disk(&url, kind, &log, accepts_flawed)
                })
                .await
                .map_err(Error::middleware)?
            }
            (Some(Kind::Shard(digest)), &Method::GET) => self.shard(request, digest).await,
            (Some(kind), &Method::GET) => self.index(request, kind, accepts_flawed).await,
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

/// The request with the recorded validators, and asking for the bytes as they are.
fn conditional(request: &Request, recorded: Option<&RecordedIndex>) -> Request {
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    *copy.headers_mut() = request.headers().clone();
    let headers = copy.headers_mut();
    headers.remove(ACCEPT_ENCODING);
    let mut set = |name, value: Option<&String>| {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            headers.insert(name, value);
        }
    };
    if let Some(recorded) = recorded.filter(|recorded| !recorded.missing) {
        set(IF_NONE_MATCH, recorded.etag.as_ref());
        set(IF_MODIFIED_SINCE, recorded.last_modified.as_ref());
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

/// Reads the body of an answer, of at most `limit` bytes.
async fn receive(
    mut response: Response,
    url: &Url,
    limit: u64,
    tries: u32,
) -> Result<Vec<u8>, IndexError> {
    let too_large = || IndexError::TooLarge {
        url: url.clone(),
        limit,
        unpacked: false,
    };
    let length = response.content_length().unwrap_or_default();
    if length > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    loop {
        let chunk = response.chunk().await.map_err(|source| IndexError::Cut {
            url: url.clone(),
            tries,
            source: source.without_url(),
        })?;
        let Some(chunk) = chunk else {
            return Ok(bytes);
        };
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// Runs an operation on the directory on a thread for blocking work.
async fn on_thread<T: Send + 'static>(
    url: &Url,
    operation: impl FnOnce() -> Result<T, PathError> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(operation).await;
    done.map_err(Error::middleware)?.map_err(|source| {
        let (url, source) = (url.clone(), Box::new(source));
        Error::middleware(IndexError::Disk { url, source })
    })
}

/// What to record of an answer.
fn describe(entry: &Entry, sent: Option<(HeaderMap, Option<String>)>) -> RecordedIndex {
    let (headers, flaw) = sent.unwrap_or_default();
    let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
    RecordedIndex {
        missing: entry.head.missing,
        sha256: entry.head.sha256.clone(),
        etag: text(ETAG),
        last_modified: text(LAST_MODIFIED),
        flaw,
    }
}

fn unexpected_status(url: &Url, status: StatusCode) -> IndexError {
    IndexError::Status {
        url: url.clone(),
        status,
        tries: 1,
        retry_after: None,
    }
}

fn without_url(error: Error) -> Error {
    match error {
        Error::Reqwest(error) => Error::Reqwest(error.without_url()),
        error @ Error::Middleware(_) => error,
    }
}
