//! pip's installation report (version 1), which `pip install --dry-run --report` writes.

use serde::Deserialize;
use url::Url;

use crate::resolved::{Artifact, Chosen, PassedOn, file_name};

#[derive(Deserialize)]
struct Report {
    version: String,
    #[serde(default)]
    install: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    download_info: Download,
    metadata: Metadata,
    #[serde(default)]
    requested_extras: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: String,
    #[serde(default)]
    requires_dist: Vec<String>,
}

#[derive(Deserialize)]
struct Download {
    url: String,
    subdirectory: Option<String>,
    archive_info: Option<Archive>,
    dir_info: Option<Directory>,
    vcs_info: Option<Repository>,
}

#[derive(Deserialize)]
struct Archive {
    hash: Option<String>,
}

#[derive(Deserialize)]
struct Directory {
    #[serde(default)]
    editable: bool,
}

#[derive(Deserialize)]
struct Repository {
    vcs: String,
    commit_id: String,
}

/// What the report says.
pub(crate) fn parse(text: &[u8]) -> Result<Vec<Chosen>, String> {
    let report: Report = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if report.version != "1" {
        return Err(format!(
            "version {} of the report is not known",
            report.version
        ));
    }
    Ok(report.install.into_iter().map(chosen).collect())
}

fn chosen(item: Item) -> Chosen {
    let download = item.download_info;
    let local = Url::parse(&download.url).ok();
    let local = local.filter(|url| url.scheme() == "file");
    let local = local.and_then(|url| url.to_file_path().ok());
    let passed_on = match (&download.vcs_info, local) {
        (Some(vcs), _) => {
            let below = download.subdirectory.as_ref();
            let below = below.map(|directory| format!("#subdirectory={directory}"));
            let place = larder_redact::redact_text(&download.url);
            let (kind, commit) = (&vcs.vcs, &vcs.commit_id);
            let line = format!("{kind}+{place}@{commit}{}", below.unwrap_or_default());
            Some(PassedOn::Repository(line))
        }
        (None, Some(path)) => Some(PassedOn::Local {
            path,
            is_editable: download.dir_info.as_ref().is_some_and(|info| info.editable),
        }),
        (None, None) => None,
    };
    let sha256 = download.archive_info.and_then(|archive| archive.hash);
    let sha256 = sha256
        .as_deref()
        .and_then(|hash| hash.strip_prefix("sha256="));
    let artifact = Artifact {
        file_name: file_name(&download.url),
        sha256: sha256.and_then(|digest| digest.parse().ok()),
        url: download.url,
    };
    Chosen {
        name: item.metadata.name,
        version: Some(item.metadata.version),
        // One file, which pip has chosen already.
        other: Some(artifact),
        passed_on,
        requires: item.metadata.requires_dist,
        extras: item.requested_extras,
        ..Chosen::default()
    }
}
