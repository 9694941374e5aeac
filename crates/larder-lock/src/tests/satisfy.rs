//! Fresh and stale locks: `satisfy.tsv` has a row each, with what is locked (as `support::package`
//! reads it), what is asked for, and the exact reasons.

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
#[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
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
            is_implied: false,
        })
        .collect()
}

/// What every row's environment has beneath it.
const MACHINE: [&str; 4] = [
    "__glibc=2.35=0",
    "__linux=6.1=0",
    "__unix=0=0",
    "__archspec=1=zen3",
];

fn cells(cell: &str) -> Vec<&str> {
    cell.split(" & ").filter(|text| !text.is_empty()).collect()
}

/// The reasons for a row, the same for the lock as made and as read.
fn reasons(locked: &[&str], specs: &[&str]) -> Vec<String> {
    let machine = virtual_packages(&MACHINE);
    let specs = wanted_specs(specs);
    let channels = [CHANNEL.to_owned()];
    let wanted = Wanted {
        specs: &specs,
        channels: &channels,
        virtual_packages: &machine,
        ..*NOTHING
    };
    let lock = LockFile::new(&[closure(locked)], &head());
    let read = LockFile::parse("conda-lock.yml", &lock.to_yaml()).unwrap();
    let outcome = check(&read, &wanted);
    assert_eq!(outcome, check(&lock, &wanted));
    let reasons = outcome.err().unwrap_or_default();
    reasons.iter().map(Reason::to_string).collect()
}

#[test]
fn a_lock_is_fresh_or_stale_as_the_table_says() {
    let (mut fresh, mut stale) = (0, 0);
    for row in include_str!("satisfy.tsv").lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [what, locked, specs, expected] = columns[..] else {
            panic!("not four columns: {row}");
        };
        let found = reasons(&cells(locked), &cells(specs));
        let expected = cells(expected);
        let equal = |(found, expected): (&String, &&str)| match expected.strip_suffix("...") {
            Some(start) => found.starts_with(start),
            None => found == expected,
        };
        assert!(
            found.len() == expected.len() && found.iter().zip(&expected).all(equal),
            "{what}:\n  found    {found:#?}\n  expected {expected:#?}"
        );
        *(if expected.is_empty() {
            &mut fresh
        } else {
            &mut stale
        }) += 1;
    }
    assert!(fresh >= 30 && stale >= 20, "{fresh} fresh, {stale} stale");
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
fn a_package_that_is_known_in_part_is_asked_why_it_is_there() {
    let mut packages = closure(&["a-1-0", "b-1-0"]).packages().to_vec();
    packages[0].completeness = Completeness::Partial;
    packages[1].completeness = Completeness::Partial;
    let closure = crate::Closure::new(Subdir::Linux64, packages).unwrap();
    let specs = wanted_specs(&["a"]);
    let wanted = Wanted {
        specs: &specs,
        ..*NOTHING
    };
    let reasons = check_closure(&closure, &wanted);
    assert_eq!(
        reasons[0].to_string(),
        "b-1-0 is locked, but nothing asks for it any more"
    );
}

#[test]
fn pip_that_conda_adds_to_python_needs_no_reason_in_locks_of_others() {
    let mut packages = closure(&["python-3-0", "pip-1-0"]).packages().to_vec();
    packages
        .iter_mut()
        .for_each(|package| package.completeness = Completeness::Partial);
    let closure = crate::Closure::new(Subdir::Linux64, packages).unwrap();
    let specs = wanted_specs(&["python"]);
    let wanted = Wanted {
        specs: &specs,
        ..*NOTHING
    };
    assert_eq!(check_closure(&closure, &wanted), []);
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
