//! Package files and URLs as arguments: an explicit list, installed as it is.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use larder_testkit::{BuiltPackage, Format, PackageBuilder, Sandbox, Server};
use serde_json::Value;

use crate::support::{channel, conda, json, lib, program, sandbox};

const HERE: &str = "linux-64";

/// `app` for linux-64, that needs `missing`, and `lib` for every platform.
fn packages() -> [BuiltPackage; 2] {
    let app = PackageBuilder::new("app", "1.0", "0")
        .subdir(HERE)
        .depends("missing >=7")
        .executable_text_prefix("bin/app", "#!/bin/sh\necho {{PREFIX}}\n");
    [conda(app), lib().build(Format::TarBz2)]
}

/// The files of `packages` in a directory that is none of a channel.
fn flat(sandbox: &Sandbox, packages: &[BuiltPackage]) -> Vec<String> {
    let _ = fs::create_dir(sandbox.path("files"));
    let write = |package: &BuiltPackage| {
        let path = format!("files/{}", package.file_name);
        fs::write(sandbox.path(&path), &package.bytes).unwrap();
        path
    };
    packages.iter().map(write).collect()
}

fn create(sandbox: &Sandbox, arguments: &[&str]) -> larder_testkit::Run {
    let create = ["create", "-p", "env", "--platform", HERE];
    sandbox.larder(&[&create[..], arguments].concat())
}

