//! Archives are used as soon as they are there, while others are still on their way.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use larder_testkit::{Format, PackageBuilder, Sandbox, environment_of, tree_of};

use crate::support::{channel, conda, env, json, lib, program, sandbox};

/// How often a held answer looks whether it may go on, before it gives up.
const LOOKS: u32 = 12_000;

/// Serves the sandbox's channel; archives named `held` only once `gate` says so, or never.
fn serve(sandbox: &Sandbox, gate: impl Fn() -> bool + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (root, gate) = (sandbox.path("channel"), Arc::new(gate));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (root, gate) = (root.clone(), Arc::clone(&gate));
            thread::spawn(move || answer(stream.unwrap(), &root, &*gate));
        }
    });
    url
}

fn answer(mut stream: TcpStream, root: &Path, gate: &dyn Fn() -> bool) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while reader.read_line(&mut head).unwrap_or(0) > 2 {}
    let path = head
        .split(' ')
        .nth(1)
        .unwrap_or("/")
        .trim_start_matches('/');
    if path.contains("/held-") && !opens(gate) {
        return;
    }
    let (status, body) = match fs::read(root.join(path)) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    // A client that has heard enough hangs up.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body);
}

fn opens(gate: &dyn Fn() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        thread::park_timeout(Duration::from_millis(5));
        gate()
    })
}

/// `app` depends on `held` and `lib`; both have `share/both`, and `held` comes last.
fn locked(gate: impl Fn(&Sandbox) -> Box<dyn Fn() -> bool + Send + Sync>) -> Sandbox {
    let sandbox = sandbox();
    let held = PackageBuilder::new("held", "1.0", "0")
        .noarch_generic()
        .depends("lib")
        .file("share/held", vec![7; 3_000_000])
        .file("share/both", "of held");
    let app = program("app", "1.0").depends("held").depends("lib");
    let lib = lib().file("share/both", "of lib").build(Format::TarBz2);
    channel(&sandbox, [conda(app), lib, conda(held)]);
    let url = serve(&sandbox, gate(&sandbox));
    let manifest = format!("channels: ['{url}']\ndependencies: [app]\n");
    sandbox.write("environment.yml", &manifest);
    sandbox.larder(&["lock"]).success();
    sandbox
}

/// Whether something below `directory` ends with `end`, at any depth.
fn has(directory: &Path, end: &str) -> bool {
    let Ok(entries) = fs::read_dir(directory) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.ends_with(end) || (path.is_dir() && has(&path, end))
    })
}

/// Waits for `end` below one of the directories beside the environment or of trees.
fn until(places: Vec<PathBuf>, ends: [&'static str; 2]) -> Box<dyn Fn() -> bool + Send + Sync> {
    Box::new(move || {
        let there = |end| places.iter().any(|place| has(place, end));
        ends.into_iter().all(there)
    })
}

#[test]
fn trees_are_made_before_the_last_archive_is_there() {
    let sandbox = locked(|sandbox| {
        until(
            vec![sandbox.trees()],
            ["lib-2.0-h1_0/lib/data.txt", "app-1.0-0/bin/app"],
        )
    });
    let report = json(&sandbox.larder(&["create", "-p", "env", "--json"]).success());
    assert_eq!(
        (&report["fetched"], &report["reused"]),
        (&3.into(), &0.into())
    );
    let both = fs::read_to_string(env(&sandbox).join("share/both")).unwrap();
    assert_eq!(both, "of held");
}

#[test]
fn without_trees_files_are_staged_before_the_last_archive_is_there() {
    let staged = |sandbox: &Sandbox| until(vec![sandbox.work()], ["lib/data.txt", "bin/app"]);
    let sandbox = locked(staged);
    let run = sandbox.larder(&["create", "-p", "env", "--ephemeral"]);
    let run = run.success();
    assert!(
        run.stderr
            .contains("`share/both` is in both lib-2.0-h1_0 and held-1.0-0"),
        "{}",
        run.stderr
    );
    let streamed = environment_of(&env(&sandbox));
    fs::remove_dir_all(env(&sandbox)).unwrap();
    sandbox.larder(&["create", "-p", "env", "-q"]).success();
    let history = |line: &&String| !line.contains("conda-meta/history:");
    let linked = environment_of(&env(&sandbox));
    let linked: Vec<_> = linked.iter().filter(history).collect();
    assert_eq!(streamed.iter().filter(history).collect::<Vec<_>>(), linked);
}

#[test]
fn what_was_staged_goes_when_an_archive_never_comes() {
    let sandbox = locked(|sandbox| {
        let channel = sandbox.path("channel/noarch/held-1.0-0.conda");
        let staged = until(vec![sandbox.work()], ["lib/data.txt", "bin/app"]);
        // Once the others are staged the archive is gone: 404.
        Box::new(move || {
            staged() && {
                let _ = fs::remove_file(&channel);
                true
            }
        })
    });
    let before = tree_of(&sandbox.work());
    let run = sandbox.larder(&["create", "-p", "env", "--ephemeral"]);
    let run = run.fails_with(1);
    assert!(run.stderr.contains("held-1.0-0"), "{}", run.stderr);
    let left: Vec<String> = tree_of(&sandbox.work())
        .into_iter()
        .filter(|line| !line.contains(" channel/noarch/held-"))
        .collect();
    let before: Vec<String> = before
        .into_iter()
        .filter(|line| !line.contains(" channel/noarch/held-"))
        .collect();
    assert_eq!(left, before);
}

#[test]
fn a_hostile_archive_among_those_that_come_is_refused_and_nothing_stays() {
    let sandbox = sandbox();
    let held = PackageBuilder::new("held", "1.0", "0")
        .noarch_generic()
        .raw_entry("../outside", larder_testkit::RawEntry::file("x"));
    channel(&sandbox, [conda(held), lib().build(Format::Conda)]);
    let url = serve(&sandbox, || true);
    let manifest = format!("channels: ['{url}']\ndependencies: [held, lib]\n");
    sandbox.write("environment.yml", &manifest);
    for ephemeral in [&["--ephemeral"][..], &[]] {
        let arguments = [&["create", "-p", "env"], ephemeral].concat();
        let run = sandbox.larder(&arguments).fails_with(4);
        assert!(run.stderr.contains("../outside"), "{}", run.stderr);
        assert!(!env(&sandbox).exists());
        assert!(!has(&sandbox.work(), "lib/data.txt"));
        fs::remove_dir_all(sandbox.store()).unwrap();
    }
}
