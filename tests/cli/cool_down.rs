//! Cool-down: `exclude_newer` for all, for channels and for packages, in files and as flags; what locks say of it.

use std::fs;

use larder_testkit::{ChannelBuilder, Run, Sandbox};

use crate::support::{conda, env, program, sandbox};

/// Days since 1970 of the two versions of each package: 2019-04-14 and 2022-01-08.
const DAYS: [u64; 2] = [18_000, 19_000];

/// The channels `channel` with `app` and `tool`, and `team` with `own`, each in two versions.
fn world() -> Sandbox {
    let sandbox = sandbox();
    let versions = |name: &str| -> Vec<_> {
        let dated = ["1.0", "2.0"].into_iter().zip(DAYS);
        let package = |version, day| conda(program(name, version).timestamp_ms(day * 86_400_000));
        dated.map(|(version, day)| package(version, day)).collect()
    };
    let packages: Vec<_> = [versions("app"), versions("tool")].concat();
    ChannelBuilder::new()
        .packages(packages)
        .write(&sandbox.path("channel"));
    ChannelBuilder::new()
        .packages(versions("own"))
        .write(&sandbox.path("team"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel, ./team]\ndependencies: [app, tool, own]\n",
    );
    sandbox
}

fn configure(sandbox: &Sandbox, text: &str) {
    fs::write(sandbox.home().join(".condarc"), text).unwrap();
}

/// The address of a directory's channel, as records have it.
fn url(sandbox: &Sandbox, name: &str) -> String {
    format!("file://{}", sandbox.path(name).display())
}

/// `app own tool` as a run takes them.
fn chosen(sandbox: &Sandbox, flags: &[&str]) -> String {
    let arguments = [&["create", "-p", "env", "--yes", "--no-lock"][..], flags].concat();
    sandbox.larder(&arguments).success();
    versions(sandbox)
}

fn versions(sandbox: &Sandbox) -> String {
    let of = |name: &str| {
        let files = fs::read_dir(env(sandbox).join("conda-meta")).unwrap();
        let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let start = format!("{name}-");
        let mut found = files.filter_map(|file| Some(file.strip_prefix(&start)?.to_owned()));
        found.next().unwrap().split('-').next().unwrap().to_owned()
    };
    ["app", "own", "tool"].map(of).join(" ")
}

#[test]
fn a_channel_and_a_package_have_cut_offs_of_their_own() {
    let sandbox = world();
    let (all, team) = (url(&sandbox, "*"), url(&sandbox, "team"));
    let scope = |channel: &str, key: &str, when: &str| {
        format!("channel_settings: [{{channel: '{channel}', {key}: {when}}}]\n")
    };
    let cases: Vec<CutOffCase<'_>> = vec![
        (String::new(), &[], "2.0 2.0 2.0"),
        // One package, by both names of the key.
        (
            "exclude_newer_package: {app: 2020-01-01}\n".into(),
            &[],
            "1.0 2.0 2.0",
        ),
        ("cooldown_exclude: {APP: P1d}\n".into(), &[], "2.0 2.0 2.0"),
        // `false` and its spellings exempt, `~` says nothing.
        (
            "exclude_newer: 2020-01-01\nexclude_newer_package: {app: false, tool: ~}\n".into(),
            &[],
            "2.0 1.0 1.0",
        ),
        // A channel: by its address, by a pattern, by its directory, and by both spellings of the setting.
        (
            scope(&team, "exclude_newer", "2020-01-01"),
            &[],
            "2.0 1.0 2.0",
        ),
        (
            scope(&format!("{team}/"), "exclude-newer", "2020-01-01"),
            &[],
            "2.0 1.0 2.0",
        ),
        (
            scope(&all, "exclude_newer", "2020-01-01"),
            &[],
            "1.0 1.0 1.0",
        ),
        (
            scope("./team", "exclude_newer", "2020-01-01"),
            &[],
            "2.0 1.0 2.0",
        ),
        // A channel that is exempt, and a package in it that is not.
        (
            format!(
                "exclude_newer: 2020-01-01\n{}",
                scope(&team, "exclude_newer", "false")
            ),
            &[],
            "1.0 2.0 1.0",
        ),
        (
            format!(
                "exclude_newer_package: {{own: 2020-01-01}}\n{}",
                scope(&team, "exclude_newer", "false")
            ),
            &[],
            "2.0 1.0 2.0",
        ),
        // The last item that fits a channel counts, as in conda.
        (
            format!(
                "channel_settings:\n- {{channel: '{team}', exclude_newer: 2020-01-01}}\n\
                 - {{channel: '{all}', exclude_newer: false}}\n"
            ),
            &[],
            "2.0 2.0 2.0",
        ),
        // Names of several channels, and those that have a place of their own.
        (
            format!(
                "custom_multichannels: {{both: ['{team}', '{}']}}\n{}",
                url(&sandbox, "channel"),
                scope("both", "exclude_newer", "2020-01-01")
            ),
            &[],
            "1.0 1.0 1.0",
        ),
        (
            format!(
                "custom_channels: {{team: '{}'}}\n{}",
                url(&sandbox, "").trim_end_matches('/'),
                scope("team", "exclude_newer", "2020-01-01")
            ),
            &[],
            "2.0 1.0 2.0",
        ),
        // Packages that nobody has, and times to come, change nothing.
        (
            "exclude_newer_package: {nobody: 2000-01-01, app: 2999-01-01}\n".into(),
            &[],
            "2.0 2.0 2.0",
        ),
    ];
    assert_chosen(&sandbox, cases);
}

