//! Each key of a .condarc that larder follows, by its effect on a real run.

use std::{fs, path::Path};

use larder_testkit::{
    BuiltPackage, ChannelBuilder, Fault, Format, PackageBuilder, Run, Sandbox, Server,
};

use crate::support::{app_and_lib, conda, env, json, lib, program, sandbox};

/// Every honoured key and the test that shows its effect, here or elsewhere.
const EFFECTS: &[(&str, &str)] = &[
    (
        "add_pip_as_python_dependency",
        "python_brings_pip_unless_the_configuration_says_no",
    ),
    ("allowlist_channels", "channels_are_let_through_by_lists"),
    ("always_copy", "files_are_copied"),
    ("changeps1", "the_prompt_is_as_the_configuration_says"),
    ("channel_alias", "names_of_channels_have_their_places"),
    (
        "channel_priority",
        "the_order_of_channels_means_what_the_configuration_says",
    ),
    (
        "channel_settings",
        "a_channel_and_a_package_have_cut_offs_of_their_own",
    ),
    (
        "channels",
        "channels_of_the_configuration_come_last_in_a_solve_and_not_at_all_in_a_lock",
    ),
    (
        "client_ssl_cert",
        "a_server_that_wants_a_certificate_gets_it",
    ),
    (
        "client_ssl_cert_key",
        "a_server_that_wants_a_certificate_gets_it",
    ),
    (
        "create_default_packages",
        "default_packages_are_added_where_no_lock_says_what_there_is",
    ),
    ("custom_channels", "names_of_channels_have_their_places"),
    (
        "custom_multichannels",
        "names_of_channels_have_their_places",
    ),
    ("default_channels", "names_of_channels_have_their_places"),
    ("default_threads", "numbers_go_where_they_belong"),
    ("denylist_channels", "channels_are_let_through_by_lists"),
    ("dry_run", "a_dry_run_can_be_the_default"),
    ("env_prompt", "the_prompt_is_as_the_configuration_says"),
    ("envs_dirs", "environments_go_where_the_configuration_says"),
    ("exclude_newer", "later_packages_are_left_out"),
    (
        "exclude_newer_package",
        "a_channel_and_a_package_have_cut_offs_of_their_own",
    ),
    ("execute_threads", "numbers_go_where_they_belong"),
    ("fetch_threads", "numbers_go_where_they_belong"),
    ("ignore_pinned", "pins_hold_in_every_solve"),
    ("json", "output_is_as_the_configuration_says"),
    (
        "migrated_channel_aliases",
        "names_of_channels_have_their_places",
    ),
    (
        "migrated_custom_channels",
        "names_of_channels_have_their_places",
    ),
    (
        "mirrored_channels",
        "mirrors_of_the_configuration_are_asked_first",
    ),
    ("offline", "offline_is_offline"),
    (
        "override_channels_enabled",
        "channels_of_the_configuration_can_be_left_out_unless_it_forbids_that",
    ),
    (
        "override_virtual_packages",
        "virtual_packages_are_as_the_configuration_says",
    ),
    ("path_conflict", "two_packages_with_one_path_can_be_refused"),
    ("pinned_packages", "pins_hold_in_every_solve"),
    (
        "pkgs_dirs",
        "archives_of_other_caches_are_used_and_never_trusted",
    ),
    (
        "proxy_servers",
        "proxies_of_the_configuration_are_used_unless_a_variable_names_one",
    ),
    ("quiet", "output_is_as_the_configuration_says"),
    ("register_envs", "environments_can_stay_out_of_the_registry"),
    ("remote_backoff_factor", "numbers_go_where_they_belong"),
    (
        "remote_connect_timeout_secs",
        "numbers_go_where_they_belong",
    ),
    (
        "remote_max_retries",
        "a_request_is_tried_as_often_as_the_configuration_says",
    ),
    ("remote_read_timeout_secs", "numbers_go_where_they_belong"),
    (
        "ssl_verify",
        "certificates_are_checked_unless_the_caller_switches_that_off",
    ),
    ("subdir", "the_platform_is_that_of_the_configuration"),
    ("use_only_tar_bz2", "only_the_older_format_can_be_wanted"),
    ("verbosity", "output_is_as_the_configuration_says"),
];

