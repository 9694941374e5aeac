//! What is installed as an `@EXPLICIT` list (CEP 23), as `conda list --explicit` prints it.

use std::path::Path;

use larder_digest::{Md5, Sha256};
use larder_lock::ExplicitHash;
use rattler_conda_types::{PackageRecord, PrefixRecord, RepoDataRecord, Subdir};

use super::{ListError, records};

/// The list, dependencies first, with the hash on each line that has one. Credentials that another tool
/// left in a record are taken off.
///
/// # Errors
/// See [`ListError`].
pub fn explicit_list(
    prefix: &Path,
    subdir: Subdir,
    hash: Option<ExplicitHash>,
) -> Result<String, ListError> {
    let mut text = format!(
        "# This file may be used to create an environment using:\n\
         # $ conda create --name <env> --file <this file>\n\
         # platform: {subdir}\n\
         # created-by: larder {}\n\
         @EXPLICIT\n",
        env!("CARGO_PKG_VERSION")
    );
    let records = records(prefix)?.into_iter();
    let records = records.map(|record: PrefixRecord| record.repodata_record);
    for record in PackageRecord::sort_topologically(records.collect::<Vec<RepoDataRecord>>()) {
        let package = &record.package_record;
        let digest = match hash {
            None => None,
            Some(ExplicitHash::Md5) => package
                .md5
                .and_then(|digest| Some(Md5::from_slice(&digest).ok()?.to_hex())),
            Some(ExplicitHash::Sha256) => package
                .sha256
                .and_then(|digest| Some(Sha256::from_slice(&digest).ok()?.to_hex())),
        };
        // An @EXPLICIT list of another tool may be without the place that a package came from.
        if matches!(record.url.scheme(), "http" | "https" | "file") {
            text.push_str(larder_fetch::clean(&record.url).as_str());
            text.extend(digest.map(|digest| format!("#{digest}")));
        } else {
            text.push_str(&format!("# no URL for: {}", record.identifier));
        }
        text.push('\n');
    }
    Ok(text)
}
