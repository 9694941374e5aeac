//! Wheels in channels (`v3.whl`): not installed yet, but named where a channel has nothing else of a package.

use larder_testkit::{ChannelBuilder, Index, PackageBuilder, Sandbox};
use serde_json::json;

use crate::support::{conda, sandbox};

/// A channel with a conda package `app` and a wheel of `only-wheel`.
fn channel_with_wheel(index: Index) -> Sandbox {
    let sandbox = sandbox();
    let wheel = json!({ "whl": { "only-wheel-2.1-py3_none_any_0": {
        "name": "only-wheel", "version": "2.1", "build": "py3_none_any_0", "build_number": 0,
        "depends": [], "subdir": "noarch", "noarch": "python", "size": 10,
        "fn": "only_wheel-2.1-py3-none-any.whl",
        "url": "https://files.test/only_wheel-2.1-py3-none-any.whl",
        "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    } } });
    ChannelBuilder::new()
        .package(conda(
            PackageBuilder::new("app", "1.0", "0").noarch_generic(),
        ))
        .indexes(&[index])
        .top_level("noarch", "v3", wheel)
        .write(&sandbox.path("channel"));
    sandbox
}

#[test]
fn a_package_that_a_channel_has_as_a_wheel_is_never_said_to_be_missing() {
    for index in [Index::Plain, Index::Zst, Index::Sharded] {
        let sandbox = channel_with_wheel(index);
        sandbox.write(
            "environment.yml",
            "name: work\nchannels: [./channel]\ndependencies: [app, only-wheel]\n",
        );
        let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
        assert!(
            run.stderr.contains(
                "(`only_wheel-2.1-py3-none-any.whl`), and larder does not install wheels from channels yet"
            ),
            "{index:?}: {}",
            run.stderr
        );
        assert!(
            run.stderr.contains("help: name it under `pip:`"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("no package `"), "{}", run.stderr);
        assert!(!sandbox.path("env").exists());
    }
}

#[test]
fn wheels_beside_conda_packages_are_no_obstacle() {
    let sandbox = channel_with_wheel(Index::Plain);
    sandbox
        .larder(&["create", "-p", "env", "-c", "./channel", "app"])
        .success();
    // A name that is in no form anywhere is still answered with the nearest one.
    let run = sandbox
        .larder(&["create", "-p", "other", "-c", "./channel", "apq"])
        .fails_with(1);
    assert!(run.stderr.contains("no package `apq`"), "{}", run.stderr);
}