#[test]
fn every_honoured_key_has_a_test_of_its_effect() {
    let keys = json(
        &sandbox()
            .larder(&["config", "--describe", "--json"])
            .success(),
    );
    let honoured = keys.as_array().unwrap().iter();
    let honoured = honoured.filter(|key| key["treatment"] == "honoured");
    let honoured: Vec<&str> = honoured.map(|key| key["key"].as_str().unwrap()).collect();
    let tested: Vec<&str> = EFFECTS.iter().map(|(key, _)| *key).collect();
    assert_eq!(tested, honoured);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = [
        "tests/cli/config_effects.rs",
        "tests/cli/cool_down.rs",
        "crates/larder/src/configuration/tests.rs",
        "crates/larder-fetch/tests/it/tls.rs",
    ];
    let sources = files.map(|file| fs::read_to_string(root.join(file)).unwrap());
    for (key, test) in EFFECTS {
        let head = format!("fn {test}(");
        assert!(
            sources.iter().any(|source| source.contains(&head)),
            "{key}: there is no {test}"
        );
    }
}

/// Writes the user's configuration.
fn configure(sandbox: &Sandbox, text: &str) {
    fs::write(sandbox.home().join(".condarc"), text).unwrap();
}

/// Another channel with packages of one name and several versions.
fn other(sandbox: &Sandbox, name: &str, package: &str, versions: &[&str]) {
    let packages = versions
        .iter()
        .map(|version| conda(program(package, version)));
    ChannelBuilder::new()
        .packages(packages)
        .write(&sandbox.path(name));
}

/// A channel in the directory `name` of the sandbox.
fn channel_with(sandbox: &Sandbox, name: &str, packages: impl IntoIterator<Item = BuiltPackage>) {
    ChannelBuilder::new()
        .packages(packages)
        .write(&sandbox.path(name));
}

/// The version of a package in the environment `env`.
fn version(sandbox: &Sandbox, package: &str) -> Option<String> {
    let list = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    let entry = list
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == package)?;
    Some(entry["version"].as_str().unwrap().to_owned())
}

fn create(sandbox: &Sandbox, more: &[&str]) -> Run {
    let mut arguments = vec!["create", "-p", "env", "--yes"];
    arguments.extend(more);
    sandbox.larder(&arguments)
}

