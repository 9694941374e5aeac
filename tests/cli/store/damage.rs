//! The damage table: each kind of thing that the store holds, each kind of damage. Found and named by
//! `larder store verify`, healed by `--repair` or by the next use, which gives the same environment.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{ChannelBuilder, Format, Index, Sandbox, Server, tree_of};

use super::files;
use crate::support::{conda, json, lib, program, sandbox};

/// A thing that the store holds.
struct Thing {
    name: &'static str,
    /// Where things of this kind are, and how their names end.
    place: (&'static str, &'static str),
}

const THINGS: [Thing; 8] = [
    thing(".conda archive", "pkgs", ".conda"),
    thing(".tar.bz2 archive", "pkgs", ".tar.bz2"),
    thing("root", "roots", ".json"),
    thing("MD5 entry", "md5", ""),
    thing("memo", "solves", ""),
    thing("index", "repodata", ".index"),
    thing("shard", "repodata/shards", ".msgpack.zst"),
    thing("format", "format", ""),
];

const fn thing(name: &'static str, directory: &'static str, ending: &'static str) -> Thing {
    let place = (directory, ending);
    Thing { name, place }
}

type Damage = (&'static str, fn(&Path));

/// What can happen to a file.
const DAMAGES: [Damage; 8] = [
    ("flipped bit", |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        write(path, &bytes);
    }),
    ("truncated", |path| {
        let bytes = fs::read(path).unwrap();
        write(path, &bytes[..bytes.len() / 2]);
    }),
    ("empty", |path| write(path, b"")),
    ("missing", |path| fs::remove_file(path).unwrap()),
    ("directory", |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        fs::write(path.join("inside"), "x").unwrap();
    }),
    ("link", |path| {
        fs::remove_file(path).unwrap();
        link("/dev/null", path);
    }),
    ("writable", make_writable),
    ("extra file", |path| {
        fs::write(path.with_file_name("extra file"), "x").unwrap();
    }),
];

fn write(path: &Path, bytes: &[u8]) {
    make_writable(path);
    fs::write(path, bytes).unwrap();
    set_mode(path, 0o444);
}

