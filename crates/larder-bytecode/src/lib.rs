//! Bytecode of `noarch: python` packages: compiled once for each package and Python build, by that Python itself, and
//! kept next to the trees ([`Bytecodes`]).
//!
//! The bytes depend only on the package and the Python: they are hash-based pycs (PEP 552) that name their source by its
//! path in the package, so one file serves any number of environments. Bytecode from a CI cache cannot be verified against
//! its source without compiling again, so a cache gets it only sealed with a secret ([`BytecodeBundles`]). This crate
//! knows no environments, records or channels, and never prints.
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

pub use bundle::{BYTECODE_BUNDLE_BYTES, BytecodeBundles};
pub use bytecodes::{Bytecode, Bytecodes, BytecodesOptions, PycFile};
pub use compile::{CompileEnvironment, CompileOutcome, PackageToCompile, PythonSource};
pub use error::CompileError;
pub use index_file::BYTECODE_INDEX_BYTES;
pub use key::BytecodeKey;
pub use secret::{CacheSecret, SecretError};
pub use upkeep::{BundleFile, list_bundle_files};
