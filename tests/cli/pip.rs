//! The `pip:` section: a real Python with a real pip, wheels of the testkit behind loopback.
//!
//! The Python of the channel is a script that runs a virtual environment's, so what is installed does not
//! know its prefix; `ci/pip` has one that does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use larder_testkit::{
    PackageBuilder, RealPython, Run, Sandbox, Server, WheelBuilder, link_page, tree_of,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{channel, conda, env, json, sandbox};

/// A virtual environment with pip, for all tests of this process.
fn python() -> Option<&'static (TempDir, RealPython)> {
    static MADE: OnceLock<Option<(TempDir, RealPython)>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let found = RealPython::find()?;
        let directory = tempfile::tempdir().unwrap();
        let made = Command::new(&found.program)
            .args(["-m", "venv"])
            .arg(directory.path())
            .output();
        let program = directory.path().join("bin/python");
        (made.ok()?.status.success() && program.exists()).then(|| {
            let python = RealPython { program, ..found };
            (directory, python)
        })
    });
    made.as_ref()
}

/// What a test of this module has: a channel with python, pip and six, an index with three wheels.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) server: Server,
    site_packages: String,
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn world() -> Option<World> {
    let Some((directory, python)) = python() else {
        eprintln!("skipped: no Python that can make a virtual environment");
        return None;
    };
    let sandbox = sandbox();
    let version = format!("{}.1", python.version);
    let script = python.script_while(directory.path());
    let site_packages = format!("lib/python{}/site-packages", python.version);
    channel(
        &sandbox,
        [
            conda(
                PackageBuilder::new("python", &version, "0")
                    .executable("bin/python", script.as_str())
                    .file(&format!("lib/python{}/os.py", python.version), ""),
            ),
            conda(
                PackageBuilder::new("pip", "26.0", "0")
                    .noarch_generic()
                    .depends("python"),
            ),
            conda(
                PackageBuilder::new("six", "1.16.0", "0")
                    .depends("python")
                    .file(&format!("{site_packages}/six.py"), "conda = True\n"),
            ),
        ],
    );
    let wheels = sandbox.path("wheels");
    WheelBuilder::new("pretty", "2.0")
        .file("pretty/__init__.py", "shade = 1\n")
        .requires("dull>=1")
        .requires("six>=1.10")
        .entry_point("pretty = pretty:main")
        .write(&wheels);
    WheelBuilder::new("dull", "1.5")
        .file("dull.py", "x = 1\n")
        .write(&wheels);
    WheelBuilder::new("six", "1.17.0")
        .file("six.py", "conda = False\n")
        .write(&wheels);
    link_page(&wheels);
    let server = Server::serve(&wheels);
    Some(World {
        sandbox,
        server,
        site_packages,
    })
}

impl World {
    pub(crate) fn manifest(&self, dependencies: &str, lines: &[&str]) {
        let mut text =
            format!("channels: [./channel]\ndependencies:\n  - python\n{dependencies}  - pip:\n");
        text.push_str("    - --no-index\n");
        text.push_str(&format!(
            "    - --find-links={}/links.html\n",
            self.server.url()
        ));
        for line in lines {
            text.push_str(&format!("    - {line:?}\n"));
        }
        self.sandbox.write("environment.yml", &text);
    }

    pub(crate) fn larder(&self, arguments: &[&str]) -> Run {
        let mut command = self.sandbox.command(arguments);
        Run::of(command.env("LARDER_UV", ""))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        json(&self.larder(arguments).success())
    }

    fn site(&self, path: &str) -> PathBuf {
        env(&self.sandbox).join(&self.site_packages).join(path)
    }

    pub(crate) fn lock(&self) -> String {
        fs::read_to_string(self.sandbox.path("conda-lock.yml")).unwrap()
    }
}

