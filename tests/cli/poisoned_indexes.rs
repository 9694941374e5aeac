//! Without a lock the channel's index decides what runs. An attacker who can write the store that CI caches,
//! indexes and remembered solves included, must not: every file that a run leaves there is forged, damaged,
//! removed, aged and exchanged, and the next run must install and lock what the server says.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{
    ChannelBuilder, Format, Index, PackageBuilder, Run, Sandbox, Server, compress_zstd,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{json, program, sandbox};

const FORMS: [Index; 3] = [Index::Sharded, Index::Zst, Index::Plain];

/// A channel on a server, a store that a run has filled from it, and what the attacker has prepared.
struct World {
    sandbox: Sandbox,
    server: Server,
    /// `app` 9.0, which the channel does not have.
    foreign: Server,
    /// What `larder lock` writes on a machine with nothing in its store.
    lock: String,
}

fn packages(versions: &[&str]) -> ChannelBuilder {
    let lib = |version: &str| PackageBuilder::new("lib", version, "0").noarch_generic();
    let mut channel = ChannelBuilder::new();
    for version in versions {
        let app = program("app", version).depends("lib");
        channel = channel
            .package(app.build(Format::Conda))
            .package(lib(version).build(Format::Conda));
    }
    channel
}

impl World {
    fn new(form: Index) -> Self {
        let sandbox = sandbox();
        let (channel, foreign) = (sandbox.path("channel"), sandbox.path("foreign"));
        packages(&["1.0", "2.0"]).indexes(&[form]).write(&channel);
        packages(&["9.0"])
            .indexes(&[form, Index::Plain])
            .write(&foreign);
        let world = Self {
            server: Server::serve(&channel),
            foreign: Server::serve(&foreign),
            sandbox,
            lock: String::new(),
        };
        world.write_manifest();
        let empty = world.sandbox.path("empty-store");
        let lock = world.lock_with(&[
            ("LARDER_STORE", &empty),
            ("LARDER_STATE", &empty.join("../s0")),
        ]);
        Self { lock, ..world }
    }

    fn write_manifest(&self) {
        let text = format!(
            "channels: [\"{}\"]\ndependencies: [app]\n",
            self.server.url()
        );
        self.sandbox.write("environment.yml", &text);
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Run {
        let mut command = self.sandbox.command(arguments);
        for (name, value) in variables {
            command.env(name, value);
        }
        Run::of(&mut command)
    }

    fn lock_with(&self, variables: &[(&str, &Path)]) -> String {
        self.run(&["lock", "-o", "out.yml"], variables).success();
        let lock = fs::read_to_string(self.sandbox.path("out.yml")).unwrap();
        fs::remove_file(self.sandbox.path("out.yml")).unwrap();
        lock
    }

    /// Fills the store as an honest job does.
    fn fill(&self) {
        self.run(&["create", "--no-lock", "-p", "honest", "--yes"], &[])
            .success();
    }

    /// What a run without a lock would install.
    fn chosen(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Run {
        let create = ["create", "--no-lock", "-p", "victim", "--dry-run", "--json"];
        self.run(&[&create[..], arguments].concat(), variables)
    }

    /// Files of the store that decide a solve.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut waiting = vec!["repodata", "solves"]
            .into_iter()
            .map(|name| self.sandbox.store().join(name))
            .collect::<Vec<_>>();
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => waiting.push(path),
                    false => files.push(path),
                }
            }
        }
        files.retain(|path| !path.ends_with("scratch.lock"));
        files.sort();
        files
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first line of an index entry, and its body.
fn split(bytes: &[u8]) -> (Value, Vec<u8>) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let head = serde_json::from_slice(&bytes[..end]).unwrap();
    (head, bytes[end + 1..].to_vec())
}

fn entry(head: &Value, body: &[u8]) -> Vec<u8> {
    [head.to_string().as_bytes(), b"\n", body].concat()
}

/// An index of the attacker's channel in place of the body, under each of these validators.
fn forged_index(world: &World, bytes: &[u8], etag: &str) -> Option<Vec<u8>> {
    let (mut head, _) = split(bytes);
    let url = head["url"].as_str()?.to_owned();
    let path = url.strip_prefix(&world.server.url())?;
    let file = world.sandbox.path(&format!("foreign{path}"));
    let body = match path.rsplit('/').next()? {
        "repodata.json.zst" => compress_zstd(&foreign_addresses(world, &file.with_extension(""))?),
        "repodata.json" => foreign_addresses(world, &file)?,
        _ => fs::read(file).ok()?,
    };
    head["missing"] = json!(false);
    head["etag"] = json!(etag);
    head["last_modified"] = json!("Thu, 01 Jan 2099 00:00:00 GMT");
    head["sha256"] = json!(sha256(&body));
    Some(entry(&head, &body))
}

