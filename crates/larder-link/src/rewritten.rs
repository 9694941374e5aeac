//! The bytes of a file as they are in the environment, by what the plan says of its path.

use rattler_conda_types::Subdir;

use crate::{
    ApplyError, LinkPackage,
    plan::{Action, PlannedPath},
    replace::{GrowsTooMuch, PrefixTooLong, replace_binary, replace_text},
};

/// `bytes` with the prefix in place of the placeholder, if the path has one.
///
/// # Errors
/// If a binary file holds the placeholder in an encoding in which the prefix does not fit, or a text would
/// become much larger than it is.
pub(crate) fn rewritten(
    bytes: Vec<u8>,
    planned: &PlannedPath<'_>,
    (prefix, subdir): (&str, Subdir),
) -> Result<Vec<u8>, Unfit> {
    match planned.action {
        Action::RewriteText { placeholder } => {
            replace_text(&bytes, placeholder, prefix, subdir).map_err(Unfit::Growth)
        }
        Action::RewriteBinary { placeholder } => {
            replace_binary(bytes, placeholder, prefix).map_err(Unfit::Prefix)
        }
        _ => Ok(bytes),
    }
}

/// Why the prefix cannot be written into a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unfit {
    Prefix(PrefixTooLong),
    Growth(GrowsTooMuch),
}

/// Bytes of a file that the prefix is written into, which is held in memory. Libraries with a prefix in them have
/// up to some hundred megabytes.
pub const REWRITTEN_BYTES: u64 = 2 << 30;

impl Unfit {
    /// That a file is too large to be held.
    pub(crate) fn large(size: usize) -> Self {
        let limit = usize::try_from(REWRITTEN_BYTES).unwrap_or(usize::MAX);
        Self::Growth(GrowsTooMuch { size, limit })
    }

    /// The same as an error of one path of a package.
    pub(crate) fn of(self, package: LinkPackage<'_>, planned: &PlannedPath<'_>) -> ApplyError {
        match self {
            Self::Prefix(too_long) => ApplyError::PrefixTooLong {
                package: package.dist(),
                path: planned.path.to_string(),
                prefix_length: too_long.prefix,
                limit: too_long.placeholder,
            },
            Self::Growth(growth) => ApplyError::GrowsTooMuch {
                package: package.dist(),
                path: planned.path.to_string(),
                size: growth.size,
                limit: growth.limit,
            },
        }
    }
}
