//! `noarch: python` (CEP 17, CEP 20): where its files go depends on the python beside it.

use std::fs;

use larder_link::LinkOptions;
use larder_testkit::{Format, PackageBuilder};
use rattler_conda_types::Subdir;
use serde_json::json;

use crate::support::{Kit, Unpacked, create, fails, links, package, python};

fn six(kit: &Kit) -> Unpacked {
    let built = PackageBuilder::new("six", "1.17.0", "pyh_0")
        .noarch_python()
        .depends("python")
        .file("site-packages/six.py", "x = 1\n");
    kit.unpack(built)
}

/// A python whose archive says one thing and whose channel another.
fn patched_python(kit: &Kit, version: &str, path: &str) -> Unpacked {
    let built = python(version).build(Format::Conda);
    kit.unpack_with(built, "https://host.example/forge", |record| {
        record["python_site_packages_path"] = json!(path);
    })
}

const FREE_THREADED: &str = "lib/python3.14t/site-packages";

#[test]
fn cep17_01_files_go_to_the_path_that_python_names() {
    let kit = Kit::new();
    let python = python("3.14.0").index_extra("python_site_packages_path", json!(FREE_THREADED));
    kit.create(&[&kit.unpack(python), &six(&kit)]);
    assert!(kit.has("lib/python3.14t/site-packages/six.py"));
    assert!(!kit.has("lib/python3.14"));
}

#[test]
fn cep17_02_without_the_field_the_default_of_the_target_is_used() {
    let kit = Kit::new();
    let python = kit.unpack(python("3.11.4").index_extra("python_site_packages_path", json!(null)));
    let six = six(&kit);
    kit.create(&[&python, &six]);
    assert!(kit.has("lib/python3.11/site-packages/six.py"));

    let prefix = kit.envs().join("win");
    let options = LinkOptions {
        prefix: prefix.clone(),
        subdir: Subdir::Win64,
        ..kit.options()
    };
    create(&[&python, &six], &options);
    assert!(prefix.join("Lib/site-packages/six.py").is_file());
}