#[test]
fn a_flag_replaces_the_cut_off_of_its_scope_and_no_other() {
    let sandbox = world();
    let cases: Vec<CutOffCase<'_>> = vec![
        (
            "exclude_newer_package: {app: 2020-01-01}\n".into(),
            &["--exclude-newer-package", "app=false"],
            "2.0 2.0 2.0",
        ),
        (
            "exclude_newer_package: {app: false}\n".into(),
            &["--exclude-newer", "2020-01-01"],
            "2.0 1.0 1.0",
        ),
        (
            String::new(),
            &[
                "--exclude-newer-package",
                "app=2020-01-01",
                "--exclude-newer-package=tool=2020-01-01T00:00:00Z",
            ],
            "1.0 2.0 1.0",
        ),
    ];
    assert_chosen(&sandbox, cases);
}

/// A configuration, the flags of a run, and the versions of `app`, `own` and `tool` that it chooses.
type CutOffCase<'a> = (String, &'a [&'a str], &'a str);

#[track_caller]
fn assert_chosen(sandbox: &Sandbox, cases: Vec<CutOffCase<'_>>) {
    for (configuration, flags, expected) in cases {
        configure(sandbox, &configuration);
        assert_eq!(
            chosen(sandbox, flags),
            expected,
            "{configuration} {flags:?}"
        );
    }
}

#[test]
fn an_update_keeps_to_the_cut_offs_of_packages() {
    let sandbox = world();
    let manifest = |packages: &str| {
        let text = format!("channels: [./channel, ./team]\ndependencies: [{packages}]\n");
        sandbox.write("environment.yml", &text);
    };
    manifest("app, own");
    configure(&sandbox, "exclude_newer_package: {app: 2020-01-01}\n");
    sandbox.larder(&["env", "create", "-p", "env"]).success();
    // What is installed stays, as with any update; what comes keeps to the cut-offs.
    manifest("app, own, tool");
    configure(&sandbox, "exclude_newer_package: {tool: 2020-01-01}\n");
    sandbox.larder(&["env", "update", "-p", "env"]).success();
    assert_eq!(versions(&sandbox), "1.0 2.0 1.0");
}

#[test]
fn other_settings_of_channels_are_named_in_a_warning() {
    let sandbox = world();
    configure(
        &sandbox,
        "channel_settings:\n- channel: conda-forge\n  auth: keyring\n  username: me\n\
         - exclude_newer: 2020-01-01\n- channel: s3://bucket/unused\n  auth: s3\n",
    );
    let run = sandbox
        .larder(&["create", "-p", "env", "--no-lock"])
        .success();
    for said in [
        ".condarc:3:9: larder does not honour `auth` of `channel_settings`",
        ".condarc:4:13: larder does not honour `username` of `channel_settings`",
        ".condarc:5:18: larder does not honour `exclude_newer` of `channel_settings`: the item names no `channel`",
        ".condarc:7:9: larder does not honour `auth`",
    ] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    assert_eq!(versions(&sandbox), "2.0 2.0 2.0");
}

#[test]
fn cut_offs_that_cannot_be_read_are_refused_with_their_place() {
    let sandbox = world();
    for text in [
        "exclude_newer_package: {app: soon}\n",
        "exclude_newer_package: {app: 999999999w}\n",
        "exclude_newer_package: {'app >2': 7d}\n",
        "exclude_newer_package: [app]\n",
        "channel_settings: {channel: conda-forge}\n",
        "channel_settings: [{channel: conda-forge, exclude_newer: soon}]\n",
        "channel_settings: [{channel: '*', exclude_newer: 7d}]\n",
        "channel_settings: [{channel: 's3://bucket/team', exclude_newer: 7d}]\n",
    ] {
        configure(&sandbox, text);
        let run = sandbox.larder(&["create", "-p", "env"]).fails_with(1);
        assert!(run.stderr.contains(".condarc:1:"), "{text}: {}", run.stderr);
    }
    configure(&sandbox, "");
    for text in ["app", "app=", "app=soon", "=7d", "app >2=7d", "a b=7d"] {
        let flag = format!("--exclude-newer-package={text}");
        let run = sandbox.larder(&["lock", &flag]).fails_with(1);
        let said = &run.stderr;
        assert!(said.contains("NAME=WHEN") && said.contains(text), "{said}");
    }
}

