//! `__archspec`: CEP 30.

use larder_solve::virtual_packages::Host;
use rattler_conda_types::Subdir;

use crate::virtual_packages::{admits, linux, on, shown, version};

#[test]
fn cep30_04_archspec_is_always_there() {
    for subdir in Subdir::all() {
        assert!(
            shown(&on(subdir, &linux(), &[]), "__archspec").is_some(),
            "{subdir}"
        );
    }
    let detected = on(Subdir::Linux64, &linux(), &[]);
    assert_eq!(shown(&detected, "__archspec").as_deref(), Some("1 skylake"));
    let foreign = on(Subdir::LinuxRiscv64, &linux(), &[]);
    assert_eq!(shown(&foreign, "__archspec").as_deref(), Some("1 riscv64"));
    let unknown = Host {
        subdir: Some(Subdir::LinuxRiscv64),
        ..Host::default()
    };
    let unknown = on(Subdir::LinuxRiscv64, &unknown, &[]);
    assert_eq!(shown(&unknown, "__archspec").as_deref(), Some("0 riscv64"));
}

#[test]
fn cep30_05_any_valid_build_string_overrides_archspec() {
    for build in ["x86_64_v4", "my_cpu", "0"] {
        let detected = on(Subdir::Linux64, &linux(), &[("ARCHSPEC", build)]);
        assert_eq!(shown(&detected, "__archspec"), Some(format!("1 {build}")));
        assert!(admits(&detected.packages, &format!("__archspec * {build}")));
    }
    let empty = on(Subdir::Linux64, &linux(), &[("ARCHSPEC", "")]);
    assert_eq!(shown(&empty, "__archspec").as_deref(), Some("1 skylake"));
}

#[test]
fn cep30_06_archspec_is_selected_by_build_string() {
    let detected = on(Subdir::Linux64, &linux(), &[("ARCHSPEC", "x86_64_v2")]);
    assert!(!admits(&detected.packages, "__archspec * x86_64_v3"));
    assert!(admits(&detected.packages, "__archspec * x86_64_v2"));
}

#[test]
fn cep30_07_foreign_cpus_are_the_same_on_every_host() {
    let mac = Host {
        subdir: Some(Subdir::OsxArm64),
        osx: version("14.5.1"),
        archspec: Some("m2".to_owned()),
        ..Host::default()
    };
    let expected = [
        (Subdir::OsxArm64, "1 aarch64"),
        (Subdir::Win64, "1 x86_64"),
        (Subdir::LinuxAarch64, "1 aarch64"),
        (Subdir::LinuxPpc64le, "1 ppc64le"),
        (Subdir::LinuxArmV7l, "1 armv7l"),
    ];
    for (subdir, shown_as) in expected {
        for host in [linux(), mac.clone(), Host::default()] {
            if host.subdir != Some(subdir) {
                let detected = on(subdir, &host, &[]);
                assert_eq!(
                    shown(&detected, "__archspec").as_deref(),
                    Some(shown_as),
                    "{subdir}"
                );
            }
        }
    }
}
