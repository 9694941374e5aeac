//! Inputs that ask for more than there is: with bounds on memory and time, each is refused, or read, and larder
//! ends by itself with an exit code of its own.
//!
//! `LIMITS.md` of the crate `larder` has the bounds; `ci/limits` measures each at its limit.

use larder_testkit::{Run, Sandbox};

mod cache;
mod packages;
mod specs;
mod streams;
mod yaml;

/// Address space in KiB: what a debug build takes for nothing, and a third of the smallest bomb.
const MEMORY: u64 = 2 << 20;
/// Seconds of CPU; what is quadratic takes minutes.
const TIME: u64 = 60;

/// Runs larder with [`MEMORY`] and [`TIME`]. A run that needs more is ended by a signal, which no test expects.
fn bounded(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    bounded_shell(sandbox, "exec \"$@\"", arguments)
}

/// Runs a command of the shell in which `"$@"` is larder with `arguments`.
fn bounded_shell(sandbox: &Sandbox, script: &str, arguments: &[&str]) -> Run {
    let larder = sandbox.command(arguments);
    let script = format!("ulimit -v {MEMORY}; ulimit -t {TIME}; ulimit -c 0; {script}");
    let mut shell = std::process::Command::new("bash");
    shell
        .args(["-c", &script, "bash"])
        .arg(larder.get_program())
        .args(larder.get_args())
        .env_clear()
        // Each arena of glibc takes 64 MiB of address space, used or not.
        .env("MALLOC_ARENA_MAX", "2")
        .envs(
            larder
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(sandbox.work());
    Run::of(&mut shell)
}

/// Fails unless larder ended by itself, with one of its exit codes.
#[track_caller]
fn ended_by_itself(run: &Run, what: &str) {
    let text: String = run.stderr.chars().take(2000).collect();
    assert!(
        (0..=4).contains(&run.status),
        "{what}: {}\n{text}",
        run.status
    );
    assert!(!text.contains("panicked"), "{what}: {text}");
    assert!(
        run.stderr.len() < 100_000,
        "{what}: {} bytes on stderr",
        run.stderr.len()
    );
}

/// As [`ended_by_itself`], and the input was refused with words that have `expected` in them.
#[track_caller]
fn refused(run: &Run, expected: &str, what: &str) {
    ended_by_itself(run, what);
    let text: String = run.stderr.chars().take(2000).collect();
    assert!(
        run.status != 0 && text.contains(expected),
        "{what}: {}\n{text}",
        run.status
    );
}
