//! Serves a directory over HTTP on loopback, for scripts: `serve DIRECTORY` prints the URL and serves until
//! its standard input ends.
#![expect(clippy::print_stdout, reason = "the caller wants the URL")]

use std::{env, io, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1) else {
        return ExitCode::from(2);
    };
    let server = larder_testkit::Server::serve(Path::new(&directory));
    println!("{}", server.url());
    match io::copy(&mut io::stdin(), &mut io::sink()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
