//! Packs: written, carried to a machine without network and caches, made into environments; and refused.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use larder_testkit::{ChannelBuilder, Format, RawEntry, Run, Sandbox, tar, tree_of};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{app_and_lib, channel, conda, env, json, lib, program, sandbox};

/// `app` and `lib`, locked and packed into `work.tar`; the manifest has a variable.
fn packed() -> Sandbox {
    let sandbox = app_and_lib();
    sandbox.write(
        "environment.yml",
        "name: work\nchannels: [./channel]\ndependencies:\n  - app\nvariables:\n  GREETING: 'a b'\n",
    );
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["pack", "-o", "work.tar"]).success();
    sandbox
}

/// Takes away everything but `work.tar`: another machine, without a network.
fn carried(sandbox: &Sandbox) {
    for path in [
        sandbox.store(),
        sandbox.trees(),
        sandbox.path("channel"),
        sandbox.path("environment.yml"),
        sandbox.path("conda-lock.yml"),
    ] {
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap();
    }
}

fn bytes(sandbox: &Sandbox) -> Vec<u8> {
    fs::read(sandbox.path("work.tar")).unwrap()
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The names and contents of a tar, read by this test alone.
fn members(tar: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut members = Vec::new();
    let mut at = 0;
    while tar[at] != 0 {
        let text = |range: std::ops::Range<usize>| {
            let field = &tar[at..][range];
            let end = field
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(field.len());
            String::from_utf8(field[..end].to_vec()).unwrap()
        };
        let size = usize::from_str_radix(text(124..136).trim(), 8).unwrap();
        members.push((text(0..100), tar[at + 512..][..size].to_vec()));
        at += 512 + size.next_multiple_of(512);
    }
    members
}

fn write(sandbox: &Sandbox, members: &[(String, Vec<u8>)]) {
    let entries: Vec<(String, RawEntry)> = members
        .iter()
        .map(|(name, bytes)| (name.clone(), RawEntry::file(bytes.clone())))
        .collect();
    fs::write(sandbox.path("work.tar"), tar(&entries)).unwrap();
}

/// Changes one member and what the index says of it, as an attacker would.
fn forge(sandbox: &Sandbox, suffix: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let mut all = members(&bytes(sandbox));
    let at = all
        .iter()
        .position(|(name, _)| name.ends_with(suffix))
        .unwrap();
    all[at].1 = change(std::mem::take(&mut all[at].1));
    let (name, content) = all[at].clone();
    change_index(&mut all, |index| {
        let listed = index["members"].as_array_mut().unwrap();
        let entry = listed
            .iter_mut()
            .find(|entry| entry["path"] == name.as_str());
        let entry = entry.unwrap();
        entry["size"] = content.len().into();
        entry["sha256"] = digest(&content).into();
    });
    write(sandbox, &all);
}

fn change_index(members: &mut [(String, Vec<u8>)], change: impl FnOnce(&mut Value)) {
    let mut index: Value = serde_json::from_slice(&members[0].1).unwrap();
    change(&mut index);
    members[0].1 = serde_json::to_vec(&index).unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn objects(sandbox: &Sandbox) -> Vec<PathBuf> {
    let shards = names(&sandbox.store().join("pkgs"));
    let shards = shards
        .iter()
        .map(|name| sandbox.store().join("pkgs").join(name));
    shards
        .flat_map(|shard| {
            let files = names(&shard);
            files.into_iter().map(move |name| shard.join(name))
        })
        .collect()
}

#[test]
fn a_pack_makes_the_environment_without_network_channel_and_caches() {
    let sandbox = packed();
    sandbox.larder(&["create", "-p", "env"]).success();
    let expected = tree_of(&env(&sandbox).join("bin"));
    let listed = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    let state = fs::read(env(&sandbox).join("conda-meta/state")).unwrap();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    carried(&sandbox);

    let run = sandbox
        .larder(&["unpack", "work.tar", "-p", "env", "--json"])
        .success();
    let report = json(&run);
    assert_eq!(report["archives"], 2);
    assert_eq!(report["added"], 2);
    assert_eq!(report["fetched"], 0);
    assert_eq!(report["solve"], "lock");
    assert_eq!(tree_of(&env(&sandbox).join("bin")), expected);
    assert_eq!(
        fs::read(env(&sandbox).join("conda-meta/state")).unwrap(),
        state
    );
    let again = json(&sandbox.larder(&["list", "-p", "env", "--json"]).success());
    assert_eq!(again, listed);
    let run = sandbox
        .larder(&["run", "-p", "env", "--", "sh", "-c", "app; echo $GREETING"])
        .success();
    assert_eq!(run.stdout, format!("{}\na b\n", env(&sandbox).display()));
}

#[test]
fn the_name_of_the_manifest_is_that_of_the_environment() {
    let sandbox = packed();
    carried(&sandbox);
    sandbox.larder(&["unpack", "work.tar"]).success();
    assert!(sandbox.home().join(".conda/envs/work/bin/app").exists());
    sandbox.larder(&["unpack", "work.tar"]).fails_with(1);
    sandbox.larder(&["unpack", "work.tar", "--yes"]).success();
}

#[test]
fn p6_the_same_lock_gives_the_same_bytes() {
    let sandbox = packed();
    let first = bytes(&sandbox);
    fs::remove_dir_all(sandbox.store()).unwrap();
    let run = sandbox
        .larder(&["pack", "-o", "work.tar", "--json"])
        .success();
    assert!(bytes(&sandbox) == first);
    let report = json(&run);
    assert_eq!(report["sha256"], digest(&first));
    assert_eq!(report["size"], first.len());
    assert_eq!(report["fetched"], 2);
    assert_eq!(
        names(&sandbox.work()),
        ["channel", "conda-lock.yml", "environment.yml", "work.tar"]
    );
}

#[test]
fn p4_a_pack_is_a_channel_for_others() {
    let sandbox = packed();
    let all = members(&bytes(&sandbox));
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "larder-pack.json",
            "conda-lock.yml",
            "environment.yml",
            "channel/noarch/repodata.json",
            "channel/noarch/app-1.0-0.conda",
            "channel/noarch/lib-2.0-h1_0.tar.bz2",
        ]
    );
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    for (name, content) in &all {
        let path = sandbox.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    // Its own environment.yml and channel, without the lock.
    sandbox
        .larder(&["create", "-p", "env", "-f", "environment.yml", "--no-lock"])
        .success();
    assert!(env(&sandbox).join("lib/data.txt").exists());
}

#[test]
fn a_pack_is_pinned_by_its_digest_or_by_a_lock() {
    let sandbox = packed();
    let own = digest(&bytes(&sandbox));
    let other = digest(b"");
    let run = sandbox
        .larder(&["unpack", "work.tar", "-p", "env", "--sha256", &other])
        .fails_with(4);
    assert!(
        run.stderr.contains(&own) && run.stderr.contains(&other),
        "{}",
        run.stderr
    );
    sandbox
        .larder(&["unpack", "work.tar", "-p", "env", "-d", "--sha256", &other])
        .fails_with(4);
    assert!(!env(&sandbox).exists());
    sandbox
        .larder(&[
            "unpack",
            "work.tar",
            "-p",
            "env",
            "--sha256",
            &own,
            "--lock",
            "conda-lock.yml",
        ])
        .success();

    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    let lib = digest(&fs::read(sandbox.path("channel/noarch/lib-2.0-h1_0.tar.bz2")).unwrap());
    sandbox.write(
        "other-conda-lock.yml",
        &lock.replace(&lib, &digest(b"another")),
    );
    let run = sandbox
        .larder(&[
            "unpack",
            "work.tar",
            "-p",
            "env2",
            "--lock",
            "other-conda-lock.yml",
        ])
        .fails_with(4);
    assert!(
        run.stderr.contains("lib-2.0-h1_0 is not its"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.path("env2").exists());
}

/// Without the sha256 of packages: what is left is their md5.
fn lock_with_md5_alone(sandbox: &Sandbox) {
    let lock = fs::read_to_string(sandbox.path("conda-lock.yml")).unwrap();
    let lines = lock
        .lines()
        .filter(|line| !line.trim().starts_with("sha256:"));
    let lines: Vec<&str> = lines.collect();
    sandbox.write("md5-conda-lock.yml", &format!("{}\n", lines.join("\n")));
}

#[test]
fn a_trusted_lock_with_md5_alone_is_held_against_the_bytes() {
    let sandbox = packed();
    lock_with_md5_alone(&sandbox);
    let unpack = [
        "unpack",
        "work.tar",
        "-p",
        "env",
        "--lock",
        "md5-conda-lock.yml",
    ];
    fs::remove_dir_all(sandbox.store()).unwrap();
    sandbox.larder(&unpack).success();
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    // Other bytes, whose sha256 index and lock of the pack agree on; the lock still claims the old md5.
    let evil = lib().file("lib/evil", "evil").build(Format::TarBz2).bytes;
    let old = digest(&fs::read(sandbox.path("channel/noarch/lib-2.0-h1_0.tar.bz2")).unwrap());
    forge(&sandbox, "lib-2.0-h1_0.tar.bz2", |_| evil.clone());
    forge(&sandbox, "conda-lock.yml", |lock| {
        let lock = String::from_utf8(lock).unwrap();
        let (new, short) = (digest(&evil), |digest: &str| {
            format!("of\":\"{}", &digest[..8])
        });
        let lock = lock.replace(&old, &new);
        lock.replace(&short(&old), &short(&new)).into_bytes()
    });
    let run = sandbox.larder(&unpack).fails_with(4);
    assert!(
        run.stderr.contains("lib-2.0-h1_0.tar.bz2"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("md5:"), "{}", run.stderr);
    assert!(!env(&sandbox).exists());
}

#[test]
fn a_trusted_lock_does_not_vouch_for_variables() {
    let sandbox = packed();
    let pinned = [
        "unpack",
        "work.tar",
        "-p",
        "env",
        "--lock",
        "conda-lock.yml",
    ];
    let run = sandbox.larder(&pinned).success();
    assert!(run.stderr.contains("GREETING"), "{}", run.stderr);
    let run = sandbox.larder(&["run", "-p", "env", "--", "sh", "-c", "echo $GREETING"]);
    assert_eq!(run.success().stdout, "\n");
}

#[test]
fn an_environment_is_packed_as_it_is() {
    let sandbox = packed();
    sandbox.larder(&["create", "-p", "env"]).success();
    sandbox
        .larder(&["pack", "-p", "env", "-o", "env.tar", "-n", "other"])
        .success();
    carried(&sandbox);
    let run = sandbox.larder(&["unpack", "env.tar", "--json"]).success();
    let report = json(&run);
    assert_eq!(report["name"], "other");
    assert_eq!(
        report["prefix"],
        sandbox
            .home()
            .join(".conda/envs/other")
            .display()
            .to_string()
    );
    let run = sandbox
        .larder(&["run", "-n", "other", "--", "sh", "-c", "echo $GREETING"])
        .success();
    assert_eq!(run.stdout, "a b\n");
}

#[test]
fn a_pack_holds_the_platforms_that_were_asked_for() {
    let sandbox = sandbox();
    let native = |subdir: &str| conda(program("app", "1.0").depends("lib").subdir(subdir));
    let packages = ["linux-64", "win-64", "osx-arm64"].map(native);
    channel(
        &sandbox,
        packages.into_iter().chain([lib().build(Format::TarBz2)]),
    );
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies:\n  - app\n",
    );
    let platforms = ["--platform", "linux-64", "--platform", "win-64"];
    sandbox
        .larder(&[&["lock"], &platforms[..]].concat())
        .success();
    sandbox
        .larder(&["pack", "--platform", "all", "-o", "work.tar"])
        .success();
    let all = members(&bytes(&sandbox));
    let archives = all
        .iter()
        .filter(|(name, _)| name.ends_with(".conda") || name.ends_with(".bz2"));
    assert_eq!(archives.count(), 3, "lib once");
    carried(&sandbox);
    for (platform, found) in [("linux-64", true), ("win-64", true), ("osx-arm64", false)] {
        let run = sandbox.larder(&["unpack", "work.tar", "-p", platform, "--platform", platform]);
        assert_eq!(run.status == 0, found, "{}", run.stderr);
    }
    let run = sandbox.larder(&["unpack", "work.tar", "-p", "x", "--platform", "osx-arm64"]);
    assert!(run.fails_with(1).stderr.contains("linux-64, win-64"));
}

/// A lock of `app` from a channel of its own, where `lib` says which channel it is from.
fn lock_of_channel(sandbox: &Sandbox, name: &str, platform: &str) -> String {
    let app = conda(program("app", "1.0").depends("lib").subdir(platform));
    let lib = lib().file("lib/which", name).build(Format::TarBz2);
    let channel = ChannelBuilder::new().packages([app, lib]);
    channel.write(&sandbox.path(name));
    let manifest = format!("channels: [./{name}]\ndependencies: [app]\n");
    sandbox.write("environment.yml", &manifest);
    let lock = format!("{name}.conda-lock.yml");
    let lock_it = ["lock", "--platform", platform, "-o", &lock];
    sandbox.larder(&lock_it).success();
    fs::read_to_string(sandbox.path(&lock)).unwrap()
}

#[test]
fn two_archives_of_one_name_from_two_channels_are_both_there() {
    let sandbox = sandbox();
    let one = lock_of_channel(&sandbox, "one", "linux-64");
    let two = lock_of_channel(&sandbox, "two", "win-64");
    let packages = two.split_once("package:\n").unwrap().1;
    let hash = |line: &&str| line.trim().starts_with("win-64: ");
    let hash = two.lines().find(hash).unwrap();
    let both = one
        .replace("  content_hash:\n", &format!("  content_hash:\n{hash}\n"))
        .replace("  platforms:\n", "  platforms:\n  - win-64\n")
        .replace("package:\n", &format!("package:\n{packages}"));
    sandbox.write("both-conda-lock.yml", &both);
    let pack = ["pack", "-f", "both-conda-lock.yml", "--platform", "all"];
    sandbox
        .larder(&[&pack[..], &["-o", "work.tar"]].concat())
        .success();
    let second = "channel-2/noarch/lib-2.0-h1_0.tar.bz2";
    assert!(
        members(&bytes(&sandbox))
            .iter()
            .any(|(name, _)| name == second)
    );
    for (platform, which) in [("linux-64", "one"), ("win-64", "two")] {
        let unpack = ["unpack", "work.tar", "-p", platform, "--platform", platform];
        sandbox.larder(&unpack).success();
        let found = fs::read_to_string(sandbox.path(platform).join("lib/which")).unwrap();
        assert_eq!(found, which);
    }
}

#[test]
fn without_the_store_nothing_but_the_environment_is_left() {
    let sandbox = packed();
    carried(&sandbox);
    let mut child = sandbox
        .command(&["unpack", "-", "-p", "env", "--no-store"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&bytes(&sandbox))
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(env(&sandbox).join("bin/app").exists());
    assert!(!sandbox.store().exists() && !sandbox.trees().exists());
    assert_eq!(names(&sandbox.work()), ["env", "work.tar"]);
    // What records name is where archives would be, not a place that was gone at the end of the run.
    let meta = env(&sandbox).join("conda-meta");
    let records: Vec<String> = names(&meta)
        .into_iter()
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert!(!records.is_empty());
    for name in records {
        let record: Value = serde_json::from_slice(&fs::read(meta.join(&name)).unwrap()).unwrap();
        let archive = Path::new(record["package_tarball_full_path"].as_str().unwrap());
        assert!(
            archive.starts_with(sandbox.store()),
            "{name}: {}",
            archive.display()
        );
    }
}

#[test]
fn a_dry_run_lists_and_makes_nothing() {
    let sandbox = packed();
    fs::remove_file(sandbox.path("work.tar")).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    let run = sandbox
        .larder(&["pack", "-o", "work.tar", "--dry-run", "--json"])
        .success();
    assert_eq!(json(&run)["fetched"], 2);
    assert!(!sandbox.path("work.tar").exists());
    assert!(objects(&sandbox).is_empty());

    sandbox.larder(&["pack", "-o", "work.tar"]).success();
    carried(&sandbox);
    let run = sandbox
        .larder(&["unpack", "work.tar", "-p", "env", "--dry-run"])
        .success();
    assert!(run.stdout.contains("lib-2.0-h1_0"), "{}", run.stdout);
    assert!(run.stderr.contains("2 packages"), "{}", run.stderr);
    assert!(!env(&sandbox).exists() && objects(&sandbox).is_empty());
}

#[test]
fn a_damaged_store_is_mended_while_packing_and_by_a_pack() {
    let sandbox = packed();
    let first = bytes(&sandbox);
    let damage = || {
        let object = objects(&sandbox).remove(0);
        fs::remove_file(&object).unwrap();
        fs::write(&object, "damaged").unwrap();
    };
    damage();
    let run = sandbox.larder(&["pack", "-o", "work.tar"]).success();
    assert!(run.stderr.contains("fetched anew"), "{}", run.stderr);
    assert!(bytes(&sandbox) == first);
    damage();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    let run = sandbox
        .larder(&["unpack", "work.tar", "-p", "env", "--json"])
        .success();
    assert_eq!(json(&run)["added"], 1);
}

#[test]
fn what_cannot_be_packed_is_said() {
    let sandbox = packed();
    let run = sandbox
        .larder(&["pack", "--platform", "osx-64"])
        .fails_with(1);
    assert!(run.stderr.contains("not for osx-64"), "{}", run.stderr);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [app, 'lib<2']\n",
    );
    let run = sandbox.larder(&["pack"]).fails_with(1);
    assert!(run.stderr.contains("stale"), "{}", run.stderr);
    fs::remove_file(sandbox.path("environment.yml")).unwrap();
    fs::remove_dir_all(sandbox.store()).unwrap();
    let before = bytes(&sandbox);
    fs::remove_file(sandbox.path("channel/noarch/app-1.0-0.conda")).unwrap();
    sandbox.larder(&["pack", "-o", "work.tar"]).fails_with(1);
    assert!(bytes(&sandbox) == before, "the old pack stays");
    assert_eq!(
        names(&sandbox.work()),
        ["channel", "conda-lock.yml", "work.tar"]
    );
}

fn flip_a_bit(sandbox: &Sandbox) {
    let mut tar = bytes(sandbox);
    let last = members(&tar).pop().unwrap().1;
    let at = tar.windows(last.len()).position(|bytes| bytes == last);
    tar[at.unwrap() + 10] ^= 1;
    fs::write(sandbox.path("work.tar"), tar).unwrap();
}

fn replace_an_archive(sandbox: &Sandbox) {
    forge(sandbox, ".tar.bz2", |_| b"something else".to_vec());
}

fn add_an_archive(sandbox: &Sandbox) {
    let mut all = members(&bytes(sandbox));
    let path = "channel/noarch/evil-1-0.conda";
    all.push((path.to_owned(), b"evil".to_vec()));
    change_index(&mut all, |index| {
        let listed = index["members"].as_array_mut().unwrap();
        listed.push(serde_json::json!({"path": path, "size": 4, "sha256": digest(b"evil")}));
    });
    write(sandbox, &all);
}

fn add_a_member(sandbox: &Sandbox) {
    let mut all = members(&bytes(sandbox));
    all.push(("../../evil".to_owned(), b"evil".to_vec()));
    write(sandbox, &all);
}

fn list_a_path_that_leads_out(sandbox: &Sandbox) {
    let mut all = members(&bytes(sandbox));
    change_index(&mut all, |index| {
        index["members"][4]["path"] = "../../evil.conda".into();
    });
    write(sandbox, &all);
}

fn rename_a_package_of_the_lock(sandbox: &Sandbox) {
    forge(sandbox, "conda-lock.yml", |lock| {
        let lock = String::from_utf8(lock).unwrap();
        lock.replace("name: lib", "name: bil").into_bytes()
    });
}

fn cut(sandbox: &Sandbox) {
    let tar = bytes(sandbox);
    fs::write(sandbox.path("work.tar"), &tar[..tar.len() - 1600]).unwrap();
}

fn name_it_out_of_its_place(sandbox: &Sandbox) {
    let mut all = members(&bytes(sandbox));
    change_index(&mut all, |index| index["name"] = "../../up".into());
    write(sandbox, &all);
}

/// Line of PACK.md, what is done to the pack, exit code, a word of the error.
type HostileCase = (&'static str, fn(&Sandbox), i32, &'static str);

const HOSTILE: &[HostileCase] = &[
    ("H5", flip_a_bit, 4, "lib-2.0-h1_0.tar.bz2"),
    ("H7", replace_an_archive, 4, "lib-2.0-h1_0"),
    ("H7", add_an_archive, 4, "evil-1-0.conda"),
    ("H3", add_a_member, 4, "../../evil"),
    ("H2", list_a_path_that_leads_out, 4, "../../evil.conda"),
    ("H7", rename_a_package_of_the_lock, 1, "conda-lock.yml"),
    ("H6", cut, 4, "lib-2.0-h1_0.tar.bz2"),
    ("H2", name_it_out_of_its_place, 1, "../../up"),
];

#[test]
fn hostile_packs_are_refused_with_the_member_and_nothing_is_left() {
    for (line, change, code, word) in HOSTILE {
        let sandbox = packed();
        change(&sandbox);
        carried(&sandbox);
        let run: Run = sandbox.larder(&["unpack", "work.tar"]).fails_with(*code);
        assert!(run.stderr.contains(word), "{line}: {}", run.stderr);
        assert!(
            names(&sandbox.home().join(".conda/envs")).is_empty(),
            "{line}"
        );
        assert_eq!(names(&sandbox.work()), ["work.tar"], "{line}");
        assert!(names(&sandbox.store().join("tmp")).is_empty(), "{line}");
        let run = sandbox.larder(&["unpack", "work.tar", "-p", "env", "--no-store"]);
        // A name that may not be one harms nobody where another place is named.
        assert_eq!(
            run.status == 0,
            *word == "../../up",
            "{line}: {}",
            run.stderr
        );
    }
}
