//! The bytes: block blobs at signed URLs, as Azure keeps them.
//!
//! Put Blob, Put Block, Put Block List, Get Blob with ranges, Get Blob Properties. A URL says what may be
//! done with it (`sp`), until when (`se`), and is signed (`sig`).

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hyper::Method;
use larder_digest::Hasher;
use tempfile::TempDir;

use crate::{
    must,
    server::{Range, Reply, parse_range},
};

/// Where blobs are, as account and container.
pub(super) const CONTAINER: &str = "/ghac/caches/";

/// The blobs of a server.
#[derive(Debug)]
pub(super) struct Blobs {
    directory: TempDir,
    blobs: HashMap<u64, Blob>,
    next: u64,
}

#[derive(Debug, Default)]
struct Blob {
    /// The committed content.
    content: Option<(PathBuf, u64)>,
    modified: Option<SystemTime>,
    /// By their ids, not committed yet.
    blocks: HashMap<String, PathBuf>,
}

/// A request at a signed URL.
pub(super) struct BlobRequest<'a> {
    pub(super) method: &'a Method,
    pub(super) id: u64,
    pub(super) query: &'a HashMap<String, String>,
    pub(super) range: Option<&'a str>,
    /// Where its body is.
    pub(super) body: PathBuf,
    pub(super) now: SystemTime,
}

impl Blobs {
    pub(super) fn new() -> Self {
        Self {
            directory: must(tempfile::tempdir(), "make a directory for blobs"),
            blobs: HashMap::new(),
            next: 0,
        }
    }

    /// A path for bytes that come in.
    pub(super) fn incoming(&mut self) -> PathBuf {
        self.next += 1;
        self.directory.path().join(format!("in-{}", self.next))
    }

    pub(super) fn answer(&mut self, request: &BlobRequest<'_>) -> Reply {
        let wanted = if *request.method == Method::PUT {
            "cw"
        } else {
            "r"
        };
        if !is_signed(request, wanted) {
            return denied();
        }
        let component = request.query.get("comp").map(String::as_str);
        let reply = match (request.method, component) {
            (&Method::PUT, None) => self.put(request),
            (&Method::PUT, Some("block")) => self.put_block(request),
            (&Method::PUT, Some("blocklist")) => self.put_block_list(request),
            (&Method::GET | &Method::HEAD, None) => self.get(request),
            _ => failed(400, "InvalidQueryParameterValue"),
        };
        let request_id = format!("00000000-0000-0000-0000-{:012}", self.next);
        let date = httpdate::fmt_http_date(request.now);
        reply
            .with("x-ms-request-id", &request_id)
            .with("x-ms-version", "2025-11-05")
            .with("date", &date)
    }

    fn put(&mut self, request: &BlobRequest<'_>) -> Reply {
        let blob = self.blobs.entry(request.id).or_default();
        let size = must(fs::metadata(&request.body), "read a blob").len();
        blob.content = Some((request.body.clone(), size));
        blob.modified = Some(request.now);
        blob.blocks.clear();
        created(request)
    }

    fn put_block(&mut self, request: &BlobRequest<'_>) -> Reply {
        let Some(id) = request.query.get("blockid") else {
            return failed(400, "MissingRequiredQueryParameter");
        };
        let blob = self.blobs.entry(request.id).or_default();
        if blob.blocks.keys().any(|other| other.len() != id.len()) {
            return failed(400, "InvalidBlobOrBlock");
        }
        blob.blocks.insert(id.clone(), request.body.clone());
        Reply::empty(201)
    }

    fn put_block_list(&mut self, request: &BlobRequest<'_>) -> Reply {
        let list = must(fs::read_to_string(&request.body), "read a list of blocks");
        let blob = self.blobs.entry(request.id).or_default();
        let blocks: Option<Vec<PathBuf>> = block_ids(&list)
            .map(|id| blob.blocks.get(id).cloned())
            .collect();
        let Some(blocks) = blocks else {
            return failed(400, "InvalidBlockList");
        };
        let path = request.body.with_extension("blob");
        let mut whole = must(File::create(&path), "write a blob");
        let mut size = 0;
        for block in blocks {
            let mut block = must(File::open(&block), "read a block");
            size += must(std::io::copy(&mut block, &mut whole), "write a blob");
        }
        for block in std::mem::take(&mut blob.blocks).into_values() {
            must(fs::remove_file(block), "remove a block");
        }
        blob.content = Some((path, size));
        blob.modified = Some(request.now);
        created(request)
    }

