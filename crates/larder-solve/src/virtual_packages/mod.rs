//! What the target system provides: virtual packages (CEP 30, CEP 46).
//!
//! Detected for the machine itself, documented defaults for a foreign subdir, `CONDA_OVERRIDE_*` in
//! either case. The caller hands in the variables and the [`Host`]: this module reads no environment.
//! What an override or a default decided is told in notes.

mod archspec;
mod defaults;
mod detect;
mod host;
mod overrides;

pub use detect::{Detected, detect};
pub use host::{Finding, Host};
pub use overrides::{Overrides, override_name};
