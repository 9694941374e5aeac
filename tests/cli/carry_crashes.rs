//! Packs, imports and exports, killed before calls that change a file: what there is afterwards is old, new
//! or not there, package by package where packages are independent; the next run needs no help.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use larder_testkit::{Action, Disturb, Run, Sandbox, Traced, Tracer, tree_of};

use crate::{
    matrix::state::unsound,
    support::{app_and_lib, env},
};

/// How many calls of an operation are disturbed: all kinds of them, evenly thinned out.
const SAMPLE: usize = 16;
const PARTS: [&str; 4] = ["home", "store", "trees", "work"];

/// What is disturbed, again and again, from the same beginning.
struct Scene {
    sandbox: Sandbox,
    tracer: Tracer,
    arguments: &'static [&'static str],
}

impl Scene {
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn new(sandbox: Sandbox, arguments: &'static [&'static str]) -> Option<Self> {
        let root = sandbox.work().parent().unwrap().to_owned();
        let tracer = Tracer::new()
            .inspect_err(|reason| eprintln!("skipped: {reason}"))
            .ok()?
            .watching(&root);
        fs::create_dir(root.join("saved")).unwrap();
        for part in PARTS {
            copy(&root.join(part), &root.join("saved"));
        }
        Some(Self {
            sandbox,
            tracer,
            arguments,
        })
    }

    fn reset(&self) {
        let root = self.sandbox.work().parent().unwrap().to_owned();
        for part in PARTS {
            fs::remove_dir_all(root.join(part)).unwrap();
            copy(&root.join("saved").join(part), &root);
        }
    }

    fn run(&self, disturb: Option<Disturb<'_>>) -> Traced {
        self.tracer
            .run(&self.sandbox.command(self.arguments), disturb)
    }

    /// Kills the operation before a sample of its calls. `is_whole` looks at what is left, and `is_done` at
    /// what there is when the same command has run once more.
    fn kill(&self, is_whole: impl Fn(&Sandbox), is_done: impl Fn(&Sandbox)) {
        let calls = self.run(None);
        calls.run.clone().success();
        is_done(&self.sandbox);
        let count = calls.calls.len();
        let chosen: BTreeSet<usize> = (0..SAMPLE).map(|at| at * count / SAMPLE).collect();
        for number in chosen {
            self.reset();
            let mut seen = 0;
            let mut before = |_: &larder_testkit::Call| {
                seen += 1;
                seen == number + 1
            };
            self.run(Some(Disturb {
                before: &mut before,
                action: Action::Kill,
            }));
            assert_eq!(unsound(&self.sandbox.store()), Vec::<String>::new());
            is_whole(&self.sandbox);
            self.sandbox.larder(self.arguments).success();
            is_done(&self.sandbox);
            assert_eq!(unsound(&self.sandbox.store()), Vec::<String>::new());
        }
    }
}

fn copy(from: &Path, into: &Path) {
    let mut command = Command::new("cp");
    Run::of(command.arg("-a").arg(from).arg(into)).success();
}

fn locked() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox
}

fn read(path: PathBuf) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}

/// Everything below a directory but what a killed run leaves for a day.
fn listing(directory: &Path) -> Vec<String> {
    let mut lines = tree_of(directory);
    lines.retain(|line| !line.contains(".larder-"));
    lines
}

#[test]
fn p7_a_pack_that_is_killed_is_the_old_one_or_the_new_one() {
    let sandbox = locked();
    sandbox
        .larder(&["pack", "-o", "work.tar", "-n", "new"])
        .success();
    let new = read(sandbox.path("work.tar"));
    sandbox
        .larder(&["pack", "-o", "work.tar", "-n", "old"])
        .success();
    let old = read(sandbox.path("work.tar"));
    assert!(old != new);
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
    let Some(scene) = Scene::new(sandbox, &["pack", "-o", "work.tar", "-n", "new"]) else {
        return;
    };
    scene.kill(
        |sandbox| {
            let found = read(sandbox.path("work.tar"));
            assert!(found == old || found == new);
        },
        |sandbox| assert!(read(sandbox.path("work.tar")) == new),
    );
}

/// Unpacks into an empty store.
fn unpacking(arguments: &'static [&'static str]) {
    let sandbox = locked();
    sandbox.larder(&["pack", "-o", "work.tar"]).success();
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
    let Some(scene) = Scene::new(sandbox, arguments) else {
        return;
    };
    let is_environment = |prefix: &Path| prefix.join("conda-meta/history").exists();
    let is_whole = |sandbox: &Sandbox| {
        let prefix = env(sandbox);
        let records = ["app-1.0-0.json", "lib-2.0-h1_0.json"];
        let has = |name: &&str| prefix.join("conda-meta").join(name).exists();
        assert!(prefix.join("bin/app").exists() && prefix.join("lib/data.txt").exists());
        assert!(records.iter().all(has));
    };
    scene.kill(
        |sandbox| {
            if is_environment(&env(sandbox)) {
                is_whole(sandbox);
            }
        },
        is_whole,
    );
}

#[test]
fn an_unpack_that_is_killed_leaves_an_environment_or_none() {
    unpacking(&["unpack", "work.tar", "-p", "env", "--yes"]);
}

#[test]
fn an_unpack_without_store_that_is_killed_leaves_an_environment_or_none() {
    unpacking(&["unpack", "work.tar", "-p", "env", "--yes", "--no-store"]);
}

#[test]
fn an_import_that_is_killed_leaves_whole_objects() {
    let sandbox = locked();
    let export = ["store", "export", "--layout", "conda-pkgs", "pkgs"];
    sandbox
        .larder(&[&export[..], &["--lock", "conda-lock.yml"]].concat())
        .success();
    let objects = tree_of(&sandbox.store().join("pkgs"));
    fs::remove_dir_all(sandbox.store()).unwrap();
    fs::create_dir(sandbox.store()).unwrap();
    let Some(scene) = Scene::new(sandbox, &["store", "import", "pkgs"]) else {
        return;
    };
    scene.kill(
        |_| {},
        |sandbox| assert_eq!(tree_of(&sandbox.store().join("pkgs")), objects),
    );
}

#[test]
fn an_export_that_is_killed_leaves_whole_packages() {
    const EXPORT: &[&str] = &[
        "store",
        "export",
        "--layout",
        "conda-pkgs",
        "pkgs",
        "-p",
        "env",
    ];
    let sandbox = locked();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox.larder(EXPORT).success();
    let all = listing(&sandbox.path("pkgs"));
    fs::remove_dir_all(sandbox.path("pkgs")).unwrap();
    let Some(scene) = Scene::new(sandbox, EXPORT) else {
        return;
    };
    let names = [
        "app-1.0-0",
        "app-1.0-0.conda",
        "lib-2.0-h1_0",
        "lib-2.0-h1_0.tar.bz2",
    ];
    scene.kill(
        |sandbox| {
            let found = match sandbox.path("pkgs").exists() {
                true => listing(&sandbox.path("pkgs")),
                false => Vec::new(),
            };
            for name in names {
                let of = |lines: &[String]| -> Vec<String> {
                    let is_of = |line: &&String| {
                        let path = line.split(' ').find(|part| part.starts_with(name));
                        path.is_some_and(|path| path.split('/').next() == Some(name))
                    };
                    lines.iter().filter(is_of).cloned().collect()
                };
                let (found, whole) = (of(&found), of(&all));
                assert!(!whole.is_empty(), "{all:#?}");
                assert!(found.is_empty() || found == whole, "{name}: {found:#?}");
            }
        },
        |sandbox| assert_eq!(listing(&sandbox.path("pkgs")), all),
    );
}
