//! Addresses that larder cannot read from are refused before anything is asked, wherever they are named.

use std::fs;

use larder_testkit::{Run, Sandbox};

use crate::support::{app_and_lib, env, sandbox};

/// What other tools read, what nobody reads, and a mistyped scheme.
const SCHEMES: [&str; 9] = [
    "oci", "s3", "gcs", "gs", "azblob", "hf", "ftp", "git", "htps",
];

/// A place where a channel can be named: from the sandbox and the address to the run.
type Place = (&'static str, fn(&Sandbox, &str) -> Run);

const PLACES: [Place; 17] = [
    ("--channel", |sandbox, url| {
        sandbox.larder(&["create", "-p", "env", "-O", "-c", url, "app"])
    }),
    ("a spec", |sandbox, url| {
        sandbox.larder(&["create", "-p", "env", &format!("{url}::app")])
    }),
    ("a spec's keyword", |sandbox, url| {
        sandbox.larder(&["create", "-p", "env", &format!("app[channel='{url}']")])
    }),
    ("the address of a package", |sandbox, url| {
        let package = format!("{url}/noarch/app-1.0-0.conda");
        sandbox.larder(&["create", "-p", "env", &package])
    }),
    ("channels: of a manifest", |sandbox, url| {
        manifest(
            sandbox,
            &format!("channels: ['{url}']\ndependencies: [app]\n"),
        );
        sandbox.larder(&["env", "create", "-p", "env"])
    }),
    ("dependencies: of a manifest", |sandbox, url| {
        manifest(sandbox, &format!("dependencies: ['{url}::app']\n"));
        sandbox.larder(&["lock"])
    }),
    ("lock --check", |sandbox, url| {
        sandbox.larder(&["lock"]).success();
        manifest(
            sandbox,
            &format!("channels: ['{url}']\ndependencies: [app]\n"),
        );
        sandbox.larder(&["lock", "--check"])
    }),
    ("channels", |sandbox, url| {
        configured(sandbox, &format!("channels: ['{url}']\n"), "app")
    }),
    ("default_channels", |sandbox, url| {
        configured(
            sandbox,
            &format!("default_channels: ['{url}']\n"),
            "defaults::app",
        )
    }),
    ("channel_alias", |sandbox, url| {
        configured(sandbox, &format!("channel_alias: '{url}'\n"), "team::app")
    }),
    ("custom_channels", |sandbox, url| {
        configured(
            sandbox,
            &format!("custom_channels: {{team: '{url}'}}\n"),
            "team::app",
        )
    }),
    ("custom_multichannels", |sandbox, url| {
        configured(
            sandbox,
            &format!("custom_multichannels: {{team: ['{url}']}}\n"),
            "team::app",
        )
    }),
    ("pinned_packages", |sandbox, url| {
        configured(
            sandbox,
            &format!("pinned_packages: ['{url}::app']\n"),
            "app",
        )
    }),
    ("mirrored_channels", |sandbox, url| {
        configured(
            sandbox,
            &format!("mirrored_channels: {{team: ['{url}']}}\n"),
            "team::app",
        )
    }),
    ("LARDER_MIRRORS", |sandbox, url| {
        let mut command = sandbox.command(&["create", "-p", "env"]);
        Run::of(command.env(
            "LARDER_MIRRORS",
            format!("https://conda.anaconda.org/team={url}"),
        ))
    }),
    ("a lock", |sandbox, url| {
        sandbox.larder(&["lock"]).success();
        let lock = sandbox.path("conda-lock.yml");
        let text = fs::read_to_string(&lock).unwrap();
        let local = format!("file://{}", sandbox.path("channel").display());
        assert!(text.contains(&local), "{text}");
        fs::write(&lock, text.replace(&local, &without_password(url))).unwrap();
        fs::remove_dir_all(sandbox.store()).unwrap();
        sandbox.larder(&["create", "-p", "env", "-f", "conda-lock.yml"])
    }),
    ("an explicit list", |sandbox, url| {
        let digest = "0".repeat(32);
        let url = without_password(url);
        let list = format!("@EXPLICIT\n{url}/noarch/app-1.0-0.conda#{digest}\n");
        sandbox.write("explicit.txt", &list);
        sandbox.larder(&["create", "-p", "env", "-f", "explicit.txt"])
    }),
];

/// Locks and lists with credentials are refused for those.
fn without_password(url: &str) -> String {
    url.replace("someone:hunter2@", "")
}

fn manifest(sandbox: &Sandbox, text: &str) {
    sandbox.write("environment.yml", text);
}

/// A run for a spec with this configuration.
fn configured(sandbox: &Sandbox, configuration: &str, spec: &str) -> Run {
    fs::write(sandbox.home().join(".condarc"), configuration).unwrap();
    sandbox.larder(&["create", "-p", "env", spec])
}

#[test]
fn addresses_that_cannot_be_read_from_are_refused_at_once_wherever_they_are_named() {
    for scheme in SCHEMES {
        for (place, run) in PLACES {
            let sandbox = app_and_lib();
            let run = run(
                &sandbox,
                &format!("{scheme}://someone:hunter2@host.invalid/team"),
            );
            let run = run.fails_with(1);
            let said = &run.stderr;
            let names = ["https", "http", "file"];
            assert!(
                names.iter().all(|name| said.contains(name)),
                "{place}, {scheme}: {said}"
            );
            assert!(
                !said.contains("hunter2") && !said.contains("retry") && !said.contains("tries"),
                "{place}, {scheme}: {said}"
            );
            assert!(!env(&sandbox).exists(), "{place}, {scheme}");
        }
    }
}

#[test]
fn the_refusal_of_a_scheme_says_what_to_name_instead() {
    let cases = [
        (
            "oci://ghcr.io/channel-mirrors/conda-forge",
            "https://conda.anaconda.org/NAME",
        ),
        (
            "s3://bucket/channel",
            "the https address that serves the bucket",
        ),
        (
            "gcs://bucket/channel",
            "the https address that serves the bucket",
        ),
        ("htps://host.invalid/channel", "did you mean `https`?"),
        ("git://host.invalid/channel", "`pip:`"),
        ("ftp://host.invalid/channel", "name its path"),
    ];
    for (url, advice) in cases {
        let sandbox = sandbox();
        for arguments in [["-c", url, "app"], ["-O", "--", &format!("{url}::app")]] {
            let arguments = [&["create", "-p", "env"][..], &arguments].concat();
            let run = sandbox.larder(&arguments).fails_with(1);
            assert!(run.stderr.contains(advice), "{url}: {}", run.stderr);
        }
    }
}
