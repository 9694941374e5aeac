//! Fresh and stale locks, a row each: what is locked, what is asked for, and the exact reasons.

use rattler_conda_types::{
    Channel, ChannelConfig, MatchSpec, ParseMatchSpecOptions, RepodataRevision, Subdir,
};

use super::support::{CHANNEL, closure, head, one_with, virtual_packages};
use crate::{
    Completeness, LockFile, LockHead, Reason, Selection, Wanted, WantedSpec, check, check_closure,
};

static MAIN: std::sync::LazyLock<Selection> = std::sync::LazyLock::new(Selection::all);

/// Asks for nothing at all.
pub(super) static NOTHING: std::sync::LazyLock<Wanted<'static>> =
    std::sync::LazyLock::new(|| Wanted {
        subdir: Subdir::Linux64,
        channels: &[],
        specs: &[],
        constraints: &[],
        virtual_packages: &[],
        selection: &MAIN,
    });

/// Lines of `environment.yml`, beginning at line 3.
pub(super) fn wanted_specs(texts: &[&str]) -> Vec<WantedSpec> {
    let options = ParseMatchSpecOptions::lenient()
        .with_repodata_revision(RepodataRevision::V3)
        .with_exact_names_only(false);
    (3..)
        .zip(texts)
        .map(|(line, text)| WantedSpec {
            spec: MatchSpec::from_str(text, options).unwrap(),
            text: (*text).to_owned(),
            location: format!("environment.yml:{line}:5"),
        })
        .collect()
}

struct Row {
    what: &'static str,
    locked: &'static [&'static str],
    specs: &'static [&'static str],
    reasons: &'static [&'static str],
}

/// What every row's environment has beneath it.
const MACHINE: [&str; 4] = [
    "__glibc=2.35=0",
    "__linux=6.1=0",
    "__unix=0=0",
    "__archspec=1=zen3",
];

