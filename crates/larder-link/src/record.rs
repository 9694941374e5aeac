//! `conda-meta/NAME-VERSION-BUILD.json` (CEP 32), as compact JSON: rattler and conda read either form,
//! and it is a third smaller than the indented one.
//!
//! Both records of a clobbered path list it; `sha256` is of what the package ships, `sha256_in_prefix`
//! and `size_in_bytes` of what is there. For a link both digests are of the file that it leads to.

use larder_digest::Sha256;
use larder_fs::LinkMode;
use larder_unpack::FileMode;
use serde_json::{Map, Value};

use crate::{
    LinkOptions, LinkPackage, LinkPlan, RecordError,
    apply::Written,
    bytecode::Pyc,
    channel,
    plan::{Action, Generated, PathRef, PlannedPath},
};

mod keys;
mod text;

use text::{Link, PathLine};

/// What CEP 37 has a key for: taken from the record even if the rest of it is not known.
const KNOWN_TO_LOCKS: [&str; 11] = [
    "name", "version", "build", "depends", "md5", "sha256", "size", "subdir", "url", "fn",
    "channel",
];

/// Keys of `info/index.json` that a full record has the word on, even by not having them: a channel's
/// patch may have taken them away.
const KNOWN_TO_CHANNELS: [&str; 22] = [
    "arch",
    "build",
    "build_number",
    "constrains",
    "depends",
    "extra_depends",
    "features",
    "flags",
    "license",
    "license_family",
    "md5",
    "name",
    "noarch",
    "platform",
    "purls",
    "python_site_packages_path",
    "run_exports",
    "sha256",
    "size",
    "subdir",
    "timestamp",
    "version",
];

/// Writes records once everything is linked.
pub(crate) struct Records<'r, 'a> {
    pub(crate) plan: &'r LinkPlan<'a>,
    pub(crate) options: &'r LinkOptions,
    pub(crate) written: &'r Written,
}

impl Records<'_, '_> {
    /// The record of one package of the plan.
    pub(crate) fn json(&self, index: usize) -> Result<Vec<u8>, RecordError> {
        let planned = &self.plan.packages[index];
        let paths: Vec<PathLine<'_>> = (0..planned.paths.len())
            .map(|path| PathRef {
                package: index,
                path,
            })
            .filter(|&at| !self.is_double(at))
            .map(|at| self.line(at))
            .chain(self.pycs(index).map(pyc_line))
            .collect();
        let link = Link {
            source: planned.package.recorded_root.to_string_lossy(),
            r#type: self.link_type(index),
        };
        text::record(&package_record(planned.package)?, &link, &paths).map_err(RecordError::Json)
    }

    fn pycs(&self, index: usize) -> impl Iterator<Item = &Pyc> {
        self.written.pycs.get(index).into_iter().flatten()
    }

    /// Whether the package itself has the path once more, later.
    fn is_double(&self, at: PathRef) -> bool {
        self.plan
            .path(at)
            .lost_to
            .is_some_and(|winner| winner.package == at.package)
    }

    fn line(&self, at: PathRef) -> PathLine<'_> {
        let planned = self.plan.path(at);
        let (sha256_in_prefix, size_in_bytes) = self.in_prefix(at);
        let entry = planned.entry;
        let placeholder = entry.and_then(|entry| entry.prefix.as_ref());
        let is_directory = planned.action == Action::Directory;
        PathLine {
            path: &planned.path,
            path_type: path_type(planned),
            no_link: entry.is_some_and(|entry| entry.no_link),
            sha256: entry.map_or(sha256_in_prefix, |entry| entry.sha256),
            sha256_in_prefix,
            size_in_bytes: size_in_bytes.filter(|_| !is_directory),
            file_mode: placeholder.map(|placeholder| match placeholder.mode {
                FileMode::Text => "text",
                FileMode::Binary => "binary",
            }),
            prefix_placeholder: placeholder.map(|placeholder| placeholder.text.as_str()),
        }
    }

    /// Digest and size of what is at the path.
    fn in_prefix(&self, at: PathRef) -> (Option<Sha256>, Option<u64>) {
        let mut at = at;
        while let Some(next) = self.next(at) {
            at = next;
        }
        match self.written.changed.get(&at) {
            Some(&(sha256, size)) => (Some(sha256), Some(size)),
            None => match self.plan.path(at).entry {
                Some(entry) => (entry.sha256, Some(entry.size)),
                None => (None, None),
            },
        }
    }

    /// The path that is there instead of this one, or that it leads to. Later packages win and links
    /// are followed once, to a file, so this ends.
    fn next(&self, at: PathRef) -> Option<PathRef> {
        let planned = self.plan.path(at);
        planned.lost_to.or(planned.points_to)
    }

    /// How the package's files arrived: 1 hard links, 3 copies. A reflink has no code; it is a copy.
    fn link_type(&self, index: usize) -> u8 {
        let planned = &self.plan.packages[index];
        let is_file = |path: &PlannedPath<'_>| matches!(path.action, Action::Link | Action::Copy);
        let has_files = planned.paths.iter().any(is_file);
        let would_link = matches!(self.options.link_mode, LinkMode::Auto | LinkMode::Hardlink);
        if self.written.hard_linked[index] || (!has_files && would_link) {
            1
        } else {
            3
        }
    }
}

