//! Makes every record of a closure present in the store, verified; and holds the network client that
//! everybody uses ([`Network`]).
//!
//! [`plan`] asks the store what is there, [`run`] fetches what is not, [`fetch`] is both. Bytes are
//! hashed and bounded as they arrive and go into the store by its write protocol: whatever stops a
//! transfer, nothing half-written is ever visible, and what was complete stays.
//!
//! This crate never unpacks an archive, never reads the environment (the caller names files; only the
//! system's proxy and certificate settings are read, by reqwest), and never puts a secret into an
//! error or an event: every URL that leaves it as text went through [`redact`].
#![forbid(unsafe_code)]

mod authenticate;
mod backoff;
mod base_url;
mod elsewhere;
mod error;
mod fetch;
mod mirrors;
mod network;
mod options;
mod package;
mod plan;
mod progress;
mod proxy;
mod queue;
mod source;
mod transfer;

pub use backoff::Backoff;
pub use elsewhere::{Elsewhere, Offer};
pub use error::{Absent, FetchError, PackageFailure, TransferError};
pub use fetch::{FetchSummary, fetch, run};
pub use larder_redact::{Credential, clean, redact, split_credentials};
pub use mirrors::MirrorMap;
pub use network::{Network, NetworkError, NetworkOptions, bare_client, stored_credential};
pub use options::{Arrived, FetchOptions};
pub use plan::{FetchPlan, MissingPackage, PresentPackage, plan};
pub use proxy::{ProxyChoice, ProxyRule};
