//! GitHub's cache service on loopback: the Twirp methods of its version 2 in JSON, the blobs behind signed
//! URLs, and the REST calls that list and remove entries.
//!
//! Written from the protocol and checked against the official client (`ci/ghac`). One repository, `o/r`,
//! whatever the URL says. Its clock stands still until a test moves it, unless it is told to run.

mod access;
mod blobs;
mod rest;
mod service;
mod twirp;

use std::{
    collections::HashMap,
    fs::File,
    future::poll_fn,
    io::Write as _,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use hyper::body::{Body as _, Incoming};

use crate::{
    Fault, Request, must,
    server::{Faults, HyperRequest, HyperResponse, Listening, Plan, Reply, headers, lock},
};
use access::Access;
pub use access::ghac_token;
use blobs::{BlobRequest, Blobs, CONTAINER};
use service::{Entry, Service};

/// What the service allows.
#[derive(Debug, Clone)]
pub struct GhacLimits {
    /// How many entries may be created a minute.
    pub uploads_a_minute: usize,
    /// Bytes of all entries; the least recently used go.
    pub quota: u64,
    /// What was not used for so long goes.
    pub max_unused: Duration,
    /// How long a signed URL is good.
    pub url_valid: Duration,
}

impl Default for GhacLimits {
    fn default() -> Self {
        Self {
            uploads_a_minute: 200,
            quota: 10 << 30,
            max_unused: Duration::from_secs(7 * 86_400),
            url_valid: Duration::from_secs(10 * 60),
        }
    }
}

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct GhacOptions {
    /// 0 for a free one.
    pub port: u16,
    /// Whether its clock runs.
    pub runs: bool,
    /// What it allows.
    pub limits: GhacLimits,
}

/// An entry as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GhacEntry {
    /// The ref that it belongs to.
    pub scope: String,
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: String,
    /// In bytes.
    pub size: u64,
    /// The file with its bytes, to be damaged.
    pub path: PathBuf,
}

/// A running service.
#[derive(Debug)]
pub struct GhacServer {
    listening: Listening,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    service: Mutex<Service>,
    blobs: Mutex<Blobs>,
    clock: Clock,
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Faults>,
}

#[derive(Debug)]
struct Clock {
    /// Where it stands; none if it runs.
    start: Option<SystemTime>,
    ahead: Mutex<Duration>,
}

impl Clock {
    fn now(&self) -> SystemTime {
        self.start.unwrap_or_else(SystemTime::now) + *lock(&self.ahead)
    }
}

impl GhacServer {
    /// The `GITHUB_TOKEN` that may list and remove entries.
    pub const API_TOKEN: &str = "api-token-write";
    /// The `GITHUB_TOKEN` that may list entries.
    pub const API_TOKEN_READ: &str = "api-token-read";

    /// Starts a service with the limits of the real one.
    pub fn start() -> Self {
        Self::with(GhacOptions::default())
    }

