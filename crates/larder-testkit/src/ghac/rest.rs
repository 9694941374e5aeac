//! `/repos/OWNER/REPOSITORY/actions/caches` of GitHub's REST API: list and remove.

use hyper::Method;
use serde_json::json;

use super::{Arrived, GhacServer, State, service::Entry, twirp::with_json};
use crate::server::{Reply, lock};

pub(super) fn answer(state: &State, arrived: &Arrived<'_>) -> Reply {
    let token = arrived
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    let may_write = token == Some(GhacServer::API_TOKEN);
    if !may_write && token != Some(GhacServer::API_TOKEN_READ) {
        return message(401, "Bad credentials");
    }
    let parts: Vec<&str> = arrived.path.split('/').collect();
    let (method, rest) = (&arrived.head.method, &parts[..]);
    match (method, rest) {
        (&Method::GET, [_, _, _, _, "actions", "caches"]) => list(state, arrived),
        (&Method::DELETE, _) if !may_write => {
            message(403, "Resource not accessible by integration")
        }
        (&Method::DELETE, [_, _, _, _, "actions", "caches"]) => {
            let given = |name: &str| arrived.query.get(name);
            let Some(key) = given("key") else {
                return message(400, "key is required");
            };
            let scope = given("ref");
            remove(state, |entry| {
                entry.key == *key && scope.is_none_or(|scope| entry.scope == *scope)
            })
        }
        (&Method::DELETE, [_, _, _, _, "actions", "caches", id]) => {
            remove(state, |entry| entry.id.to_string() == *id)
        }
        _ => message(404, "Not Found"),
    }
}

fn message(status: u16, text: &str) -> Reply {
    with_json(Reply::empty(status), &json!({ "message": text }))
}

fn remove(state: &State, goes: impl Fn(&Entry) -> bool) -> Reply {
    let gone = lock(&state.service).remove(goes);
    if gone.is_empty() {
        return message(404, "Not Found");
    }
    let mut blobs = lock(&state.blobs);
    gone.into_iter().for_each(|id| blobs.remove(id));
    Reply::empty(204)
}

fn list(state: &State, arrived: &Arrived<'_>) -> Reply {
    let given = |name: &str| arrived.query.get(name).map(String::as_str);
    let number = |name: &str, default: usize| {
        let number = given(name).and_then(|text| text.parse().ok());
        number.unwrap_or(default).max(1)
    };
    let mut entries = lock(&state.service).entries(state.clock.now());
    entries.retain(|entry| {
        given("key").is_none_or(|key| entry.key.starts_with(key))
            && given("ref").is_none_or(|scope| entry.scope == scope)
    });
    if given("sort") != Some("created_at") {
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.used, entry.id)));
    }
    if given("direction") == Some("asc") {
        entries.reverse();
    }
    let size = number("per_page", 30).min(100);
    let page = number("page", 1);
    let shown: Vec<_> = entries
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .map(shown)
        .collect();
    let body = json!({ "total_count": entries.len(), "actions_caches": shown });
    with_json(Reply::empty(200), &body)
}

fn shown(entry: &Entry) -> serde_json::Value {
    json!({
        "id": entry.id,
        "ref": entry.scope,
        "key": entry.key,
        "version": entry.version,
        "size_in_bytes": entry.size,
        "created_at": time(entry.created),
        "last_accessed_at": time(entry.used),
    })
}

/// As GitHub writes times: `2026-01-02T03:04:05.666666700Z`.
fn time(time: std::time::SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    format!("{time:.9}")
}