#[test]
fn channels_of_the_configuration_come_last_in_a_solve_and_not_at_all_in_a_lock() {
    let sandbox = app_and_lib();
    other(&sandbox, "configured", "only-here", &["1.0"]);
    configure(&sandbox, "channels: [./configured]\n");
    // Alone for specs, and after the manifest's channels.
    create(&sandbox, &["only-here"]).success();
    sandbox.write(
        "both.yml",
        "channels: [./channel]\ndependencies: [app, only-here]\n",
    );
    create(&sandbox, &["-f", "both.yml"]).success();
    assert_eq!(version(&sandbox, "only-here").unwrap(), "1.0");

    // A lock is the same for everybody, and one of somebody else stays fresh.
    let alone = sandbox.larder(&["lock", "-f", "both.yml"]).fails_with(1);
    assert!(alone.stderr.contains("only-here"), "{}", alone.stderr);
    sandbox.larder(&["lock"]).success();
    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    assert!(!lock.contains("/configured"), "{lock}");
    sandbox.larder(&["lock", "--check"]).success();
    create(&sandbox, &[]).success();
    configure(&sandbox, "");
    sandbox.larder(&["lock", "--check"]).success();
    let again = json(&sandbox.larder(&["lock", "--json"]).success());
    assert_eq!(again["changed"], false);

    // Where the manifest leaves the channels open, the lock depends on the configuration, and says so.
    sandbox.write("open.yml", "dependencies: [only-here]\n");
    configure(&sandbox, "channels: [./configured]\n");
    let run = sandbox.larder(&["lock", "-f", "open.yml"]).success();
    assert!(
        run.stderr
            .contains("the manifest names no channels: this lock depends on those at "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains(".condarc:1:12"), "{}", run.stderr);
}

#[test]
fn channels_of_the_configuration_can_be_left_out_unless_it_forbids_that() {
    let sandbox = app_and_lib();
    other(&sandbox, "configured", "only-here", &["1.0"]);
    configure(&sandbox, "channels: [./configured]\n");
    let arguments = ["--override-channels", "-c", "./channel", "only-here"];
    create(&sandbox, &arguments).fails_with(1);
    create(&sandbox, &["-c", "./channel", "only-here"]).success();
    configure(&sandbox, "override_channels_enabled: false\n");
    let run = create(&sandbox, &arguments).fails_with(1);
    assert!(
        run.stderr.contains("`override_channels_enabled` at ")
            && run.stderr.contains(".condarc:1:1"),
        "{}",
        run.stderr
    );
}

#[test]
fn names_of_channels_have_their_places() {
    let sandbox = app_and_lib();
    let root = url::Url::from_directory_path(sandbox.work()).unwrap();
    let root = root.as_str().trim_end_matches('/');
    for (configuration, channel) in [
        (format!("channel_alias: {root}"), "channel"),
        (format!("custom_channels: {{channel: '{root}'}}"), "channel"),
        (
            format!("custom_multichannels: {{several: ['{root}/channel']}}"),
            "several",
        ),
        (format!("default_channels: ['{root}/channel']"), "defaults"),
        (
            format!(
                "custom_multichannels: {{defaults: ['{root}/channel']}}\ndefault_channels: [none]"
            ),
            "defaults",
        ),
        (
            format!("channel_alias: {root}\nmigrated_channel_aliases: ['https://old.test/x']"),
            "https://old.test/x/channel",
        ),
        (
            format!(
                "custom_channels: {{channel: '{root}'}}\nmigrated_custom_channels: {{channel: 'https://gone.test'}}"
            ),
            "https://gone.test/channel",
        ),
    ] {
        configure(&sandbox, &configuration);
        sandbox.write(
            "environment.yml",
            &format!("channels: ['{channel}']\ndependencies: [app]\n"),
        );
        let run = create(&sandbox, &[]);
        assert_eq!(run.status, 0, "{configuration}: {}", run.stderr);
        assert_specs_find_the_channel(&sandbox, channel, &configuration);
    }
}

/// A spec that names a channel finds it by the same rules as `channels:` does: in a manifest, in brackets, on the
/// command line, in a lock's check and in an update. Nothing else is asked, as nothing here can reach another channel.
fn assert_specs_find_the_channel(sandbox: &Sandbox, channel: &str, configuration: &str) {
    let succeed = |arguments: &[&str]| {
        let run = sandbox.larder(arguments);
        assert_eq!(
            run.status, 0,
            "{configuration}: {arguments:?}: {}",
            run.stderr
        );
    };
    for spec in [
        format!("{channel}::app"),
        format!("app[channel='{channel}']"),
    ] {
        let named = format!("channels: ['{channel}']\ndependencies: [\"{spec}\"]\n");
        let unnamed = format!("channels: [./other]\ndependencies: [\"{spec}\", lib]\n");
        sandbox.write("named.yml", &named);
        succeed(&["lock", "-f", "named.yml", "-o", "named-lock.yml"]);
        succeed(&["lock", "--check", "-f", "named.yml", "-o", "named-lock.yml"]);
        succeed(&["create", "-p", "env", "--yes", "-c", "./channel", &spec]);
        succeed(&["env", "update", "-p", "env", "-f", "named.yml", "--prune"]);
        channel_with(sandbox, "other", [lib().build(Format::TarBz2)]);
        sandbox.write("unnamed.yml", &unnamed);
        succeed(&["create", "-p", "env", "--yes", "-f", "unnamed.yml"]);
    }
}

#[test]
fn a_spec_that_names_several_channels_is_met_by_any_of_them() {
    let sandbox = sandbox();
    channel_with(&sandbox, "one", [conda(program("app", "1.0"))]);
    channel_with(&sandbox, "two", [lib().build(Format::Conda)]);
    let better = [conda(program("app", "2.0")), conda(program("lib", "9.0"))];
    channel_with(&sandbox, "three", better);
    configure(
        &sandbox,
        "custom_multichannels: {both: ['./one', './two']}\nchannels: []\n",
    );
    for channels in ["[both]", "['./three', both]", "['./three']"] {
        sandbox.write(
            "environment.yml",
            &format!("channels: {channels}\ndependencies: ['both::app', 'both::lib']\n"),
        );
        let run = create(&sandbox, &["--no-lock", "--json"]);
        assert_eq!(run.status, 0, "{channels}: {}", run.stderr);
        let report = json(&run);
        let mut linked: Vec<&str> = report["actions"]["LINK"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["version"].as_str().unwrap())
            .collect();
        linked.sort_unstable();
        assert_eq!(linked, ["1.0", "2.0"], "{channels}");
        let again = create(&sandbox, &["--no-lock", "--json"]);
        assert_eq!(
            json(&again)["solve"],
            "memo",
            "{channels}: {}",
            again.stderr
        );
    }
}

#[test]
fn channels_are_let_through_by_lists() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let refused = |configuration: &str, arguments: &[&str], text: &str| {
        configure(&sandbox, configuration);
        let run = create(&sandbox, arguments).fails_with(1);
        assert!(
            run.stderr.contains(text) && run.stderr.contains(".condarc:1:"),
            "{}",
            run.stderr
        );
    };
    let denied = "/channel` is among the `denylist_channels`, at ";
    refused("denylist_channels: [./channel]", &["--no-lock"], denied);
    refused(
        "denylist_channels: [./channel]",
        &["-f", "conda-lock.yml"],
        denied,
    );
    refused(
        "denylist_channels: [./channel]",
        &["-f", "conda-lock.yml", "--frozen"],
        denied,
    );
    let other = "/channel` is not among the `allowlist_channels` at ";
    refused("allowlist_channels: [conda-forge]", &["--no-lock"], other);
    configure(
        &sandbox,
        "allowlist_channels: [conda-forge, ./channel]\ndenylist_channels: [defaults]\n",
    );
    create(&sandbox, &["--no-lock"]).success();
    create(&sandbox, &["-f", "conda-lock.yml"]).success();
}

