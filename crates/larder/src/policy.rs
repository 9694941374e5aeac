//! How a solve chooses among what fits.

use std::path::PathBuf;

use larder_solve::{CutOffs, Priority, Strategy};

/// How a solve chooses among what fits.
#[derive(Debug, Clone, Default)]
pub struct SolvePolicy {
    /// What the order of the channels means.
    pub priority: Priority,
    /// Which of several fitting versions to take.
    pub strategy: Strategy,
    /// Ignore records that were published later.
    pub exclude_newer: CutOffs,
    /// Solve anew, even if an earlier answer is still true.
    pub refresh: bool,
    /// What the target systems provide (`virtual-packages.yml` of conda-lock).
    pub virtual_packages: Option<PathBuf>,
}
