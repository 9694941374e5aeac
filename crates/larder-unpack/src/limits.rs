//! How much an archive may ask for before it is taken for an attack.
//!
//! The defaults are far above anything that channels carry (the largest packages have some 5 GB and
//! 200,000 files), so that they stop bombs and nothing else.

use std::fmt;

/// Bounds on one archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many entries, in both tarballs together.
    pub entries: u64,
    /// Bytes of one entry.
    pub entry_bytes: u64,
    /// Decompressed bytes of the whole archive, headers included.
    pub total_bytes: u64,
    /// Decompressed bytes per compressed byte, once [`Limits::RATIO_FLOOR`] bytes have come out.
    pub ratio: u64,
    /// Bytes of all files below `info/` together, as they are held in memory.
    pub info_bytes: u64,
    /// What to do with symbolic links that lead out of the package.
    pub outside_links: OutsideLinks,
}

/// What to do with a symbolic link whose target is absolute or leads out of the package.
///
/// Such a link does no harm by being made, as nothing is ever written through a link; but a program
/// that later follows it leaves the environment. conda makes it as shipped. None of the packages that
/// larder is tested with has one, so a package that does is refused until somebody decides otherwise.
/// Dangling links that stay inside are always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutsideLinks {
    /// Refuse the archive.
    #[default]
    Refuse,
    /// Make the link as shipped.
    Keep,
}

/// Which bound an archive broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// [`Limits::entries`]
    Entries,
    /// [`Limits::entry_bytes`]
    EntryBytes,
    /// [`Limits::total_bytes`]
    TotalBytes,
    /// [`Limits::ratio`]
    Ratio,
    /// [`Limits::info_bytes`]
    InfoBytes,
}

impl Limits {
    /// Below this many decompressed bytes the ratio does not matter: small archives of zeros are
    /// harmless and real.
    pub const RATIO_FLOOR: u64 = 64 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 2_000_000,
            entry_bytes: 32 << 30,
            total_bytes: 64 << 30,
            ratio: 1_000,
            info_bytes: 512 << 20,
            outside_links: OutsideLinks::Refuse,
        }
    }
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entries => "entries in the archive",
            Self::EntryBytes => "bytes in one entry",
            Self::TotalBytes => "decompressed bytes",
            Self::Ratio => "decompressed bytes per compressed byte",
            Self::InfoBytes => "bytes below `info/`",
        })
    }
}