const FRESH: &[Row] = &[
    Row {
        what: "a bare name",
        locked: &["numpy-1.26-0"],
        specs: &["numpy"],
        reasons: &[],
    },
    Row {
        what: "nothing at all",
        locked: &[],
        specs: &[],
        reasons: &[],
    },
    Row {
        what: "a range",
        locked: &["numpy-1.26-0"],
        specs: &["numpy >=1.2,<2"],
        reasons: &[],
    },
    Row {
        what: "the same range otherwise",
        locked: &["numpy-1.26-0"],
        specs: &["numpy<2,>=1.2"],
        reasons: &[],
    },
    Row {
        what: "fuzzy =",
        locked: &["numpy-1.26.4-0"],
        specs: &["numpy=1.26"],
        reasons: &[],
    },
    Row {
        what: "1.26.* for =1.26",
        locked: &["numpy-1.26.4-0"],
        specs: &["numpy 1.26.*"],
        reasons: &[],
    },
    Row {
        what: "brackets",
        locked: &["numpy-1.26.4-py311_0"],
        specs: &["numpy[version='1.26.*', build='py311*']"],
        reasons: &[],
    },
    Row {
        what: "a build string",
        locked: &["numpy-1.26.4-py311_0"],
        specs: &["numpy=1.26.4=py311_0"],
        reasons: &[],
    },
    Row {
        what: "upper case",
        locked: &["numpy-1.26-0"],
        specs: &["NumPy"],
        reasons: &[],
    },
    Row {
        what: "two lines for one package",
        locked: &["numpy-1.26-0"],
        specs: &["numpy >1", "numpy <2"],
        reasons: &[],
    },
    Row {
        what: "alternatives",
        locked: &["numpy-1.26-0"],
        specs: &["numpy 1.25.*|1.26.*"],
        reasons: &[],
    },
    Row {
        what: "another order",
        locked: &["a-1-0", "b-1-0"],
        specs: &["b", "a"],
        reasons: &[],
    },
    Row {
        what: "a channel by URL",
        locked: &["a-1-0"],
        specs: &["https://ch.test/main::a"],
        reasons: &[],
    },
    Row {
        what: "a channel by name",
        locked: &["a-1-0 @ https://conda.anaconda.org/conda-forge"],
        specs: &["conda-forge::a"],
        reasons: &[],
    },
    Row {
        what: "defaults",
        locked: &["a-1-0 @ https://repo.anaconda.com/pkgs/main"],
        specs: &["defaults::a"],
        reasons: &[],
    },
    Row {
        what: "a channel with subdir",
        locked: &["a-1-0"],
        specs: &["https://ch.test/main/linux-64::a"],
        reasons: &[],
    },
    Row {
        what: "a related channel",
        locked: &["a-1-0 @ https://ch.test/base"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "dependencies",
        locked: &["a-1-0 <- b >=1", "b-1-0 <- c", "c-1-0"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "a cycle",
        locked: &["pip-1-0 <- python", "python-3-0 <- pip"],
        specs: &["python"],
        reasons: &[],
    },
    Row {
        what: "a virtual package",
        locked: &["a-1-0 <- __glibc >=2.17,<3.0.a0; __unix"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "a virtual package in the manifest",
        locked: &[],
        specs: &["__linux >=5"],
        reasons: &[],
    },
    Row {
        what: "constrains of an absent package",
        locked: &["a-1-0 !! b <2"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "constrains that hold",
        locked: &["a-1-0 <- b !! b <2; __glibc >=2.17", "b-1-0"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "an extra",
        locked: &["a-1-0 ++ x: b >=1", "b-1-0"],
        specs: &["a[extras=[x]]"],
        reasons: &[],
    },
    Row {
        what: "an extra that nobody wants",
        locked: &["a-1-0 ++ x: b >=1"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "an extra that does not exist",
        locked: &["a-1-0 ++ x: b >=1"],
        specs: &["a[extras=[y]]"],
        reasons: &[],
    },
    Row {
        what: "an extra of a dependency",
        locked: &["a-1-0 <- b[extras=[x]]", "b-1-0 ++ x: c", "c-1-0"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "a condition that does not hold",
        locked: &["a-1-0 <- b[when=\"c\"]"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "a condition on the machine",
        locked: &["a-1-0 <- b[when=\"__glibc >=3 or __win\"]"],
        specs: &["a"],
        reasons: &[],
    },
    Row {
        what: "a package locked under a condition that fails here",
        locked: &["a-1-0", "b-1-0"],
        specs: &["a", "b[when=\"__cuda\"]"],
        reasons: &[],
    },
    Row {
        what: "a pattern",
        locked: &["a-1-0", "jax-cuda-1-0"],
        specs: &["a", "jax-*"],
        reasons: &[],
    },
    Row {
        what: "its file name",
        locked: &["a-1-0"],
        specs: &["a[fn=a-1-0.conda]"],
        reasons: &[],
    },
    Row {
        what: "its license",
        locked: &["a-1-0"],
        specs: &["a[license=MIT]"],
        reasons: &[],
    },
];

const STALE: &[Row] = &[
    Row {
        what: "a new line",
        locked: &["numpy-1.26-0"],
        specs: &["numpy", "pandas"],
        reasons: &["environment.yml:4:5: `pandas` asks for a package that is not locked"],
    },
    Row {
        what: "another version",
        locked: &["numpy-1.26-0"],
        specs: &["numpy >=2"],
        reasons: &["environment.yml:3:5: `numpy >=2` is not met by the locked numpy-1.26-0"],
    },
    Row {
        what: "an exact version",
        locked: &["numpy-1.26.4-0"],
        specs: &["numpy ==1.26"],
        reasons: &["environment.yml:3:5: `numpy ==1.26` is not met by the locked numpy-1.26.4-0"],
    },
    Row {
        what: "another build",
        locked: &["numpy-1.26-py310_0"],
        specs: &["numpy * py311*"],
        reasons: &[
            "environment.yml:3:5: `numpy * py311*` is not met by the locked numpy-1.26-py310_0",
        ],
    },
    Row {
        what: "another channel",
        locked: &["a-1-0"],
        specs: &["conda-forge::a"],
        reasons: &[
            "environment.yml:3:5: `conda-forge::a` is not met by the locked a-1-0 of https://ch.test/main",
        ],
    },
    Row {
        what: "another subdir",
        locked: &["a-1-0"],
        specs: &["a[subdir=noarch]"],
        reasons: &["environment.yml:3:5: `a[subdir=noarch]` is not met by the locked a-1-0"],
    },
    Row {
        what: "another archive",
        locked: &["a-1-0"],
        specs: &["a[fn=a-1-0.tar.bz2]"],
        reasons: &["environment.yml:3:5: `a[fn=a-1-0.tar.bz2]` is not met by the locked a-1-0"],
    },
    Row {
        what: "another digest",
        locked: &["a-1-0"],
        specs: &["a[md5=6b3dbbf50432b3e2a271b5e46877bcfc]"],
        reasons: &[
            "environment.yml:3:5: `a[md5=6b3dbbf50432b3e2a271b5e46877bcfc]` is not met by the locked a-1-0",
        ],
    },
    Row {
        what: "a line removed",
        locked: &["a-1-0 ? a", "b-1-0 <- c ? b >=1", "c-1-0"],
        specs: &["a"],
        reasons: &["b-1-0 is locked, but nothing asks for it any more (`b >=1` once did)"],
    },
    Row {
        what: "an orphan",
        locked: &["a-1-0", "b-1-0"],
        specs: &["a"],
        reasons: &["b-1-0 is locked, but nothing asks for it any more"],
    },
    Row {
        what: "a dependency that is not locked",
        locked: &["a-1-0 <- b >=1"],
        specs: &["a"],
        reasons: &["a-1-0 needs `b >=1`, which is not locked"],
    },
    Row {
        what: "a dependency that is too old",
        locked: &["a-1-0 <- b >=2", "b-1-0"],
        specs: &["a"],
        reasons: &["a-1-0 needs `b >=2`, but b-1-0 is locked"],
    },
    Row {
        what: "a dependency of an orphan",
        locked: &["a-1-0 <- b"],
        specs: &[],
        reasons: &[
            "a-1-0 is locked, but nothing asks for it any more",
            "a-1-0 needs `b`, which is not locked",
        ],
    },
    Row {
        what: "constrains that do not hold",
        locked: &["a-1-0 <- b !! b <2", "b-2-0"],
        specs: &["a"],
        reasons: &["a-1-0 allows only `b <2`, but b-2-0 is locked"],
    },
    Row {
        what: "constrains that the machine does not meet",
        locked: &["a-1-0 !! __glibc >=2.38"],
        specs: &["a"],
        reasons: &[
            "a-1-0 needs `__glibc >=2.38` of this machine, which has __glibc=2.35=0 (CONDA_OVERRIDE_GLIBC sets it)",
        ],
    },
    Row {
        what: "no such virtual package",
        locked: &["a-1-0 <- __cuda >=12.1"],
        specs: &["a"],
        reasons: &[
            "a-1-0 needs `__cuda >=12.1` of this machine, which has none (CONDA_OVERRIDE_CUDA sets it)",
        ],
    },
    Row {
        what: "a virtual package that cannot be overridden",
        locked: &["a-1-0 <- __unix >=1"],
        specs: &["a"],
        reasons: &["a-1-0 needs `__unix >=1` of this machine, which has __unix=0=0"],
    },
    Row {
        what: "a virtual package in the manifest",
        locked: &[],
        specs: &["__cuda"],
        reasons: &[
            "environment.yml:3:5 needs `__cuda` of this machine, which has none (CONDA_OVERRIDE_CUDA sets it)",
        ],
    },
    Row {
        what: "an extra",
        locked: &["a-1-0 ++ x: b >=1"],
        specs: &["a[extras=[x]]"],
        reasons: &["a-1-0 needs `b >=1`, which is not locked"],
    },
    Row {
        what: "a condition that holds now",
        locked: &["a-1-0 <- b[when=\"__glibc >=2.30 and __unix\"]"],
        specs: &["a"],
        reasons: &["a-1-0 needs `b[when=\"__glibc >=2.30 and __unix\"]`, which is not locked"],
    },
    Row {
        what: "a dependency on another channel's package",
        locked: &["a-1-0 <- https://ch.test/other::b", "b-1-0"],
        specs: &["a"],
        reasons: &[
            "a-1-0 needs `https://ch.test/other::b`, but b-1-0 of https://ch.test/main is locked",
        ],
    },
    Row {
        what: "a spec that cannot be read",
        locked: &["a-1-0 <- b >>1"],
        specs: &["a"],
        reasons: &["a-1-0 has a spec `b >>1` that cannot be read: "],
    },
    Row {
        what: "another license",
        locked: &["a-1-0"],
        specs: &["a[license=GPL-3.0-only]"],
        reasons: &["environment.yml:3:5: `a[license=GPL-3.0-only]` is not met by the locked a-1-0"],
    },
];

fn reasons(row: &Row) -> Vec<String> {
    let machine = virtual_packages(&MACHINE);
    let specs = wanted_specs(row.specs);
    let channels = [CHANNEL.to_owned()];
    let wanted = Wanted {
        specs: &specs,
        channels: &channels,
        virtual_packages: &machine,
        ..*NOTHING
    };
    let lock = LockFile::new(&[closure(row.locked)], &head());
    let read = LockFile::parse("conda-lock.yml", &lock.to_yaml()).unwrap();
    let outcome = check(&read, &wanted);
    assert_eq!(outcome, check(&lock, &wanted), "{}", row.what);
    let reasons = outcome.err().unwrap_or_default();
    reasons.iter().map(Reason::to_string).collect()
}

#[test]
fn equivalent_manifests_leave_a_lock_fresh() {
    for row in FRESH {
        assert_eq!(reasons(row), [""; 0], "{}", row.what);
    }
}

#[test]
fn each_change_makes_a_lock_stale_for_its_reason() {
    for row in STALE {
        let found = reasons(row);
        assert_eq!(found.len(), row.reasons.len(), "{}: {found:#?}", row.what);
        for (found, expected) in found.iter().zip(row.reasons) {
            assert!(
                found == expected || (expected.ends_with(": ") && found.starts_with(expected)),
                "{}:\n  found    {found}\n  expected {expected}",
                row.what
            );
        }
    }
}

fn channel_reasons(locked: &[&str], wanted: &[&str]) -> Vec<String> {
    let head = LockHead {
        channels: locked
            .iter()
            .map(|url| crate::LockChannel::of(url))
            .collect(),
        ..head()
    };
    let lock = LockFile::new(&[closure(&[])], &head);
    let channels: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let wanted = Wanted {
        channels: &channels,
        ..*NOTHING
    };
    let reasons = check(&lock, &wanted).err().unwrap_or_default();
    reasons.iter().map(Reason::to_string).collect()
}

#[test]
fn channels_count_by_address_and_order() {
    let forge = "https://conda.anaconda.org/conda-forge";
    for (locked, wanted) in [
        (&["conda-forge"][..], &[forge][..]),
        (&["https://conda.anaconda.org/conda-forge/"], &[forge]),
        (
            &["defaults"],
            &[
                "https://repo.anaconda.com/pkgs/main",
                "https://repo.anaconda.com/pkgs/r",
                "https://repo.anaconda.com/pkgs/msys2",
            ],
        ),
        (
            &["a", "b", "a"],
            &[
                "https://conda.anaconda.org/a",
                "https://conda.anaconda.org/b",
            ],
        ),
        (&[], &[]),
    ] {
        assert_eq!(channel_reasons(locked, wanted), [""; 0], "{locked:?}");
    }
    for (locked, wanted) in [
        (&["a", "b"][..], &["b", "a"][..]),
        (&["a"], &["a", "b"]),
        (&["a"], &[]),
        (&["https://ch.test/a"], &["http://ch.test/a"]),
    ] {
        let reasons = channel_reasons(locked, wanted);
        assert!(reasons[0].starts_with("the channels are "), "{reasons:?}");
    }
}

#[test]
fn another_platform_is_named() {
    let lock = LockFile::new(&[closure(&[])], &head());
    let wanted = Wanted {
        subdir: Subdir::OsxArm64,
        ..*NOTHING
    };
    let reasons = check(&lock, &wanted).unwrap_err();
    assert_eq!(
        reasons[0].to_string(),
        "osx-arm64 is not locked, only linux-64"
    );
}

#[test]
fn locks_of_others_are_not_stale_for_what_they_do_not_say() {
    let lock = LockFile::parse(
        "conda-lock.yml",
        &one_with("dependencies: {}", "dependencies: {__unix: ''}"),
    );
    let machine = virtual_packages(&MACHINE);
    let specs = wanted_specs(&["zlib[license=Zlib]", "zlib 1.2.*[build_number='>=7']"]);
    let channels = ["https://conda.anaconda.org/conda-forge".to_owned()];
    let wanted = Wanted {
        specs: &specs,
        channels: &channels,
        virtual_packages: &machine,
        ..*NOTHING
    };
    assert_eq!(check(&lock.unwrap(), &wanted), Ok(()));
}

#[test]
fn partial_locks_are_not_asked_why_a_package_is_there() {
    let mut packages = closure(&["a-1-0", "b-1-0"]).packages().to_vec();
    packages[0].completeness = Completeness::Partial;
    let closure = crate::Closure::new(Subdir::Linux64, packages).unwrap();
    assert_eq!(check_closure(&closure, &NOTHING), []);
}

#[test]
fn constraints_of_the_user_count_only_for_what_is_locked() {
    let constraints = wanted_specs(&["numpy <2", "scipy <1", "__glibc >=2.38"]);
    let machine = virtual_packages(&MACHINE);
    let numpy = wanted_specs(&["numpy"]);
    let wanted = Wanted {
        specs: &numpy,
        constraints: &constraints,
        virtual_packages: &machine,
        ..*NOTHING
    };
    let reasons: Vec<String> = check_closure(&closure(&["numpy-2.1-0"]), &wanted)
        .iter()
        .map(Reason::to_string)
        .collect();
    assert_eq!(
        reasons,
        [
            "environment.yml:3:5: `numpy <2` is not met by the locked numpy-2.1-0",
            "environment.yml:5:5 needs `__glibc >=2.38` of this machine, which has __glibc=2.35=0 \
             (CONDA_OVERRIDE_GLIBC sets it)",
        ]
    );
}

#[test]
fn a_package_without_digest_is_stale() {
    let mut packages = closure(&["a-1-0"]).packages().to_vec();
    packages[0].record.package_record.sha256 = None;
    packages[0].record.package_record.md5 = None;
    let closure = crate::Closure::new(Subdir::Linux64, packages).unwrap();
    let specs = wanted_specs(&["a"]);
    let wanted = Wanted {
        specs: &specs,
        ..*NOTHING
    };
    let reasons = check_closure(&closure, &wanted);
    assert_eq!(
        reasons[0].to_string(),
        "a-1-0 is locked without sha256 and md5"
    );
}

#[test]
fn categories_that_contradict_one_another_are_a_reason() {
    let dev = LockHead {
        category: "dev".to_owned(),
        ..head()
    };
    let mut lock = LockFile::new(&[closure(&["a-1-0"])], &head());
    lock.packages
        .extend(LockFile::new(&[closure(&["a-2-0"])], &dev).packages);
    let channels = [CHANNEL.to_owned()];
    let wanted = Wanted {
        channels: &channels,
        ..*NOTHING
    };
    let reasons = check(&lock, &wanted).unwrap_err();
    let text = reasons[0].to_string();
    assert!(text.contains("a-1-0") && text.contains("a-2-0"), "{text}");
}

#[test]
fn a_channel_of_a_spec_is_compared_without_credentials() {
    let config = ChannelConfig::default_with_root_dir("/".into());
    let mut specs = wanted_specs(&["a"]);
    let channel = Channel::from_str("https://me:secret@ch.test/main", &config).unwrap();
    specs[0].spec.channel = Some(std::sync::Arc::new(channel));
    let wanted = Wanted {
        specs: &specs,
        ..*NOTHING
    };
    assert_eq!(check_closure(&closure(&["a-1-0"]), &wanted), []);
}
