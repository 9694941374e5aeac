//! One path of a package.

use larder_digest::Sha256;

use crate::{Content, ContentProblem, MetadataProblem, RelPath};

/// One path of a package, outside of `info/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathEntry {
    /// Relative to the package's root.
    pub path: RelPath,
    /// What it is.
    pub kind: PathKind,
    /// What has to be replaced by the prefix, if anything.
    pub prefix: Option<Placeholder>,
    /// Whether it must be copied rather than linked.
    pub no_link: bool,
    /// Of the file's bytes; of a link's target's bytes if the package says so; never of a link's text.
    /// Every file has one after [`crate::PackageInfo::confirm`].
    pub sha256: Option<Sha256>,
    /// In bytes, of what `sha256` is of.
    pub size: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// The text of a symbolic link, as shipped.
    pub link_target: Option<String>,
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A regular file, `hardlink` in `paths.json`.
    File,
    /// A symbolic link.
    Softlink,
    /// A directory.
    Directory,
}

/// Bytes of a placeholder: what one letter stands for would be replaced in every word. Build tools use
/// paths, padded to 255 bytes.
pub const PLACEHOLDER_BYTES: usize = 4;

/// The text that stands for the prefix in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Never empty.
    pub text: String,
    /// How to replace it.
    pub mode: FileMode,
}

/// How to replace a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// As text: the file may change its size.
    Text,
    /// In strings that end with NUL: the file keeps its size.
    Binary,
}

impl Placeholder {
    /// A placeholder that a package names.
    ///
    /// # Errors
    /// [`MetadataProblem::Placeholder`] for fewer than [`PLACEHOLDER_BYTES`] bytes.
    pub(super) fn new(text: String, mode: FileMode) -> Result<Self, MetadataProblem> {
        if text.len() < PLACEHOLDER_BYTES {
            return Err(MetadataProblem::Placeholder {
                text: text.escape_debug().to_string(),
                least: PLACEHOLDER_BYTES,
            });
        }
        Ok(Self { text, mode })
    }
}

impl PathKind {
    /// For messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Softlink => "symbolic link",
            Self::Directory => "directory",
        }
    }
}

impl PathEntry {
    /// Compares with the file found and takes over what was not listed.
    pub(super) fn take_file(&mut self, found: &Content) -> Result<(), ContentProblem> {
        let Content::File {
            sha256,
            size,
            executable,
        } = found
        else {
            return Ok(());
        };
        // Nobody lists 0 for a file that is not empty, but the key may be left out.
        if self.size != 0 && self.size != *size {
            return Err(ContentProblem::Size {
                expected: self.size,
                found: *size,
            });
        }
        if let Some(expected) = self.sha256.filter(|expected| expected != sha256) {
            return Err(ContentProblem::Sha256 {
                expected,
                found: *sha256,
            });
        }
        (self.sha256, self.size) = (Some(*sha256), *size);
        self.executable = *executable;
        Ok(())
    }

    /// Takes over what a list of mere names does not say.
    pub(super) fn take_kind(&mut self, found: &Content) {
        match found {
            Content::File { .. } => {}
            Content::Symlink { target } => {
                self.kind = PathKind::Softlink;
                self.link_target = Some(target.clone());
            }
            Content::Directory => self.kind = PathKind::Directory,
        }
    }
}
