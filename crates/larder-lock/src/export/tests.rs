//! What each format says and loses, and what it refuses.

use rattler_conda_types::Subdir;

use crate::tests::support::{ONE, closure, default_closure, head, package, parse};
use crate::{
    Closure, ExplicitHash, ExportError, ExportOptions, Exported, LockFile, LockFormat, Loss,
    Selection,
};

fn export(lock: &LockFile, format: LockFormat) -> Exported {
    lock.export(format, &ExportOptions::default()).unwrap()
}

fn losses(lock: &LockFile, format: LockFormat) -> Vec<String> {
    let losses = export(lock, format).losses;
    losses.iter().map(ToString::to_string).collect()
}

fn lock(lines: &[&str]) -> LockFile {
    LockFile::new(&[closure(lines)], &head())
}

fn with_digests(md5: bool, sha256: bool) -> LockFile {
    let mut package = package("a-1-0");
    let record = &mut package.record.package_record;
    record.md5 = record.md5.filter(|_| md5);
    record.sha256 = record.sha256.filter(|_| sha256);
    let closure = Closure::new(Subdir::Linux64, vec![package]).unwrap();
    LockFile::new(&[closure], &head())
}

fn last_line(lock: &LockFile, hash: ExplicitHash) -> (String, Vec<Loss>) {
    let options = ExportOptions {
        hash,
        ..ExportOptions::default()
    };
    let exported = lock.export(LockFormat::Explicit, &options).unwrap();
    let text = &exported.texts[0].text;
    let line = text.lines().last().unwrap();
    let anchor = line.rsplit_once("a-1-0.conda").unwrap().1.to_owned();
    let of_hash = |loss: &Loss| matches!(loss, Loss::Hash { .. });
    (
        anchor,
        exported.losses.into_iter().filter(of_hash).collect(),
    )
}

#[test]
fn an_explicit_list_begins_as_conda_writes_it() {
    let exported = export(&lock(&["a-1-0"]), LockFormat::Explicit);
    assert_eq!(exported.texts[0].platform, Some(Subdir::Linux64));
    assert_eq!(
        exported.texts[0].text,
        format!(
            "# This file may be used to create an environment using:\n\
             # $ conda create --name <env> --file <this file>\n\
             # platform: linux-64\n@EXPLICIT\n\
             https://ch.test/main/linux-64/a-1-0.conda#{}\n",
            "cd".repeat(16)
        )
    );
}

#[test]
fn each_platform_has_its_own_explicit_list() {
    let other = Closure::new(Subdir::Win64, Vec::new()).unwrap();
    let lock = LockFile::new(&[other, closure(&["a-1-0"])], &head());
    let exported = export(&lock, LockFormat::Explicit);
    let platforms: Vec<_> = exported.texts.iter().map(|text| text.platform).collect();
    assert_eq!(platforms, [Some(Subdir::Linux64), Some(Subdir::Win64)]);
}

#[test]
fn the_hash_is_the_wanted_one_or_the_other_or_a_loss() {
    let md5 = format!("#{}", "cd".repeat(16));
    let sha256 = format!("#sha256:{}", "ab".repeat(32));
    for (lock, wanted, expected, lost) in [
        (with_digests(true, true), ExplicitHash::Md5, &*md5, 0),
        (with_digests(true, true), ExplicitHash::Sha256, &sha256, 0),
        (with_digests(false, true), ExplicitHash::Md5, &sha256, 1),
        (with_digests(true, false), ExplicitHash::Sha256, &md5, 1),
        (with_digests(false, false), ExplicitHash::Sha256, "", 1),
    ] {
        let (anchor, losses) = last_line(&lock, wanted);
        assert_eq!((&*anchor, losses.len()), (expected, lost));
    }
    let loss = &last_line(&with_digests(false, false), ExplicitHash::Md5).1[0];
    assert_eq!(
        loss.to_string(),
        "a-1-0 of linux-64 has no md5: it is written without a hash and will not be checked"
    );
    assert_eq!("md5".parse(), Ok(ExplicitHash::Md5));
    assert!("sha1".parse::<ExplicitHash>().is_err());
}

#[test]
fn what_is_lost_is_said() {
    let asked = lock(&["a-1-0 ? a >=1", "b-1-0"]);
    assert_eq!(losses(&asked, LockFormat::CondaLock), [] as [&str; 0]);
    let pixi = losses(&asked, LockFormat::Pixi);
    assert_eq!(
        pixi,
        [
            "which specs asked for 1 of the packages is not written",
            "the manifests that the lock was made from are not written"
        ]
    );
    let explicit = losses(&asked, LockFormat::Explicit);
    assert!(explicit.starts_with(&pixi) && explicit[2].starts_with("only addresses and hashes"));
    let partial = losses(&parse(ONE), LockFormat::Pixi);
    assert!(
        partial
            .iter()
            .any(|loss| loss.contains("only a part of 1 records")),
        "{partial:?}"
    );
}

#[test]
fn categories_are_merged_or_left_out_and_said() {
    let text = format!(
        "{ONE}{}",
        ONE[ONE.find("- name").unwrap()..]
            .replace("zlib", "dev")
            .replace("main", "dev")
    );
    let lock = parse(&text);
    let merged = export(&lock, LockFormat::Explicit);
    assert!(merged.texts[0].text.contains("/dev-1.2.8"));
    let said = |exported: &Exported, text: &str| {
        let mut losses = exported.losses.iter().map(ToString::to_string);
        losses.any(|loss| loss.contains(text))
    };
    assert!(said(
        &merged,
        "the category dev are written as if they were of `main`"
    ));
    let options = ExportOptions {
        selection: Selection::default(),
        ..ExportOptions::default()
    };
    let main = lock.export(LockFormat::Pixi, &options).unwrap();
    assert!(!main.texts[0].text.contains("/dev-1.2.8"));
    assert!(said(&main, "the category dev are left out"));
}

#[test]
fn categories_that_contradict_one_another_are_refused() {
    let item = ONE[ONE.find("- name").unwrap()..]
        .replace("1.2.8", "1.3")
        .replace("main", "dev");
    let lock = parse(&format!("{ONE}{item}"));
    for format in [LockFormat::Pixi, LockFormat::Explicit] {
        let error = lock.export(format, &ExportOptions::default()).unwrap_err();
        assert!(matches!(error, ExportError::Closure { .. }), "{error}");
    }
    assert_eq!(export(&lock, LockFormat::CondaLock).losses, []);
}

#[test]
fn what_a_format_must_say_and_nobody_knows_is_refused() {
    let error = with_digests(false, false)
        .export(LockFormat::CondaLock, &ExportOptions::default())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a-1-0 has neither sha256 nor md5, and a conda-lock lock must have one"
    );
    let mut bare = default_closure(&lock(&["a-1-0"])).packages().to_vec();
    bare[0].completeness = crate::Completeness::Bare;
    let bare = LockFile::new(&[Closure::new(Subdir::Linux64, bare).unwrap()], &head());
    let error = bare
        .export(LockFormat::Pixi, &ExportOptions::default())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("what a-1-0 depends on is not known"),
        "{error}"
    );
    assert!(
        losses(&bare, LockFormat::CondaLock)[0].contains("what 1 packages depend on is not known")
    );
    assert!(
        losses(&bare, LockFormat::Explicit)
            .iter()
            .any(|loss| loss.contains("order of the names"))
    );
}
