//! Virtual packages: CEP 30 and CEP 46.

use larder_solve::virtual_packages::{Detected, Finding, Host, Overrides, detect, override_name};
use rattler_conda_types::{GenericVirtualPackage, Subdir};

use crate::support::{Lab, channel_of, package, provides};

pub(crate) fn version(text: &str) -> Finding {
    Finding::Version(text.parse().unwrap())
}

/// A Linux machine with a CPU and no card.
pub(crate) fn linux() -> Host {
    Host {
        subdir: Some(Subdir::Linux64),
        linux: version("6.1.0"),
        glibc: version("2.36"),
        archspec: Some("skylake".to_owned()),
        ..Host::default()
    }
}

pub(crate) fn with_card() -> Host {
    Host {
        cuda: version("12.4"),
        cuda_arch: version("8.6"),
        ..linux()
    }
}

pub(crate) fn on(subdir: Subdir, host: &Host, overrides: &[(&str, &str)]) -> Detected {
    let overrides = overrides
        .iter()
        .map(|(name, value)| (format!("CONDA_OVERRIDE_{name}"), *value));
    detect(subdir, &Overrides::new(overrides), host)
}

/// `name version build`, or nothing.
pub(crate) fn shown(detected: &Detected, name: &str) -> Option<String> {
    let package = detected
        .packages
        .iter()
        .find(|package| package.name.as_normalized() == name)?;
    Some(format!("{} {}", package.version, package.build_string))
}

fn names(detected: &Detected) -> Vec<&str> {
    let packages = detected.packages.iter();
    packages
        .map(|package| package.name.as_normalized())
        .collect()
}

/// Whether a package that depends on `spec` can be installed there.
pub(crate) fn admits(packages: &[GenericVirtualPackage], spec: &str) -> bool {
    let mut lab = Lab::new();
    lab.virtual_packages = packages.to_vec();
    let channel = channel_of([package("p", "1").noarch_generic().depends(spec)]);
    let url = lab.channel("c", channel).url();
    lab.solve(&[url], &["p"]).is_ok()
}

#[test]
fn cep30_01_versions_and_builds_are_valid_whatever_their_origin() {
    let bad = [
        ("CUDA", "12 1"),
        ("GLIBC", "2.3!x!"),
        ("ARCHSPEC", "a b"),
        ("OSX", "-"),
    ];
    for subdir in Subdir::all() {
        let detected = on(subdir, &with_card(), &bad);
        for package in &detected.packages {
            let build = package.build_string.as_str();
            assert!(
                build
                    .parse::<rattler_conda_types::package::BuildString>()
                    .is_ok(),
                "{build}"
            );
            let version = package.version.to_string();
            assert!(
                version.parse::<rattler_conda_types::Version>().is_ok(),
                "{version}"
            );
        }
    }
    let detected = on(Subdir::Linux64, &with_card(), &bad);
    assert_eq!(shown(&detected, "__cuda").as_deref(), Some("12.4 0"));
}

#[test]
fn cep30_02_an_override_that_does_not_qualify_is_none_and_noted() {
    let detected = on(Subdir::Linux64, &linux(), &[("GLIBC", "abc!")]);
    assert_eq!(shown(&detected, "__glibc").as_deref(), Some("2.36 0"));
    let (code, text) = &detected.notes[0];
    assert_eq!(*code, "virtual::invalid-override");
    assert!(text.contains("CONDA_OVERRIDE_GLIBC=`abc!`"), "{text}");
}

#[test]
fn cep30_03_the_list_is_that_of_the_subdir() {
    let detected = on(Subdir::Linux64, &linux(), &[]);
    assert_eq!(
        names(&detected),
        ["__archspec", "__glibc", "__linux", "__unix"]
    );
    for package in &detected.packages {
        let zero = package.build_string.as_str() == "0";
        assert_eq!(zero, package.name.as_normalized() != "__archspec");
    }
    let foreign = |subdir| on(subdir, &linux(), &[]);
    assert_eq!(
        names(&foreign(Subdir::OsxArm64)),
        ["__archspec", "__osx", "__unix"]
    );
    assert_eq!(names(&foreign(Subdir::Win64)), ["__archspec", "__win"]);
}

#[test]
fn cep30_08_cuda_is_there_exactly_with_a_driver() {
    let detected = on(Subdir::Linux64, &with_card(), &[]);
    assert_eq!(shown(&detected, "__cuda").as_deref(), Some("12.4 0"));
    assert_eq!(shown(&on(Subdir::Linux64, &linux(), &[]), "__cuda"), None);
    let foreign = on(Subdir::Win64, &with_card(), &[]);
    assert_eq!(
        shown(&foreign, "__cuda"),
        None,
        "a card of this machine is not in that one"
    );
}

