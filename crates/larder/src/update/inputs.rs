//! Everything that decides what an environment is to be, as one digest: where it is the same as last
//! time, so is the answer, and no file of the environment has to be touched to know that.
//!
//! Reads the files that were given and the lock beside them as bytes, and parses nothing.

use std::path::PathBuf;

use larder_digest::Sha256;
use larder_fs::read_user_file;
use larder_link::Fingerprint;
use rattler_conda_types::Subdir;

use super::{Extras, UpdateOptions};
use crate::{
    LockUse, Settings,
    inputs::{DEFAULT_LOCK, DEFAULT_MANIFEST, lock_path_of, named_or_default},
    streams::{INPUT_BYTES, is_stream, shown_name},
};

/// Whoever changes what an update does with the same inputs changes this.
const VERSION: &str = "larder update 2";

/// The digest, or nothing if the same inputs may give another answer the next time: a solve for which
/// nothing is pinned, or text that is read differently on another day.
pub(super) fn digest(
    options: &UpdateOptions,
    settings: &Settings,
    subdir: Subdir,
) -> Option<Sha256> {
    let create = &options.create;
    let is_of_specs_alone = create.files.is_empty() && !create.specs.is_empty();
    if create.policy.refresh || is_of_specs_alone {
        return None;
    }
    let mut texts: Vec<Vec<u8>> = vec![
        VERSION.into(),
        subdir.to_string().into(),
        format!("{:?} {:?}", options.extras, create.lock_use).into(),
        format!("{:?} {:?}", create.link_scripts, create.policy).into(),
        create.specs.join("\n").into(),
        create.categories.join("\n").into(),
        settings.channel_alias.clone().into(),
        create.channels.join("\n").into(),
        format!(
            "{:?} {:?}",
            settings.default_channels, settings.channel_rules
        )
        .into(),
        format!("{:?} {}", settings.pinned, settings.only_tar_bz2).into(),
    ];
    let mut overrides: Vec<_> = settings
        .variables
        .iter()
        .filter(|(name, _)| name.starts_with("CONDA_OVERRIDE_"))
        .map(|(name, value)| format!("{name}={value}").into_bytes())
        .collect();
    overrides.sort();
    texts.extend(overrides);
    let files = named_or_default(&create.files, settings).ok()?;
    // What comes by a pipe is another text the next time.
    if files
        .iter()
        .any(|file| is_stream(file, &settings.working_directory))
    {
        return None;
    }
    let files = files.iter().map(|file| settings.absolute(file));
    let files: Vec<PathBuf> = files
        .chain(create.policy.virtual_packages.clone())
        .collect();
    for file in &files {
        let bytes = read_user_file(file, INPUT_BYTES).ok()?;
        // A variable may have another value next time.
        if bytes.contains(&b'$') || reads_other_files(&bytes) {
            return None;
        }
        texts.extend([shown_name(file).into_bytes(), bytes]);
    }
    let locks = if create.lock_use == LockUse::Ignored {
        Vec::new()
    } else {
        locks(&files)
    };
    // The lock itself may have been given: then it is among the files, and there is none beside it. Specs that were
    // added to it may need a solve, which has another answer on another day.
    let is_locked = !locks.is_empty() && create.specs.is_empty();
    let is_pinned = is_locked || options.extras == Extras::Keep;
    texts.extend(locks);
    is_pinned.then(|| Fingerprint::digest(texts.iter().map(Vec::as_slice)))
}

/// Whether a manifest's `pip:` section may name files, which may be others next time. Looked for in the
/// whole text: that some manifests without any are read again costs little.
fn reads_other_files(manifest: &[u8]) -> bool {
    let text = String::from_utf8_lossy(manifest);
    let names_file = |line: &str| {
        let line = line.trim_start();
        let item = line.strip_prefix("- ").unwrap_or(line);
        let item = item.trim_start_matches([' ', '"', '\'', '[']);
        item.starts_with(['-', '.']) || item.contains('/')
    };
    match text.split_once("pip:") {
        Some((_, section)) => section.lines().any(names_file),
        None => false,
    }
}

/// The bytes of the locks that may be the manifest's.
fn locks(files: &[PathBuf]) -> Vec<Vec<u8>> {
    let Some(first) = files.first() else {
        return Vec::new();
    };
    let own = lock_path_of(first);
    let common = first.with_file_name(DEFAULT_LOCK);
    let is_lock = first.file_name().is_some_and(|name| {
        name.to_string_lossy().ends_with(DEFAULT_LOCK) && name != DEFAULT_MANIFEST
    });
    if is_lock {
        return vec![b"a lock".to_vec()];
    }
    let paths = own.into_iter().chain([common]);
    paths
        .filter_map(|path| read_user_file(&path, INPUT_BYTES).ok())
        .collect()
}

#[cfg(test)]
mod tests;
