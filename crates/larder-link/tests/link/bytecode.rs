//! Bytecode of `noarch: python` packages, by a real Python that stands in for the environment's own.

use std::{fs, path::Path, sync::Arc};

use larder_link::{Bytecodes, BytecodesOptions, LinkOptions};
use larder_testkit::{PackageBuilder, RealPython};
use rattler_conda_types::{Subdir, prefix_record::PathType};

use crate::support::{Created, Kit, Unpacked, create, names, package};

/// A kit with a Python that works as long as the file `there` exists.
struct Compiling {
    kit: Kit,
    real: RealPython,
    python: Unpacked,
}

impl Compiling {
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn new() -> Option<Self> {
        let real = RealPython::find();
        if real.is_none() {
            eprintln!("skipped: there is no python3");
        }
        let (kit, real) = (Kit::new(), real?);
        let there = there(&kit);
        fs::write(&there, "").unwrap();
        let program = format!("bin/python{}", real.version);
        let built = PackageBuilder::new("python", &format!("{}.1", real.version), "h0_0_cpython")
            .executable(&program, real.script_while(&there));
        Some(Self {
            python: kit.unpack(built),
            kit,
            real,
        })
    }

    fn options(&self) -> LinkOptions {
        let directory = self.kit.envs().parent().unwrap().join("bytecode");
        let bytecodes = Bytecodes::open(&directory, BytecodesOptions::default()).unwrap();
        LinkOptions {
            bytecode: Some(Arc::new(bytecodes)),
            ..self.kit.options()
        }
    }

    fn create(&self, packages: &[&Unpacked]) -> Created {
        let packages = [&[&self.python], packages].concat();
        create(&packages, &self.options())
    }

    fn create_again(&self, packages: &[&Unpacked]) -> Created {
        fs::remove_dir_all(self.kit.prefix()).unwrap();
        self.create(packages)
    }

    fn site(&self, path: &str) -> String {
        format!("lib/python{}/site-packages/{path}", self.real.version)
    }

    /// The bytecode of a module that is right below site-packages.
    fn pyc(&self, module: &str) -> String {
        self.site(&format!("__pycache__/{module}.{}.pyc", self.real.tag))
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.kit.prefix().join(path)).unwrap()
    }
}

fn there(kit: &Kit) -> std::path::PathBuf {
    kit.envs().parent().unwrap().join("there")
}

fn noarch(name: &str) -> PackageBuilder {
    PackageBuilder::new(name, "1.0", "py_0").noarch_python()
}

fn is_pyc(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "pyc")
}

#[test]
fn cep20_03_sources_are_compiled_beside_them_and_bad_ones_disturb_nothing() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let foo = compiling.kit.unpack(
        noarch("foo")
            .file("site-packages/foo.py", "x = 1\n")
            .file("site-packages/bad.py", "x =\n")
            .file("python-scripts/tool.py", "x = 1\n")
            .file("share/data.py", "x = 1\n"),
    );
    let platform = compiling
        .kit
        .unpack(package("platform").file(&compiling.site("platform.py"), "x = 1\n"));
    let created = compiling.create(&[&foo, &platform]);
    assert_eq!(created.warnings, [""; 0]);
    assert!(compiling.kit.has(&compiling.pyc("foo")));
    let directory = compiling.kit.prefix().join(compiling.site("__pycache__"));
    assert_eq!(names(&directory).len(), 1, "{:?}", names(&directory));
    assert!(!compiling.kit.has("bin/__pycache__") && !compiling.kit.has("share/__pycache__"));
}

#[test]
fn cep20_04_bytecode_is_recorded() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let foo = compiling.kit.unpack(
        noarch("foo")
            .file("site-packages/foo/__init__.py", "x = 1\n")
            .file("site-packages/foo/sub/m.py", "x = 2\n")
            .entry_point("foo = foo:main"),
    );
    compiling.create(&[&foo]);
    let record = compiling.kit.prefix_record("foo-1.0-py_0");
    let pycs: Vec<_> = record
        .paths_data
        .paths
        .iter()
        .filter(|entry| entry.path_type == PathType::PycFile)
        .collect();
    assert_eq!(pycs.len(), 2);
    for entry in pycs {
        assert!(record.files.contains(&entry.relative_path));
        let path = compiling.kit.prefix().join(&entry.relative_path);
        assert_eq!(
            fs::metadata(path).unwrap().len(),
            entry.size_in_bytes.unwrap()
        );
        assert!(entry.sha256_in_prefix.is_some());
    }
    // What removal does: every listed file, then directories that are empty.
    for file in &record.files {
        fs::remove_file(compiling.kit.prefix().join(file)).unwrap();
    }
    for directory in ["foo/sub/__pycache__", "foo/sub", "foo/__pycache__", "foo"] {
        fs::remove_dir(compiling.kit.prefix().join(compiling.site(directory))).unwrap();
    }
}

