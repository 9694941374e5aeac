//! `larder lock merge-driver`.

use std::process::{Command, ExitCode, Stdio};

use larder::{MergeOptions, Settings, merge_locks};

use crate::{
    args::{GlobalArgs, LockCommand, MergeArgs},
    failure::Failure,
    output, progress,
};

use super::context::block_on;

pub(super) fn run(
    command: &LockCommand,
    settings: &Settings,
    global: &GlobalArgs,
) -> Result<ExitCode, Failure> {
    let LockCommand::MergeDriver(args) = command;
    let reporter = progress::reporter(global);
    let options = MergeOptions {
        base: args.base.clone(),
        ours: args.ours.clone(),
        theirs: args.theirs.clone(),
    };
    match block_on(merge_locks(&options, settings, &*reporter))? {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            let failure = Failure::new(&error);
            failure.tell_briefly();
            leave_conflict(args);
            Ok(ExitCode::from(1))
        }
    }
}

/// git takes what the driver leaves: without markers a conflict would look like a merge.
fn leave_conflict(args: &MergeArgs) {
    let merge = Command::new("git")
        .arg("merge-file")
        .args([&args.ours, &args.base, &args.theirs])
        .stdin(Stdio::null())
        .output();
    match merge {
        // What git says of the files has their names in it.
        Ok(merge) => {
            let said = String::from_utf8_lossy(&merge.stderr);
            if !said.trim().is_empty() {
                output::tell_foreign_lines("git merge-file: ", &said);
            }
        }
        Err(error) => output::tell(format!("error: cannot run `git merge-file`: {error}")),
    }
}