fn record(sandbox: &Sandbox, dist: &str) -> Value {
    let text = fs::read_to_string(sandbox.path(&format!("env/conda-meta/{dist}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The digest of `app`, which is built alike each time.
fn sha256() -> String {
    let [app, _] = packages();
    app.sha256
}

#[test]
fn package_files_are_installed_as_they_are_wherever_they_are() {
    let sandbox = sandbox();
    let files = flat(&sandbox, &packages());
    let dry = create(&sandbox, &["--dry-run", "--offline", &files[0], &files[1]]).success();
    assert!(dry.stdout.contains("app-1.0-0"), "{}", dry.stdout);
    create(
        &sandbox,
        &["--offline", &files[0], &format!("./{}", files[1])],
    )
    .success();
    let (app, lib) = (
        record(&sandbox, "app-1.0-0"),
        record(&sandbox, "lib-2.0-h1_0"),
    );
    assert_eq!(
        (&app["subdir"], &lib["subdir"]),
        (&HERE.into(), &"noarch".into())
    );
    assert_eq!(app["sha256"], sha256());
    assert_eq!(
        app["depends"],
        serde_json::json!(["missing >=7"]),
        "nothing is solved"
    );
    let url = format!("file://{}", sandbox.path(&files[0]).display());
    assert_eq!(app["url"], url);
    assert!(sandbox.path("env/lib/data.txt").is_file());
    // The same by URL, in a channel's directory, with an md5 of its own.
    let local = channel(&sandbox, packages());
    let by_url = format!("{}/{HERE}/app-1.0-0.conda#sha256:{}", local.url(), sha256());
    create(&sandbox, &["--yes", "--offline", &by_url]).success();
    assert!(!sandbox.path("env/lib/data.txt").exists());
}

#[test]
fn packages_by_url_are_checked_against_their_digest_and_taken_without_one() {
    let sandbox = sandbox();
    channel(&sandbox, packages());
    let server = Server::serve(&sandbox.path("channel"));
    let url = format!("{}/{HERE}/app-1.0-0.conda", server.url());
    let digest = sha256();
    let wrong = digest.replace(|digit: char| digit != '0', "0");
    let run = create(&sandbox, &[&format!("{url}#sha256:{wrong}")]).fails_with(4);
    assert!(run.stderr.contains(&digest), "{}", run.stderr);
    assert!(!sandbox.path("env").exists());
    let run = create(&sandbox, &[&url]).success();
    assert!(
        run.stderr.contains("app-1.0-0"),
        "a warning: {}",
        run.stderr
    );
    assert_eq!(record(&sandbox, "app-1.0-0")["sha256"], digest);
    let run = create(
        &sandbox,
        &["--yes", "--json", "--offline", &format!("{url}#{digest}")],
    );
    assert_eq!(json(&run.success())["fetched"], 0, "it is in the store");
    let run = create(&sandbox, &[&format!("{url}#nodigest")]).fails_with(1);
    assert!(run.stderr.contains("nodigest"), "{}", run.stderr);
    let secret = url.replace("://", "://user:secret@");
    let run = create(&sandbox, &["--yes", &secret]).fails_with(1);
    assert!(!run.stderr.contains("secret@"), "{}", run.stderr);
}

#[test]
fn package_files_are_not_combined_with_specs_or_files() {
    let sandbox = sandbox();
    let files = flat(&sandbox, &packages());
    sandbox.write("environment.yml", "dependencies: [lib]\n");
    for more in [&["lib>=2"][..], &["-f", "environment.yml"]] {
        let run = create(&sandbox, &[&[files[0].as_str()], more].concat()).fails_with(1);
        assert!(
            run.stderr.contains("cannot be combined") && run.stderr.contains(more.last().unwrap()),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_package_for_another_platform_is_refused() {
    let sandbox = sandbox();
    let windows = conda(PackageBuilder::new("win", "1.0", "0").subdir("win-64"));
    let odd = conda(PackageBuilder::new("odd", "1.0", "0").subdir("amiga-68k"));
    let files = flat(&sandbox, &[windows, odd]);
    for (file, found) in [(&files[0], "win-64"), (&files[1], "amiga-68k")] {
        let run = create(&sandbox, &[file]).fails_with(1);
        assert!(
            run.stderr.contains(&format!("a package for {found}")),
            "{}",
            run.stderr
        );
    }
    let url = "https://c.test/x/win-64/win-1.0-0.conda";
    let run = create(&sandbox, &["--offline", url]).fails_with(1);
    assert!(run.stderr.contains("--platform win-64"), "{}", run.stderr);
    let arguments = [
        "create",
        "-p",
        "env",
        "--platform",
        "win-64",
        "--dry-run",
        &files[0],
    ];
    sandbox.larder(&arguments).success();
}

#[test]
fn two_packages_of_one_name_are_refused() {
    let sandbox = sandbox();
    let other = conda(program("app", "2.0"));
    let [app, _] = packages();
    let files = flat(&sandbox, &[app, other]);
    let run = create(&sandbox, &[&files[0], &files[1]]).fails_with(1);
    assert!(run.stderr.contains("app"), "{}", run.stderr);
    create(&sandbox, &[&files[0], &files[0]]).success();
}

#[test]
fn an_update_takes_a_package_file() {
    let sandbox = sandbox();
    let files = flat(&sandbox, &packages());
    create(&sandbox, &[&files[1]]).success();
    let other = flat(&sandbox, &[conda(lib_of("3.0"))]);
    let arguments = ["env", "update", "-p", "env", "--platform", HERE, &other[0]];
    sandbox.larder(&arguments).success();
    assert_eq!(record(&sandbox, "lib-3.0-h1_0")["version"], "3.0");
}

fn lib_of(version: &str) -> PackageBuilder {
    PackageBuilder::new("lib", version, "h1_0").noarch_generic()
}

#[test]
#[cfg(unix)]
fn hostile_files_are_refused_at_once_and_leave_nothing() {
    let sandbox = sandbox();
    let [app, _] = packages();
    let real = flat(&sandbox, &[app])[0].clone();
    let place = |name: &str| -> PathBuf { sandbox.path(&format!("files/{name}")) };
    let fifo = place("fifo-1.0-0.conda");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    fs::create_dir(place("dir-1.0-0.conda")).unwrap();
    fs::write(place("text-1.0-0.conda"), "not a zip").unwrap();
    fs::write(place("text-1.0-0.tar.bz2"), "not a tarball").unwrap();
    File::create(place("huge-1.0-0.tar.bz2"))
        .unwrap()
        .set_len(2 << 40)
        .unwrap();
    File::create(place("large-1.0-0.conda"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    fs::copy(sandbox.path(&real), place("other-1.0-0.conda")).unwrap();
    fs::copy(sandbox.path(&real), place("noname.conda")).unwrap();
    for (name, code, said) in [
        ("fifo-1.0-0.conda", 1, "not a regular file"),
        ("dir-1.0-0.conda", 1, "not a regular file"),
        ("huge-1.0-0.tar.bz2", 1, "has more than"),
        ("noname.conda", 1, "file name"),
        ("nothere-1.0-0.conda", 1, "there is no file"),
        ("text-1.0-0.conda", 4, "cannot be installed"),
        ("text-1.0-0.tar.bz2", 4, "cannot be installed"),
        ("large-1.0-0.conda", 4, "cannot be installed"),
        ("other-1.0-0.conda", 4, "app"),
    ] {
        let run = create(&sandbox, &[&format!("files/{name}")]).fails_with(code);
        assert!(run.stderr.contains(said), "{name}: {}", run.stderr);
        assert!(!sandbox.path("env").exists(), "{name}");
    }
    let run = create(&sandbox, &["files/a\n@EXPLICIT\nb-1.0-0.conda"]).fails_with(1);
    assert!(run.stderr.contains("a\\n@EXPLICIT"), "{}", run.stderr);
    // A link of the user's is followed; a FIFO in an `@EXPLICIT` list is refused as well.
    fs::create_dir(place("links")).unwrap();
    std::os::unix::fs::symlink(sandbox.path(&real), place("links/app-1.0-0.conda")).unwrap();
    create(&sandbox, &["files/links/app-1.0-0.conda"]).success();
    sandbox.write("list.txt", &format!("@EXPLICIT\n{}\n", fifo.display()));
    let run = create(&sandbox, &["--yes", "-f", "list.txt"]);
    assert!(
        run.status != 0 && run.stderr.contains("not a regular file"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_file_that_is_not_there_is_said_to_be_missing_whatever_its_name() {
    let sandbox = sandbox();
    for name in ["./nothere.conda", "./app-1.0-0.conda"] {
        let run = sandbox.larder(&["create", "-p", "env", name]).fails_with(1);
        assert!(run.stderr.contains("there is no file"), "{}", run.stderr);
    }
}
