#![doc = include_str!("../FORMAT.md")]
#![forbid(unsafe_code)]

mod collect;
mod format;
mod index;
mod ingest;
mod layout;
mod listing;
mod object;
mod pin;
mod read;
mod roots;
mod steps;
mod store;
mod sweep;
mod temporary;
mod verify;

pub use collect::{Candidate, CollectError, CollectOptions, CollectPlan, CollectReport, Policy};
pub use format::FORMAT_BYTES;
pub use index::MD5_NAME_BYTES;
pub use ingest::{Ingest, IngestError};
pub use larder_digest::Checksum;
pub use listing::StoredObject;
pub use object::{Object, ObjectId, ObjectKind, ParseObjectIdError};
pub use pin::{PIN_BYTES, Pin};
pub use read::{ReadError, VerifiedObject};
pub use roots::{Needed, Origin, ROOT_BYTES, RecordedRoot, Root, RootError, RootKind};
pub use steps::{NoSteps, Step, Steps};
pub use store::{Access, Displaced, OpenError, Store, StoreError, StoreOptions};
pub use verify::{Damage, Fault, Mended, VerifyReport};

#[cfg(test)]
mod tests;
