//! What closures need of the store: as pins while a run is under way, as roots afterwards.

use std::{io::ErrorKind, path::Path};

use larder_event::Reporter;
use larder_fetch::clean;
use larder_lock::{Closure, LockedPackage};
use larder_store::{NeededObject, ObjectId, ObjectKind, ObjectOrigin, Pin, RootKind, Store};

/// Keeps what a closure needs from being collected while this is held. To be called before the store is
/// asked for it. Without a pin a run is slower at worst, so that one cannot be made is only told.
pub(crate) fn pin(store: &Store, closure: &Closure, reporter: &dyn Reporter) -> Option<Pin> {
    let checksums = closure
        .packages()
        .iter()
        .filter_map(LockedPackage::checksum);
    match store.pin(checksums) {
        Ok(pin) => Some(pin),
        Err(error) => {
            reporter.note(format!("nothing is pinned in the store: {error}"));
            None
        }
    }
}

/// Whether what a root is for is still there: an environment has a history (CEP 32). What may not be
/// looked at is taken to be there.
pub(crate) fn is_alive(kind: RootKind, path: &Path) -> bool {
    let witness = match kind {
        RootKind::Prefix => path.join("conda-meta").join("history"),
        RootKind::Lock => path.to_owned(),
    };
    match witness.symlink_metadata() {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// Records what a prefix or lock needs. Roots only help to keep things: that one cannot be written is
/// told and stops nothing.
pub(crate) fn record(
    store: &Store,
    kind: RootKind,
    path: &Path,
    needed: impl IntoIterator<Item = NeededObject>,
    reporter: &dyn Reporter,
) {
    let Err(error) = store.record_root(kind, path, needed) else {
        return;
    };
    let text = format!(
        "`{}` is not recorded in the store, which may remove what it needs: {error}",
        path.display()
    );
    // Who uses a store that others fill knows that.
    if error.is_refusal() {
        reporter.note(text);
    } else {
        reporter.warn("store::no-root", text);
    }
}

/// An object that a package needs, with what is known of it.
pub(crate) fn needed(package: &LockedPackage, id: ObjectId) -> NeededObject {
    let origin = ObjectOrigin {
        name: Some(package.record.identifier.to_string()),
        url: Some(clean(&package.record.url).into()),
    };
    NeededObject {
        id,
        origin: Some(origin),
    }
}

/// The objects of a closure's packages, as far as their SHA-256 is known.
pub(crate) fn of_closure(closure: &Closure) -> impl Iterator<Item = NeededObject> + '_ {
    let object = |package: &LockedPackage| {
        let kind = ObjectKind::from_file_name(&package.record.identifier.to_string())?;
        let sha256 = package.sha256()?;
        Some(needed(package, ObjectId { kind, sha256 }))
    };
    closure.packages().iter().filter_map(object)
}
