//! Credentials never reach a lock, the store, conda-meta, the registry, a log or an error.

use std::{fs, path::Path};

use larder_testkit::{Auth, Fault, Run, Sandbox, Server};

use crate::support::{app_and_lib, env, sandbox};

pub(crate) const SECRET: &str = "s3cr3t-canary";

/// `user:SECRET`, as the header of basic authentication has it.
pub(crate) const HEADER: &str = "dXNlcjpzM2NyM3QtY2FuYXJ5";

/// A server that wants credentials, a manifest whose channel is `url(server)`, and the run of `args`.
pub(crate) struct Guarded {
    pub(crate) sandbox: Sandbox,
    pub(crate) server: Server,
}

impl Guarded {
    pub(crate) fn new(auth: Auth, url: impl Fn(&str) -> String) -> Self {
        let sandbox = app_and_lib();
        let server = Server::serve(&sandbox.path("channel"));
        server.require_auth(auth);
        let channel = url(server.url().trim_start_matches("http://"));
        sandbox.write(
            "environment.yml",
            &format!("channels: [\"{channel}\"]\ndependencies: [app]\n"),
        );
        Self { sandbox, server }
    }

    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.sandbox.command(arguments);
        Run::of(command.envs(variables.iter().copied()).arg("-vvv"))
    }

    /// Locks, creates, fails: and nothing that is left or said has the secret.
    fn works_and_leaks_nothing(&self, variables: &[(&str, &str)]) {
        let mut said = Vec::new();
        for arguments in [
            &["lock"][..],
            &["create", "-p", "env"],
            &["create", "-p", "env2", "--no-lock"],
        ] {
            said.push(self.run(arguments, variables).success());
        }
        self.server.fault(
            ".conda",
            Fault::Status {
                code: 500,
                times: 99,
            },
        );
        fs::remove_dir_all(self.sandbox.store()).unwrap();
        said.push(self.run(&["create", "-p", "env3"], variables).fails_with(3));
        said.iter().for_each(says_no_secret);
        leaves_no_secret(&self.sandbox);
        assert!(env(&self.sandbox).join("conda-meta/history").is_file());
    }
}

pub(crate) fn says_no_secret(run: &Run) {
    for secret in [SECRET, HEADER] {
        assert!(
            !run.stdout.contains(secret) && !run.stderr.contains(secret),
            "{}\n{}",
            run.stdout,
            run.stderr
        );
    }
}

/// No file has a secret, but for those in which the user keeps them.
pub(crate) fn leaves_no_secret(sandbox: &Sandbox) {
    let root = sandbox.work().parent().unwrap().to_owned();
    for secret in [SECRET, HEADER] {
        let own = [
            "environment.yml",
            "unsolvable.yml",
            ".netrc",
            "credentials.json",
        ];
        assert_eq!(files_with(&root, secret, &own), Vec::<String>::new());
    }
}

#[test]
fn user_and_password_in_the_url() {
    let auth = Auth::Basic {
        user: "user".into(),
        password: SECRET.into(),
    };
    let guarded = Guarded::new(auth, |host| format!("http://user:{SECRET}@{host}"));
    guarded.works_and_leaks_nothing(&[]);
    let sent = format!("Basic {HEADER}");
    let requests = guarded.server.requests();
    assert!(
        requests
            .iter()
            .any(|request| request.header("authorization") == Some(&sent)),
        "what is searched for is what was sent"
    );
}

#[test]
fn a_token_in_the_path() {
    Guarded::new(Auth::TokenInPath(SECRET.into()), |host| {
        format!("http://{host}/t/{SECRET}")
    })
    .works_and_leaks_nothing(&[]);
}

fn further_down() -> Auth {
    Auth::TokenBelow {
        prefix: "/api/repo".into(),
        token: SECRET.into(),
    }
}

#[test]
fn a_token_further_down_the_path_is_sent_where_it_stood() {
    Guarded::new(further_down(), |host| {
        format!("http://{host}/api/repo/t/{SECRET}")
    })
    .works_and_leaks_nothing(&[]);
}

#[test]
fn a_token_in_the_alias() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.work());
    server.require_auth(further_down());
    sandbox.write(
        "environment.yml",
        "channels: [channel]\ndependencies: [app]\n",
    );
    let alias = format!("{}/api/repo/t/{SECRET}", server.url());
    let guarded = Guarded { sandbox, server };
    guarded.works_and_leaks_nothing(&[("LARDER_CHANNEL_ALIAS", &alias)]);
}

#[test]
fn an_alias_that_is_no_url_is_not_shown_with_its_password() {
    let sandbox = app_and_lib();
    let alias = format!("https://user:pass/{SECRET}@host/");
    let mut command = sandbox.command(&["create", "-p", "env", "-c", "lib", "app", "-vvv"]);
    let run = Run::of(command.env("LARDER_CHANNEL_ALIAS", alias));
    assert!(
        run.stderr.contains("`channel_alias` is a URL"),
        "{}",
        run.stderr
    );
    assert_ne!(run.status, 0);
    says_no_secret(&run);
}

#[test]
fn a_channel_that_is_named_twice_keeps_the_credentials_of_the_second() {
    let auth = Auth::Basic {
        user: "user".into(),
        password: SECRET.into(),
    };
    let guarded = Guarded::new(auth, |host| format!("http://user:{SECRET}@{host}"));
    let plain = guarded.server.url();
    let run = guarded.run(&["create", "-p", "env", "-c", &plain], &[]);
    says_no_secret(&run.success());
    leaves_no_secret(&guarded.sandbox);
}

