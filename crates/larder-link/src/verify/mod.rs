//! [`verify`]: an environment held against its records, whoever made it.
//!
//! Reads every file that a record names, and finds what no record names. Changes nothing. What is right
//! is what the records say (`sha256_in_prefix`, else `sha256`; for packages that pip installed their
//! `RECORD`): nobody signs records, so this finds accidents and forgetfulness, not an attacker.

use std::path::Path;

use larder_event::{Event, Phase, Reporter};
use larder_fs::PathError;
use rattler_conda_types::PrefixRecord;

use crate::PipFile;

mod claim;
mod compare;
mod drift;
mod extras;
mod pip;
mod pip_record;
mod records;

pub use drift::{DamagedRecord, Drift, Drifted, PipPackage, VerifyReport};

use claim::Claims;
#[cfg(fuzzing)]
pub(crate) use records::parse as parse_record;
pub use records::{prefix_record, prefix_records};

/// How an environment is verified.
#[derive(Debug, Clone, Copy)]
pub struct VerifyOptions {
    /// How many threads read; 0 counts as 1.
    pub threads: usize,
    /// Whether files are compared by existence, kind and size alone.
    pub quick: bool,
}

/// Compares the environment at `prefix` with its records.
///
/// Emits [`Phase::Verify`] with the number of files and their bytes as recorded, and
/// [`Event::Verified`] as they are read.
///
/// # Errors
/// If `conda-meta` or a directory cannot be read at all; what cannot be read of single files is drift.
pub fn verify(
    prefix: &Path,
    options: VerifyOptions,
    reporter: &dyn Reporter,
) -> Result<VerifyReport, PathError> {
    let begun = std::time::Instant::now();
    let (records, damaged_records) = prefix_records(prefix, options.threads)?;
    let mut claims = Claims::default();
    for record in &records {
        claims.of_record(record);
    }
    let mut pip = pip::find(prefix, &mut claims)?;
    if let Some(file) = PipFile::read(prefix)? {
        pip::without_wanted(&mut pip, &file, &mut claims);
    }
    let claimed = claims.sorted();
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Verify,
        total: claimed.len() as u64,
        bytes: claimed.iter().map(|claim| claim.bytes()).sum(),
    });
    let drifted = compare::all(prefix, &claims, options, reporter);
    let extra = extras::find(prefix, &claims)?;
    reporter.event(&Event::PhaseFinished {
        phase: Phase::Verify,
        milliseconds: begun.elapsed().as_millis() as u64,
    });
    Ok(VerifyReport {
        packages: records.len(),
        files: claimed.len() as u64,
        drifted,
        extra,
        pip,
        damaged_records,
    })
}

/// What pip, or a tool like it, installed in the environment at `prefix` whose records are `records`.
///
/// # Errors
/// If a directory or a file cannot be read.
pub fn pip_packages(prefix: &Path, records: &[PrefixRecord]) -> Result<Vec<PipPackage>, PathError> {
    let mut claims = Claims::default();
    records.iter().for_each(|record| claims.of_record(record));
    pip::find(prefix, &mut claims)
}

/// A path below a prefix as records write it.
fn text(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests;
