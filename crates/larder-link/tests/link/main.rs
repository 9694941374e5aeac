//! Environments from real packages: what lands, what is recorded, what happens when something fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bytecode;
mod clobber;
mod crash;
mod files;
mod history;
mod killed;
mod noarch;
mod place;
mod real;
mod record;
mod scripts;
mod stream;
mod support;
mod twin;
mod update;
