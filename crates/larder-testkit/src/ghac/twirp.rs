//! The three methods of the cache service in JSON, as @actions/cache speaks it: names in snake case,
//! 64-bit numbers as text, what has its default value left out.

use serde_json::{Value, json};

use super::{Arrived, State, blobs::signed, service::Refusal};
use crate::server::{Reply, lock};

/// In front of each method.
pub(super) const SERVICE: &str = "/twirp/github.actions.results.api.v1.CacheService/";

pub(super) fn answer(state: &State, method: &str, arrived: &Arrived<'_>) -> Reply {
    let answered = match (method, arrived.json()) {
        (_, None) => Err(malformed("the json request could not be decoded")),
        ("CreateCacheEntry", Some(body)) => create(state, arrived, &body),
        ("FinalizeCacheEntryUpload", Some(body)) => finish(state, arrived, &body),
        ("GetCacheEntryDownloadURL", Some(body)) => find(state, arrived, &body),
        _ => Err(Refusal::new(404, "bad_route", "no handler for this path")),
    };
    match answered {
        Ok(body) => with_json(Reply::empty(200), &body),
        Err(refusal) => refused(&refusal),
    }
}

pub(super) fn with_json(reply: Reply, body: &Value) -> Reply {
    reply
        .with("content-type", "application/json")
        .with_body(body.to_string())
}

fn refused(refusal: &Refusal) -> Reply {
    let body = json!({ "code": refusal.code, "msg": refusal.message });
    let reply = with_json(Reply::empty(refusal.status), &body);
    match refusal.retry_after {
        Some(wait) => reply.with("retry-after", &wait.as_secs().to_string()),
        None => reply,
    }
}

fn malformed(text: &str) -> Refusal {
    Refusal::new(400, "malformed", text)
}

fn unauthenticated() -> Refusal {
    Refusal::new(401, "unauthenticated", "the token is none of a run")
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

/// A signed URL, as whoever asked can reach it.
fn url(arrived: &Arrived<'_>, path: &str) -> String {
    format!(
        "http://{}{path}",
        arrived.header("host").unwrap_or_default()
    )
}

fn create(state: &State, arrived: &Arrived<'_>, body: &Value) -> Result<Value, Refusal> {
    let access = state.access(arrived).ok_or_else(unauthenticated)?;
    let now = state.clock.now();
    let mut service = lock(&state.service);
    let (key, version) = (text(body, "key"), text(body, "version"));
    match service.create((&access, now), &key, &version)? {
        Some(id) => {
            let path = signed(id, "cw", (now, service.limits().url_valid));
            Ok(json!({ "ok": true, "signed_upload_url": url(arrived, &path) }))
        }
        None => Ok(json!({ "message": "cache write denied: this token may only read" })),
    }
}

fn finish(state: &State, arrived: &Arrived<'_>, body: &Value) -> Result<Value, Refusal> {
    let access = state.access(arrived).ok_or_else(unauthenticated)?;
    let mut service = lock(&state.service);
    let (key, version) = (text(body, "key"), text(body, "version"));
    let Some(id) = service.reserved(&access, &key, &version) else {
        return Err(Refusal::new(404, "not_found", "there is no such upload"));
    };
    let said: Option<u64> = match &body["size_bytes"] {
        Value::String(size) => size.parse().ok(),
        size => Some(size.as_u64().unwrap_or_default()),
    };
    let mut blobs = lock(&state.blobs);
    // Assumed: sizes are compared.
    let Some(size) = blobs.size(id).filter(|size| Some(*size) == said) else {
        return Ok(json!({ "message": "the upload is not of this size" }));
    };
    for gone in service.finish(id, size, state.clock.now()) {
        blobs.remove(gone);
    }
    Ok(json!({ "ok": true, "entry_id": id.to_string() }))
}

fn find(state: &State, arrived: &Arrived<'_>, body: &Value) -> Result<Value, Refusal> {
    let access = state.access(arrived).ok_or_else(unauthenticated)?;
    let mut keys = vec![text(body, "key")];
    let more = body["restore_keys"].as_array().into_iter().flatten();
    keys.extend(more.filter_map(|key| key.as_str().map(str::to_owned)));
    let now = state.clock.now();
    let mut service = lock(&state.service);
    let found = service.find((&access, now), &keys, &text(body, "version"))?;
    Ok(match found {
        None => json!({}),
        Some(entry) => {
            let path = signed(entry.id, "r", (now, service.limits().url_valid));
            json!({
                "ok": true,
                "signed_download_url": url(arrived, &path),
                "matched_key": entry.key,
            })
        }
    })
}