fn make_writable(path: &Path) {
    set_mode(path, 0o644);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn link(target: &str, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// A store with every kind of thing in it, and the environment that it makes.
struct World {
    sandbox: Sandbox,
    server: Server,
    whole: PathBuf,
    expected: Vec<String>,
}

impl World {
    fn new() -> Self {
        let sandbox = sandbox();
        ChannelBuilder::new()
            .indexes(&[Index::Plain, Index::Sharded])
            .package(conda(program("app", "1.0").depends("lib >=2")))
            .package(lib().build(Format::TarBz2))
            .write(&sandbox.path("channel"));
        let server = Server::serve(&sandbox.path("channel"));
        sandbox.write(
            "environment.yml",
            &format!("channels: [\"{}\"]\ndependencies: [app]\n", server.url()),
        );
        sandbox.larder(&["create", "-p", "env"]).success();
        sandbox.larder(&["lock", "-o", "md5.yml"]).success();
        let explicit = ["export", "--lock", "md5.yml", "--format", "explicit"];
        sandbox
            .larder(&[&explicit[..], &["-o", "md5"]].concat())
            .success();
        fs::remove_dir_all(sandbox.store().join("pkgs")).unwrap();
        sandbox
            .larder(&["create", "-p", "by-md5", "-f", "md5"])
            .success();
        let whole = sandbox.path("whole");
        copy(&sandbox.store(), &whole);
        let expected = tree_of_env(&sandbox);
        Self {
            sandbox,
            server,
            whole,
            expected,
        }
    }

    /// Puts the store back as it was, and damages one thing.
    fn damage(&self, thing: &Thing, damage: fn(&Path)) -> PathBuf {
        fs::remove_dir_all(self.sandbox.store()).unwrap();
        copy(&self.whole, &self.sandbox.store());
        let (directory, ending) = thing.place;
        let place = self.sandbox.store().join(directory);
        let all = if place.is_dir() {
            files(&place)
        } else {
            vec![place]
        };
        let path = all
            .into_iter()
            .find(|path| path.to_string_lossy().ends_with(ending))
            .unwrap_or_else(|| panic!("no {} in the store", thing.name));
        damage(&path);
        path
    }

    /// What verification says, what repair says, and whether the next use gives the same environment.
    fn look(&self, path: &Path) -> [String; 3] {
        let found = self.sandbox.larder(&["store", "verify"]);
        let text = found.stdout + &found.stderr;
        let is_named = text.contains(path.to_str().unwrap()) || text.contains("extra file");
        let found = match (found.status, is_named) {
            (0, _) => "nothing".to_owned(),
            (code, true) => format!("named, {code}"),
            (code, false) if text.contains("not a larder store") => format!("refused, {code}"),
            (code, false) if text.contains("it leads to no archive") => {
                format!("its MD5 entry, {code}")
            }
            (code, false) => panic!("{code}: {} is not named: {text}", path.display()),
        };
        let repaired = self.sandbox.larder(&["store", "verify", "--repair"]);
        let repaired = format!("{}", repaired.status);
        fs::remove_dir_all(self.sandbox.path("env")).unwrap();
        fs::remove_dir_all(self.sandbox.trees()).unwrap();
        self.sandbox.larder(&["create", "-p", "env"]).success();
        assert_eq!(tree_of_env(&self.sandbox), self.expected);
        self.sandbox.larder(&["store", "verify"]).success();
        [found, repaired, "same environment".to_owned()]
    }
}

/// The environment without its history, which has the time.
fn tree_of_env(sandbox: &Sandbox) -> Vec<String> {
    let mut lines = tree_of(&sandbox.path("env"));
    lines.retain(|line| !line.contains("conda-meta/history"));
    lines
}

fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(status.unwrap().success());
}

/// What each combination gives: exit codes of verify and of verify --repair.
fn expected(thing: &str, damage: &str) -> Option<(&'static str, &'static str)> {
    let is_archive = thing.ends_with("archive");
    Some(match (thing, damage) {
        // Whoever needs it fetches or makes it again; nothing is wrong with the rest.
        (_, "missing") if is_archive => ("its MD5 entry, 4", "0"),
        (_, "missing") if thing != "format" => ("nothing", "0"),
        ("format", "missing") => ("refused, 1", "0"),
        // Only archives are protected; among others there may be what larder does not know.
        (_, "writable") if !is_archive => return None,
        ("memo" | "index" | "shard" | "format", "extra file") => return None,
        _ => ("named, 4", "0"),
    })
}

#[test]
fn every_damage_to_everything_is_found_named_and_healed() {
    let world = World::new();
    let mut table = String::from(
        "| thing | damage | verify | verify --repair | next create |\n|---|---|---|---|---|\n",
    );
    for thing in &THINGS {
        for (name, damage) in DAMAGES {
            let Some((found, repaired)) = expected(thing.name, name) else {
                continue;
            };
            let path = world.damage(thing, damage);
            let row = world.look(&path);
            let [was_found, was_repaired, then] = &row;
            writeln!(
                table,
                "| {} | {name} | {was_found} | {was_repaired} | {then} |",
                thing.name
            )
            .unwrap();
            assert_eq!(
                (was_found.as_str(), was_repaired.as_str()),
                (found, repaired),
                "{table}"
            );
        }
    }
    println!("{table}");
    world.server.shutdown();
}

/// Without a network nothing is fetched, which is said; the damaged archive is out of the way all the same.
#[test]
fn without_a_network_damage_stays_and_says_why() {
    let world = World::new();
    let thing = &THINGS[0];
    let path = world.damage(thing, DAMAGES[0].1);
    let arguments = ["store", "verify", "--repair", "--offline", "--json"];
    let report = json(&world.sandbox.larder(&arguments).fails_with(4));
    let finding = &report["findings"][0];
    assert_eq!(finding["name"], "app-1.0-0.conda");
    assert_eq!(
        (&finding["what"], &finding["state"]),
        (&"archive".into(), &"unmended".into())
    );
    assert!(
        finding["reason"].as_str().unwrap().contains("offline"),
        "{finding}"
    );
    assert!(!path.exists());
    // What was moved aside is fetched by a later repair.
    let run = world
        .sandbox
        .larder(&["store", "verify", "--repair"])
        .success();
    assert!(
        run.stdout.contains("healed: archive app-1.0-0.conda"),
        "{}",
        run.stdout
    );
    assert!(path.is_file());
}

#[test]
fn one_package_can_be_verified() {
    let world = World::new();
    world.damage(&THINGS[0], DAMAGES[0].1);
    for name in ["lib", "lib-2.0-h1_0", "lib-2.0-h1_0.tar.bz2"] {
        let report = json(
            &world
                .sandbox
                .larder(&["store", "verify", name, "--json"])
                .success(),
        );
        assert_eq!(report["archives"], 1, "{name}");
    }
    let run = world
        .sandbox
        .larder(&["store", "verify", "nothing"])
        .fails_with(1);
    assert!(
        run.stderr.contains("no archive of `nothing`"),
        "{}",
        run.stderr
    );
    world
        .sandbox
        .larder(&["store", "verify", "app"])
        .fails_with(4);
}

/// Bit rot in a tree that left size and time as they were: nothing else looks at the bytes.
#[test]
fn a_tree_that_changed_without_a_trace_is_found_and_made_again() {
    let world = World::new();
    let sandbox = &world.sandbox;
    let tree = files(&sandbox.trees());
    let data = tree
        .iter()
        .find(|path| path.ends_with("lib/data.txt"))
        .unwrap();
    let time = data.metadata().unwrap().modified().unwrap();
    fs::write(data, "dATA").unwrap();
    let file = fs::File::options().append(true).open(data).unwrap();
    file.set_modified(time).unwrap();
    sandbox.larder(&["store", "verify"]).success();
    let report = json(
        &sandbox
            .larder(&["store", "verify", "--trees", "--json"])
            .fails_with(4),
    );
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["what"], &finding["name"]),
        (&"tree".into(), &"lib-2.0-h1_0".into())
    );
    assert!(
        finding["fault"].as_str().unwrap().contains("lib/data.txt"),
        "{finding}"
    );
    let repair = ["store", "verify", "--trees", "--repair"];
    sandbox.larder(&repair).success();
    fs::remove_dir_all(sandbox.path("env")).unwrap();
    sandbox.larder(&["create", "-p", "env"]).success();
    assert_eq!(tree_of_env(sandbox), world.expected);
    sandbox.larder(&repair).success();
}
