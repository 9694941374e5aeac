//! The store as operations see it: opened in one way, with what conda knows of its objects.
//!
//! larder-store knows bytes; here are the names of packages, what a prefix and a lock are, and what
//! lies beside the objects.

mod gc;
mod inspect;
mod linked;
mod names;
mod open;
mod roots;
mod usage;
mod verify;

pub use gc::{GcArchive, GcError, GcOptions, GcReport, gc};
pub use inspect::{Amount, InspectError, ListedArchive, StoreInfo, list_store, store_info};
pub use linked::Linked;
pub(crate) use open::{open, open_to_inspect};
pub(crate) use roots::{is_alive, needed, of_closure, pin, record};
pub use verify::{Finding, FindingState, VerifyError, VerifyOptions, VerifyReport, What, verify};

/// Where bytecode is kept in the store, and in the directory of the trees: no name of a tree there, which are two
/// digits long.
pub(crate) const BYTECODE: &str = "bytecode";
