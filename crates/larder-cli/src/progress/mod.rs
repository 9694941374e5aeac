//! Progress for people: bars in a terminal, plain lines without one, nothing when asked to be quiet.

use larder_event::Reporter;

use crate::{args::GlobalArgs, output};

mod bars;
mod plain;

/// The reporter that fits terminal and flags. Warnings reach the user through every one of them.
pub(crate) fn reporter(global: &GlobalArgs) -> Box<dyn Reporter> {
    let verbosity = match global.verbose {
        _ if is_silent(global) => plain::Verbosity::Warnings,
        0 => plain::Verbosity::Phases,
        _ => plain::Verbosity::Everything,
    };
    if verbosity == plain::Verbosity::Phases && output::is_watched() {
        Box::new(bars::Bars::new())
    } else {
        Box::new(plain::Plain::new(verbosity))
    }
}

/// Whether nothing but warnings is told.
pub(crate) fn is_silent(global: &GlobalArgs) -> bool {
    (global.quiet || global.json) && global.verbose == 0
}

/// What a phase is called while it runs and when it is done.
pub(crate) fn phase_names(phase: larder_event::Phase) -> (&'static str, &'static str) {
    use larder_event::Phase;

    match phase {
        Phase::Repodata => ("loading channels", "loaded channels"),
        Phase::Solve => ("solving", "solved"),
        Phase::Fetch => ("fetching", "fetched"),
        Phase::Unpack => ("unpacking", "unpacked"),
        Phase::Link => ("linking", "linked"),
        Phase::Compile => ("compiling bytecode", "compiled bytecode of"),
        Phase::Pip => ("installing the pip section", "installed the pip section"),
        Phase::Scripts => ("running link scripts", "ran link scripts"),
        Phase::Verify => ("verifying", "verified"),
        Phase::Collect => ("collecting", "collected"),
        Phase::Pack => ("packing", "packed"),
        Phase::Receive => ("reading the pack", "read the pack:"),
        Phase::Import => ("importing", "imported"),
        Phase::Export => ("exporting", "exported"),
        Phase::Save => ("saving", "saved"),
        Phase::Restore => ("restoring", "restored"),
        Phase::Push => ("pushing", "pushed"),
        Phase::Measure => ("measuring", "measured"),
    }
}