#[test]
fn cep30_09_cuda_can_be_overridden_without_a_card() {
    let detected = on(Subdir::Linux64, &linux(), &[("CUDA", "12.1")]);
    assert!(admits(&detected.packages, "__cuda >=12.1"));
    let foreign = on(Subdir::Win64, &linux(), &[("CUDA", "12.1")]);
    assert_eq!(shown(&foreign, "__cuda").as_deref(), Some("12.1 0"));
    let removed = on(Subdir::Linux64, &with_card(), &[("CUDA", "")]);
    assert_eq!(shown(&removed, "__cuda"), None);
}

#[test]
fn cep30_10_glibc_is_for_linux_only() {
    for subdir in [Subdir::Osx64, Subdir::Win64, Subdir::NoArch] {
        let detected = on(subdir, &linux(), &[("GLIBC", "2.28")]);
        assert_eq!(shown(&detected, "__glibc"), None);
    }
}

#[test]
fn cep30_11_glibc_is_the_system_s_or_the_default_or_none() {
    let glibc = |finding| Host {
        glibc: finding,
        ..linux()
    };
    let shown_for = |finding| shown(&on(Subdir::Linux64, &glibc(finding), &[]), "__glibc");
    assert_eq!(shown_for(version("2.36")).as_deref(), Some("2.36 0"));
    assert_eq!(shown_for(version("2.36.9000")).as_deref(), Some("2.36 0"));
    assert_eq!(shown_for(Finding::Unreadable).as_deref(), Some("2.28 0"));
    assert_eq!(shown_for(Finding::Absent), None);
    let musl = on(
        Subdir::Linux64,
        &glibc(Finding::Absent),
        &[("GLIBC", "2.17")],
    );
    assert_eq!(shown(&musl, "__glibc").as_deref(), Some("2.17 0"));
}

#[test]
fn cep30_12_foreign_glibc_is_the_default_and_noted() {
    let detected = on(Subdir::LinuxAarch64, &linux(), &[]);
    assert_eq!(shown(&detected, "__glibc").as_deref(), Some("2.28 0"));
    assert!(
        detected
            .notes
            .iter()
            .any(|(_, text)| text.contains("__glibc 2.28 is assumed"))
    );
}

#[test]
fn cep30_13_glibc_override_counts_for_every_linux() {
    let detected = on(Subdir::Linux64, &linux(), &[("GLIBC", "2.17")]);
    assert!(!admits(&detected.packages, "__glibc >=2.28"));
    let foreign = on(Subdir::LinuxAarch64, &linux(), &[("GLIBC", "2.35")]);
    assert_eq!(shown(&foreign, "__glibc").as_deref(), Some("2.35 0"));
}

#[test]
fn cep30_14_linux_is_there_for_linux() {
    let detected = on(Subdir::Linux64, &linux(), &[]);
    assert_eq!(shown(&detected, "__linux").as_deref(), Some("6.1.0 0"));
    let mac = Host {
        subdir: Some(Subdir::OsxArm64),
        ..Host::default()
    };
    assert_eq!(
        shown(&on(Subdir::Linux64, &mac, &[]), "__linux").as_deref(),
        Some("4.18 0")
    );
    if Subdir::current().is_some_and(Subdir::is_linux) {
        let Finding::Version(kernel) = Host::detect().linux else {
            panic!("the kernel's version can be read");
        };
        let text = kernel.to_string();
        assert!(
            text.split('.').all(|part| part.parse::<u64>().is_ok()),
            "{text}"
        );
    }
}

#[test]
fn cep30_15_linux_override_must_match_as_a_whole() {
    let overridden = |value| {
        let detected = on(Subdir::Linux64, &linux(), &[("LINUX", value)]);
        shown(&detected, "__linux").unwrap()
    };
    for value in ["5.10", "5.10.1", "5.10.1.2"] {
        assert_eq!(overridden(value), format!("{value} 0"));
    }
    for value in ["5", "5.10-generic", "5.10.1.2.3", "", "5..1"] {
        assert_eq!(overridden(value), "6.1.0 0", "{value}");
    }
    assert_eq!(
        shown(
            &on(Subdir::Win64, &linux(), &[("LINUX", "5.10")]),
            "__linux"
        ),
        None
    );
}

