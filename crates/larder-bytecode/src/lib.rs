//! Bytecode of `noarch: python` packages: compiled once for each package and Python build, by that
//! Python itself, and kept beside the trees ([`Bytecodes`]).
//!
//! The bytes depend on nothing but package and Python: hash-based pycs (PEP 552) that name their source
//! by its path in the package, so that one file serves any number of environments. In a cache that
//! travels, bytecode is code that nobody can verify, so it goes there only under a secret
//! ([`Bundles`]). Nothing here knows environments, records or channels; nothing here prints.
#![forbid(unsafe_code)]

mod bundle;
mod bytecodes;
mod compile;
mod draft;
mod error;
mod index_file;
mod key;
mod queue;
mod secret;
mod upkeep;
mod worker;

pub use bundle::{BYTECODE_BUNDLE_BYTES, Bundles};
pub use bytecodes::{Bytecode, Bytecodes, BytecodesOptions, PycFile};
pub use compile::{Compiled, Package, Place, Source};
pub use error::CompileError;
pub use index_file::BYTECODE_INDEX_BYTES;
pub use key::Key;
pub use secret::{CacheSecret, SecretError};
pub use upkeep::{BundleFile, bundle_files};
