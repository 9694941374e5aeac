//! An HTTP/1.1 server on loopback that serves a directory, misbehaves as told, and remembers what
//! it was asked.
//!
//! It runs on its own thread and stops on drop. It is no model of a good server: it reads each file
//! whole, and knows just the features that clients of channels use.

mod body;
mod faults;
mod files;
mod listen;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use hyper::header::{HeaderName, HeaderValue};

use crate::{base64, must};
pub(crate) use body::Reply;
pub(crate) use faults::{Faults, Plan};
#[cfg(test)]
pub(crate) use files::percent_decode;
pub(crate) use files::{Range, parse_range};
pub(crate) use listen::{HyperRequest, HyperResponse, Listening};

/// One request that the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The path and query as they came, percent-encoded and with any token.
    pub path: String,
    /// The headers in their order, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The status of the answer.
    pub status: u16,
}

impl Request {
    /// The value of the first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A way to misbehave. `times` counts the requests that it happens to; then it is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and an empty body.
    Status {
        /// The status code.
        code: u16,
        /// How often.
        times: u32,
    },
    /// Promises the whole body, sends this many bytes of it and closes the connection.
    CutAfter {
        /// The bytes that are sent.
        bytes: u64,
        /// How often.
        times: u32,
    },
    /// Sends the whole body under a content-length that is too large, then closes the connection.
    WrongLength {
        /// How often.
        times: u32,
    },
    /// Flips one bit in the middle of the body.
    WrongBytes {
        /// How often.
        times: u32,
    },
    /// Sends just the first bytes of the body, as if they were the whole file.
    Truncated {
        /// The bytes that are sent.
        bytes: u64,
        /// How often.
        times: u32,
    },
    /// Waits before each answer.
    Latency(std::time::Duration),
    /// Sends each body no faster than this.
    Bandwidth {
        /// The speed of each connection.
        bytes_per_second: u64,
    },
    /// Answers each request with 302 to this URL, in which `{path}` stands for the request's path.
    RedirectTo(String),
    /// Answers 429 with a Retry-After header.
    RetryAfter {
        /// The value of the header.
        seconds: u32,
        /// How often.
        times: u32,
    },
}

/// What a request must bring to be answered with anything but 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Basic authentication (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: String,
    },
    /// A bearer token in the Authorization header.
    Bearer(String),
    /// A conda token at the start of the path: `/t/TOKEN/...`.
    TokenInPath(String),
    /// A token further down, as repository managers have it: `PREFIX/t/TOKEN/...` is the directory.
    TokenBelow {
        /// The path in front, like `/api/repo`.
        prefix: String,
        /// The token.
        token: String,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    listening: Listening,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    dir: PathBuf,
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Faults>,
    auth: Mutex<Option<Auth>>,
    headers: Mutex<Vec<(String, HeaderName, HeaderValue)>>,
}

impl Server {
    /// Serves the files under `dir` on a free port of 127.0.0.1.
    pub fn serve(dir: &Path) -> Self {
        let dir = must(dir.canonicalize(), format_args!("serve {}", dir.display()));
        let state = Arc::new(State {
            dir,
            requests: Mutex::default(),
            faults: Mutex::default(),
            auth: Mutex::default(),
            headers: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let listening = Listening::start(0, move |request| {
            let state = Arc::clone(&shared);
            async move { state.answer(&request).await }
        });
        Self { listening, state }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        self.listening.url()
    }

    /// What was answered so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// Forgets what was answered so far.
    pub fn clear_requests(&self) {
        lock(&self.state.requests).clear();
    }

    /// Applies a fault to requests whose path contains this text. The oldest fault that is not used
    /// up wins; latency and bandwidth add to it. Faults of the body skip answers without one (HEAD,
    /// 304, 404).
    pub fn fault(&self, path_contains: &str, fault: Fault) {
        lock(&self.state.faults).add(path_contains, fault);
    }

    /// Takes back all faults.
    pub fn clear_faults(&self) {
        *lock(&self.state.faults) = Faults::default();
    }

    /// Sets a header of every answer with status 200, 206 or 304 whose path contains this text, for
    /// example `cache-control`.
    pub fn header(&self, path_contains: &str, name: &str, value: &str) {
        let name = must(
            HeaderName::try_from(name),
            format_args!("send header {name:?}"),
        );
        let value = must(
            HeaderValue::try_from(value),
            format_args!("send header value {value:?}"),
        );
        lock(&self.state.headers).push((path_contains.to_owned(), name, value));
    }

    /// Answers 401 to requests without this from now on.
    pub fn require_auth(&self, auth: Auth) {
        *lock(&self.state.auth) = Some(auth);
    }

    /// Closes all connections and refuses new ones from now on.
    pub fn shutdown(&self) {
        self.listening.stop();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .expect("no thread panics while it holds this lock")
}

impl State {
    async fn answer(&self, request: &HyperRequest) -> HyperResponse {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let plan = lock(&self.faults).early(path);
        if let Some(latency) = plan.latency {
            tokio::time::sleep(latency).await;
        }
        let mut reply = self.reply(request, path, &plan);
        if reply.has_body() {
            let late = lock(&self.faults).late(path);
            late.iter().for_each(|fault| reply.spoil(fault));
        }
        lock(&self.requests).push(Request {
            method: request.method().to_string(),
            path: path.to_owned(),
            headers: headers(request),
            status: reply.status,
        });
        reply.into_response(plan.bytes_per_second)
    }

    fn reply(&self, request: &HyperRequest, path: &str, plan: &Plan) -> Reply {
        let Some(file) = self.authorized(request) else {
            return Reply::empty(401).with("www-authenticate", "Basic realm=\"testkit\"");
        };
        if let Some(fault) = &plan.answer {
            return Reply::instead(fault, path);
        }
        let mut reply = files::reply(&self.dir, file, request.method(), request.headers());
        if matches!(reply.status, 200 | 206 | 304) {
            for (part, name, value) in lock(&self.headers).iter() {
                if path.contains(part) {
                    reply.headers.insert(name, value.clone());
                }
            }
        }
        reply
    }

    /// The path of the file that is asked for, if the request may have it.
    fn authorized<'a>(&self, request: &'a HyperRequest) -> Option<&'a str> {
        let path = request.uri().path();
        let given = request
            .headers()
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        match lock(&self.auth).as_ref() {
            None => Some(path),
            Some(Auth::Basic { user, password }) => {
                let code = base64::encode(format!("{user}:{password}").as_bytes());
                (given == Some(&format!("Basic {code}"))).then_some(path)
            }
            Some(Auth::Bearer(token)) => {
                (given == Some(&format!("Bearer {token}"))).then_some(path)
            }
            Some(Auth::TokenInPath(token)) => behind_token(path, "", token),
            Some(Auth::TokenBelow { prefix, token }) => behind_token(path, prefix, token),
        }
    }
}

fn behind_token<'a>(path: &'a str, prefix: &str, token: &str) -> Option<&'a str> {
    path.strip_prefix(&format!("{prefix}/t/{token}"))
        .filter(|rest| rest.starts_with('/'))
}

pub(crate) fn headers(request: &HyperRequest) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}
