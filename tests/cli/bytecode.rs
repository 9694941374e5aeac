//! Bytecode from `larder create`: made once, sealed where a cache travels, left out where asked.

use std::{fs, path::PathBuf};

use larder_testkit::{PackageBuilder, RealPython, Run, Sandbox};

use crate::support::{channel, conda, env, sandbox};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A sandbox whose channel has a Python that works as long as the file `there` exists, and a package.
struct World {
    sandbox: Sandbox,
    python: RealPython,
}

impl World {
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn new() -> Option<Self> {
        let found = RealPython::find();
        if found.is_none() {
            eprintln!("skipped: there is no python3");
        }
        let (python, sandbox) = (found?, sandbox());
        let there = sandbox.write("there", "");
        let program = format!("bin/python{}", python.version);
        let version = format!("{}.1", python.version);
        let interpreter = PackageBuilder::new("python", &version, "0_cpython")
            .executable(&program, python.script_while(&there));
        let told = "#!/bin/sh\nenv > \"$PREFIX/told\"\n";
        let module = PackageBuilder::new("module", "1.0", "py_0")
            .noarch_python()
            .depends("python")
            .file("site-packages/module.py", "x = 'in the module'\n")
            .link_script("post-link", told);
        let plain = PackageBuilder::new("plain", "1.0", "py_0")
            .noarch_python()
            .depends("python")
            .file("site-packages/plain.py", "x = 'in plain'\n");
        channel(&sandbox, [conda(interpreter), conda(module), conda(plain)]);
        sandbox.write(
            "environment.yml",
            "channels: [./channel]\ndependencies: [module, plain]\n",
        );
        Some(Self { sandbox, python })
    }

    fn create(&self, args: &[&str], secret: Option<&str>) -> Run {
        let args = [&["create", "-p", "env", "--yes"], args].concat();
        let mut command = self.sandbox.command(&args);
        if let Some(secret) = secret {
            command.env("LARDER_CACHE_SECRET", secret);
        }
        Run::of(&mut command)
    }

    fn pyc(&self, module: &str) -> PathBuf {
        let (version, tag) = (&self.python.version, &self.python.tag);
        env(&self.sandbox).join(format!(
            "lib/python{version}/site-packages/__pycache__/{module}.{tag}.pyc"
        ))
    }

    /// Whether the environment's Python runs from now on.
    fn interpreter_works(&self, works: bool) {
        if works {
            self.sandbox.write("there", "");
        } else {
            fs::remove_file(self.sandbox.path("there")).unwrap();
        }
    }

    fn bundles(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.sandbox.store().join("bytecode")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }
}

#[test]
fn it_is_compiled_once_and_linked_from_then_on() {
    let Some(world) = World::new() else { return };
    let first = world.create(&["-v"], None).success();
    assert!(
        first.stderr.contains("compiled plain-1.0-py_0, 1 files"),
        "{}",
        first.stderr
    );
    let bytes = fs::read(world.pyc("plain")).unwrap();
    world.interpreter_works(false);
    let second = world.create(&["-v"], None).success();
    assert!(!second.stderr.contains("compiled"), "{}", second.stderr);
    assert!(!second.stderr.contains("warning"), "{}", second.stderr);
    assert_eq!(fs::read(world.pyc("plain")).unwrap(), bytes);
    assert!(
        world.bundles().is_empty(),
        "without a secret the store has none"
    );
}

#[test]
fn it_can_be_left_to_python() {
    let Some(world) = World::new() else { return };
    world.create(&["--no-compile-bytecode"], None).success();
    assert!(!world.pyc("plain").exists());
    let flags = ["--no-compile-bytecode", "--compile-bytecode"];
    world.create(&flags, None).success();
    assert!(world.pyc("plain").exists());
}

#[test]
fn it_is_left_to_python_where_nothing_keeps_it() {
    let Some(world) = World::new() else { return };
    world.create(&["--ephemeral"], None).success();
    assert!(!world.pyc("plain").exists());
    let asked = ["--ephemeral", "--compile-bytecode"];
    world.create(&asked, None).success();
    assert!(world.pyc("plain").exists());
}

#[test]
fn a_secret_lets_it_travel_with_the_store() {
    let Some(world) = World::new() else { return };
    world.create(&["--ephemeral"], Some(SECRET)).success();
    let bytes = fs::read(world.pyc("plain")).unwrap();
    assert_eq!(world.bundles().len(), 2);
    assert_eq!(fs::read_dir(world.sandbox.trees()).unwrap().count(), 0);

    world.interpreter_works(false);
    let restored = world.create(&["--ephemeral"], Some(SECRET)).success();
    assert!(!restored.stderr.contains("warning"), "{}", restored.stderr);
    assert_eq!(fs::read(world.pyc("plain")).unwrap(), bytes);

    let without = world.create(&["--ephemeral", "--compile-bytecode"], None);
    let without = without.success();
    assert!(
        without.stderr.contains("not all bytecode was compiled"),
        "{}",
        without.stderr
    );
    assert!(!world.pyc("plain").exists());
}

#[test]
fn a_poisoned_cache_costs_time_and_changes_nothing() {
    let Some(world) = World::new() else { return };
    world.create(&["--ephemeral"], Some(SECRET)).success();
    let bytes = fs::read(world.pyc("plain")).unwrap();
    let good = fs::read(&world.bundles()[0]).unwrap();
    for bundle in world.bundles() {
        let mut poisoned = fs::read(&bundle).unwrap();
        *poisoned.last_mut().unwrap() ^= 1;
        fs::write(bundle, poisoned).unwrap();
    }
    let run = world.create(&["--ephemeral"], Some(SECRET)).success();
    assert!(
        run.stderr.contains("is not sealed with this secret"),
        "{}",
        run.stderr
    );
    assert_eq!(fs::read(world.pyc("plain")).unwrap(), bytes);
    assert_eq!(fs::read(&world.bundles()[0]).unwrap(), good);
}

#[test]
fn nobody_is_told_the_secret() {
    let Some(world) = World::new() else { return };
    world.create(&[], Some(SECRET)).success();
    let told = fs::read_to_string(env(&world.sandbox).join("told")).unwrap();
    assert!(told.contains("PREFIX=") && !told.contains(SECRET), "{told}");
    let mut command = world.sandbox.command(&["run", "-p", "env", "--", "env"]);
    let run = Run::of(command.env("LARDER_CACHE_SECRET", SECRET)).success();
    assert!(!run.stdout.contains(SECRET), "{}", run.stdout);

    let short = world.create(&[], Some("hunter2")).fails_with(1);
    assert!(
        short.stderr.contains("at least 16 bytes"),
        "{}",
        short.stderr
    );
    assert!(!short.stderr.contains("hunter2"), "{}", short.stderr);
}
