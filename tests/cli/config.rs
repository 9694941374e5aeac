//! `larder config`: what holds, where it came from, and what is wrong.

use std::fs;

use larder_testkit::{Run, Sandbox};
use serde_json::Value;

use crate::support::{app_and_lib, json, sandbox};

/// A sandbox with the user's file, and the path of that.
fn with(text: &str) -> (Sandbox, String) {
    let sandbox = sandbox();
    let path = sandbox.home().join(".condarc");
    fs::write(&path, text).unwrap();
    (sandbox, path.display().to_string())
}

/// The entry of a key in the JSON report.
fn entry<'a>(report: &'a Value, key: &str) -> &'a Value {
    let settings = report["settings"].as_array().unwrap();
    let found = settings.iter().find(|setting| setting["key"] == key);
    found.unwrap_or_else(|| panic!("{key} is not in {report}"))
}

#[test]
fn every_value_has_its_place_behind_it_and_defaults_say_so() {
    let (sandbox, path) =
        with("channels:\n  - conda-forge\n  - bioconda\nssl_verify: true\nsolver: libmamba\n");
    let shown = sandbox.larder(&["config"]).success().stdout;
    for line in [
        "channels:\n".to_owned(),
        format!("  - conda-forge  # {path}:2:5\n"),
        format!("  - bioconda     # {path}:3:5\n"),
        format!("ssl_verify: true  # {path}:4:1\n"),
        "channel_alias: https://conda.anaconda.org  # default\n".to_owned(),
        "offline: false  # default\n".to_owned(),
        format!(
            "solver: libmamba  # {path}:5:1; no effect: there is one solver, rattler's resolvo\n"
        ),
    ] {
        assert!(shown.contains(&line), "{line}\n{shown}");
    }
    assert!(
        !shown.contains("report_errors"),
        "what is not set and does nothing is left out"
    );

    let one = sandbox.larder(&["config", "offline", "channel"]).success();
    assert_eq!(one.stdout.lines().count(), 4, "{}", one.stdout);
    let report = json(&sandbox.larder(&["config", "--json"]).success());
    let channels = entry(&report, "channels");
    assert_eq!(channels["items"][1]["value"], "bioconda");
    assert_eq!(channels["items"][1]["source"], format!("{path}:3:5"));
    assert_eq!(channels["is_default"], false);
    assert_eq!(report["files"][0], path);
}

#[test]
fn stronger_sources_win_and_each_is_shown() {
    let (sandbox, path) = with("channel_alias: https://user.test\nchannels: [user]\n");
    fs::create_dir_all(sandbox.system_config().join("condarc.d")).unwrap();
    let system = sandbox.system_config().join("condarc.d/site.yml");
    fs::write(
        &system,
        "channel_alias: https://site.test\nchannels: [site]\noffline: true #!final\n",
    )
    .unwrap();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = sandbox.command(arguments);
        Run::of(command.envs(variables.iter().copied())).success()
    };
    let alias = |variables: &[(&str, &str)]| {
        let report = json(&run(&["config", "--json", "channel_alias"], variables));
        entry(&report, "channel_alias").clone()
    };
    assert_eq!(alias(&[])["value"], "https://user.test");
    let conda = ("CONDA_CHANNEL_ALIAS", "https://conda.test");
    assert_eq!(alias(&[conda])["source"], "CONDA_CHANNEL_ALIAS");
    let own = ("LARDER_CHANNEL_ALIAS", "https://larder.test");
    assert_eq!(alias(&[conda, own])["value"], "https://larder.test");
    assert_eq!(alias(&[conda, own])["sources"].as_array().unwrap().len(), 4);

    let sources = run(
        &["config", "--show-sources"],
        &[("CONDA_CHANNELS", "variable"), ("CONDA_OFFLINE", "no")],
    );
    let expected = format!(
        "# {}\nchannel_alias: https://site.test  # line 1:1\nchannels: [site]  # line 2:1\noffline: true  # line 3:1\n\
         # {path}\nchannel_alias: https://user.test  # line 1:1\nchannels: [user]  # line 2:1\n\
         # variables\nchannels: [variable]  # CONDA_CHANNELS\noffline: no  # CONDA_OFFLINE\n",
        system.display()
    );
    assert_eq!(sources.stdout, expected);
    let report = json(&run(&["config", "--json"], &[("CONDA_OFFLINE", "no")]));
    assert_eq!(entry(&report, "offline")["value"], "true", "it is final");
}