    fn get(&self, request: &BlobRequest<'_>) -> Reply {
        let blob = self.blobs.get(&request.id);
        let Some((blob, (path, size))) = blob.and_then(|blob| Some((blob, blob.content.as_ref()?)))
        else {
            return failed(404, "BlobNotFound");
        };
        let modified = httpdate::fmt_http_date(blob.modified.unwrap_or(UNIX_EPOCH));
        let whole = usize::try_from(*size).unwrap_or(usize::MAX);
        let (reply, from, to) = match request.range.map(|range| parse_range(range, whole)) {
            Some(Range::Unsatisfiable) => {
                let reply = failed(416, "InvalidRange");
                return reply.with("content-range", &format!("bytes */{size}"));
            }
            Some(Range::Part(from, to)) => {
                let range = format!("bytes {from}-{}/{size}", to - 1);
                (Reply::empty(206).with("content-range", &range), from, to)
            }
            _ => (Reply::empty(200), 0, whole),
        };
        let reply = reply
            .with("etag", &format!("\"0x{:x}\"", request.id))
            .with("last-modified", &modified)
            .with("accept-ranges", "bytes")
            .with("x-ms-blob-type", "BlockBlob")
            .with("content-type", "application/octet-stream");
        if *request.method == Method::HEAD {
            return reply.with("content-length", &(to - from).to_string());
        }
        let mut file = must(File::open(path), "read a blob");
        must(file.seek(SeekFrom::Start(from as u64)), "read a blob");
        let mut bytes = Vec::with_capacity(to - from);
        let mut part = file.take((to - from) as u64);
        must(part.read_to_end(&mut bytes), "read a blob");
        reply.with_body(bytes)
    }

    /// How much was uploaded, if it is all there.
    pub(super) fn size(&self, id: u64) -> Option<u64> {
        let (_, size) = self.blobs.get(&id)?.content.as_ref()?;
        Some(*size)
    }

    /// Removes blobs that are there.
    pub(super) fn remove(&mut self, id: u64) {
        if let Some(Blob {
            content: Some((path, _)),
            ..
        }) = self.blobs.remove(&id)
        {
            fs::remove_file(path).ok();
        }
    }

    /// The file that a blob is, for tests that damage it.
    pub(super) fn path(&self, id: u64) -> Option<PathBuf> {
        let (path, _) = self.blobs.get(&id)?.content.as_ref()?;
        Some(path.clone())
    }
}

fn created(request: &BlobRequest<'_>) -> Reply {
    Reply::empty(201)
        .with("etag", &format!("\"0x{:x}\"", request.id))
        .with("last-modified", &httpdate::fmt_http_date(request.now))
}

fn denied() -> Reply {
    failed(403, "AuthenticationFailed")
}

fn failed(status: u16, code: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    );
    Reply::empty(status)
        .with("x-ms-error-code", code)
        .with("content-type", "application/xml")
        .with_body(body)
}

/// The ids of a `<BlockList>`.
fn block_ids(list: &str) -> impl Iterator<Item = &str> {
    list.split('<').filter_map(|part| {
        let (tag, id) = part.split_once('>')?;
        ["Latest", "Uncommitted", "Committed"]
            .contains(&tag)
            .then_some(id)
    })
}

/// The path and query of a URL that allows `permission` for a while.
pub(super) fn signed(id: u64, permission: &str, (now, valid): (SystemTime, Duration)) -> String {
    let expires = seconds(now + valid);
    let signature = signature(id, permission, expires);
    format!("{CONTAINER}{id}?sp={permission}&se={expires}&sv=2025-11-05&sr=b&sig={signature}")
}

fn is_signed(request: &BlobRequest<'_>, permission: &str) -> bool {
    let given = |name: &str| request.query.get(name).map_or("", String::as_str);
    let expires = given("se").parse().unwrap_or(0);
    given("sp") == permission
        && given("sig") == signature(request.id, permission, expires)
        && seconds(request.now) <= expires
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn signature(id: u64, permission: &str, expires: u64) -> String {
    let mut hasher = Hasher::sha256();
    hasher.update(format!("the server's secret|{id}|{permission}|{expires}").as_bytes());
    hasher.finish().sha256.to_hex()
}
