//! Static files: conditional and partial requests, HEAD, content types.
//!
//! Never leaves the served directory, neither by `..` nor by a symbolic link, and never lists one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use hyper::{HeaderMap, Method};
use larder_digest::Hasher;

use super::body::Reply;

/// The answer to a request for a (percent-encoded) path.
pub(super) fn reply(dir: &Path, path: &str, method: &Method, headers: &HeaderMap) -> Reply {
    if method != Method::GET && method != Method::HEAD {
        return Reply::empty(405).with("allow", "GET, HEAD");
    }
    let Some(file) = resolve(dir, path) else {
        return Reply::empty(404);
    };
    let Ok(content) = fs::read(&file) else {
        return Reply::empty(404);
    };
    let reply = conditional(&file, content.into(), headers);
    if method == Method::HEAD {
        without_body(reply)
    } else {
        reply
    }
}

fn conditional(file: &Path, content: Bytes, headers: &HeaderMap) -> Reply {
    let etag = etag(&content);
    let modified = modified(file);
    let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let unchanged = match given("if-none-match") {
        Some(tags) => tags.split(',').any(|tag| matches(tag, &etag)),
        None => given("if-modified-since") == Some(&modified),
    };
    let reply = if unchanged {
        Reply::empty(304)
    } else {
        let whole = given("if-range").is_some_and(|tag| tag != etag && tag != modified);
        ranged(content, given("range").filter(|_| !whole))
            .with("content-type", content_type(file))
            .with("accept-ranges", "bytes")
    };
    reply
        .with("etag", &etag)
        .with("last-modified", &modified)
        .with("cache-control", cache_control(file))
}

fn matches(given: &str, etag: &str) -> bool {
    let given = given.trim();
    given == "*" || given.trim_start_matches("W/") == etag
}

fn without_body(reply: Reply) -> Reply {
    let length = reply.body_length().to_string();
    let reply = if reply.status == 304 {
        reply
    } else {
        reply.with("content-length", &length)
    };
    reply.with_body(Bytes::new())
}

/// The part of the content that a `Range` header wants, or all of it.
fn ranged(content: Bytes, range: Option<&str>) -> Reply {
    let size = content.len();
    match range.map(|range| parse_range(range, size)) {
        None | Some(Range::Ignored) => Reply::empty(200).with_body(content),
        Some(Range::Unsatisfiable) => {
            Reply::empty(416).with("content-range", &format!("bytes */{size}"))
        }
        Some(Range::Part(start, end)) => Reply::empty(206)
            .with(
                "content-range",
                &format!("bytes {start}-{}/{size}", end - 1),
            )
            .with_body(content.slice(start..end)),
    }
}

pub(crate) enum Range {
    Ignored,
    Unsatisfiable,
    Part(usize, usize),
}

/// Reads one range of bytes (RFC 9110, 14.1.2); several ranges are ignored, as a server may do.
pub(crate) fn parse_range(text: &str, size: usize) -> Range {
    let bounds = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'));
    let (start, end) = match bounds {
        Some(("", last)) => match last.parse::<usize>() {
            Ok(last) => (size.saturating_sub(last), size),
            Err(_) => return Range::Ignored,
        },
        Some((start, "")) => match start.parse() {
            Ok(start) => (start, size),
            Err(_) => return Range::Ignored,
        },
        Some((start, end)) => match (start.parse::<usize>(), end.parse::<usize>()) {
            (Ok(start), Ok(end)) if start <= end => (start, end.saturating_add(1).min(size)),
            _ => return Range::Ignored,
        },
        None => return Range::Ignored,
    };
    if start < end {
        Range::Part(start, end)
    } else {
        Range::Unsatisfiable
    }
}

fn resolve(dir: &Path, path: &str) -> Option<PathBuf> {
    let decoded = percent_decode(path)?;
    let mut file = dir.to_owned();
    for part in decoded.split('/').filter(|part| !part.is_empty()) {
        if matches!(part, "." | "..") || part.contains(['\\', '\0']) {
            return None;
        }
        file.push(part);
    }
    let file = file.canonicalize().ok()?;
    (file.starts_with(dir) && file.is_file()).then_some(file)
}

pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let code = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(code, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn etag(content: &[u8]) -> String {
    let mut hasher = Hasher::sha256();
    hasher.update(content);
    format!("\"{}\"", &hasher.finish().sha256.to_hex()[..16])
}

fn modified(file: &Path) -> String {
    let time = fs::metadata(file).and_then(|metadata| metadata.modified());
    httpdate::fmt_http_date(time.unwrap_or(SystemTime::UNIX_EPOCH))
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("json") => "application/json",
        Some("zst") => "application/zstd",
        Some("bz2") => "application/x-bzip2",
        Some("yml" | "yaml") => "application/yaml",
        Some("txt" | "sh") => "text/plain; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Shards never change (CEP 16); anything else may, and tests do not wait for caches to expire.
fn cache_control(file: &Path) -> &'static str {
    let in_shards = file
        .parent()
        .is_some_and(|parent| parent.ends_with("shards"));
    if in_shards {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}