/// With each configuration and these arguments, this version of `app` is chosen.
fn assert_chosen(sandbox: &Sandbox, cases: &[(&str, &[&str], &str)]) {
    for (configuration, arguments, expected) in cases {
        configure(sandbox, configuration);
        create(sandbox, arguments).success();
        let found = version(sandbox, "app").unwrap();
        assert_eq!(found, *expected, "{configuration}");
    }
}

#[test]
fn the_order_of_channels_means_what_the_configuration_says() {
    let sandbox = sandbox();
    other(&sandbox, "first", "app", &["1.0"]);
    other(&sandbox, "second", "app", &["2.0"]);
    sandbox.write(
        "environment.yml",
        "channels: [./first, ./second]\ndependencies: [app]\n",
    );
    assert_chosen(
        &sandbox,
        &[
            ("", &[], "1.0"),
            ("channel_priority: flexible", &[], "1.0"),
            ("channel_priority: disabled", &[], "2.0"),
            ("channel_priority: false", &[], "2.0"),
            (
                "channel_priority: disabled",
                &["--channel-priority", "strict"],
                "1.0",
            ),
        ],
    );
}

#[test]
fn pins_hold_in_every_solve() {
    let sandbox = sandbox();
    other(&sandbox, "channel", "app", &["1.0", "2.0"]);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    let solved = |configuration: &str| {
        configure(&sandbox, configuration);
        create(&sandbox, &[]).success();
        version(&sandbox, "app").unwrap()
    };
    assert_eq!(solved(""), "2.0");
    // Also where an answer without the pin is remembered.
    assert_eq!(solved("pinned_packages: ['app <2', absent=3]"), "1.0");
    assert_eq!(
        solved("pinned_packages: ['app <2']\nignore_pinned: true"),
        "2.0"
    );
    assert_eq!(
        solved("pinned_packages: ['app <2', absent=3]"),
        "1.0",
        "remembered by its pin"
    );

    let run = create(&sandbox, &["-c", "./channel", "app>=2"]).fails_with(1);
    assert!(
        run.stderr.contains("`app <2` is pinned at ") && run.stderr.contains(".condarc:1:19"),
        "{}",
        run.stderr
    );
    sandbox.larder(&["lock"]).success();
    configure(&sandbox, "pinned_packages: [app=3]");
    sandbox.larder(&["lock", "--check"]).success();
    create(&sandbox, &[]).success();
    assert_eq!(
        version(&sandbox, "app").unwrap(),
        "1.0",
        "a lock is an answer, not a question"
    );
}

