//! The `pip:` section of a manifest in its lock, for each platform.

use larder_event::Reporter;
use larder_lock::{Closure, LockFile, PipLock};
use larder_solve::CutOffs;
use larder_store::Store;
use rattler_conda_types::Subdir;

use super::LockOperationError;
use crate::{
    Settings,
    inputs::ManifestInput,
    pip::{PipRun, section},
    solving::Want,
};

/// The pip packages beside each closure; nothing for platforms without a section.
pub(super) async fn lock_pips(
    input: &ManifestInput,
    wants: &[Want],
    closures: &[Closure],
    cut_offs: &CutOffs,
    (store, settings, reporter): (&Store, &Settings, &dyn Reporter),
) -> Result<Vec<(Subdir, PipLock)>, LockOperationError> {
    let mut locked = Vec::new();
    for (want, closure) in wants.iter().zip(closures) {
        let Some(section) = section(input, want.subdir, settings)? else {
            continue;
        };
        let run = PipRun {
            settings,
            store,
            channels: want.channels.lock_urls(),
            cut_offs,
            reporter,
        };
        let pip = run.lock(&section, closure, &want.virtual_packages).await?;
        locked.push((want.subdir, pip));
    }
    Ok(locked)
}

/// A lock with these pip packages.
pub(super) fn joined(lock: LockFile, pips: &[(Subdir, PipLock)], category: &str) -> LockFile {
    pips.iter().fold(lock, |lock, (subdir, pip)| {
        lock.with_pip(*subdir, pip, category)
    })
}

/// How many pip packages a platform has.
pub(super) fn count(pips: &[(Subdir, PipLock)], subdir: Subdir) -> usize {
    let of_subdir = pips.iter().filter(|(known, _)| *known == subdir);
    of_subdir.map(|(_, pip)| pip.packages.len()).sum()
}