#[test]
fn locked_installed_listed_verified_and_made_again_without_a_network() {
    let Some(world) = world() else { return };
    world.manifest(
        "  - six\n",
        &["pretty  # nice", "dull ; python_version > '3'"],
    );
    let run = world.larder(&["lock"]).success();
    assert!(
        run.stderr.contains("no `pip` among the dependencies"),
        "{}",
        run.stderr
    );
    let lock = world.lock();
    for text in [
        "name: pretty\n  version: '2.0'\n  manager: pip",
        "name: dull\n  version: '1.5'\n  manager: pip",
    ] {
        assert!(lock.contains(text), "{text}: {lock}");
    }
    assert!(!lock.contains("1.17.0"), "conda has six: {lock}");
    world.larder(&["lock", "--check"]).success();

    let made = world.json(&["create", "-p", "env", "--json"]);
    assert_wheels_counted(&world, &made);
    let listed = world.json(&["list", "-p", "env", "--json"]);
    let of_pip = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["channel"] == "pypi");
    let names: Vec<&str> = of_pip
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["dull", "pretty"]);
    assert_eq!(
        fs::read_to_string(world.site("six.py")).unwrap(),
        "conda = True\n"
    );
    assert!(world.site("pretty-2.0.dist-info/RECORD").is_file());
    assert_eq!(
        fs::read_to_string(world.site("pretty-2.0.dist-info/INSTALLER"))
            .unwrap()
            .trim(),
        "pip"
    );
    world.larder(&["verify", "-p", "env"]).success();

    made_again_offline(world);
}

/// Both wheels come from the index the first time, then from the store.
fn assert_wheels_counted(world: &World, made: &Value) {
    let count = |report: &Value, from: &str| report["sources"][from]["objects"].as_u64().unwrap();
    let conda = made["actions"]["LINK"].as_array().unwrap().len() as u64;
    let fetched = made["fetched"].as_u64().unwrap();
    assert_eq!(count(made, "channel"), fetched + 2, "{made}");
    assert!(made["sources"]["channel"]["bytes"].as_u64() > made["fetched_bytes"].as_u64());
    for more in [&["-p", "env-2", "--dry-run"][..], &["-p", "env-2"]] {
        let again = world.json(&[&["create", "--json"], more].concat());
        assert_eq!(
            (count(&again, "store"), count(&again, "channel")),
            (conda + 2, 0),
            "{again}"
        );
    }
}

fn made_again_offline(world: World) {
    let first = tree_of(&env(&world.sandbox));
    let World {
        sandbox, server, ..
    } = world;
    server.shutdown();
    fs::remove_dir_all(sandbox.path("channel")).unwrap();
    for more in [&[][..], &["--ephemeral"], &["-f", "conda-lock.yml"]] {
        fs::remove_dir_all(env(&sandbox)).unwrap();
        let arguments = [&["create", "-p", "env", "--offline"], more].concat();
        Run::of(sandbox.command(&arguments).env("LARDER_UV", "")).success();
        let again = tree_of(&env(&sandbox));
        let of_the_run = ["conda-meta/", "__pycache__", "RECORD"];
        let paths = |tree: &[String]| -> Vec<String> {
            let lines = tree
                .iter()
                .filter(|line| !of_the_run.iter().any(|part| line.contains(part)));
            lines.cloned().collect()
        };
        assert_eq!(paths(&first), paths(&again), "{more:?}");
    }
}

#[test]
fn cep24_13_a_failing_pip_section_leaves_no_environment_and_ran_after_the_conda_part() {
    let Some(world) = world() else { return };
    world.manifest("", &["pretty"]);
    world.larder(&["lock"]).success();
    // Its entry point has no module: pip unpacks it and fails.
    let wheel = world.sandbox.path("wheels/dull-1.5-py3-none-any.whl");
    let lock = world.lock();
    let digest = larder_digest_of(&fs::read(&wheel).unwrap());
    WheelBuilder::new("other", "1.5")
        .file("dull.py", "")
        .write(&world.sandbox.path("other"));
    let bytes = fs::read(world.sandbox.path("other/other-1.5-py3-none-any.whl")).unwrap();
    fs::write(&wheel, &bytes).unwrap();
    world.sandbox.write(
        "conda-lock.yml",
        &lock.replace(&digest, &larder_digest_of(&bytes)),
    );
    let run = world.larder(&["create", "-p", "env", "--frozen"]);
    assert_ne!(run.status, 0);
    assert!(
        run.stderr.contains("could not install") && run.stderr.contains("dull"),
        "{}",
        run.stderr
    );
    assert!(!env(&world.sandbox).exists(), "no half environment");
    let left = fs::read_dir(world.sandbox.work()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().contains("larder-"))
        .collect();
    assert_eq!(left, [""; 0]);
}