#[test]
fn default_packages_are_added_where_no_lock_says_what_there_is() {
    let sandbox = app_and_lib();
    ChannelBuilder::new()
        .packages([
            conda(program("app", "1.0").depends("lib >=2")),
            conda(lib()),
            conda(program("tool", "1.0")),
        ])
        .write(&sandbox.path("channel"));
    configure(&sandbox, "create_default_packages: [tool, 'app=7']\n");
    create(&sandbox, &[]).success();
    assert_eq!(version(&sandbox, "tool").unwrap(), "1.0");
    assert_eq!(
        version(&sandbox, "app").unwrap(),
        "1.0",
        "what is asked for wins"
    );
    let record = fs::read_to_string(env(&sandbox).join("conda-meta/tool-1.0-0.json")).unwrap();
    assert!(record.contains("\"requested_specs\""), "{record}");
    create(&sandbox, &["--no-default-packages"]).success();
    assert_eq!(version(&sandbox, "tool"), None);
    sandbox.larder(&["lock"]).success();
    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    assert!(!lock.contains("tool"), "{lock}");
    create(&sandbox, &[]).success();
    assert_eq!(
        version(&sandbox, "tool"),
        None,
        "the lock says what there is"
    );
}

#[test]
fn environments_go_where_the_configuration_says() {
    let sandbox = app_and_lib();
    configure(&sandbox, "envs_dirs: [first, ~/second]\n");
    fs::create_dir_all(sandbox.home().join("second")).unwrap();
    sandbox.larder(&["create", "-n", "one"]).success();
    assert!(sandbox.path("first/one/conda-meta/history").is_file());
    // One that is elsewhere on the list is found, and not made again.
    sandbox.larder(&["create", "-p", "x"]).success();
    fs::rename(sandbox.path("x"), sandbox.home().join("second/two")).unwrap();
    sandbox.larder(&["list", "-n", "two"]).success();
    let run = sandbox.larder(&["create", "-n", "two"]).fails_with(1);
    assert!(run.stderr.contains("second/two` already"), "{}", run.stderr);
    let mut command = sandbox.command(&["create", "-n", "three"]);
    Run::of(command.env("LARDER_ENVS", sandbox.path("own"))).success();
    assert!(sandbox.path("own/three/conda-meta/history").is_file());
    let mut command = sandbox.command(&["create", "-n", "four"]);
    Run::of(command.env("CONDA_ENVS_PATH", sandbox.path("conda"))).success();
    assert!(sandbox.path("conda/four/conda-meta/history").is_file());
}

#[test]
fn archives_of_other_caches_are_used_and_never_trusted() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: ['{}']\ndependencies: [app]\n", server.url()),
    );
    sandbox.larder(&["lock"]).success();
    let cache = sandbox.path("pkgs");
    fs::create_dir_all(&cache).unwrap();
    let names = ["app-1.0-0.conda", "lib-2.0-h1_0.tar.bz2"];
    for name in names {
        fs::copy(sandbox.path("channel/noarch").join(name), cache.join(name)).unwrap();
    }
    fs::write(cache.join(names[1]), "damaged").unwrap();
    configure(&sandbox, "pkgs_dirs: [./pkgs]\n");
    server.clear_requests();
    create(&sandbox, &[]).success();
    let asked: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.path.clone())
        .collect();
    assert_eq!(
        asked,
        [format!("/noarch/{}", names[1])],
        "only the damaged one is fetched"
    );
    let record = fs::read_to_string(env(&sandbox).join("conda-meta/app-1.0-0.json")).unwrap();
    assert!(
        record.contains(&server.url()),
        "the record says where it belongs: {record}"
    );
    assert_eq!(
        fs::read(cache.join(names[1])).unwrap(),
        b"damaged",
        "nothing is written there"
    );
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 2);

    // With both in order nothing is needed but the lock.
    fs::copy(
        sandbox.path("channel/noarch").join(names[1]),
        cache.join(names[1]),
    )
    .unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::remove_dir_all(sandbox.trees()).unwrap();
    create(&sandbox, &["--offline"]).success();
}