/// An index of the attacker that sends its users to the attacker's server for packages.
fn foreign_addresses(world: &World, file: &Path) -> Option<Vec<u8>> {
    let mut index: Value = serde_json::from_slice(&fs::read(file).ok()?).unwrap();
    index["info"]["base_url"] = json!(format!("{}/noarch/", world.foreign.url()));
    Some(index.to_string().into_bytes())
}

/// Every way in which one file can be changed.
fn attacks(world: &World, file: &Path, others: &[PathBuf]) -> Vec<(String, Option<Vec<u8>>)> {
    let bytes = fs::read(file).unwrap();
    let mut attacks: Vec<(String, Option<Vec<u8>>)> = vec![
        ("removed".into(), None),
        ("emptied".into(), Some(Vec::new())),
        ("cut".into(), Some(bytes[..bytes.len() / 2].to_vec())),
    ];
    for at in [0, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        attacks.push((format!("flipped at {at}"), Some(flipped)));
    }
    for other in others.iter().filter(|other| *other != file).take(2) {
        attacks.push((
            format!("exchanged with {}", other.display()),
            fs::read(other).ok(),
        ));
    }
    if file
        .extension()
        .is_some_and(|extension| extension == "index")
    {
        for etag in ["*", "\"x\""] {
            if let Some(forged) = forged_index(world, &bytes, etag) {
                attacks.push((format!("forged under {etag}"), Some(forged)));
            }
        }
        let (head, body) = split(&bytes);
        let mut missing = head.clone();
        missing["missing"] = json!(!head["missing"].as_bool().unwrap());
        attacks.push(("said to be missing".into(), Some(entry(&missing, &body))));
        let mut sealed = head;
        sealed["seal"] = json!("0".repeat(64));
        sealed["fresh_until"] = json!("2099-01-01T00:00:00Z");
        attacks.push(("with more fields".into(), Some(entry(&sealed, &body))));
    }
    attacks
}

#[test]
fn nothing_in_a_store_with_sharded_indexes_decides_what_is_installed_or_locked() {
    attack_every_file(Index::Sharded);
}

#[test]
fn nothing_in_a_store_with_compressed_indexes_decides_what_is_installed_or_locked() {
    attack_every_file(Index::Zst);
}

#[test]
fn nothing_in_a_store_with_plain_indexes_decides_what_is_installed_or_locked() {
    attack_every_file(Index::Plain);
}

fn attack_every_file(form: Index) {
    let world = World::new(form);
    world.fill();
    let honest = world.chosen(&[], &[]).success();
    let expected = json(&honest)["actions"]["LINK"].clone();
    assert!(expected.to_string().contains("app-2.0"), "{expected}");
    let files = world.files();
    assert!(files.len() >= 3, "{files:?}");
    for file in &files {
        let original = fs::read(file).unwrap();
        let place = |bytes: &Option<Vec<u8>>| match bytes {
            Some(bytes) => fs::write(file, bytes).unwrap(),
            None => fs::remove_file(file).unwrap(),
        };
        for (number, (attack, bytes)) in attacks(&world, file, &files).into_iter().enumerate() {
            // A machine that has no records, as one that restores a cache.
            let name = file.file_name().unwrap().display();
            let elsewhere = world.sandbox.path(&format!("state-{name}-{number}"));
            for state in [None, Some(elsewhere.as_path())] {
                let variables: Vec<(&str, &Path)> = state
                    .map(|state| ("LARDER_STATE", state))
                    .into_iter()
                    .collect();
                let about = format!("{form:?} {} {attack}, {state:?}", file.display());
                place(&bytes);
                let offline = world.chosen(&["--offline"], &variables);
                assert!(
                    offline.status == 0 || offline.status == 3,
                    "{about}: {offline:?}"
                );
                if offline.status == 0 {
                    assert_eq!(
                        json(&offline)["actions"]["LINK"],
                        expected,
                        "offline: {about}"
                    );
                    assert!(
                        state.is_none(),
                        "without a record there is no answer: {about}"
                    );
                }
                place(&Some(original.clone()));
                place(&bytes);
                if attack.starts_with("forged") && state.is_some() {
                    assert_eq!(world.lock_with(&variables), world.lock, "{about}");
                } else {
                    let found = world.chosen(&[], &variables).success();
                    assert_eq!(json(&found)["actions"]["LINK"], expected, "{about}");
                }
                place(&Some(original.clone()));
            }
        }
    }
    assert!(
        world.foreign.requests().is_empty(),
        "the attacker's server is asked for nothing"
    );
}