fn larder_digest_of(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_bad_line_has_its_place_and_what_a_tool_says_is_told_once() {
    let Some(world) = world() else { return };
    world.manifest("", &["pretty", "dull=1.5"]);
    let run = world.larder(&["lock"]).fails_with(1);
    let place = "environment.yml:8:7: `dull=1.5` is no requirement";
    assert!(run.stderr.contains(place), "{}", run.stderr);
    assert!(run.stderr.contains("write `dull==1.5`"), "{}", run.stderr);
    assert!(
        !run.stderr.contains("exit status"),
        "no tool ran: {}",
        run.stderr
    );

    world.manifest("", &["dull", "pretty>=7"]);
    let told = "No matching distribution found for pretty>=7";
    for arguments in [&["lock"][..], &["lock", "-v"], &["lock", "--quiet"]] {
        let run = world.larder(arguments).fails_with(1);
        assert_eq!(
            run.stderr.matches(told).count(),
            1,
            "{arguments:?}: {}",
            run.stderr
        );
        let place = "error: environment.yml:8:7: the `pip:` section cannot be resolved";
        assert!(run.stderr.contains(place), "{}", run.stderr);
        assert!(
            run.stderr.contains("it is about `pretty>=7`"),
            "{}",
            run.stderr
        );
    }
    let report = json(&world.larder(&["lock", "--json"]).fails_with(1));
    assert!(
        report["output"].as_str().unwrap().contains(told),
        "{report}"
    );
}

/// Another machine with nothing but the pack.
fn carried(world: World) -> (Sandbox, String) {
    let World {
        sandbox,
        server,
        site_packages,
    } = world;
    server.shutdown();
    for path in [
        sandbox.path("channel"),
        sandbox.path("wheels"),
        sandbox.store(),
        sandbox.trees(),
    ] {
        fs::remove_dir_all(path).unwrap();
    }
    for name in ["environment.yml", "conda-lock.yml"] {
        fs::rename(sandbox.path(name), sandbox.path(&format!("kept-{name}"))).unwrap();
    }
    (sandbox, site_packages)
}

fn without_uv(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    Run::of(sandbox.command(arguments).env("LARDER_UV", ""))
}

#[test]
fn wheels_travel_in_a_pack() {
    let Some(world) = world() else { return };
    world.manifest("  - pip\n  - six\n", &["pretty"]);
    world.larder(&["lock"]).success();
    let report = world.json(&["pack", "-o", "work.tar", "--json"]);
    assert_eq!(report["wheels"], 2, "{report}");
    world.larder(&["pack", "-o", "again.tar"]).success();
    let bytes = |name: &str| fs::read(world.sandbox.path(name)).unwrap();
    assert!(bytes("work.tar") == bytes("again.tar"), "the same bytes");
    world.larder(&["create", "-p", "env"]).success();
    world
        .larder(&["pack", "-p", "env", "-o", "of-env.tar"])
        .success();
    fs::remove_dir_all(env(&world.sandbox)).unwrap();

    let (sandbox, site_packages) = carried(world);
    for more in [
        &["work.tar"][..],
        &["work.tar", "--no-store"],
        &["work.tar", "--lock", "kept-conda-lock.yml"],
        &["of-env.tar"],
    ] {
        let arguments = [&["unpack", "-p", "env", "--offline"], more].concat();
        without_uv(&sandbox, &arguments).success();
        let site = env(&sandbox).join(&site_packages);
        assert!(site.join("pretty/__init__.py").is_file() && site.join("dull.py").is_file());
        without_uv(&sandbox, &["verify", "-p", "env"]).success();
        fs::remove_dir_all(env(&sandbox)).unwrap();
    }
}

#[test]
fn a_pack_with_other_wheels_than_its_lock_says_is_refused() {
    let Some(world) = world() else { return };
    world.manifest("  - pip\n", &["dull"]);
    world.larder(&["lock"]).success();
    world.larder(&["pack", "-o", "work.tar"]).success();
    world.manifest("  - pip\n", &["pretty"]);
    world.larder(&["lock"]).success();
    let (sandbox, _) = carried(world);
    let arguments = ["unpack", "work.tar", "-p", "env", "--lock"];
    let arguments = [&arguments[..], &["kept-conda-lock.yml"]].concat();
    let run = without_uv(&sandbox, &arguments).fails_with(4);
    assert!(
        run.stderr.contains("pretty-2.0 of PyPI is not in the pack"),
        "{}",
        run.stderr
    );
    let mut bytes = fs::read(sandbox.path("work.tar")).unwrap();
    let wheel = b"dull.py";
    let at = bytes
        .windows(wheel.len())
        .rposition(|window| window == wheel);
    bytes[at.unwrap()] ^= 1;
    fs::write(sandbox.path("work.tar"), bytes).unwrap();
    let run = without_uv(&sandbox, &["unpack", "work.tar", "-p", "env"]).fails_with(4);
    assert!(
        run.stderr.contains("wheels/dull-1.5-py3-none-any.whl"),
        "{}",
        run.stderr
    );
    assert!(!env(&sandbox).exists());
}

#[test]
fn a_collection_knows_wheels_and_what_was_made_for_them() {
    let Some(world) = world() else { return };
    world.manifest("  - pip\n  - six\n", &["pretty"]);
    world.larder(&["lock"]).success();
    world.larder(&["create", "-p", "env"]).success();
    let wheels = || {
        let shards = fs::read_dir(world.sandbox.store().join("wheels")).unwrap();
        let shards = shards.map(|shard| fs::read_dir(shard.unwrap().path()).unwrap().count());
        shards.sum::<usize>()
    };
    let memos = || {
        let files = fs::read_dir(world.sandbox.store().join("solves")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("pip-")).count()
    };
    assert_eq!((wheels(), memos()), (2, 1));
    // Built here from a source that nobody has, and an environment for a tool that nobody used for long.
    let built = format!("wheels/{}-cpython-3.11-linux-64", "5".repeat(64));
    let built = world.sandbox.trees().join(built);
    fs::create_dir_all(&built).unwrap();
    fs::write(built.join("a-1-py3-none-any.whl"), "bytes").unwrap();
    let note = format!(
        "{{\"file\": \"a-1-py3-none-any.whl\", \"sha256\": \"{}\"}}",
        larder_digest_of(b"bytes")
    );
    fs::write(built.join("wheel.json"), note).unwrap();
    let history = world.sandbox.trees().join("tools/uv/conda-meta/history");
    fs::create_dir_all(history.parent().unwrap()).unwrap();
    fs::write(&history, "").unwrap();
    world.larder(&["store", "verify", "--trees"]).success();
    fs::write(built.join("a-1-py3-none-any.whl"), "other").unwrap();
    let run = world.larder(&["store", "verify", "--trees"]).fails_with(4);
    assert!((run.stdout + &run.stderr).contains("built wheel a-1-py3-none-any.whl"));

    // The environment, or a lock that is named, keep wheels.
    let report = world.json(&["store", "gc", "--trees", "--json"]);
    assert_eq!((wheels(), memos()), (2, 1));
    assert_eq!(
        (&report["built_wheels"], &report["tools"]),
        (&1.into(), &0.into()),
        "{report}"
    );
    assert!(report["kept_trees"].as_u64().unwrap() > 0, "{report}");
    assert!(!built.exists() && history.exists());
    fs::remove_dir_all(env(&world.sandbox)).unwrap();
    let report = world.json(&["store", "gc", "--keep", "conda-lock.yml", "--json"]);
    assert_eq!((wheels(), memos()), (2, 0), "{report}");
    assert_eq!(report["missing"], Value::Array(Vec::new()));
    world
        .larder(&["create", "-p", "env", "--offline"])
        .success();
    fs::remove_dir_all(env(&world.sandbox)).unwrap();

    let old = std::time::UNIX_EPOCH;
    let file = fs::File::options().write(true).open(&history).unwrap();
    file.set_modified(old).unwrap();
    fs::remove_file(world.sandbox.path("conda-lock.yml")).unwrap();
    let run = world.larder(&["store", "gc", "--trees"]).success();
    assert!(
        // The environment with the pip that resolved was used just now, and needs its two.
        run.stderr.contains("1 tool environment") && run.stderr.contains("and 2 trees"),
        "{}",
        run.stderr
    );
    assert_eq!(wheels(), 0);
    assert!(!world.sandbox.trees().join("tools/uv").exists());
}

/// Builds a wheel of dull by hand.
const BACKEND: &str = r#"
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    files = {
        "dull.py": "of_source = True\n",
        "dull-1.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: dull\nVersion: 1.5\n",
        "dull-1.5.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},," for name in [*files, "dull-1.5.dist-info/RECORD"]]
    files["dull-1.5.dist-info/RECORD"] = "\n".join(record) + "\n"
    with zipfile.ZipFile(f"{directory}/dull-1.5-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "dull-1.5-py3-none-any.whl"
"#;

/// The same package as a source, beside the wheels.
fn source_of_dull(world: &World) -> PathBuf {
    let project = world.sandbox.path("dull-1.5");
    fs::create_dir(&project).unwrap();
    // What it asks for is not to be had; it needs nothing but what is there.
    let asked =
        "[build-system]\nrequires = ['nowhere']\nbuild-backend = 'backend'\nbackend-path = ['.']\n";
    fs::write(project.join("pyproject.toml"), asked).unwrap();
    fs::write(project.join("backend.py"), BACKEND).unwrap();
    let source = world.sandbox.path("wheels/dull-1.5.tar.gz");
    let packed = Command::new("tar")
        .arg("-czf")
        .arg(&source)
        .args([
            "-C",
            project.parent().unwrap().to_str().unwrap(),
            "dull-1.5",
        ])
        .status();
    assert!(packed.unwrap().success());
    source
}

#[test]
fn a_source_is_built_offline_with_what_the_environment_has_and_once() {
    let Some(world) = world() else { return };
    world.manifest("", &["dull"]);
    world.larder(&["lock"]).success();
    let source = source_of_dull(&world);
    let wheel = fs::read(world.sandbox.path("wheels/dull-1.5-py3-none-any.whl")).unwrap();
    let lock = world
        .lock()
        .replace("dull-1.5-py3-none-any.whl", "dull-1.5.tar.gz")
        .replace(
            &larder_digest_of(&wheel),
            &larder_digest_of(&fs::read(&source).unwrap()),
        );
    // An index that has the source alone would have been locked so: the lock is sealed again.
    let lock = larder_lock::LockFile::parse("conda-lock.yml", &lock).unwrap();
    world.sandbox.write("conda-lock.yml", &lock.to_yaml());
    world
        .larder(&["create", "-p", "env", "--download-only"])
        .success();
    let run = world
        .larder(&["create", "-p", "env", "--offline"])
        .success();
    assert!(run.stderr.contains("pip: "), "it was built: {}", run.stderr);
    assert!(
        fs::read_to_string(world.site("dull.py"))
            .unwrap()
            .contains("of_source")
    );
    world.larder(&["verify", "-p", "env"]).success();
    fs::remove_dir_all(env(&world.sandbox)).unwrap();
    let run = world
        .larder(&["create", "-p", "env", "--offline"])
        .success();
    assert!(
        !run.stderr.contains("Building wheel"),
        "built once: {}",
        run.stderr
    );
    let run = world.larder(&["pack", "-o", "work.tar"]).success();
    assert!(run.stderr.contains("dull-1.5.tar.gz"), "{}", run.stderr);
    let (sandbox, site_packages) = carried(world);
    without_uv(&sandbox, &["unpack", "work.tar", "-p", "other"]).success();
    assert!(
        sandbox
            .path("other")
            .join(&site_packages)
            .join("dull.py")
            .exists()
    );
}

#[test]
fn what_has_no_bytes_is_not_packed() {
    let Some(world) = world() else { return };
    WheelBuilder::new("local", "0.1")
        .file("local.py", "")
        .write(&world.sandbox.path("dist"));
    world.manifest("", &["./dist/local-0.1-py3-none-any.whl", "dull"]);
    world.larder(&["lock"]).success();
    world.larder(&["create", "-p", "env"]).success();
    for (source, named) in [
        (&[][..], "./dist/local-0.1-py3-none-any.whl"),
        (&["-p", "env"], "local"),
    ] {
        let arguments = [&["pack", "-o", "work.tar"], source].concat();
        let run = world.larder(&arguments).fails_with(1);
        assert!(
            run.stderr.contains("no bytes are locked for") && run.stderr.contains(named),
            "{}",
            run.stderr
        );
    }
    assert!(!world.sandbox.path("work.tar").exists());
}

#[test]
fn wrong_bytes_of_a_wheel_are_damage_and_nothing_is_made() {
    let Some(world) = world() else { return };
    world.manifest("", &["dull"]);
    world.larder(&["lock"]).success();
    fs::write(
        world.sandbox.path("wheels/dull-1.5-py3-none-any.whl"),
        "something else",
    )
    .unwrap();
    let run = world.larder(&["create", "-p", "env"]).fails_with(4);
    assert!(
        run.stderr.contains("dull-1.5") && run.stderr.contains("sha256"),
        "{}",
        run.stderr
    );
    assert!(!env(&world.sandbox).exists());
}

#[test]
fn cep24_14_conda_packages_are_not_overwritten() {
    let Some(world) = world() else { return };
    world.manifest("  - six\n", &["six==1.17.0"]);
    let run = world.larder(&["lock"]).fails_with(1);
    assert!(run.stderr.contains("six"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("conda packages count as installed (six 1.16.0)"),
        "{}",
        run.stderr
    );

    // Two distributions with one file: conda's stays, and a warning says so.
    let wheels = world.sandbox.path("wheels");
    WheelBuilder::new("thief", "1.0")
        .file("six.py", "conda = False\n")
        .file("thief.py", "")
        .write(&wheels);
    link_page(&wheels);
    world.manifest("  - six\n", &["thief"]);
    world.larder(&["lock"]).success();
    let run = world.larder(&["create", "-p", "env"]).success();
    assert!(
        run.stderr.contains("those of conda stay") && run.stderr.contains("six.py"),
        "{}",
        run.stderr
    );
    assert_eq!(
        fs::read_to_string(world.site("six.py")).unwrap(),
        "conda = True\n"
    );
    assert!(world.site("thief.py").exists());
    world.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn drift_of_pip_packages_is_told_and_mended() {
    let Some(world) = world() else { return };
    world.manifest("", &["pretty"]);
    world.larder(&["lock"]).success();
    world.larder(&["create", "-p", "env"]).success();
    fs::write(world.site("dull.py"), "edited").unwrap();
    fs::remove_file(world.site("pretty/__init__.py")).unwrap();
    let by_hand = world.site("hand-1.0.dist-info");
    fs::create_dir(&by_hand).unwrap();
    fs::write(
        by_hand.join("METADATA"),
        "Metadata-Version: 2.1\nName: hand\nVersion: 1.0\n",
    )
    .unwrap();
    fs::write(
        by_hand.join("RECORD"),
        "hand-1.0.dist-info/METADATA,,\nhand-1.0.dist-info/RECORD,,\n",
    )
    .unwrap();
    let run = world
        .larder(&["verify", "-p", "env", "--json"])
        .fails_with(1);
    let report = json(&run);
    let drifted: Vec<String> = report["drifted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|drift| {
            format!(
                "{} {}",
                drift["package"].as_str().unwrap(),
                drift["drift"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(drifted, ["dull-1.5 sha256", "pretty-2.0 missing"]);
    assert_eq!(report["pip"].as_array().unwrap().len(), 1);
    assert_eq!(report["pip"][0]["name"], "hand");
    world
        .larder(&["sync", "-p", "env", "--prune-pip", "--offline"])
        .success();
    world.larder(&["verify", "-p", "env"]).success();
    assert!(!by_hand.exists());
    // One that is gone altogether is missed.
    fs::remove_dir_all(world.site("dull-1.5.dist-info")).unwrap();
    fs::remove_file(world.site("dull.py")).unwrap();
    world.larder(&["verify", "-p", "env"]).fails_with(1);
    world.larder(&["sync", "-p", "env", "--offline"]).success();
    world.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn an_update_brings_and_removes_pip_packages() {
    let Some(world) = world() else { return };
    world.manifest("", &["dull"]);
    let run = world.larder(&["create", "-p", "env"]).success();
    assert!(
        run.stderr.contains("and 1 package of pip"),
        "{}",
        run.stderr
    );
    assert!(!world.site("pretty").exists());
    world.manifest("  - six\n", &["pretty"]);
    let report = world.json(&["env", "update", "-p", "env", "--json"]);
    let from = &report["sources"]["channel"]["objects"];
    let fetched = report["fetched"].as_u64().unwrap();
    assert_eq!(from.as_u64(), Some(fetched + 1), "{report}");
    assert!(world.site("pretty/__init__.py").exists() && world.site("dull.py").exists());
    let run = world.larder(&["env", "update", "-p", "env"]).success();
    assert!(run.stderr.contains("up to date"), "{}", run.stderr);
    world.larder(&["verify", "-p", "env"]).success();
    world.manifest("  - six\n", &["dull"]);
    let run = world
        .larder(&["env", "update", "-p", "env", "--prune"])
        .success();
    // Only the section has changed, and the environment with it.
    assert!(
        run.stderr.contains("and the pip section") && !run.stderr.contains("up to date"),
        "{}",
        run.stderr
    );
    assert!(!world.site("pretty").exists() && world.site("dull.py").exists());
    world.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn a_lock_is_fresh_as_long_as_the_section_means_it() {
    let Some(world) = world() else { return };
    world.manifest("", &["pretty"]);
    world.larder(&["lock"]).success();
    for lines in [
        &["Pretty  # words"][..],
        &["pretty>=1", ""],
        &["pretty", "pretty!=3"],
    ] {
        world.manifest("", lines);
        world.larder(&["lock", "--check"]).success();
    }
    for (lines, word) in [
        (&["pretty<2"][..], "pretty 2.0"),
        (&["pretty", "more"], "more"),
        (&[], "pretty"),
        (&["pretty", "-e ./here"], "here"),
    ] {
        world.manifest("", lines);
        let run = world.larder(&["lock", "--check"]).fails_with(1);
        let text = run.stdout + &run.stderr;
        assert!(
            text.contains("pip:") && text.contains(word),
            "{lines:?}: {text}"
        );
        let run = world.larder(&["create", "-p", "env"]).fails_with(1);
        assert!(run.stderr.contains("stale"), "{}", run.stderr);
    }
}

#[test]
fn what_cannot_be_locked_is_passed_on_and_said() {
    let Some(world) = world() else { return };
    WheelBuilder::new("local", "0.1")
        .file("local.py", "")
        .write(&world.sandbox.path("dist"));
    world.manifest("", &["./dist/local-0.1-py3-none-any.whl", "dull"]);
    let run = world.larder(&["lock"]).success();
    assert!(
        run.stderr.contains("not locked to bytes") && run.stderr.contains("./dist/local-0.1"),
        "{}",
        run.stderr
    );
    assert!(!world.lock().contains("work/dist"), "{}", world.lock());
    world.larder(&["lock", "--check"]).success();
    world
        .larder(&["create", "-p", "env", "--offline"])
        .fails_with(1);
    world.larder(&["create", "-p", "env"]).success();
    assert!(world.site("local.py").exists() && world.site("dull.py").exists());
    world.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn an_unlocked_section_is_remembered_for_runs_without_a_network() {
    let Some(world) = world() else { return };
    world.manifest("", &["pretty"]);
    world.larder(&["create", "-p", "env"]).success();
    fs::remove_dir_all(env(&world.sandbox)).unwrap();
    world
        .larder(&["create", "-p", "env", "--offline"])
        .success();
    assert!(world.site("pretty/__init__.py").exists());
    world.manifest("", &["dull"]);
    let run = world
        .larder(&["create", "-p", "other", "--offline"])
        .fails_with(1);
    assert!(
        run.stderr.contains("cannot be resolved offline"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_frozen_environment_gets_nothing_by_pip() {
    let Some(world) = world() else { return };
    world.manifest("", &["dull"]);
    world.larder(&["create", "-p", "env"]).success();
    world.sandbox.write("env/conda-meta/frozen", "{}");
    world.manifest("", &["pretty"]);
    let before = tree_of(&env(&world.sandbox));
    world.larder(&["env", "update", "-p", "env"]).fails_with(1);
    assert_eq!(before, tree_of(&env(&world.sandbox)));
}

#[test]
fn a_secret_of_an_index_is_sent_and_nowhere_else() {
    const SECRET: &str = "s3cret-word";
    let Some(world) = world() else { return };
    let auth = larder_testkit::Auth::Basic {
        user: "me".into(),
        password: SECRET.into(),
    };
    world.server.require_auth(auth);
    let address = world
        .server
        .url()
        .replace("http://", &format!("http://me:{SECRET}@"));
    let text = format!(
        "channels: [./channel]\ndependencies:\n  - python\n  - pip\n  - pip:\n    - --no-index\n    - --find-links {address}/links.html\n    - dull\n"
    );
    world.sandbox.write("environment.yml", &text);
    let lock = world.larder(&["lock", "-v"]).success();
    let create = world.larder(&["create", "-p", "env", "-v"]).success();
    for run in [&lock, &create] {
        assert!(
            !run.stderr.contains(SECRET) && !run.stdout.contains(SECRET),
            "{}",
            run.stderr
        );
    }
    assert!(!world.lock().contains(SECRET), "{}", world.lock());
    for directory in [
        world.sandbox.store(),
        env(&world.sandbox),
        world.sandbox.trees(),
    ] {
        nobody_has(&directory, SECRET);
    }
}

fn nobody_has(directory: &Path, secret: &str) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            nobody_has(&path, secret);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}
