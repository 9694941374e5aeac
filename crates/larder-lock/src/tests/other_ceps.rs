//! The rows of other CEPs in `cep-requirements.tsv` that are about locks.

use rattler_conda_types::Subdir;

use super::support::{
    CHANNEL, ONE, closure, default_closure, head, names, one_with, package, parse, refusal,
};
use crate::{
    Closure, Completeness, LockChannel, LockFile, LockHead, Reason, Selection, Wanted, check,
    closure_digest,
};

#[test]
fn cep17_07_site_packages_path_is_locked_or_known_to_be_unknown() {
    let mut python = package("python-3.14.0-h1_0_cp314t");
    python.record.package_record.python_site_packages_path =
        Some("lib/python3.14t/site-packages".to_owned());
    let written = Closure::new(Subdir::Linux64, vec![python]).unwrap();
    let read = default_closure(&parse(
        &LockFile::new(std::slice::from_ref(&written), &head()).to_yaml(),
    ));
    assert_eq!(read, written);
    assert_eq!(read.packages()[0].completeness, Completeness::Full);
    let of_others = default_closure(&parse(ONE));
    assert_eq!(of_others.packages()[0].completeness, Completeness::Partial);
}

#[test]
fn cep24_26_category_labels_every_package() {
    let dev = LockHead {
        category: "dev".to_owned(),
        ..head()
    };
    let text = LockFile::new(&[closure(&["a-1-0", "b-1-0"])], &dev).to_yaml();
    assert_eq!(
        text.matches("  category: dev\n  optional: true\n").count(),
        2
    );
    let lock = parse(&text);
    assert!(default_closure(&lock).packages().is_empty());
    let dev = lock
        .closure(Subdir::Linux64, &Selection::categories(["dev"]))
        .unwrap();
    assert_eq!(names(&dev), ["a-1-0", "b-1-0"]);
}

#[test]
fn cep42_14_related_channels_are_in_records_and_not_in_the_head() {
    let closure = closure(&["bwa-1-0 <- zlib", "zlib-1-0 @ https://ch.test/base"]);
    let text = LockFile::new(std::slice::from_ref(&closure), &head()).to_yaml();
    let lock = parse(&text);
    assert_eq!(lock.channels(), [LockChannel::of(CHANNEL)]);
    let read = default_closure(&lock);
    assert_eq!(
        read.get("zlib").unwrap().record.channel.as_deref(),
        Some("https://ch.test/base")
    );
    let wanted = super::satisfy::wanted_specs(&["bwa"]);
    let channels = [CHANNEL.to_owned()];
    let wanted = Wanted {
        specs: &wanted,
        channels: &channels,
        ..*super::satisfy::NOTHING
    };
    // Offline nothing proves the relation: the index of the channel does, which is asked then.
    let reasons = check(&lock, &wanted).unwrap_err();
    assert!(
        reasons.len() == 1 && reasons[0].is_settled_by_index(),
        "{reasons:?}"
    );
}

#[test]
fn cep42_15_each_record_keeps_its_own_address() {
    let written = closure(&["bwa-1-0 <- zlib", "zlib-1-0 @ https://ch.test/base"]);
    let lock = LockFile::new(std::slice::from_ref(&written), &head());
    let read = default_closure(&parse(&lock.to_yaml()));
    let urls: Vec<&str> = read
        .packages()
        .iter()
        .map(|p| p.record.url.as_str())
        .collect();
    assert_eq!(
        urls,
        [
            "https://ch.test/main/linux-64/bwa-1-0.conda",
            "https://ch.test/base/linux-64/zlib-1-0.conda",
        ]
    );
    assert_eq!(closure_digest(&read), closure_digest(&written));
}

#[test]
fn cep34_03_constrains_need_not_be_there_but_must_match() {
    let check = |lines: &[&str]| {
        let lock = parse(&LockFile::new(&[closure(lines)], &head()).to_yaml());
        let specs = super::satisfy::wanted_specs(&["a"]);
        let channels = [CHANNEL.to_owned()];
        check(
            &lock,
            &Wanted {
                specs: &specs,
                channels: &channels,
                ..*super::satisfy::NOTHING
            },
        )
    };
    assert_eq!(check(&["a-1-0 !! b <2"]), Ok(()));
    assert_eq!(check(&["a-1-0 <- b !! b <2", "b-1-0"]), Ok(()));
    let reasons = check(&["a-1-0 <- b !! b <2", "b-2-0"]).unwrap_err();
    assert!(
        matches!(reasons[..], [Reason::Constrained { .. }]),
        "{reasons:?}"
    );
}

#[test]
fn cep43_07_conditions_are_evaluated() {
    let check = |lines: &[&str], specs: &[&str]| {
        let lock = parse(&LockFile::new(&[closure(lines)], &head()).to_yaml());
        let specs = super::satisfy::wanted_specs(specs);
        let channels = [CHANNEL.to_owned()];
        check(
            &lock,
            &Wanted {
                specs: &specs,
                channels: &channels,
                ..*super::satisfy::NOTHING
            },
        )
    };
    let numpy = "numpy>=2[when=\"python>=3.10\"]";
    assert_eq!(check(&["python-3.9-0"], &["python", numpy]), Ok(()));
    assert!(check(&["python-3.10-0"], &["python", numpy]).is_err());
    assert!(check(&["python-3.10-0", "numpy-1.9-0"], &["python", numpy]).is_err());
    assert_eq!(
        check(&["python-3.10-0", "numpy-2.1-0"], &["python", numpy]),
        Ok(())
    );
}

#[test]
fn cep26_01_names_that_could_be_paths_are_refused() {
    for (old, new) in [
        ("name: zlib", "name: ../x"),
        ("name: zlib", "name: a/b"),
        ("name: zlib", "name: '..'"),
        ("name: zlib", "name: C:x"),
        ("name: zlib", "name: Zlib"),
        ("name: zlib", "name: a--b"),
        ("name: zlib", "name: ''"),
        ("version: 1.2.8", "version: 1/2"),
        ("version: 1.2.8", "version: '..'"),
        ("version: 1.2.8", "version: '1 2'"),
        ("zlib-1.2.8-3.tar", "zlib-1.2.8-..%2Fx.tar"),
        ("zlib-1.2.8-3.tar", "zlib-1.2.8-a%5Cb.tar"),
    ] {
        refusal(&one_with(old, new));
    }
}
