//! Progress and warnings as data: the [`Event`] enum, and the [`Reporter`] trait that receives events.
//!
//! Libraries report events and never print; progress bars, plain output and tests implement [`Reporter`]. Events name
//! packages as text (`name-version-build`) and contain no secrets.
//!
//! ```
//! use larder_event::{EventRecorder, Reporter as _};
//!
//! let reporter = EventRecorder::default();
//! reporter.warn("link::clobbered", "two packages have `bin/tool`".into());
//! assert_eq!(reporter.warnings(), ["link::clobbered: two packages have `bin/tool`"]);
//! ```
#![forbid(unsafe_code)]

mod event;
mod reporter;

pub use event::{ArchiveSource, Event, Phase, Warning, WorkKind};
pub use reporter::{EventRecorder, Reporter, SilentReporter, elapsed_milliseconds, time_work};
