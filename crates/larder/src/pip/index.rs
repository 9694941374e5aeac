//! Locked wheels compared with their indexes as they are now: the simple API (PEP 691, or PEP 503's pages) and
//! pages of links.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use larder_digest::Sha256;
use larder_fetch::{Network, redact};
use larder_lock::{PipPackage, Reason};
use larder_pypi::{normalize, safe_file_name};
use regex::Regex;
use serde::Deserialize;
use url::Url;

use super::PipError;

/// How many requests at once.
const CONCURRENCY: usize = 8;
/// The largest page of an index that is read; the largest of PyPI has some 30 MB.
const MAX_PAGE: usize = 128 << 20;
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, \
                      text/html;q=0.1";

#[derive(Deserialize)]
struct Project {
    files: Vec<ProjectFile>,
}

#[derive(Deserialize)]
struct ProjectFile {
    filename: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

/// The sha256 of each file of a page, by name; `None` where the page does not say it.
type Files = BTreeMap<String, Option<Sha256>>;

/// What the indexes say against locked packages. Those at addresses that a section names itself are the
/// caller's to leave out.
///
/// # Errors
/// If an index cannot be asked.
pub(crate) async fn compare_with_indexes(
    packages: &[&PipPackage],
    indexes: &[Url],
    network: &Network,
) -> Result<Vec<Reason>, PipError> {
    let asked = packages
        .iter()
        .map(|package| compare(package, indexes, network));
    let reasons = futures::stream::iter(asked).buffered(CONCURRENCY);
    let reasons: Vec<Option<Reason>> = reasons.try_collect().await?;
    Ok(reasons.into_iter().flatten().collect())
}

async fn compare(
    package: &PipPackage,
    indexes: &[Url],
    network: &Network,
) -> Result<Option<Reason>, PipError> {
    let dist = format!("{}-{}", package.name, package.version);
    let reason = |text: String| Ok(Some(Reason::Index { text }));
    let Some(file) = safe_file_name(&package.url) else {
        return reason(format!(
            "{dist} is locked at an address that ends in no name of a file"
        ));
    };
    let mut found = None;
    for index in indexes {
        if let Some(named) = &package.index
            && named.trim_end_matches('/') != recorded_address(index)
        {
            continue;
        }
        match files(index, &package.name, network).await?.get(&file) {
            Some(sha256) if *sha256 == package.sha256 && sha256.is_some() => return Ok(None),
            Some(other) => found = Some(*other),
            None => {}
        }
    }
    match (found, package.sha256) {
        (None, _) => reason(format!("{dist}: no index has a file {file}")),
        (Some(Some(found)), Some(locked)) => reason(format!(
            "{dist} is locked with sha256 {locked}, and its index has sha256 {found} for {file}"
        )),
        _ => reason(format!("{dist}: its index has no sha256 for {file}")),
    }
}

/// Whether an index knows a digest of a distribution that is locked without one.
///
/// # Errors
/// If an index cannot be asked.
pub(crate) async fn check_unhashed(
    name: &str,
    version: &str,
    indexes: &[Url],
    network: &Network,
) -> Result<Option<Reason>, PipError> {
    for index in indexes {
        let files = files(index, name, network).await?;
        let is_of_version = |file: &str| {
            let rest = file.split_once('-').map_or("", |(_, rest)| rest);
            rest.starts_with(&format!("{version}-")) || rest.starts_with(&format!("{version}."))
        };
        let mut hashed = files.iter().filter(|(_, sha256)| sha256.is_some());
        if let Some((file, _)) = hashed.find(|(file, _)| is_of_version(file)) {
            let text = format!(
                "{name}=={version} is locked without a digest, and its index has one for {file}"
            );
            return Ok(Some(Reason::Index { text }));
        }
    }
    Ok(None)
}

/// The address of an index as locks record it, without credentials.
fn recorded_address(index: &Url) -> String {
    let (mut url, _) = larder_fetch::split_credentials(index);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}

/// The files of a project in an index, or of a page of links.
async fn files(index: &Url, name: &str, network: &Network) -> Result<Files, PipError> {
    let mut project = index.clone();
    let path = index.path().trim_end_matches('/');
    if !path.ends_with(".html") {
        project.set_path(&format!("{path}/{}/", normalize(name)));
        if let Some(files) = get(&project, network).await? {
            return Ok(files);
        }
    }
    Ok(get(index, network).await?.unwrap_or_default())
}

/// A page; `None` if there is none.
async fn get(url: &Url, network: &Network) -> Result<Option<Files>, PipError> {
    let failed = |problem: String| PipError::Index {
        url: redact(url),
        problem,
    };
    let (clean, _) = larder_fetch::split_credentials(url);
    let request = network.client().get(clean).header("accept", ACCEPT);
    let response = request.send().await;
    let mut response = response.map_err(|error| failed(error.to_string()))?;
    let status = response.status();
    if [404, 410].contains(&status.as_u16()) {
        return Ok(None);
    }
    if !status.is_success() {
        return Err(failed(format!("it answers with {status}")));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failed(error.to_string()))?
    {
        if bytes.len() + chunk.len() > MAX_PAGE {
            return Err(failed(format!("its page has more than {MAX_PAGE} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.trim_ascii_start().starts_with(b"{") {
        let project: Project =
            serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        let files = project.files.into_iter().map(|file| {
            let sha256 = file.hashes.get("sha256");
            (file.filename, sha256.and_then(|digest| digest.parse().ok()))
        });
        return Ok(Some(files.collect()));
    }
    Ok(Some(links(&String::from_utf8_lossy(&bytes))))
}

/// The files that a page of links (PEP 503) names.
fn links(page: &str) -> Files {
    // The pattern is constant; a page without matches has no files.
    let Ok(pattern) = Regex::new(r#"href\s*=\s*["']([^"']+)["']"#) else {
        return Files::new();
    };
    let mut files = Files::new();
    for captures in pattern.captures_iter(page) {
        let Some(address) = captures.get(1) else {
            continue;
        };
        let address = address.as_str().replace("&amp;", "&");
        let (path, fragment) = address.split_once('#').unwrap_or((&address, ""));
        let sha256 = fragment
            .split('&')
            .find_map(|part| part.strip_prefix("sha256="));
        if let Some(name) = safe_file_name(path) {
            files.insert(name, sha256.and_then(|digest| digest.parse().ok()));
        }
    }
    files
}
