//! What happened, as facts: one closed [`Event`] enum and the [`Reporter`] that receives it.
//!
//! Libraries tell a reporter and never print; bars, plain lines and tests each have their own. Events name packages as plain text (`name-version-build`) and never carry an index,
//! a secret or a `Path` that is not meant for the reader.
#![forbid(unsafe_code)]

mod event;
mod reporter;

pub use event::{Event, Phase, Source, Warning, Work};
pub use reporter::{Recorder, Reporter, Silent, milliseconds, timed};
