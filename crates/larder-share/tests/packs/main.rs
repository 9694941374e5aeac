//! Packs on services that keep few, large, immutable entries.
#![expect(clippy::unwrap_used, reason = "tests")]

mod collect;
mod concurrent;
mod github;
mod poison;
mod service;
mod share;
mod team;