#[test]
fn mirrors_of_the_configuration_are_asked_first() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    let mirror = Server::serve(&sandbox.path("channel"));
    configure(
        &sandbox,
        &format!(
            "custom_multichannels: {{mine: ['{0}']}}\nmirrored_channels: {{mine: ['{1}']}}\n",
            server.url(),
            mirror.url()
        ),
    );
    sandbox.write("environment.yml", "channels: [mine]\ndependencies: [app]\n");
    create(&sandbox, &[]).success();
    let archives = |server: &Server| {
        let requests = server.requests();
        requests
            .iter()
            .filter(|request| request.path.contains("app-1.0-0"))
            .count()
    };
    assert_eq!((archives(&mirror), archives(&server)), (1, 0));
}

#[test]
fn proxies_of_the_configuration_are_used_unless_a_variable_names_one() {
    let sandbox = app_and_lib();
    let proxy = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "channels: ['http://channel.invalid']\ndependencies: [app]\n",
    );
    configure(
        &sandbox,
        &format!(
            "proxy_servers:\n  http: {}\n  'http://elsewhere.invalid': ~\nremote_max_retries: 0\n",
            proxy.url()
        ),
    );
    create(&sandbox, &[]).success();
    assert!(
        proxy
            .requests()
            .iter()
            .any(|request| request.path.contains("app-1.0-0.conda"))
    );
    // The variable wins, and leads nowhere.
    fs::remove_dir_all(sandbox.store()).unwrap();
    let mut command = sandbox.command(&["create", "-p", "env", "--yes"]);
    Run::of(command.env("HTTP_PROXY", "http://127.0.0.1:1")).fails_with(3);
    sandbox.write(
        "environment.yml",
        "channels: ['http://elsewhere.invalid']\ndependencies: [app]\n",
    );
    create(&sandbox, &[]).fails_with(3);
}

#[test]
fn a_request_is_tried_as_often_as_the_configuration_says() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: ['{}']\ndependencies: [app]\n", server.url()),
    );
    sandbox.larder(&["lock"]).success();
    let tries = |configuration: &str| {
        configure(&sandbox, configuration);
        server.clear_faults();
        server.clear_requests();
        server.fault(
            "app-1.0-0",
            Fault::Status {
                code: 503,
                times: 99,
            },
        );
        create(&sandbox, &[]).fails_with(3);
        let requests = server.requests();
        requests
            .iter()
            .filter(|request| request.path.contains("app-1.0-0"))
            .count()
    };
    assert_eq!(
        tries("remote_max_retries: 0\nremote_backoff_factor: 0\n"),
        1
    );
    assert_eq!(
        tries("remote_max_retries: 4\nremote_backoff_factor: 0\n"),
        5
    );
}

#[test]
fn offline_is_offline() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        &format!("channels: ['{}']\ndependencies: [app]\n", server.url()),
    );
    configure(&sandbox, "offline: true\n");
    assert_ne!(create(&sandbox, &[]).status, 0);
    assert!(server.requests().is_empty());
}

#[test]
fn the_platform_is_that_of_the_configuration() {
    let sandbox = app_and_lib();
    configure(&sandbox, "subdir: osx-arm64\n");
    let report = json(&sandbox.larder(&["lock", "--json"]).success());
    assert!(report["packages"].get("osx-arm64").is_some(), "{report}");
    let mut command = sandbox.command(&["create", "-p", "env", "--no-lock", "--dry-run", "-v"]);
    let run = Run::of(command.env("CONDA_SUBDIR", "win-64")).success();
    let own = sandbox
        .larder(&[
            "create",
            "-p",
            "env",
            "--no-lock",
            "--dry-run",
            "-v",
            "--platform",
            "linux-64",
        ])
        .success();
    assert!(
        run.stderr.contains("win") || run.stdout.contains("app"),
        "{}",
        run.stderr
    );
    assert!(own.stdout.contains("app"), "{}", own.stdout);
}

