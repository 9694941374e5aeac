//! `larder store gc`: what each policy leaves, and that environments do not notice.

use std::fs;

use larder_testkit::{PackageBuilder, Sandbox};

use super::{DAY, age, archives, files, store_json};
use crate::support::{app_and_lib, channel, conda, env, json, lib, program, sandbox};

/// Two environments, `env` of app and lib, `other` of lib alone.
fn two_environments() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox
        .larder(&["create", "-p", "other", "-c", "./channel", "lib"])
        .success();
    sandbox
}

#[test]
fn what_no_environment_needs_goes_and_the_rest_works() {
    let sandbox = two_environments();
    assert_eq!(archives(&sandbox).len(), 2);
    let report = store_json(&sandbox, &["gc"]);
    assert_eq!(
        (&report["removed"], &report["kept"]),
        (&0.into(), &2.into())
    );

    fs::remove_dir_all(env(&sandbox)).unwrap();
    let run = sandbox.larder(&["store", "gc", "--dry-run"]).success();
    assert!(run.stdout.contains("app-1.0-0.conda"), "{}", run.stdout);
    assert!(!run.stdout.contains("lib"), "{}", run.stdout);
    assert!(
        run.stderr
            .starts_with("would remove 1 archive, 1 dead root; would free")
    );
    assert_eq!(archives(&sandbox).len(), 2);

    let report = store_json(&sandbox, &["gc"]);
    assert_eq!(report["archives"][0]["name"], "app-1.0-0.conda");
    assert_eq!(
        (&report["removed"], &report["roots"]),
        (&1.into(), &1.into())
    );
    assert_eq!(archives(&sandbox).len(), 1);
    assert!(sandbox.path("other/lib/data.txt").is_file());
    sandbox.larder(&["create", "-p", "env"]).success();
}

#[test]
fn a_lock_keeps_what_it_names() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    assert_eq!(store_json(&sandbox, &["gc"])["removed"], 0);
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    assert_eq!(store_json(&sandbox, &["gc"])["removed"], 2);
}

