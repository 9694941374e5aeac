//! What a lock says of where it came from: sources, channels, virtual packages that were given.
//!
//! Nothing of the machine, the clock or the user, and no digest of the manifest: an edited comment
//! must not change the lock.

use std::path::Path;

use larder_lock::{
    Closure, LockChannel, LockHead, PackageCategories, package_categories, relative_source,
};
use larder_manifest::Manifest;

use crate::{inputs::ManifestInput, solving::Want};

pub(super) fn head(
    input: &ManifestInput,
    wants: &[Want],
    closures: &[Closure],
    path: &Path,
) -> LockHead {
    let directory = path.parent().unwrap_or(path);
    let source = |file: &std::path::PathBuf| relative_source(directory, file);
    let mut channels: Vec<LockChannel> = Vec::new();
    for channel in wants.iter().flat_map(|want| want.channels.lock_channels()) {
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    // What came by a pipe cannot be found again.
    let sources = input.files.iter().filter(|_| input.has_place);
    let mut head = LockHead {
        category: input.manifest.category.clone(),
        sources: sources.filter_map(source).collect(),
        channels,
        ..LockHead::default()
    };
    for (want, closure) in wants.iter().zip(closures) {
        head.virtual_packages
            .insert(want.subdir, relied_on(want, closure));
        let categories = categories_of(&input.manifest, want, closure);
        head.categories
            .extend(categories.map(|categories| (want.subdir, categories)));
    }
    head
}

/// The categories of the packages; `None` where all manifests are of one.
pub(super) fn categories_of(
    manifest: &Manifest,
    want: &Want,
    closure: &Closure,
) -> Option<PackageCategories> {
    let has_several = manifest.categories.len() > 1;
    has_several.then(|| package_categories(closure, &want.categories, &want.virtual_packages))
}

/// The virtual packages that were given (by an override or a file) and that the closure needs: whoever
/// checks the lock on a machine without them has to know. Those that were detected or assumed stay
/// out, or the lock would differ from machine to machine.
fn relied_on(want: &Want, closure: &Closure) -> Vec<String> {
    let records = closure
        .packages()
        .iter()
        .map(|package| &package.record.package_record);
    let texts: Vec<&str> = records
        .flat_map(|record| record.depends.iter().chain(&record.constrains))
        .map(String::as_str)
        .collect();
    let is_needed = |name: &str| {
        texts
            .iter()
            .any(|text| text.split([' ', '[', '>', '<', '=']).next() == Some(name))
    };
    let given = want
        .given
        .iter()
        .filter(|package| is_needed(package.name.as_normalized()));
    given.map(ToString::to_string).collect()
}
