//! Records whose dependencies rattler would misread: the solver gets a copy with texts that it reads as conda does
//! (`larder_manifest::mended_record_spec`), and its answer has the channel's own records again.

use std::collections::{BTreeMap, HashMap};

use larder_manifest::mended_record_spec;
use rattler_conda_types::RepoDataRecord;
use rattler_repodata_gateway::RepoData;
use url::Url;

/// The copies, by the address of the record.
#[derive(Default)]
pub(crate) struct MendedRecords(HashMap<Url, MendedRecord>);

struct MendedRecord {
    original: RepoDataRecord,
    copy: RepoDataRecord,
}

impl MendedRecords {
    pub(crate) fn find(repodata: &[RepoData]) -> Self {
        let records = repodata.iter().flat_map(RepoData::iter);
        let mended = records.filter_map(|record| {
            let copy = mend_record(record)?;
            let original = record.clone();
            Some((record.url.clone(), MendedRecord { original, copy }))
        });
        Self(mended.collect())
    }

    /// What the solver is to read instead of `record`.
    pub(crate) fn for_solver<'a>(&'a self, record: &'a RepoDataRecord) -> &'a RepoDataRecord {
        if self.0.is_empty() {
            return record;
        }
        self.0
            .get(&record.url)
            .map_or(record, |mended| &mended.copy)
    }

    /// The record of the channel.
    pub(crate) fn original(&self, record: RepoDataRecord) -> RepoDataRecord {
        match self.0.get(&record.url) {
            Some(mended) => mended.original.clone(),
            None => record,
        }
    }
}

/// `None` if rattler reads all specs of the record right.
fn mend_record(record: &RepoDataRecord) -> Option<RepoDataRecord> {
    let package = &record.package_record;
    let depends = mend_texts(&package.depends);
    let constrains = mend_texts(&package.constrains);
    let extras: BTreeMap<String, Vec<String>> = package
        .extra_depends
        .iter()
        .filter_map(|(extra, texts)| Some((extra.clone(), mend_texts(texts)?)))
        .collect();
    if depends.is_none() && constrains.is_none() && extras.is_empty() {
        return None;
    }
    let mut copy = record.clone();
    let package = &mut copy.package_record;
    if let Some(depends) = depends {
        package.depends = depends;
    }
    if let Some(constrains) = constrains {
        package.constrains = constrains;
    }
    package.extra_depends.extend(extras);
    Some(copy)
}

fn mend_texts(texts: &[String]) -> Option<Vec<String>> {
    let mended = |text: &String| mended_record_spec(text).ok().flatten();
    if !texts.iter().any(|text| mended(text).is_some()) {
        return None;
    }
    let texts = texts.iter();
    Some(
        texts
            .map(|text| mended(text).unwrap_or_else(|| text.clone()))
            .collect(),
    )
}