#[test]
fn cep17_03_the_field_of_another_package_is_ignored() {
    let kit = Kit::new();
    for path in ["x/y", "../../x"] {
        let pypy = package("pypy").index_extra("python_site_packages_path", json!(path));
        kit.create(&[&kit.unpack(pypy), &kit.unpack(python("3.11.4")), &six(&kit)]);
        assert!(kit.has("lib/python3.11/site-packages/six.py"));
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
}

#[test]
fn cep17_04_a_path_that_leaves_the_environment_is_refused() {
    let kit = Kit::new();
    for path in ["../../x", "/x", "lib/../../x", r"..\x", "C:/x", "."] {
        let error = fails(&[&patched_python(&kit, "3.14.0", path)], &kit.options());
        assert!(
            error.contains("python-3.14.0-h0_0") && error.contains(path),
            "{error}"
        );
    }
    assert!(kit.beside().is_empty());
}

#[test]
fn a_site_packages_path_below_conda_meta_is_refused() {
    let kit = Kit::new();
    let error = fails(
        &[&patched_python(&kit, "3.14.0", "Conda-Meta"), &six(&kit)],
        &kit.options(),
    );
    assert!(
        error.contains("python-3.14.0") && error.contains("`Conda-Meta`"),
        "{error}"
    );
}

#[test]
fn cep17_05_files_are_never_linked_through_a_link() {
    let kit = Kit::new();
    let outside = kit.envs().join("outside");
    fs::create_dir(&outside).unwrap();
    let linker = kit.unpack(package("linker").directory("real").symlink("lib", "real"));
    let error = fails(
        &[&linker, &kit.unpack(python("3.11.4")), &six(&kit)],
        &kit.options(),
    );
    assert!(
        error.contains("`lib`") && error.contains("linker-1.0-h0_0"),
        "{error}"
    );
    assert!(error.contains("six-1.17.0-pyh_0"), "{error}");
    assert_eq!(kit.beside(), ["outside"]);
}

#[test]
fn cep17_06_the_channel_wins_over_the_archive() {
    let kit = Kit::new();
    kit.create(&[&patched_python(&kit, "3.14.0", FREE_THREADED), &six(&kit)]);
    assert!(kit.has("lib/python3.14t/site-packages/six.py"));
}

#[test]
fn cep17_07_with_a_record_from_a_lock_the_archive_has_the_word() {
    let kit = Kit::new();
    let built = python("3.14.0").index_extra("python_site_packages_path", json!(FREE_THREADED));
    let python = kit.unpack_with(
        built.build(Format::Conda),
        "https://host.example/c",
        |record| {
            let record = record.as_object_mut().unwrap();
            record.remove("python_site_packages_path");
        },
    );
    let six = kit.unpack_with(
        PackageBuilder::new("six", "1.17.0", "pyh_0")
            .noarch_python()
            .file("site-packages/six.py", "x = 1\n")
            .build(Format::TarBz2),
        "https://host.example/c",
        |record| drop(record.as_object_mut().unwrap().remove("noarch")),
    );
    kit.create(&[&python.partial(), &six.partial()]);
    assert!(kit.has("lib/python3.14t/site-packages/six.py"));
}

#[test]
fn of_a_bare_package_the_archive_says_what_it_depends_on() {
    let kit = Kit::new();
    // By name `a` comes before python, so only its dependency puts it after.
    let a = PackageBuilder::new("a", "1.0", "pyh_0")
        .noarch_python()
        .depends("python >=3.8")
        .constrains("b <2")
        .file("site-packages/a.py", "x = 1\n");
    let (a, python) = (kit.unpack(a).bare(), kit.unpack(python("3.12.1")).bare());
    let links = links(&[&a, &python]);
    let plan = larder_link::plan(&links, &kit.options()).unwrap();
    let order: Vec<_> = plan.packages().map(|package| package.name()).collect();
    assert_eq!(order, ["python", "a"]);
    kit.create(&[&a, &python]);
    assert!(kit.has("lib/python3.12/site-packages/a.py"));
    let record = kit.record("a-1.0-pyh_0");
    assert_eq!(record["depends"], json!(["python >=3.8"]));
    assert_eq!(record["constrains"], json!(["b <2"]));
    assert_eq!(record["noarch"], "python");
    assert_eq!(record["channel"], "https://host.example/forge");
}

#[test]
fn cep20_01_abi3_packages_of_a_platform_are_noarch_python() {
    let kit = Kit::new();
    let abi3 = PackageBuilder::new("x", "1.0", "h0_0")
        .noarch_python()
        .subdir("linux-64")
        .file("site-packages/x.abi3.so", "so");
    kit.create(&[&kit.unpack(python("3.12.1")), &kit.unpack(abi3)]);
    assert!(kit.has("lib/python3.12/site-packages/x.abi3.so"));
    assert_eq!(kit.record("x-1.0-h0_0")["subdir"], "linux-64");
}

#[test]
fn cep20_02_only_files_under_site_packages_and_python_scripts_move() {
    let kit = Kit::new();
    let built = PackageBuilder::new("foo", "1.0", "py_0")
        .noarch_python()
        .file("site-packages/foo.py", "")
        .executable("python-scripts/foo", "")
        .file("etc/foo.cfg", "");
    kit.create(&[&kit.unpack(python("3.10.0")), &kit.unpack(built)]);
    for path in [
        "lib/python3.10/site-packages/foo.py",
        "bin/foo",
        "etc/foo.cfg",
    ] {
        assert!(kit.has(path), "{path}");
    }
    assert!(!kit.has("site-packages") && !kit.has("python-scripts"));
}

#[test]
fn cep20_05_entry_points_become_executables_in_a_platform_subdir_too() {
    let kit = Kit::new();
    let built = PackageBuilder::new("sympy", "1.12.1", "py_0")
        .noarch_python()
        .subdir("linux-64")
        .entry_point("isympy = isympy:main");
    let (python, sympy) = (kit.unpack(python("3.10.0")), kit.unpack(built));
    kit.create(&[&python, &sympy]);
    let script = kit.read("bin/isympy");
    assert!(
        script.starts_with(&format!("#!{}/bin/python3.10\n", kit.prefix().display())),
        "{script}"
    );
    assert!(script.contains("from isympy import main"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(kit.prefix().join("bin/isympy")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o111, 0o111);
    }

    let prefix = kit.envs().join("win");
    let options = LinkOptions {
        prefix: prefix.clone(),
        subdir: Subdir::Win64,
        ..kit.options()
    };
    create(&[&python, &sympy], &options);
    assert!(
        fs::read(prefix.join("Scripts/isympy.exe"))
            .unwrap()
            .starts_with(b"MZ")
    );
    assert!(prefix.join("Scripts/isympy-script.py").is_file());
}

#[test]
fn cep20_06_generic_packages_get_no_special_treatment() {
    let kit = Kit::new();
    let built = package("data")
        .noarch_generic()
        .file("site-packages/x.py", "");
    kit.create(&[&kit.unpack(python("3.10.0")), &kit.unpack(built)]);
    assert!(kit.has("site-packages/x.py"));
}

#[test]
fn cep20_07_preferred_env_is_ignored() {
    let kit = Kit::new();
    let link = json!({
        "noarch": {"type": "python", "entry_points": ["x = y:z"]},
        "package_metadata_version": 1,
        "preferred_env": "foo",
    });
    let built = PackageBuilder::new("p", "1.0", "py_0")
        .noarch_python()
        .file("site-packages/y.py", "")
        .info_file("info/link.json", link.to_string());
    kit.create(&[&kit.unpack(python("3.10.0")), &kit.unpack(built)]);
    assert!(kit.has("bin/x"));
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn a_noarch_package_without_python_is_refused_by_name() {
    let kit = Kit::new();
    let error = fails(&[&six(&kit)], &kit.options());
    assert!(
        error.contains("six-1.17.0-pyh_0") && error.contains("no python"),
        "{error}"
    );
}