#[test]
fn what_was_not_used_lately_goes_needed_or_not() {
    let sandbox = two_environments();
    let old = archives(&sandbox);
    age(&old, DAY * 8);
    assert_eq!(
        store_json(&sandbox, &["gc", "--unused-for", "7d"])["removed"],
        0
    );
    age(&files(&sandbox.store().join("roots")), DAY * 8);
    // Using an environment again is a use.
    fs::remove_dir_all(sandbox.path("other")).unwrap();
    sandbox
        .larder(&["create", "-p", "other", "-c", "./channel", "lib"])
        .success();
    let report = store_json(&sandbox, &["gc", "--unused-for", "1w"]);
    assert_eq!(report["archives"][0]["name"], "app-1.0-0.conda");
    assert_eq!(
        (&report["removed"], &report["roots"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn the_store_can_be_made_to_fit() {
    let sandbox = two_environments();
    let report = store_json(&sandbox, &["gc", "--max-size", "1GB"]);
    assert_eq!(
        (&report["removed"], &report["memos"]),
        (&0.into(), &0.into())
    );
    let report = store_json(&sandbox, &["gc", "--max-size", "0"]);
    assert_eq!(report["removed"], 2);
    assert!(archives(&sandbox).is_empty());
    assert!(files(&sandbox.store().join("solves")).is_empty());
}

/// Wrong values are wrong usage, and sizes have units.
#[test]
fn wrong_ages_and_sizes_are_refused() {
    let sandbox = sandbox();
    let run = sandbox.larder(&["store", "gc", "--max-size", "5X"]);
    assert!(run.fails_with(2).stderr.contains("expected a size"));
    let run = sandbox.larder(&["store", "gc", "--unused-for", "soon"]);
    assert!(run.fails_with(2).stderr.contains("expected an age"));
    let run = sandbox.larder(&["store", "gc", "--keep", "x.yml", "--max-size", "1"]);
    run.fails_with(2);
    let run = sandbox.larder(&["store", "gc", "--keep", "x.yml"]);
    assert!(run.fails_with(1).stderr.contains("there is no lock at"));
}

/// Bytes that no compressor makes smaller.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// `big` on two platforms, `small` that only another manifest wants.
fn two_platforms() -> Sandbox {
    let sandbox = sandbox();
    let big = |seed: u64, subdir: &str| {
        let package = PackageBuilder::new("big", "1.0", "0").subdir(subdir);
        conda(package.file("share/big", noise(seed, 600_000)))
    };
    channel(
        &sandbox,
        [
            big(1, "linux-64"),
            big(2, "osx-arm64"),
            conda(PackageBuilder::new("small", "1.0", "0").noarch_generic()),
        ],
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\nplatforms: [linux-64, osx-arm64]\ndependencies: [big]\n",
    );
    sandbox.larder(&["lock"]).success();
    for platform in ["linux-64", "osx-arm64"] {
        let prefix = format!("env-{platform}");
        let arguments = ["create", "-p", &prefix, "--platform", platform];
        sandbox.larder(&arguments).success();
    }
    sandbox
        .larder(&["create", "-p", "other", "-c", "./channel", "small"])
        .success();
    sandbox
}

/// Issue 5: the cached directory is the sum of the lock's archives plus at most 1 %.
#[test]
fn exactly_what_the_locks_name_stays() {
    let sandbox = two_platforms();
    assert_eq!(archives(&sandbox).len(), 3);
    fs::write(sandbox.store().join("tmp/damaged-1-2-3.conda"), "x").unwrap();
    let report = store_json(&sandbox, &["gc", "--keep", "conda-lock.yml"]);
    assert_eq!(
        (&report["removed"], &report["kept"]),
        (&1.into(), &2.into())
    );
    assert_eq!(report["archives"][0]["name"], "small-1.0-0.conda");
    let total: u64 = size_of(&files(&sandbox.store()));
    let objects = size_of(&archives(&sandbox));
    assert_eq!(report["kept_bytes"], objects);
    assert!(total <= objects + objects / 100, "{total} for {objects}");
    let offline = ["create", "-p", "again", "--offline"];
    sandbox.larder(&offline).success();

    fs::remove_file(&archives(&sandbox)[0]).unwrap();
    let run = sandbox.larder(&["store", "gc", "--keep", "conda-lock.yml"]);
    let stderr = run.success().stderr;
    assert!(
        stderr.contains("not in the store: 1 archive that the locks name, such as big-1.0-0.conda"),
        "{stderr}"
    );
}

fn size_of(files: &[std::path::PathBuf]) -> u64 {
    files
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum()
}

/// One platform's packages only, where the lock is a list for one; several locks add up.
#[test]
fn locks_of_every_format_keep_what_they_name() {
    let sandbox = two_platforms();
    let export = |arguments: &[&str]| {
        sandbox.larder(&[&["export"], arguments].concat()).success();
    };
    export(&["--format", "pixi", "-o", "pixi.lock"]);
    let explicit = ["--format", "explicit", "--platform", "linux-64"];
    for hash in ["md5", "sha256"] {
        export(&[&explicit[..], &["--hash", hash, "-o", hash]].concat());
    }
    let removed = |locks: &[&str]| {
        let keep = locks.iter().flat_map(|lock| ["--keep", lock]);
        let arguments: Vec<&str> = ["gc", "--dry-run"].into_iter().chain(keep).collect();
        store_json(&sandbox, &arguments)["removed"].clone()
    };
    assert_eq!(removed(&["pixi.lock"]), 1);
    assert_eq!(removed(&["sha256"]), 2);
    assert_eq!(removed(&["sha256", "conda-lock.yml"]), 1);
    // An MD5 is known to the store only of what it was asked for by MD5.
    assert_eq!(removed(&["md5"]), 3);
    sandbox
        .larder(&["create", "-p", "by-md5", "-f", "md5"])
        .success();
    assert_eq!(removed(&["md5"]), 2);
}

/// Remembered solves and indexes go when nobody used them for long; being used keeps them.
#[test]
fn what_lies_beside_goes_when_it_is_old() {
    let sandbox = sandbox();
    channel(&sandbox, [conda(program("app", "1.0")), conda(lib())]);
    let server = larder_testkit::Server::serve(&sandbox.path("channel"));
    let url = server.url();
    let solve = |spec: &str| {
        let arguments = [
            "create",
            "-p",
            "env",
            "--dry-run",
            "--json",
            "-c",
            &url,
            spec,
        ];
        json(&sandbox.larder(&arguments).success())["solve"].clone()
    };
    solve("app");
    solve("lib");
    let beside = || {
        let mut beside = files(&sandbox.store().join("solves"));
        beside.extend(files(&sandbox.store().join("repodata")));
        beside
    };
    let all = beside();
    assert!(all.len() >= 4, "{all:?}");
    age(&all, DAY * 31);
    fs::write(sandbox.store().join("repodata/note.txt"), "mine").unwrap();
    assert_eq!(solve("app"), "memo");
    let report = store_json(&sandbox, &["gc"]);
    assert_eq!(report["memos"], 1, "the one for lib");
    assert_eq!(solve("app"), "memo");
    assert_eq!(solve("lib"), "solved");
    age(&beside(), DAY * 31);
    let report = store_json(&sandbox, &["gc", "--dry-run"]);
    assert_eq!(report["memos"], 2);
    store_json(&sandbox, &["gc"]);
    let left: Vec<_> = beside();
    assert!(
        left.iter()
            .all(|path| path.ends_with("note.txt") || path.ends_with("scratch.lock")),
        "{left:?}"
    );
}

/// G1: a root that cannot be read may be all that keeps something alive.
#[test]
fn a_damaged_root_stops_collection_with_a_way_out() {
    let sandbox = two_environments();
    let roots = files(&sandbox.store().join("roots"));
    fs::write(&roots[0], "{").unwrap();
    let run = sandbox.larder(&["store", "gc"]).fails_with(4);
    assert!(
        run.stderr.contains(roots[0].to_str().unwrap()),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("larder store verify --repair"));
    assert_eq!(archives(&sandbox).len(), 2);
}

/// Trees are only removed on request, and those of living environments stay.
#[test]
fn trees_go_on_request() {
    let sandbox = two_environments();
    let trees = || {
        let directories = files(&sandbox.trees()).into_iter().filter_map(|path| {
            let relative = path.strip_prefix(sandbox.trees()).ok()?.to_owned();
            let name = relative.components().nth(1)?.as_os_str().to_owned();
            (name.len() == 64).then_some(name)
        });
        directories.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(trees(), 2);
    assert_eq!(store_json(&sandbox, &["gc", "--trees"])["trees"], 0);
    fs::remove_dir_all(env(&sandbox)).unwrap();
    store_json(&sandbox, &["gc"]);
    assert_eq!(trees(), 2);
    assert_eq!(
        store_json(&sandbox, &["gc", "--trees", "--dry-run"])["trees"],
        1
    );
    assert_eq!(trees(), 2);
    // Archives may go for want of room; who is there needs its tree all the same.
    let report = store_json(&sandbox, &["gc", "--trees", "--max-size", "0"]);
    assert_eq!((&report["trees"], &report["kept"]), (&1.into(), &0.into()));
    assert_eq!(trees(), 1);
    sandbox.larder(&["create", "-p", "env"]).success();
}

/// Sealed bytecode goes with the archive that it was made from.
#[test]
fn bytecode_in_the_store_goes_with_its_archive() {
    let sandbox = two_environments();
    let directory = sandbox.store().join("bytecode");
    fs::create_dir(&directory).unwrap();
    let python = "ab".repeat(32);
    for archive in archives(&sandbox) {
        let name = archive.file_name().unwrap().to_str().unwrap();
        let (sha256, _) = name.split_once('.').unwrap();
        fs::write(directory.join(format!("{sha256}-{python}")), "sealed").unwrap();
    }
    assert_eq!(store_json(&sandbox, &["gc"])["bytecode"], 0);
    fs::remove_dir_all(env(&sandbox)).unwrap();
    assert_eq!(store_json(&sandbox, &["gc", "--dry-run"])["bytecode"], 1);
    assert_eq!(store_json(&sandbox, &["gc"])["bytecode"], 1);
    assert_eq!(files(&directory).len(), 1);
}