#[test]
fn cep37_05_variables_in_a_channel_are_named_in_the_lock_and_their_values_are_not() {
    let auth = Auth::Basic {
        user: "user".into(),
        password: SECRET.into(),
    };
    let guarded = Guarded::new(auth, |host| {
        format!("http://$CHANNEL_USER:${{CHANNEL_TOKEN}}@{host}")
    });
    guarded.works_and_leaks_nothing(&[("CHANNEL_USER", "user"), ("CHANNEL_TOKEN", SECRET)]);
    let lock = fs::read_to_string(guarded.sandbox.path("conda-lock.yml")).unwrap();
    assert!(
        lock.contains("CHANNEL_USER") && lock.contains("CHANNEL_TOKEN"),
        "{lock}"
    );
}

#[test]
fn a_netrc_file() {
    let auth = Auth::Basic {
        user: "user".into(),
        password: SECRET.into(),
    };
    let guarded = Guarded::new(auth, |host| format!("http://{host}"));
    fs::write(
        guarded.sandbox.home().join(".netrc"),
        format!("machine 127.0.0.1 login user password {SECRET}\n"),
    )
    .unwrap();
    guarded.works_and_leaks_nothing(&[]);
}

#[test]
fn rattlers_file_of_credentials() {
    let guarded = Guarded::new(Auth::Bearer(SECRET.into()), |host| format!("http://{host}"));
    let file = guarded.sandbox.write(
        "credentials.json",
        &format!(r#"{{"127.0.0.1": {{"BearerToken": "{SECRET}"}}}}"#),
    );
    guarded.works_and_leaks_nothing(&[("RATTLER_AUTH_FILE", file.to_str().unwrap())]);
}

#[test]
fn wrong_credentials_say_which_channel_and_not_with_what() {
    let auth = Auth::Basic {
        user: "user".into(),
        password: "another".into(),
    };
    let guarded = Guarded::new(auth, |host| format!("http://user:{SECRET}@{host}"));
    let run = guarded.run(&["create", "-p", "env"], &[]);
    assert_ne!(run.status, 0);
    assert!(
        run.stderr.contains("127.0.0.1") && run.stderr.contains("401"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
}

#[test]
fn errors_about_specs_and_pip_lines_show_no_secret() {
    let sandbox = app_and_lib();
    let url = format!("https://user:{SECRET}@127.0.0.1:1/c");
    for spec in [
        format!("\"{url}::pkg[\""),
        format!("\"t/{SECRET}/c::pkg[\""),
        format!("\"pkg[url='{url}/noarch/pkg-1-0.conda']\""),
        format!("{{x: \"{url}\"}}"),
        format!("{{pip: [\"--index-url {url}\"]}}"),
    ] {
        let manifest = format!("channels: [./channel]\ndependencies: [{spec}]\n");
        sandbox.write("environment.yml", &manifest);
        let mut run = sandbox.command(&["create", "-p", "env", "-vvv"]);
        let run = Run::of(&mut run);
        assert_ne!(run.status, 0, "{spec}");
        says_no_secret(&run);
    }
}

#[test]
fn a_channel_of_the_command_line_is_clean_in_the_history() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.path("channel"));
    server.require_auth(Auth::TokenInPath(SECRET.into()));
    let channel = format!("{}/t/{SECRET}", server.url());
    sandbox
        .larder(&["create", "-p", "env", "-c", &channel, "lib"])
        .success();
    let history = fs::read_to_string(env(&sandbox).join("conda-meta/history")).unwrap();
    assert!(
        history.contains("# cmd: larder create") && !history.contains(SECRET),
        "{history}"
    );
}

#[test]
fn a_token_in_a_channels_name_opens_it_and_is_clean_in_the_history() {
    let sandbox = app_and_lib();
    let server = Server::serve(&sandbox.work());
    server.require_auth(Auth::TokenInPath(SECRET.into()));
    let channel = format!("t/{SECRET}/channel");
    let (attached, long) = (format!("-c{channel}"), format!("--channel={channel}"));
    for (prefix, options) in [
        ("env", &["-c", channel.as_str()][..]),
        ("env2", &[attached.as_str()]),
        ("env3", &[long.as_str()]),
    ] {
        let arguments = [&["create", "-p", prefix][..], options, &["lib", "-vvv"]].concat();
        let mut command = sandbox.command(&arguments);
        let run = Run::of(command.env("LARDER_CHANNEL_ALIAS", server.url()));
        says_no_secret(&run.success());
    }
    leaves_no_secret(&sandbox);
    let history = fs::read_to_string(env(&sandbox).join("conda-meta/history")).unwrap();
    assert!(history.contains("-c t/***/channel"), "{history}");
}

#[test]
fn a_lock_with_credentials_is_refused() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    let path = sandbox.path("conda-lock.yml");
    let lock = fs::read_to_string(&path)
        .unwrap()
        .replace("file:///", &format!("https://user:{SECRET}@host/"));
    fs::write(&path, lock).unwrap();
    let run = sandbox
        .larder(&["create", "-p", "env", "-f", "conda-lock.yml"])
        .fails_with(1);
    assert!(
        run.stderr.contains("conda-lock.yml:") && !run.stderr.contains(SECRET),
        "{}",
        run.stderr
    );
}

/// The files below `directory` that hold `text`, but for those named.
pub(crate) fn files_with(directory: &Path, text: &str, but: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_dir() {
                pending.push(entry.path());
            } else if kind.is_file() && !but.contains(&name.as_str()) {
                let bytes = fs::read(entry.path()).unwrap();
                if bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
                {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    found
}

#[test]
fn the_search_for_secrets_finds_one() {
    let sandbox = sandbox();
    sandbox.write("deep/file", &format!("x{SECRET}y"));
    assert_eq!(files_with(&sandbox.work(), SECRET, &[]).len(), 1);
}
