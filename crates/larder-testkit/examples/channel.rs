//! Writes the channel of `fixtures/packages` into a directory, for scripts: `channel DIR`.

use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1) else {
        return ExitCode::from(2);
    };
    larder_testkit::fixture_channel(Path::new(&directory));
    ExitCode::SUCCESS
}
