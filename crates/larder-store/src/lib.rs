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

pub use collect::{
    Candidate, CollectError, CollectOptions, CollectPlan, CollectPolicy, CollectReport,
};
pub use format::FORMAT_BYTES;
pub use index::MD5_NAME_BYTES;
pub use ingest::{Ingest, IngestError};
pub use larder_digest::Checksum;
pub use listing::StoredObject;
pub use object::{Object, ObjectId, ObjectKind, ParseObjectIdError};
pub use pin::{PIN_BYTES, Pin};
pub use read::{ReadError, VerifiedObject};
pub use roots::{
    NeededObject, ObjectOrigin, ROOT_BYTES, RecordedRoot, RootError, RootKind, StoreRoot,
};
pub use steps::{IgnoreSteps, StepObserver, StoreStep};
pub use store::{Access, DisplacedEntry, OpenError, Store, StoreError, StoreOptions};
pub use verify::{DamagedObject, ObjectFault, RepairReport, StoreVerification};

#[cfg(test)]
mod tests;
