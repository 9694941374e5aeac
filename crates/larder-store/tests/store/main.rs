//! The store from outside: what FORMAT.md promises, line by line, on real files and with real processes.
#![expect(clippy::unwrap_used, reason = "tests")]

mod churn;
mod collect;
mod crash;
mod crowd;
mod damage;
mod failure;
#[cfg(unix)]
mod hostile;
mod layout;
mod lower;
mod many;
mod model;
mod permissions;
mod pins;
mod reading;
mod roots;
mod schedule;
mod support;
mod sweep;
mod verify;
mod worker;
mod writing;
