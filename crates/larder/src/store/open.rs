//! Opening the store: the writable one over the read-only ones below it.

use larder_fs::Durability;
use larder_store::{OpenError, Store, StoreOptions};

use crate::Settings;

/// The store of these settings.
pub(crate) fn open(settings: &Settings, durability: Durability) -> Result<Store, OpenError> {
    let options = StoreOptions {
        durability,
        lower: settings.lower_stores.clone(),
        ..StoreOptions::default()
    };
    Store::open(&settings.store, &options)
}