#[test]
fn virtual_packages_are_as_the_configuration_says() {
    let sandbox = sandbox();
    let gpu = program("gpu", "1.0").depends("__cuda >=12");
    ChannelBuilder::new()
        .package(conda(gpu))
        .write(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [gpu]\n",
    );
    let mut without = sandbox.command(&["create", "-p", "env"]);
    Run::of(without.env("CONDA_OVERRIDE_CUDA", "")).fails_with(1);
    configure(&sandbox, "override_virtual_packages: {cuda: '12.4'}\n");
    create(&sandbox, &[]).success();
    // The variable of the same name wins.
    let mut older = sandbox.command(&["create", "-p", "env", "--yes"]);
    Run::of(older.env("CONDA_OVERRIDE_CUDA", "11")).fails_with(1);
}

#[test]
fn later_packages_are_left_out() {
    let sandbox = sandbox();
    let at = |version, day: u64| conda(program("app", version).timestamp_ms(day * 86_400_000));
    ChannelBuilder::new()
        .packages([at("1.0", 18_000), at("2.0", 19_000)])
        .write(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    assert_chosen(
        &sandbox,
        &[
            ("exclude_newer: 2019-12-31", &[], "1.0"),
            ("cooldown: ''", &[], "2.0"),
            (
                "exclude_newer: 2019-12-31",
                &["--exclude-newer", "1d"],
                "2.0",
            ),
        ],
    );
}

#[test]
fn only_the_older_format_can_be_wanted() {
    let sandbox = sandbox();
    let older = program("app", "1.0").build(Format::TarBz2);
    ChannelBuilder::new()
        .packages([older, conda(program("app", "2.0"))])
        .write(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app]\n",
    );
    for (configuration, expected) in [
        ("", "2.0"),
        ("use_only_tar_bz2: true", "1.0"),
        ("use_only_tar_bz2: false", "2.0"),
    ] {
        configure(&sandbox, configuration);
        create(&sandbox, &[]).success();
        assert_eq!(
            version(&sandbox, "app").unwrap(),
            expected,
            "{configuration}"
        );
    }
}

#[cfg(unix)]
#[test]
fn files_are_copied() {
    use std::os::unix::fs::MetadataExt as _;

    let sandbox = app_and_lib();
    let links = |arguments: &[&str]| {
        create(&sandbox, arguments).success();
        fs::metadata(env(&sandbox).join("lib/data.txt"))
            .unwrap()
            .nlink()
    };
    assert!(links(&["--link-mode", "hardlink"]) > 1);
    configure(&sandbox, "always_copy: true\n");
    assert_eq!(links(&[]), 1);
    assert!(
        links(&["--link-mode", "hardlink"]) > 1,
        "the command line wins"
    );
}

#[test]
fn two_packages_with_one_path_can_be_refused() {
    let sandbox = sandbox();
    let package = |name| {
        conda(
            PackageBuilder::new(name, "1.0", "0")
                .noarch_generic()
                .file("same", name),
        )
    };
    ChannelBuilder::new()
        .packages([package("a"), package("b")])
        .write(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [a, b]\n",
    );
    create(&sandbox, &[]).success();
    configure(&sandbox, "path_conflict: prevent\n");
    create(&sandbox, &[]).fails_with(1);
    create(&sandbox, &["--clobber", "warn"]).success();
}

#[test]
fn environments_can_stay_out_of_the_registry() {
    let sandbox = app_and_lib();
    configure(&sandbox, "register_envs: false\n");
    create(&sandbox, &[]).success();
    let registry = sandbox.home().join(".conda/environments.txt");
    assert!(!registry.exists());
    configure(&sandbox, "register_envs: true\n");
    create(&sandbox, &[]).success();
    assert!(registry.is_file());
}

