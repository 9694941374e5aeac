//! Two packages, one path.

use larder_link::{ClobberPolicy, LinkOptions};

use crate::support::{Kit, fails, package};

#[test]
fn cep32_36_the_later_package_in_topological_order_wins_and_a_warning_names_both() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").depends("z").file("share/x", "of a"));
    let z = kit.unpack(package("z").text_prefix("share/x", "of z {{PREFIX}}"));
    for order in [[&a, &z], [&z, &a]] {
        let created = kit.create(&order);
        assert_eq!(kit.read("share/x"), "of a");
        let expected = "link::clobbered: `share/x` is in both z-1.0-h0_0 and a-1.0-h0_0; \
                        that of a-1.0-h0_0 is kept";
        assert_eq!(created.warnings, [expected]);
        for dist in ["a-1.0-h0_0", "z-1.0-h0_0"] {
            let record = kit.record(dist);
            assert_eq!(record["files"][0], "share/x");
            let line = &record["paths_data"]["paths"][0];
            assert_eq!(
                line["sha256_in_prefix"],
                kit.record("a-1.0-h0_0")["paths_data"]["paths"][0]["sha256"]
            );
        }
        std::fs::remove_dir_all(kit.prefix()).unwrap();
    }
    let options = LinkOptions {
        clobber: ClobberPolicy::Error,
        ..kit.options()
    };
    let error = fails(&[&a, &z], &options);
    assert!(
        error.contains("`share/x`") && error.contains("z-1.0-h0_0"),
        "{error}"
    );
    assert!(kit.beside().is_empty());
}

#[test]
fn the_same_bytes_twice_are_worth_no_warning() {
    let kit = Kit::new();
    let a = kit.unpack(
        package("a")
            .file("share/x", "same")
            .symlink("l", "t")
            .directory("d"),
    );
    let b = kit.unpack(
        package("b")
            .file("share/x", "same")
            .symlink("l", "t")
            .directory("d"),
    );
    assert_eq!(kit.create(&[&a, &b]).warnings, [""; 0]);
}

#[test]
fn of_three_packages_the_last_wins() {
    let kit = Kit::new();
    let unpack = |name| kit.unpack(package(name).file("x", format!("of {name}")));
    let (a, b, c) = (unpack("a"), unpack("b"), unpack("c"));
    assert_eq!(kit.create(&[&c, &a, &b]).warnings.len(), 2);
    assert_eq!(kit.read("x"), "of c");
    let digest = |dist| kit.record(dist)["paths_data"]["paths"][0]["sha256_in_prefix"].clone();
    assert_eq!(digest("a-1.0-h0_0"), digest("c-1.0-h0_0"));
}

#[test]
fn a_directory_and_a_file_at_one_path_cannot_be() {
    let kit = Kit::new();
    let file = kit.unpack(package("file").file("share/x", ""));
    for (name, other) in [
        ("below", package("below").file("share/x/y", "")),
        ("itself", package("itself").directory("share/x")),
        ("early", package("early").directory("share/x")),
    ] {
        let error = fails(&[&file, &kit.unpack(other)], &kit.options());
        assert!(error.contains("`share/x` is a directory of"), "{error}");
        assert!(
            error.contains(name) && error.contains("file-1.0-h0_0"),
            "{error}"
        );
    }
}

#[test]
fn a_cycle_of_dependencies_is_no_hindrance_and_python_precedes_pip() {
    let kit = Kit::new();
    let python = kit.unpack(
        crate::support::python("3.11.0")
            .depends("pip")
            .depends("base"),
    );
    let pip = kit.unpack(package("pip").depends("python >=3.8"));
    let base = kit.unpack(package("base").depends("c::looped >=1"));
    let looped = kit.unpack(package("looped").depends("base[build=*]"));
    let packages = crate::support::links(&[&pip, &python, &looped, &base]);
    let plan = larder_link::plan(&packages, &kit.options()).unwrap();
    let order: Vec<&str> = plan.packages().map(|package| package.name()).collect();
    assert_eq!(order, ["looped", "base", "python", "pip"]);
}