#[test]
fn credentials_are_masked_everywhere() {
    let (sandbox, _) = with(
        "channels: ['https://me:s3cr3t-canary@h.test/c', 'https://h.test/t/s3cr3t-canary/d']\n\
         channel_alias: https://me:s3cr3t-canary@h.test\n\
         proxy_servers: {https: 'http://me:s3cr3t-canary@p.test:8080'}\n\
         custom_channels: {x: 'https://me:s3cr3t-canary@x.test'}\n\
         offline: 'https://me:s3cr3t-canary@h.test'\n",
    );
    for arguments in [
        &["config"][..],
        &["config", "--json"],
        &["config", "--show-sources"],
        &["config", "-vvv"],
    ] {
        let run = sandbox.larder(arguments).fails_with(1);
        assert!(
            !run.stdout.contains("s3cr3t") && !run.stderr.contains("s3cr3t"),
            "{run:?}"
        );
        assert!(run.stdout.contains("p.test:8080"), "{run:?}");
    }
}

#[test]
fn what_cannot_be_used_stops_what_depends_on_it_and_only_that() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    let path = sandbox.home().join(".condarc");
    fs::write(&path, "channels: [a\n").unwrap();
    let place = format!("{}:1:11: this is not valid YAML", path.display());
    let run = sandbox.larder(&["create", "-p", "other"]).fails_with(1);
    assert!(run.stderr.contains(&place), "{}", run.stderr);
    assert!(!sandbox.path("other").exists());
    let report = json(&sandbox.larder(&["lock", "--json"]).fails_with(1));
    assert_eq!(report["code"], "config::syntax");
    for arguments in [
        &["list", "-p", "env"][..],
        &["run", "-p", "env", "--", "app"],
        &["manifest"],
    ] {
        let run = sandbox.larder(arguments).success();
        assert!(run.stderr.contains(&place), "{arguments:?}: {}", run.stderr);
    }
    let run = sandbox.larder(&["config"]).fails_with(1);
    assert!(run.stderr.contains(&place) && run.stdout.contains("channels: conda-forge  # default"));
}

/// Values that make no sense for their key, and what is said of them.
const WRONG: &[(&str, &str)] = &[
    (
        "channel_priority: stricter",
        "`channel_priority` is strict, flexible or disabled, found `stricter`",
    ),
    (
        "subdir: linux-46",
        "`subdir` is a platform such as linux-64, found `linux-46`",
    ),
    ("exclude_newer: soon", "`exclude_newer` is a date"),
    (
        "path_conflict: shout",
        "`path_conflict` is clobber, warn or prevent, found `shout`",
    ),
    (
        "channel_alias: conda.test",
        "`channel_alias` is a URL, found `conda.test`",
    ),
    (
        "ssl_verify: ./none.pem",
        "`ssl_verify` is true, false, or a file or directory of certificate authorities that is there, found `./none.pem`",
    ),
    (
        "client_ssl_cert_key: key.pem",
        "`client_ssl_cert_key` needs `client_ssl_cert` beside it",
    ),
    (
        "remote_read_timeout_secs: -1",
        "`remote_read_timeout_secs` is a number of seconds",
    ),
    (
        "remote_max_retries: 1000",
        "`remote_max_retries` is a number from 0 to 100",
    ),
    (
        "proxy_servers: {https: 'http://'}",
        "`proxy_servers` is URLs of proxies by scheme",
    ),
    (
        "custom_channels: {a: b}",
        "`custom_channels` is names with the URLs that they are below, found `b`",
    ),
    (
        "pinned_packages: ['a >>> 1']",
        "`pinned_packages` is a list of package specs",
    ),
    (
        "create_default_packages: ['*']",
        "`create_default_packages` is a list of package specs",
    ),
    (
        "mirrored_channels: {a: ['oci://h.test/a']}",
        "`mirrored_channels` is mirrors by https, http or file",
    ),
    ("offline: [1]", "`offline` is true or false, found a list"),
];