#[test]
fn cep30_16_osx_has_two_components() {
    let mac = Host {
        subdir: Some(Subdir::OsxArm64),
        osx: version("14.5.1"),
        ..Host::default()
    };
    let detected = on(Subdir::OsxArm64, &mac, &[]);
    assert_eq!(shown(&detected, "__osx").as_deref(), Some("14.5 0"));
}

#[test]
fn cep30_17_foreign_osx_is_assumed_so_that_conda_forge_can_be_locked() {
    let detected = on(Subdir::OsxArm64, &linux(), &[]);
    assert_eq!(shown(&detected, "__osx").as_deref(), Some("13.0 0"));
    assert!(admits(&detected.packages, "__osx >=11.0"));
    assert!(
        detected
            .notes
            .iter()
            .any(|(_, text)| text.contains("CONDA_OVERRIDE_OSX"))
    );
}

#[test]
fn cep30_18_osx_override_counts_for_osx_only() {
    let detected = on(Subdir::Osx64, &linux(), &[("OSX", "14.0")]);
    assert_eq!(shown(&detected, "__osx").as_deref(), Some("14.0 0"));
    assert_eq!(
        shown(&on(Subdir::Linux64, &linux(), &[("OSX", "14.0")]), "__osx"),
        None
    );
}

#[test]
fn cep30_19_unix_is_there_for_posix_and_cannot_be_overridden() {
    for subdir in [Subdir::Linux64, Subdir::OsxArm64, Subdir::EmscriptenWasm32] {
        let detected = on(subdir, &linux(), &[("UNIX", "5")]);
        assert_eq!(
            shown(&detected, "__unix").as_deref(),
            Some("0 0"),
            "{subdir}"
        );
    }
    assert_eq!(shown(&on(Subdir::Win64, &linux(), &[]), "__unix"), None);
}

#[test]
fn cep30_20_win_is_there_for_windows() {
    let windows = Host {
        subdir: Some(Subdir::Win64),
        win: version("10.0.22631.1"),
        ..Host::default()
    };
    let detected = on(Subdir::Win64, &windows, &[]);
    assert_eq!(shown(&detected, "__win").as_deref(), Some("10.0.22631 0"));
    assert_eq!(
        shown(&on(Subdir::Win64, &linux(), &[]), "__win").as_deref(),
        Some("10.0 0")
    );
}

#[test]
fn cep30_21_win_override_counts_for_windows_only() {
    let overrides = [("WIN", "10.0.17763")];
    let detected = on(Subdir::Win64, &linux(), &overrides);
    assert_eq!(shown(&detected, "__win").as_deref(), Some("10.0.17763 0"));
    assert_eq!(
        shown(&on(Subdir::Linux64, &linux(), &overrides), "__win"),
        None
    );
}

#[test]
fn cep30_22_defaults_and_unused_overrides_are_told() {
    let detected = on(Subdir::Win64, &linux(), &[]);
    let assumed = "__win 10.0 is assumed for win-64; set CONDA_OVERRIDE_WIN for another version";
    assert_eq!(detected.notes, [("virtual::default", assumed.to_owned())]);
    let detected = on(
        Subdir::Linux64,
        &linux(),
        &[("OSX", "14.0"), ("UNIX", "1"), ("X", "1")],
    );
    let codes: Vec<&str> = detected.notes.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["virtual::unused-override"; 3]);
    assert!(
        detected.notes[0]
            .1
            .contains("CONDA_OVERRIDE_OSX has no effect")
    );
}

#[test]
fn cep26_03_a_channel_cannot_provide_a_virtual_package() {
    let lab = Lab::new();
    let packages = [
        package("p", "1").depends("__cuda >=12"),
        package("__cuda", "13"),
    ];
    let url = lab.channel("c", channel_of(packages)).url();
    let error = lab.error(std::slice::from_ref(&url), &["p"]);
    assert!(error.contains("__cuda"), "{error}");
    assert!(lab.recorder.warnings()[0].contains("no channel can provide"));
    let mut lab = lab;
    lab.virtual_packages = vec![provides("__cuda", "12.4", "0")];
    assert_eq!(lab.dists(&[url], &["p"]), ["p-1-0"]);
    for package in detect(Subdir::Linux64, &Overrides::default(), &with_card()).packages {
        let name = package.name.as_normalized();
        assert!(name.starts_with("__") && !name.starts_with("___"), "{name}");
    }
}

#[test]
fn override_names_are_those_that_work() {
    assert_eq!(
        override_name("__cuda").as_deref(),
        Some("CONDA_OVERRIDE_CUDA")
    );
    assert_eq!(override_name("__unix"), None);
    assert_eq!(override_name("cuda"), None);
}