/// It came from no package: what is there is all there is to say.
fn pyc_line(pyc: &Pyc) -> PathLine<'_> {
    PathLine {
        path: &pyc.path,
        path_type: "pyc_file",
        no_link: false,
        sha256: Some(pyc.sha256),
        sha256_in_prefix: Some(pyc.sha256),
        size_in_bytes: Some(pyc.size),
        file_mode: None,
        prefix_placeholder: None,
    }
}

fn path_type(planned: &PlannedPath<'_>) -> &'static str {
    match planned.action {
        Action::Symlink { .. } => "softlink",
        Action::Directory => "directory",
        Action::Generate {
            kind: Generated::UnixScript,
            ..
        } => "unix_python_entry_point",
        Action::Generate {
            kind: Generated::WindowsScript,
            ..
        } => "windows_python_entry_point_script",
        Action::Generate {
            kind: Generated::WindowsLauncher,
            ..
        } => "windows_python_entry_point_exe",
        _ => "hardlink",
    }
}

/// Everything about the package that has nothing to do with an environment's files: its record, with what
/// that leaves out from the archive, and where tree and archive are.
///
/// # Errors
/// If the archive's `info/index.json` is no JSON object.
pub fn package_record(package: LinkPackage<'_>) -> Result<Map<String, Value>, RecordError> {
    let mut all = object(&package.info.index_json)?;
    keys::keep_descriptive(&mut all);
    let mut record = match serde_json::to_value(&package.locked.record) {
        Ok(Value::Object(record)) => record,
        Ok(_) => Map::new(),
        Err(error) => return Err(RecordError::Json(error)),
    };
    if package.is_partial() {
        let guessed = |key: &str| package.is_bare() && is_guess(&package, key);
        record.retain(|key, _| KNOWN_TO_LOCKS.contains(&key.as_str()) && !guessed(key));
    } else {
        all.retain(|key, _| !KNOWN_TO_CHANNELS.contains(&key.as_str()));
    }
    all.extend(record);
    // A list of URLs need not have digests: the one of the bytes that were installed is recorded.
    if package.is_bare()
        && package.record().sha256.is_none()
        && let Some(sha256) = package.sha256()
    {
        all.insert("sha256".into(), sha256.to_hex().into());
    }
    all.entry("constrains")
        .or_insert_with(|| Value::Array(Vec::new()));
    all.insert("channel".into(), channel::url(&package).into());
    all.insert(
        "url".into(),
        channel::clean(&package.locked.record.url)
            .to_string()
            .into(),
    );
    let text = |path: &std::path::Path| Value::from(path.to_string_lossy());
    all.insert("extracted_package_dir".into(), text(package.recorded_root));
    all.insert(
        "package_tarball_full_path".into(),
        text(package.archive_path),
    );
    let specs = &package.locked.requested_specs;
    if let Some(first) = specs.first() {
        all.insert("requested_spec".into(), first.as_str().into());
    }
    all.insert("requested_specs".into(), specs.as_slice().into());
    all.sort_keys();
    Ok(all)
}

/// Whether a bare record has `key` only because a record must have it. A file outside a channel does
/// not say its subdir either.
fn is_guess(package: &LinkPackage<'_>, key: &str) -> bool {
    match key {
        "depends" => true,
        "subdir" => package.locked.record.channel.is_none(),
        _ => false,
    }
}

fn object(json: &str) -> Result<Map<String, Value>, RecordError> {
    serde_json::from_str(json).map_err(RecordError::Index)
}