/// An index that the channel once had, put back with its own validators, and the solve that went with it.
#[test]
fn an_old_store_does_not_bring_old_packages_back() {
    for form in FORMS {
        let world = World::new(form);
        let channel = world.sandbox.path("channel");
        fs::remove_dir_all(&channel).unwrap();
        packages(&["1.0"]).indexes(&[form]).write(&channel);
        world.fill();
        let old: Vec<(PathBuf, Vec<u8>)> = world
            .files()
            .into_iter()
            .map(|file| (file.clone(), fs::read(file).unwrap()))
            .collect();
        packages(&["1.0", "2.0"]).indexes(&[form]).write(&channel);
        let expected = json(&world.chosen(&[], &[]).success())["actions"]["LINK"].clone();
        assert!(expected.to_string().contains("app-2.0"), "{expected}");
        let elsewhere = world.sandbox.path("state-of-another-machine");
        for variables in [vec![], vec![("LARDER_STATE", elsewhere.as_path())]] {
            for (file, bytes) in &old {
                fs::write(file, bytes).unwrap();
            }
            // Without a network the old index cannot be told from the channel's; it is not this machine's newest.
            let offline = world.chosen(&["--offline"], &variables).fails_with(3);
            let text = offline.stdout + &offline.stderr;
            assert!(text.contains("this machine has not fetched it"), "{text}");
            let found = world.chosen(&[], &variables).success();
            assert_eq!(json(&found)["actions"]["LINK"], expected, "{form:?}");
            assert_eq!(world.lock_with(&variables), world.lock, "{form:?}");
        }
    }
}

/// A remembered solve of genuine but older packages: consistent, offered by the channel, and not what a solve gives.
#[test]
fn a_forged_memo_does_not_choose_older_packages() {
    let world = World::new(Index::Sharded);
    let manifest = |spec: &str| {
        let text = format!(
            "channels: [\"{}\"]\ndependencies: [{spec}]\n",
            world.server.url()
        );
        world.sandbox.write("environment.yml", &text);
    };
    let memo_of = |spec: &str| {
        fs::remove_dir_all(world.sandbox.store().join("solves")).ok();
        manifest(spec);
        world.fill();
        let file = world.files().into_iter().find(|file| {
            file.parent()
                .is_some_and(|parent| parent.ends_with("solves"))
        });
        file.unwrap()
    };
    let old = split_memo(&fs::read(memo_of("app =1.0, lib =1.0")).unwrap());
    let file = memo_of("app");
    let mut memo = split_memo(&fs::read(&file).unwrap());
    memo["packages"] = old["packages"].clone();
    let body = memo.to_string();
    let forged = format!("larder-solve-memo 1 {}\n{body}", sha256(body.as_bytes()));
    let elsewhere = world.sandbox.path("elsewhere");
    for variables in [vec![], vec![("LARDER_STATE", elsewhere.as_path())]] {
        fs::write(&file, &forged).unwrap();
        let found = json(&world.chosen(&[], &variables).success());
        assert!(
            found["actions"]["LINK"].to_string().contains("app-2.0"),
            "{found}"
        );
        assert_eq!(found["solve"], "solved");
        let why = found["why_no_memo"].as_str().unwrap();
        assert!(why.contains("not written by this machine"), "{why}");
        fs::write(&file, &forged).unwrap();
        assert_eq!(world.lock_with(&variables), world.lock);
    }
}

fn split_memo(bytes: &[u8]) -> Value {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    serde_json::from_slice(&bytes[end + 1..]).unwrap()
}

