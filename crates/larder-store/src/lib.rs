#![doc = include_str!("../FORMAT.md")]
#![forbid(unsafe_code)]

mod format;
mod index;
mod ingest;
mod layout;
mod object;
mod read;
mod roots;
mod steps;
mod store;
mod sweep;
mod temporary;
mod verify;

pub use ingest::{Ingest, IngestError};
pub use object::{Object, ObjectId, ObjectKind, ParseObjectIdError};
pub use read::{ReadError, VerifiedObject};
pub use roots::{Root, RootError, RootKind};
pub use steps::{NoSteps, Step, Steps};
pub use store::{Access, OpenError, Store, StoreError, StoreOptions};
pub use verify::{Damage, Fault, VerifyReport};

#[cfg(test)]
mod tests;