#[test]
fn a_dry_run_can_be_the_default() {
    let sandbox = app_and_lib();
    let mut command = sandbox.command(&["create", "-p", "env"]);
    Run::of(command.env("CONDA_DRY_RUN", "1")).success();
    assert!(!env(&sandbox).exists());
    let mut command = sandbox.command(&["lock"]);
    Run::of(command.env("CONDA_DRY_RUN", "1")).success();
    assert!(!sandbox.path("conda-lock.yml").exists());
}

#[test]
fn the_prompt_is_as_the_configuration_says() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-n", "work"]).success();
    let prompt = || {
        let show = [
            "run",
            "-n",
            "work",
            "--",
            "sh",
            "-c",
            "echo \"$CONDA_PROMPT_MODIFIER|\"",
        ];
        sandbox.larder(&show).success().stdout
    };
    assert_eq!(prompt(), "(work) |\n");
    configure(&sandbox, "env_prompt: '[{name} in {prefix}]$ '\n");
    let prefix = sandbox.home().join(".conda/envs/work");
    assert_eq!(prompt(), format!("[work in {}]$ |\n", prefix.display()));
    configure(&sandbox, "changeps1: false\n");
    assert_eq!(prompt(), "|\n");
}

#[test]
fn output_is_as_the_configuration_says() {
    let sandbox = app_and_lib();
    configure(&sandbox, "json: true\n");
    json(&create(&sandbox, &[]).success());
    configure(&sandbox, "quiet: true\n");
    let run = create(&sandbox, &[]).success();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    configure(&sandbox, "verbosity: 1\n");
    let loud = create(&sandbox, &[]).success();
    configure(&sandbox, "");
    let normal = create(&sandbox, &[]).success();
    assert!(
        loud.stderr.lines().count() > normal.stderr.lines().count(),
        "{}",
        loud.stderr
    );
}

#[test]
fn python_brings_pip_unless_the_configuration_says_no() {
    let sandbox = sandbox();
    let python = |name: &str| conda(program(name, "3.11.2"));
    let packages = [
        python("python"),
        conda(program("pip", "23.0").depends("python")),
        conda(program("tool", "1.0").depends("python >=3")),
        conda(lib()),
    ];
    channel_with(&sandbox, "channel", packages);
    channel_with(&sandbox, "bare", [python("python")]);
    let names = |specs: &[&str], channel: &str| {
        let create = ["create", "-p", "env", "--yes", "-c", channel];
        sandbox.larder(&[&create, specs].concat()).success();
        let list = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
        let packages = list.as_array().unwrap().iter();
        let names: Vec<String> = packages
            .map(|package| package["name"].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    // Also where a dependency brings Python; not without Python; not where no channel has pip.
    assert_eq!(names(&["python"], "./channel"), "pip python");
    assert_eq!(names(&["tool"], "./channel"), "pip python tool");
    assert_eq!(names(&["lib"], "./channel"), "lib");
    assert_eq!(names(&["python"], "./bare"), "python");

    // A lock has it; a lock without it, as other tools make them, is no reason to lock again.
    let manifest = "channels: [./channel]\ndependencies: [python]\n";
    sandbox.write("environment.yml", manifest);
    sandbox.larder(&["lock"]).success();
    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    assert!(lock.contains("name: pip\n"), "{lock}");
    sandbox.larder(&["lock", "--check"]).success();
    // What it brings is not what the user asked for.
    sandbox.larder(&["create", "-p", "env", "--yes"]).success();
    let history = ["env", "export", "-p", "env", "--from-history"];
    let exported = sandbox.larder(&history).success().stdout;
    assert!(!exported.contains("pip"), "{exported}");
    configure(&sandbox, "add_pip_as_python_dependency: false\n");
    sandbox.write("bare.yml", manifest);
    let bare = ["lock", "-f", "bare.yml", "-o", "bare-lock.yml"];
    sandbox.larder(&bare).success();
    let lock = fs::read_to_string(sandbox.path("bare-lock.yml")).unwrap();
    assert!(!lock.contains("name: pip\n"), "{lock}");
    assert_eq!(names(&["python"], "./channel"), "python");
    configure(&sandbox, "");
    let check = ["lock", "--check", "-f", "bare.yml", "-o", "bare-lock.yml"];
    sandbox.larder(&check).success();
}
