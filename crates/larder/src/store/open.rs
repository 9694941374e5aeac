//! Opening the store: the writable one over the read-only ones below it.

use larder_event::Reporter;
use larder_fs::Durability;
use larder_store::{OpenError, Store, StoreOptions};

use crate::Settings;

/// The store of these settings. What is in the place of a directory of it and is none, such as a link out of a
/// restored cache, is moved aside and named.
pub(crate) fn open(
    settings: &Settings,
    durability: Durability,
    reporter: &dyn Reporter,
) -> Result<Store, OpenError> {
    let store = Store::open(&settings.store, &options(settings, durability))?;
    if store.is_format_repaired() {
        let text = format!(
            "the file `format` of the store {} was damaged or missing: written again",
            settings.store.display()
        );
        reporter.warn("store::format-mended", text);
    }
    for displaced in store.displaced() {
        let text = format!(
            "`{}` of the store was no directory and is not followed: moved to `{}`",
            displaced.path.display(),
            displaced.aside.display()
        );
        reporter.warn("store::displaced", text);
    }
    Ok(store)
}

/// The store, to look at it: nothing that is there is moved.
pub(crate) fn open_to_inspect(
    settings: &Settings,
    durability: Durability,
) -> Result<Store, OpenError> {
    let options = StoreOptions {
        displace: false,
        ..options(settings, durability)
    };
    Store::open(&settings.store, &options)
}

fn options(settings: &Settings, durability: Durability) -> StoreOptions {
    StoreOptions {
        durability,
        lower: settings.lower_stores.clone(),
        ..StoreOptions::default()
    }
}
