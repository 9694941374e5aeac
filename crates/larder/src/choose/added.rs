//! Specs of the command line in addition to a manifest that has a lock: the lock's pins are kept where these allow.
//!
//! 1. The lock has to satisfy the manifest alone, as without specs.
//! 2. If it satisfies the specs as well, it is the answer: nothing is solved.
//! 3. Else a solve for manifest and specs prefers the records of the lock. The lock file itself never changes.

use std::path::{Path, PathBuf};

use larder_lock::{Closure, LockFile, PipLock, Reason};

use super::{ChooseError, Chooser, Chosen, Origin, with_requests};
use crate::{inputs::ManifestInput, lock::check_against, pip, solving::Want};

/// What a lock says, for a comparison with what became of it.
#[derive(Debug)]
pub(crate) struct LockBase {
    pub(crate) path: PathBuf,
    pub(crate) closure: Closure,
    pub(crate) pip: PipLock,
}

impl Chooser<'_> {
    /// The closure for a manifest with added specs, as close to `lock` as they allow.
    pub(super) async fn with_added_specs(
        &self,
        input: &ManifestInput,
        lock: &LockFile,
        path: &Path,
        want: &Want,
    ) -> Result<Chosen, ChooseError> {
        let before = want.without_added(self.settings);
        let closure = self.checked(input, lock, path, &before).await?;
        let locked_pip = lock.pip(want.subdir, &want.selection);
        let section = pip::section(input, want.subdir, self.settings)?;
        let mut reasons = check_against(lock, want, section.as_ref(), self.settings);
        // Whether the lock is right about its addresses was settled with the manifest alone.
        reasons.retain(|reason| !reason.is_settled_by_index());
        let base = LockBase {
            path: path.to_owned(),
            closure: closure.clone(),
            pip: locked_pip.clone(),
        };
        if reasons.is_empty() {
            return Ok(Chosen {
                pip: locked_pip,
                base: Some(base),
                ..Chosen::known(with_requests(closure, want)?, Origin::Lock)
            });
        }
        self.note_why_solved(path, &reasons);
        let packages = closure.packages().iter();
        let preferred: Vec<_> = packages.map(|package| package.record.clone()).collect();
        let solved = self.recall_or_solve(want, &preferred).await?;
        let closure = with_requests(solved.closure, want)?;
        let keeps_pip = section.is_some()
            && pip::check_lock(section.as_ref(), lock, &closure, want, self.settings).is_empty();
        Ok(Chosen {
            why_no_memo: solved.why_no_memo,
            pip: match keeps_pip {
                true => locked_pip,
                false => PipLock::default(),
            },
            base: Some(base),
            ..Chosen::known(closure, solved.how.into())
        })
    }

    fn note_why_solved(&self, path: &Path, reasons: &[Reason]) {
        for reason in reasons {
            self.reporter.note(format!("{}: {reason}", path.display()));
        }
    }
}