    /// Starts a service.
    pub fn with(options: GhacOptions) -> Self {
        let state = Arc::new(State {
            service: Mutex::new(Service::new(options.limits)),
            blobs: Mutex::new(Blobs::new()),
            clock: Clock {
                start: (!options.runs).then(SystemTime::now),
                ahead: Mutex::default(),
            },
            requests: Mutex::default(),
            faults: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let listening = Listening::start(options.port, move |request| {
            let state = Arc::clone(&shared);
            async move { state.answer(request).await }
        });
        Self { listening, state }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        self.listening.url()
    }

    /// The variables of a run that has this token (see [`ghac_token`]); `GITHUB_TOKEN` is not among them.
    pub fn variables(&self, token: &str) -> Vec<(String, String)> {
        let url = self.url();
        let variables = [
            ("ACTIONS_RESULTS_URL", format!("{url}/")),
            ("ACTIONS_RUNTIME_TOKEN", token.to_owned()),
            ("ACTIONS_CACHE_SERVICE_V2", "True".to_owned()),
            ("GITHUB_API_URL", url),
            ("GITHUB_REPOSITORY", "o/r".to_owned()),
        ];
        let owned = variables.map(|(name, value)| (name.to_owned(), value));
        owned.into()
    }

    /// Moves the clock.
    pub fn advance(&self, time: Duration) {
        *lock(&self.state.clock.ahead) += time;
    }

    /// Dates entries of a key back: created and used so long ago. How many there were.
    pub fn age(&self, key: &str, created: Duration, used: Duration) -> usize {
        let now = self.state.clock.now();
        lock(&self.state.service).set_times(key, now - created, now - used)
    }

    /// All entries, the newest first.
    pub fn entries(&self) -> Vec<GhacEntry> {
        let entries = lock(&self.state.service).entries(self.state.clock.now());
        let blobs = lock(&self.state.blobs);
        let shown = |entry: Entry| GhacEntry {
            path: blobs.path(entry.id).unwrap_or_default(),
            scope: entry.scope,
            key: entry.key,
            version: entry.version,
            size: entry.size,
        };
        entries.into_iter().map(shown).collect()
    }

    /// What was answered so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// Forgets what was answered so far.
    pub fn clear_requests(&self) {
        lock(&self.state.requests).clear();
    }

    /// Applies a fault to requests whose path and query contain this text, as
    /// [`Server::fault`](crate::Server::fault) does.
    pub fn fault(&self, path_contains: &str, fault: Fault) {
        lock(&self.state.faults).add(path_contains, fault);
    }

    /// Takes back all faults.
    pub fn clear_faults(&self) {
        *lock(&self.state.faults) = Faults::default();
    }

    /// Closes all connections and refuses new ones from now on.
    pub fn shutdown(&self) {
        self.listening.stop();
    }
}

/// A request whose body has arrived.
struct Arrived<'a> {
    head: &'a hyper::http::request::Parts,
    path: &'a str,
    query: HashMap<String, String>,
    body: PathBuf,
}

impl Arrived<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&std::fs::read(&self.body).ok()?).ok()
    }
}

impl State {
    async fn answer(&self, request: HyperRequest) -> HyperResponse {
        let log = headers(&request);
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query();
        let target = target.map_or("/", |target| target.as_str()).to_owned();
        let path = lock(&self.blobs).incoming();
        let plan = lock(&self.faults).early(&target);
        if let Some(latency) = plan.latency {
            tokio::time::sleep(latency).await;
        }
        let arrived = receive(body, &path).await;
        let mut reply = match arrived {
            Ok(()) => self.reply(&head, path, &plan),
            Err(_) => Reply::empty(400),
        };
        if reply.has_body() {
            let late = lock(&self.faults).late(&target);
            late.iter().for_each(|fault| reply.spoil(fault));
        }
        lock(&self.requests).push(Request {
            method: head.method.to_string(),
            path: target,
            headers: log,
            status: reply.status,
        });
        reply.into_response(plan.bytes_per_second)
    }

    fn reply(&self, head: &hyper::http::request::Parts, body: PathBuf, plan: &Plan) -> Reply {
        let path = head.uri.path();
        if let Some(fault) = &plan.answer {
            return Reply::instead(fault, path);
        }
        let arrived = Arrived {
            head,
            path,
            query: query(head.uri.query().unwrap_or_default()),
            body,
        };
        if let Some(method) = path.strip_prefix(twirp::SERVICE) {
            return twirp::answer(self, method, &arrived);
        }
        if path.starts_with("/repos/") {
            return rest::answer(self, &arrived);
        }
        match path.strip_prefix(CONTAINER).map(str::parse) {
            Some(Ok(id)) => lock(&self.blobs).answer(&BlobRequest {
                method: &head.method,
                id,
                query: &arrived.query,
                range: arrived.header("x-ms-range").or(arrived.header("range")),
                body: arrived.body.clone(),
                now: self.clock.now(),
            }),
            _ => Reply::empty(404),
        }
    }

    fn access(&self, arrived: &Arrived<'_>) -> Option<Access> {
        Access::of_header(arrived.header("authorization")?)
    }
}

/// Writes a body to a file.
async fn receive(mut body: Incoming, path: &Path) -> Result<(), hyper::Error> {
    let mut file = must(File::create(path), "keep a request's body");
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Ok(bytes) = frame?.into_data() {
            must(file.write_all(&bytes), "keep a request's body");
        }
    }
    Ok(())
}

fn query(text: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}
