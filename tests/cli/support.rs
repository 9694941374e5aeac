//! Sandboxes with a channel, shared by the modules.

use std::path::{Path, PathBuf};

use larder_testkit::{
    BuiltPackage, ChannelBuilder, Format, LocalChannel, PackageBuilder, Run, Sandbox,
};
use serde_json::Value;

/// A sandbox for the binary under test.
pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(Path::new(env!("CARGO_BIN_EXE_larder")))
}

/// A channel in `channel/` of the sandbox.
pub(crate) fn channel(
    sandbox: &Sandbox,
    packages: impl IntoIterator<Item = BuiltPackage>,
) -> LocalChannel {
    ChannelBuilder::new()
        .packages(packages)
        .write(&sandbox.path("channel"))
}

/// A program `bin/NAME` that prints the prefix it was linked into.
pub(crate) fn program(name: &str, version: &str) -> PackageBuilder {
    let script = "#!/bin/sh\necho {{PREFIX}}\n";
    PackageBuilder::new(name, version, "0")
        .noarch_generic()
        .executable_text_prefix(&format!("bin/{name}"), script)
}

pub(crate) fn conda(package: PackageBuilder) -> BuiltPackage {
    package.build(Format::Conda)
}

/// A package with one file.
pub(crate) fn lib() -> PackageBuilder {
    PackageBuilder::new("lib", "2.0", "h1_0")
        .file("lib/data.txt", "data")
        .noarch_generic()
}

/// Two programs, `app` that depends on `lib`; a manifest that wants `app` from `./channel`.
pub(crate) fn app_and_lib() -> Sandbox {
    let sandbox = sandbox();
    channel(
        &sandbox,
        [
            conda(program("app", "1.0").depends("lib >=2")),
            lib().build(Format::TarBz2),
        ],
    );
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies:\n  - app\n",
    );
    sandbox
}

pub(crate) fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| {
        panic!(
            "stdout is not JSON: {error}\n{}\n{}",
            run.stdout, run.stderr
        )
    })
}

/// The environment `env` of a sandbox.
pub(crate) fn env(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("env")
}

/// The shared data, or a word that the test was skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn shared() -> Option<PathBuf> {
    let data = larder_testkit::shared_data();
    if data.is_none() {
        eprintln!("skipped: the shared data is not here (LARDER_TEST_DATA)");
    }
    data
}
