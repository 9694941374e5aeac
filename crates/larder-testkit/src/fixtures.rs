//! Where test data lies: `fixtures/` of the workspace, and the data that is shared outside of it.
//!
//! Reads one environment variable, `LARDER_TEST_DATA`; writes only where a test says.

use std::path::{Path, PathBuf};

use crate::build::Format;
use crate::channel::{ChannelBuilder, LocalChannel};
use crate::must;
use crate::package::PackageBuilder;

/// The `fixtures/` directory of the workspace.
pub fn fixtures() -> PathBuf {
    let path = workspace().join("fixtures");
    must(path.canonicalize(), format_args!("find {}", path.display()))
}

/// The data that is too large for the repository: `LARDER_TEST_DATA`, or `shared` beside the
/// workspace. A test that gets `None` prints that it is skipped and returns.
#[expect(
    clippy::disallowed_methods,
    reason = "test support is told by the environment"
)]
pub fn shared_data() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("LARDER_TEST_DATA") {
        let path = PathBuf::from(path);
        assert!(
            path.is_dir(),
            "LARDER_TEST_DATA: {} is no directory",
            path.display()
        );
        return Some(path);
    }
    let beside = workspace().join("../shared");
    beside.canonicalize().ok().filter(|path| path.is_dir())
}

/// Builds every tree of `fixtures/packages/` into a channel in `dir`: `.conda` and, for every
/// second name, `.tar.bz2`.
pub fn fixture_channel(dir: &Path) -> LocalChannel {
    let packages = fixtures().join("packages");
    let listing = must(
        packages.read_dir(),
        format_args!("list {}", packages.display()),
    );
    let mut trees: Vec<PathBuf> = listing
        .map(|entry| must(entry, "list the fixtures").path())
        .filter(|path| path.is_dir())
        .collect();
    trees.sort();
    let formats = [Format::Conda, Format::TarBz2].into_iter().cycle();
    let built = trees.iter().zip(formats);
    ChannelBuilder::new()
        .packages(built.map(|(tree, format)| PackageBuilder::from_tree(tree).build(format)))
        .write(dir)
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