#[test]
fn the_next_environment_is_linked_and_needs_no_interpreter() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let foo = compiling
        .kit
        .unpack(noarch("foo").file("site-packages/foo.py", "x = 1\n"));
    compiling.create(&[&foo]);
    let first = compiling.bytes(&compiling.pyc("foo"));
    fs::remove_file(there(&compiling.kit)).unwrap();
    let again = compiling.create_again(&[&foo]);
    assert_eq!(again.warnings, [""; 0]);
    assert_eq!(compiling.bytes(&compiling.pyc("foo")), first);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(compiling.kit.prefix().join(compiling.pyc("foo"))).unwrap();
        assert_eq!(metadata.nlink(), 2, "a hard link, as files of trees");
    }
    assert_eq!(again.applied.bytes_written, 0);
}

#[test]
fn a_python_that_does_not_run_costs_the_bytecode_alone() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    fs::remove_file(there(&compiling.kit)).unwrap();
    let foo = compiling
        .kit
        .unpack(noarch("foo").file("site-packages/foo.py", "x = 1\n"));
    let created = compiling.create(&[&foo]);
    assert_eq!(created.warnings.len(), 1, "{:?}", created.warnings);
    assert!(created.warnings[0].starts_with("link::no-bytecode"));
    assert!(!compiling.kit.has(&compiling.site("__pycache__")));
    let record = compiling.kit.prefix_record("foo-1.0-py_0");
    assert!(!record.files.iter().any(|path| is_pyc(path)));
}

#[test]
fn environments_for_another_subdir_are_not_compiled() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let foo = compiling
        .kit
        .unpack(noarch("foo").file("site-packages/foo.py", "x = 1\n"));
    for subdir in [Subdir::OsxArm64, Subdir::LinuxAarch64, Subdir::Win64] {
        let options = LinkOptions {
            prefix: compiling.kit.envs().join(subdir.as_str()),
            subdir,
            ..compiling.options()
        };
        let created = create(&[&compiling.python, &foo], &options);
        assert_eq!(created.warnings, [""; 0]);
        let record = options.prefix.join("conda-meta/foo-1.0-py_0.json");
        assert!(!fs::read_to_string(record).unwrap().contains(".pyc"));
    }
}

#[test]
fn a_source_that_another_package_took_the_place_of_gets_no_bytecode_of_its_own() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let loser = compiling
        .kit
        .unpack(noarch("a").file("site-packages/both.py", "who = 'loser'\n"));
    let winner = compiling.kit.unpack(
        noarch("b")
            .depends("a")
            .file("site-packages/both.py", "who = 'winner'\n"),
    );
    compiling.create(&[&loser, &winner]);
    let bytes = compiling.bytes(&compiling.pyc("both"));
    assert!(String::from_utf8_lossy(&bytes).contains("winner"));
    let files = compiling.kit.prefix_record("a-1.0-py_0").files;
    assert!(!files.iter().any(|path| is_pyc(path)), "{files:?}");
}

#[test]
fn sources_that_differ_by_environment_or_change_later_are_never_out_of_date() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let prefixed = noarch("prefixed").text_prefix("site-packages/where.py", "x = '{{PREFIX}}'\n");
    let scripted = noarch("scripted")
        .file("site-packages/changed.py", "x = 1\n")
        .executable("bin/.scripted-post-link.sh", "#!/bin/sh\n");
    let (prefixed, scripted) = (
        compiling.kit.unpack(prefixed),
        compiling.kit.unpack(scripted),
    );
    compiling.create(&[&prefixed, &scripted]);
    assert!(!compiling.kit.has(&compiling.pyc("where")));
    let pyc = compiling.bytes(&compiling.pyc("changed"));
    assert_eq!(pyc[4..8], 3u32.to_le_bytes(), "PEP 552: checked");
}

#[test]
fn bytecode_that_a_package_ships_stays() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let path = format!("site-packages/__pycache__/foo.{}.pyc", compiling.real.tag);
    let foo = noarch("foo")
        .file("site-packages/foo.py", "x = 1\n")
        .file(&path, "shipped");
    let foo = compiling.kit.unpack(foo);
    compiling.create(&[&foo]);
    assert_eq!(compiling.kit.read(&compiling.pyc("foo")), "shipped");
}

#[test]
fn a_directory_of_bytecode_that_is_a_link_is_not_followed() {
    let Some(compiling) = Compiling::new() else {
        return;
    };
    let real = format!("lib/python{}/share/elsewhere", compiling.real.version);
    let evil = noarch("evil")
        .file("site-packages/evil.py", "x = 1\n")
        .file(&format!("{real}/data"), "")
        .symlink("site-packages/__pycache__", "../share/elsewhere");
    let evil = compiling.kit.unpack(evil);
    compiling.create(&[&evil]);
    let through = compiling.kit.prefix().join(compiling.site("__pycache__"));
    assert_eq!(names(&through), ["data"], "the link leads somewhere");
    let files = compiling.kit.prefix_record("evil-1.0-py_0").files;
    assert!(!files.iter().any(|path| is_pyc(path)), "{files:?}");
}
