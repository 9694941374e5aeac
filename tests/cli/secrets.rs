//! The table of secrets: every place where a user can put one, times everything that can be said about
//! it: a lock, an environment, JSON, a solver's failure, 401, 404 and 500, all with `-vvv`.

use std::fs;

use larder_testkit::{Auth, Fault};

use crate::credentials::{Guarded, SECRET, leaves_no_secret, says_no_secret};

const COMMANDS: &[(&[&str], i32)] = &[
    (&["lock"], 0),
    (&["lock", "--check"], 0),
    (&["create", "-p", "env"], 0),
    (&["create", "-p", "json", "--json"], 0),
    (&["create", "-p", "solved", "--no-lock"], 0),
    (
        &["create", "-p", "plan", "--no-lock", "--dry-run", "--json"],
        0,
    ),
    (&["list", "-p", "env", "--json"], 0),
    (&["manifest", "--json"], 0),
    (&["create", "-p", "none", "-f", "unsolvable.yml"], 1),
    (
        &["create", "-p", "none", "-f", "unsolvable.yml", "--json"],
        1,
    ),
    (&["export", "--format", "explicit"], 0),
    (&["export", "--format", "pixi"], 0),
];

impl Guarded {
    /// Everything, and then what goes wrong.
    fn leaks_nothing(&self, variables: &[(&str, &str)]) {
        let manifest = fs::read_to_string(self.sandbox.path("environment.yml")).unwrap();
        let unsolvable = manifest.replace("[app]", "[\"app =99\"]");
        self.sandbox.write("unsolvable.yml", &unsolvable);
        for (arguments, code) in COMMANDS {
            let run = self.run(arguments, variables);
            says_no_secret(&run);
            run.fails_with(*code);
        }
        for code in [404, 500] {
            self.server
                .fault(".conda", Fault::Status { code, times: 999 });
            self.fails(variables);
        }
        self.server.require_auth(Auth::Bearer("another".into()));
        self.fails(variables);
        leaves_no_secret(&self.sandbox);
    }

    fn fails(&self, variables: &[(&str, &str)]) {
        for extra in [&["--json"][..], &[], &["--no-lock"]] {
            fs::remove_dir_all(self.sandbox.store()).unwrap();
            let arguments = [&["create", "-p", "none"], extra].concat();
            let run = self.run(&arguments, variables);
            says_no_secret(&run);
            assert!([1, 3].contains(&run.status), "{}", run.stderr);
        }
    }
}

fn basic() -> Auth {
    Auth::Basic {
        user: "user".into(),
        password: SECRET.into(),
    }
}

#[test]
fn in_the_url_of_a_channel() {
    Guarded::new(basic(), |host| format!("http://user:{SECRET}@{host}")).leaks_nothing(&[]);
}

#[test]
fn in_the_path_of_a_channel() {
    let auth = Auth::TokenInPath(SECRET.into());
    Guarded::new(auth, |host| format!("http://{host}/t/{SECRET}")).leaks_nothing(&[]);
}

#[test]
fn in_a_variable_of_the_manifest() {
    Guarded::new(basic(), |host| format!("http://user:$TOKEN@{host}"))
        .leaks_nothing(&[("TOKEN", SECRET)]);
}

#[test]
fn in_netrc() {
    let guarded = Guarded::new(basic(), |host| format!("http://{host}"));
    let text = format!("machine 127.0.0.1 login user password {SECRET}\n");
    let path = guarded.sandbox.home().join(".netrc");
    fs::write(&path, text).unwrap();
    guarded.leaks_nothing(&[("NETRC", path.to_str().unwrap())]);
}

#[test]
fn in_a_file_of_credentials() {
    let guarded = Guarded::new(Auth::Bearer(SECRET.into()), |host| format!("http://{host}"));
    let text = format!(r#"{{"127.0.0.1": {{"BearerToken": "{SECRET}"}}}}"#);
    let file = guarded.sandbox.write("credentials.json", &text);
    guarded.leaks_nothing(&[("RATTLER_AUTH_FILE", file.to_str().unwrap())]);
}

#[test]
fn in_the_configured_channels() {
    let guarded = Guarded::new(basic(), |host| format!("http://{host}"));
    guarded
        .sandbox
        .write("environment.yml", "dependencies: [app]\n");
    let host = guarded.server.url().replace("http://", "");
    let channel = format!("http://user:{SECRET}@{host}");
    guarded.leaks_nothing(&[("CONDA_CHANNELS", &channel)]);
}

/// A mirror that refuses is not the last word, and its credentials are nobody's business.
#[test]
fn in_a_mirror_and_in_a_proxy_that_do_not_work() {
    let guarded = Guarded::new(basic(), |host| format!("http://user:{SECRET}@{host}"));
    let url = guarded.server.url();
    let mirrors = format!("{url}=http://user:{SECRET}@127.0.0.1:1/t/{SECRET}/mirror");
    let proxy = format!("http://user:{SECRET}@127.0.0.1:1");
    for variables in [
        vec![("LARDER_MIRRORS", mirrors.as_str())],
        vec![
            ("HTTP_PROXY", proxy.as_str()),
            ("http_proxy", proxy.as_str()),
        ],
        vec![("ALL_PROXY", proxy.as_str())],
        vec![("LARDER_MIRRORS", "http://user:s3cr3t-canary@[bad")],
    ] {
        for arguments in [&["create", "-p", "env", "--yes"][..], &["lock", "--json"]] {
            says_no_secret(&guarded.run(arguments, &variables));
        }
    }
    leaves_no_secret(&guarded.sandbox);
}

#[test]
fn in_a_list_of_urls() {
    let guarded = Guarded::new(basic(), |host| format!("http://user:{SECRET}@{host}"));
    let host = guarded.server.url().replace("http://", "");
    let own = "environment.yml";
    for line in [
        format!("http://user:{SECRET}@{host}/noarch/app-1.0-0.conda"),
        format!("http://{host}/t/{SECRET}/noarch/app-1.0-0.conda"),
        format!("http://{host}/noarch/app-1.0-0.conda?token={SECRET}"),
    ] {
        // Under a name in which the user may keep secrets.
        guarded.sandbox.write(own, &format!("@EXPLICIT\n{line}\n"));
        for extra in [&[][..], &["--json"]] {
            let arguments = [&["create", "-p", "env", "-f", own], extra].concat();
            says_no_secret(&guarded.run(&arguments, &[]));
        }
    }
    leaves_no_secret(&guarded.sandbox);
}
