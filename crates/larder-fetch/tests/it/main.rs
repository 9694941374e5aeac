//! Fetching over loopback from a server that misbehaves on demand, from files, by proxy and by TLS.
//!
//! No test waits for the clock except for a time-out that cannot be shortened away, and none leaves
//! loopback.
#![expect(clippy::unwrap_used, reason = "tests")]

mod credentials;
mod faults;
mod fetching;
mod lengths;
mod mirrors;
mod offline;
mod proxy;
mod raw;
mod records;
mod store;
mod support;
mod tls;