/// Links, FIFOs and directories in place of files: refused at once, never followed.
#[cfg(unix)]
#[test]
#[expect(clippy::type_complexity, reason = "a table of what is tried")]
fn what_is_no_file_is_absent_and_is_replaced() {
    use std::os::unix::fs::symlink;

    let world = World::new(Index::Sharded);
    world.fill();
    let precious = world.sandbox.path("precious");
    fs::create_dir_all(&precious).unwrap();
    fs::write(precious.join("file"), "mine").unwrap();
    for file in world.files() {
        let fifo = |file: &Path| {
            let made = std::process::Command::new("mkfifo").arg(file).status();
            assert!(made.unwrap().success());
        };
        let directory = |file: &Path| fs::create_dir(file).unwrap();
        let link = |file: &Path| symlink(precious.join("file"), file).unwrap();
        let places: [(&str, &dyn Fn(&Path)); 3] =
            [("fifo", &fifo), ("directory", &directory), ("link", &link)];
        for (what, place) in places {
            fs::remove_file(&file).unwrap();
            place(&file);
            assert_eq!(
                world.lock_with(&[]),
                world.lock,
                "{what} {}",
                file.display()
            );
            world.chosen(&[], &[]).success();
            world.fill();
            if !file.is_file() || file.is_symlink() {
                // A shard or memo that no run needed since.
                fs::remove_file(&file)
                    .or_else(|_| fs::remove_dir_all(&file))
                    .unwrap();
                world.fill();
                fs::write(&file, "x").unwrap();
            }
        }
    }
    let shards = world.sandbox.store().join("repodata/shards");
    fs::remove_dir_all(&shards).unwrap();
    symlink(&precious, &shards).unwrap();
    assert_eq!(world.lock_with(&[]), world.lock);
    let left: Vec<_> = fs::read_dir(&precious).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is written behind a link");
    assert_eq!(fs::read_to_string(precious.join("file")).unwrap(), "mine");
}

/// Records that others may have written, or that come with the cache, count for nothing.
#[cfg(unix)]
#[test]
fn records_count_only_if_they_are_this_users_and_outside_the_store() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new(Index::Sharded);
    let inside = world.sandbox.store().join("state");
    let outside = world.sandbox.path("state");
    for (state, is_used) in [(&inside, false), (&outside, true)] {
        let variables = [("LARDER_STATE", state.as_path())];
        world
            .run(
                &["create", "--no-lock", "-p", "honest", "--yes"],
                &variables,
            )
            .success();
        let offline = world.chosen(&["--offline"], &variables);
        assert_eq!(offline.status == 0, is_used, "{offline:?}");
    }
    assert!(!inside.exists());
    let seen = outside.join("seen");
    fs::set_permissions(&seen, fs::Permissions::from_mode(0o777)).unwrap();
    let variables = [("LARDER_STATE", outside.as_path())];
    let run = world.chosen(&["--offline"], &variables);
    assert_eq!(run.status, 3, "{run:?}");
    assert_eq!(world.lock_with(&variables), world.lock);
}

/// The second run on one machine costs one small request for each index; a store that came from elsewhere costs
/// the indexes, and no shard again.
#[test]
fn what_a_machine_has_seen_is_asked_for_on_condition_and_shards_are_never_asked_for_again() {
    let world = World::new(Index::Sharded);
    world.fill();
    let statuses = |variables: &[(&str, &Path)]| -> Vec<u16> {
        world.server.clear_requests();
        world.lock_with(variables);
        let requests = world.server.requests();
        assert!(
            requests
                .iter()
                .all(|request| !request.path.contains("/shards/")),
            "{requests:?}"
        );
        requests.iter().map(|request| request.status).collect()
    };
    assert!(statuses(&[]).contains(&304));
    let elsewhere = world.sandbox.path("elsewhere");
    let variables = [("LARDER_STATE", elsewhere.as_path())];
    assert!(
        !statuses(&variables).contains(&304),
        "nothing is recorded yet"
    );
    assert!(statuses(&variables).contains(&304));
}

/// Indexes and solves of a store below are not used at all.
#[test]
fn a_store_below_decides_nothing() {
    let world = World::new(Index::Sharded);
    world.fill();
    for file in world.files() {
        let bytes = fs::read(&file).unwrap();
        if let Some(forged) = file
            .extension()
            .filter(|extension| *extension == "index")
            .and_then(|_| forged_index(&world, &bytes, "*"))
        {
            fs::write(&file, forged).unwrap();
        }
    }
    let below = world.sandbox.path("below");
    fs::rename(world.sandbox.store(), &below).unwrap();
    fs::create_dir(world.sandbox.store()).unwrap();
    let variables = [("LARDER_STORE_LOWER", below.as_path())];
    world.chosen(&["--offline"], &variables).fails_with(3);
    let found = json(&world.chosen(&[], &variables).success());
    assert!(
        found["actions"]["LINK"].to_string().contains("app-2.0"),
        "{found}"
    );
    assert_eq!(found["solve"], "solved");
    assert_eq!(world.lock_with(&variables), world.lock);
    assert!(world.foreign.requests().is_empty());
}
