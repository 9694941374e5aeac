//! The bytes of a file as they are in the environment, by what the plan says of its path.

use rattler_conda_types::Subdir;

use crate::{
    ApplyError, LinkPackage,
    plan::{Action, PlannedPath},
    replace::{PrefixTooLong, replace_binary, replace_text},
};

/// `bytes` with the prefix in place of the placeholder, if the path has one.
///
/// # Errors
/// If a binary file holds the placeholder in an encoding in which the prefix does not fit.
pub(crate) fn rewritten(
    bytes: Vec<u8>,
    planned: &PlannedPath<'_>,
    (prefix, subdir): (&str, Subdir),
) -> Result<Vec<u8>, PrefixTooLong> {
    match planned.action {
        Action::RewriteText { placeholder } => {
            Ok(replace_text(&bytes, placeholder, prefix, subdir))
        }
        Action::RewriteBinary { placeholder } => replace_binary(bytes, placeholder, prefix),
        _ => Ok(bytes),
    }
}

impl PrefixTooLong {
    /// The same as an error of one path of a package.
    pub(crate) fn of(self, package: LinkPackage<'_>, planned: &PlannedPath<'_>) -> ApplyError {
        ApplyError::PrefixTooLong {
            package: package.dist(),
            path: planned.path.to_string(),
            prefix_length: self.prefix,
            limit: self.placeholder,
        }
    }
}