#[test]
fn a_lock_says_which_cut_offs_held_and_is_checked_against_those_of_now() {
    let sandbox = world();
    let text = || fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    let cut = |flags: &[&str]| -> Run { sandbox.larder(&[&["lock"][..], flags].concat()) };
    cut(&[]).success();
    assert!(!text().contains("exclude-newer"), "{}", text());
    // Packages that the cut-offs of now leave out, each with its reason; `larder lock` mends it.
    let early = ["--exclude-newer-package", "app=2020-01-01"];
    let stale = cut(&[&["--check"][..], &early].concat()).fails_with(1);
    let said = format!("{}{}", stale.stdout, stale.stderr);
    assert!(
        said.contains("app-2.0-0 is too new") && said.contains("2020-01-01T00:00:00Z"),
        "{said}"
    );
    assert!(!said.contains("tool-2.0-0"), "{said}");
    cut(&early).success();
    assert!(text().contains("app-1.0-0"), "{}", text());
    let record = r#"larder:exclude-newer: '{"packages":{"app":"2020-01-01T00:00:00Z"}}'"#;
    assert!(
        text().replace('"', "").contains(&record.replace('"', "")),
        "{}",
        text()
    );
    cut(&[&["--check"][..], &early].concat()).success();
    cut(&["--check"]).success();
    // The record goes with the cut-offs, and does not survive an edit of the lock unnoticed.
    cut(&[]).success();
    assert!(!text().contains("exclude-newer"), "{}", text());
}

#[test]
fn a_lock_with_an_age_does_not_change_with_the_clock() {
    let sandbox = world();
    configure(
        &sandbox,
        "exclude_newer: 7d\nexclude_newer_package: {tool: 2020-01-01, app: false}\n",
    );
    let lock = sandbox.path("conda-lock.yml");
    sandbox.larder(&["lock"]).success();
    let first = fs::read_to_string(&lock).unwrap();
    assert!(first.contains("larder:exclude-newer"), "{first}");
    // An age of another length is another time, as an age of the same length is in another run.
    configure(
        &sandbox,
        "exclude_newer: 8d\nexclude_newer_package: {tool: 2020-01-02, app: false}\n",
    );
    let again = sandbox.larder(&["lock"]).success();
    assert_eq!(
        fs::read_to_string(&lock).unwrap(),
        first,
        "{}",
        again.stderr
    );
    // Other packages, or a cut-off for another scope, are another lock.
    configure(&sandbox, "exclude_newer: 8d\n");
    sandbox.larder(&["lock", "--upgrade"]).success();
    let other = fs::read_to_string(&lock).unwrap();
    assert!(
        other.contains("tool-2.0-0") && !other.contains("\"tool\":") && other != first,
        "{other}"
    );
}

#[cfg(unix)]
#[test]
fn wheels_keep_to_the_cut_offs_of_packages() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = sandbox();
    ChannelBuilder::new()
        .packages([
            conda(program("python", "3.12.1").timestamp_ms(DAYS[0] * 86_400_000)),
            conda(program("pip", "26.0").timestamp_ms(DAYS[0] * 86_400_000)),
        ])
        .write(&sandbox.path("channel"));
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [python, pip, pip: [pretty]]\n",
    );
    let uv = sandbox.write("uv", "#!/bin/sh\necho \"$@\" > \"$0.arguments\"\nexit 1\n");
    fs::set_permissions(&uv, fs::Permissions::from_mode(0o755)).unwrap();
    let flags = [
        "lock",
        "--exclude-newer-package=Pretty=2020-01-01",
        "--exclude-newer-package=dull=false",
    ];
    let mut command = sandbox.command(&flags);
    Run::of(command.env("LARDER_UV", &uv)).fails_with(1);
    let asked = fs::read_to_string(sandbox.path("uv.arguments")).unwrap();
    assert!(
        asked.contains("--exclude-newer-package pretty=2020-01-01T00:00:00Z"),
        "{asked}"
    );
    assert!(!asked.contains("dull"), "{asked}");
}
