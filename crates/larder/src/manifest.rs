//! `larder manifest`: what was read from a manifest.

use std::path::PathBuf;

use larder_event::Reporter;
use larder_manifest::ManifestReport;

use crate::{
    InputError, Settings,
    inputs::{Input, InputRequest, read},
};

/// Reads manifests and says what they mean. Warnings are in the report as well as told.
///
/// # Errors
/// If they cannot be read or understood, or if one is a lock.
pub fn manifest(
    files: &[PathBuf],
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<ManifestReport, InputError> {
    match read(&InputRequest::files(files), settings, reporter)? {
        Input::Manifest(input) => Ok(ManifestReport::from(&input.manifest)),
        Input::Lock { path, .. } => Err(InputError::NotAManifest { path }),
    }
}
