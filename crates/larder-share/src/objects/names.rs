//! Every name of the layout.

use larder_digest::Sha256;
use larder_remote::ObjectName;
use larder_store::{ObjectId, ObjectKind};

use crate::NoteName;

/// What all names begin with: the layout's version, and room for others beside it.
const TOP: &str = "store1";
/// What objects are in.
pub(super) const DIRECTORIES: [&str; 2] = ["pkgs", "wheels"];
/// What roots are in.
pub(super) const ROOTS: &str = "roots";
/// What says what is about to go.
pub(super) const DOOMED: &str = "doomed";

/// What the names in a directory begin with.
pub(super) fn below(directory: &str) -> String {
    format!("{TOP}/{directory}/")
}

pub(super) fn object(id: ObjectId) -> ObjectName {
    let directory = match id.kind {
        ObjectKind::Conda | ObjectKind::TarBz2 => DIRECTORIES[0],
        ObjectKind::Wheel | ObjectKind::Source => DIRECTORIES[1],
    };
    let digits = &id.sha256.to_hex()[..2];
    name(format!("{TOP}/{directory}/{digits}/{id}"))
}

/// The object of this name, if it is one.
pub(super) fn object_of(found: &ObjectName) -> Option<ObjectId> {
    let id: ObjectId = found.as_str().rsplit('/').next()?.parse().ok()?;
    (object(id) == *found).then_some(id)
}

pub(super) fn note(note: &NoteName) -> ObjectName {
    name(format!("{TOP}/{note}"))
}

pub(super) fn root(digest: Sha256) -> ObjectName {
    name(format!("{TOP}/{ROOTS}/{digest}.json"))
}

/// What the bytes of a root of this name have.
pub(super) fn root_of(found: &ObjectName) -> Option<Sha256> {
    let digest = found.as_str().rsplit('/').next()?.strip_suffix(".json")?;
    let digest = digest.parse().ok()?;
    (root(digest) == *found).then_some(digest)
}

pub(super) fn doomed(random: &str) -> ObjectName {
    name(format!("{TOP}/{DOOMED}/{random}.json"))
}

pub(super) fn clock() -> ObjectName {
    name(format!("{TOP}/clock"))
}

/// Digits, letters of extensions and slashes: always a name.
#[expect(
    clippy::expect_used,
    reason = "made of digests and words of this file alone"
)]
fn name(text: String) -> ObjectName {
    ObjectName::new(text).expect("a name of the layout")
}
