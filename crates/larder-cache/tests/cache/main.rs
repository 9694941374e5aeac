//! The cache from outside: keys, archives, saves, restores and scopes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod archive;
mod gitlab_keys;
mod hostile;
mod keys;
mod restores;
mod saves;
mod scopes;
mod service;
mod snapshot;