#[test]
fn values_that_make_no_sense_for_their_key_are_refused_with_their_place() {
    let sandbox = app_and_lib();
    let path = sandbox.home().join(".condarc");
    for (text, problem) in WRONG {
        fs::write(&path, text).unwrap();
        for arguments in [&["create", "-p", "env"][..], &["config"]] {
            let run = sandbox.larder(arguments).fails_with(1);
            let place = format!("{}:1:", path.display());
            let is_said = run.stderr.contains(&place) && run.stderr.contains(problem);
            assert!(is_said, "{text}: {arguments:?}: {}", run.stderr);
        }
    }
}

#[test]
fn keys_that_are_not_honoured_are_named_when_an_environment_is_made_and_unknown_ones_too() {
    let sandbox = app_and_lib();
    let path = sandbox.home().join(".condarc");
    fs::write(
        &path,
        "report_errors: false\nalways_softlink: true\nchanels: [a]\n",
    )
    .unwrap();
    let run = sandbox.larder(&["create", "-p", "env"]).success();
    let place = path.display();
    for text in [
        format!(
            "{place}:2:1: larder does not honour `always_softlink`: an environment of links breaks"
        ),
        format!("{place}:3:1: nobody knows the key `chanels`; did you mean `channels`?"),
    ] {
        assert_eq!(run.stderr.matches(&text).count(), 1, "{}", run.stderr);
    }
    assert!(!run.stderr.contains("report_errors"), "{}", run.stderr);
}

#[test]
fn keys_are_described_and_unknown_ones_refused_with_the_one_that_is_meant() {
    let sandbox = sandbox();
    let all = sandbox.larder(&["config", "--describe"]).success().stdout;
    assert!(
        all.contains("channels, also channel\n    the channels of specs"),
        "{all}"
    );
    assert!(
        all.contains("solver, also experimental_solver\n    no effect: "),
        "{all}"
    );
    assert!(
        all.contains("track_features\n    not honoured, with a warning: "),
        "{all}"
    );
    let keys = json(
        &sandbox
            .larder(&["config", "--describe", "--json", "yes"])
            .success(),
    );
    assert_eq!(keys[0]["key"], "always_yes");
    let run = sandbox.larder(&["config", "chanels"]).fails_with(1);
    assert!(
        run.stderr.contains("did you mean `channels`?"),
        "{}",
        run.stderr
    );
}

#[test]
fn cep32_27_files_in_an_environment_are_for_that_environment() {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "one"]).success();
    sandbox.larder(&["create", "-p", "two"]).success();
    sandbox.write("one/condarc.d/x.yaml", "channels: [mine]\n");
    sandbox.write("one/.condarc", "env_prompt: '[{name}] '\n");
    let channels = |arguments: &[&str]| {
        let mut all = vec!["config", "--json", "channels"];
        all.extend(arguments);
        let report = json(&sandbox.larder(&all).success());
        entry(&report, "channels")["value"].clone()
    };
    assert_eq!(channels(&["-p", "one"]), "[mine]");
    assert_eq!(channels(&["-p", "two"]), "conda-forge");
    assert_eq!(channels(&[]), "conda-forge");
    let prompt = |prefix: &str| {
        let show = [
            "run",
            "-p",
            prefix,
            "--",
            "sh",
            "-c",
            "echo \"$CONDA_PROMPT_MODIFIER\"",
        ];
        sandbox.larder(&show).success().stdout
    };
    assert_eq!(prompt("one"), "[one] \n");
    assert_eq!(
        prompt("two"),
        format!("({}) \n", sandbox.path("two").display())
    );
    let mut active = sandbox.command(&["config", "--json", "channels"]);
    let report = json(&Run::of(active.env("CONDA_PREFIX", sandbox.path("one"))).success());
    assert_eq!(entry(&report, "channels")["value"], "[mine]");
}
