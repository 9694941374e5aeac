#![doc = include_str!("../../MEMO.md")]

mod file;
mod index;
mod indexes;
mod key;
mod names;
mod proof;
mod survey;
mod verify;

use std::{collections::BTreeSet, error::Error, path::PathBuf, sync::atomic::Ordering};

use larder_lock::Closure;

use self::{file::Memo, key::Key, proof::Proof, survey::survey};
use crate::{MachineRecords, SolveRequest, SolverOptions, load::Load};

pub use self::file::MEMO_BYTES;
pub(crate) use self::{indexes::Indexes, names::looked_at};

/// Whether the bytes are those of a memo; of one of another version only the beginning is known.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    if file::is_of_other_version(bytes) {
        return Ok(());
    }
    file::parse(bytes).map(drop)
}

/// Where the answer to one request is remembered.
pub(crate) struct Memos {
    directory: PathBuf,
    key: Key,
    records: MachineRecords,
    refresh: bool,
}

impl Memos {
    /// Nothing if memos are switched off.
    ///
    /// # Errors
    /// Why this request is never remembered.
    pub(crate) fn of(
        request: &SolveRequest<'_>,
        options: &SolverOptions,
    ) -> Result<Option<Self>, String> {
        let Some(directory) = options.memos.clone() else {
            return Ok(None);
        };
        let key = Key::of(request, options)?;
        Ok(Some(Self {
            directory,
            key,
            records: options.records.clone(),
            refresh: options.refresh,
        }))
    }

    /// Where the memo is, or would be.
    pub(crate) fn file(&self) -> PathBuf {
        file::path(&self.directory, &self.key)
    }

    /// Whether the memo can be used, as far as this machine knows it.
    pub(crate) fn is_recorded(&self) -> bool {
        matches!(
            file::read(&self.directory, &self.key, &self.records),
            Ok(Some(_))
        )
    }

    /// The remembered closure, if it is proven to be what a solve would give now.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn recall(&self, load: &Load<'_>) -> Result<Closure, String> {
        if self.refresh {
            return Err("a new solve was asked for".to_owned());
        }
        let memo = file::read(&self.directory, &self.key, &self.records)?;
        let memo = memo.ok_or_else(|| "this request is not remembered".to_owned())?;
        let surveyed = survey(load.session, load.request, load.depth).await?;
        memo.proof.holds(&surveyed)?;
        verify::recalled(&memo.packages, load).await
    }

    /// Remembers a closure that a solve gave, which looked at `names`.
    ///
    /// # Errors
    /// Why it is not remembered.
    pub(crate) async fn keep(
        &self,
        load: &Load<'_>,
        names: &BTreeSet<String>,
        closure: &Closure,
    ) -> Result<(), String> {
        let session = load.session;
        if session.has_mended.load(Ordering::Relaxed) {
            return Err("a channel has records that make no sense".to_owned());
        }
        verify::fits(closure, load.request)?;
        let surveyed = survey(session, load.request, load.depth).await?;
        if !session.log.is_steady() {
            return Err("a channel changed in the meantime".to_owned());
        }
        let packages = closure.packages().iter();
        let packages = packages.map(|package| verify::remembered(&package.record));
        let memo = Memo {
            key: self.key.text.clone(),
            proof: Proof::new(&surveyed, names),
            packages: packages
                .collect::<Option<_>>()
                .ok_or("a record cannot be written as JSON")?,
        };
        file::write(&self.directory, &self.key, &memo, &self.records).map_err(|error| {
            let cause = error.source().map(ToString::to_string);
            format!("{error}: {}", cause.unwrap_or_default())
        })
    }
}

/// The parts, for unit tests.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::{
        file::{Memo, compose, parse},
        index::{Form, Index},
        key::{DECIDERS, Key},
        proof::Proof,
    };
}
