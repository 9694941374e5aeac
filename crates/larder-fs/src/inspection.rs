//! What other processes of the same user can read of this one.

use std::io;

/// Keeps other processes of the same user, the ones that this process starts included, from reading its
/// memory, its variables and its open files by `/proc` and from tracing it, from now on. Programs that it
/// starts are not affected.
///
/// Linux: `prctl(PR_SET_DUMPABLE, 0)`. Root with `CAP_SYS_PTRACE` can still read everything, with
/// `CAP_PERFMON` the variables, and the processes above this one, such as the shell of a job, keep their own variables readable. On other systems
/// nothing changes: macOS shows the variables of a process to its user, Windows shows everything.
///
/// # Errors
/// If the system refuses; nothing is different then.
pub fn forbid_inspection() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};

        // From then on files in /proc/self belong to root; what is open stays readable.
        crate::output::open_counters();
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
