//! Every lock file of public repositories that we have: which format it is, what comes of reading it,
//! and that each is written in every format that can hold it and read back.
//! `locks.tsv` is the table; a difference prints the row as it would have to be.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{collections::BTreeMap, fs, path::Path};

use larder_lock::{
    Closure, Completeness, ExportOptions, LockFile, LockFormat, LockedPackage, ParseContext,
    Selection,
};
use rattler_conda_types::Subdir;

const FORMATS: [LockFormat; 3] = [
    LockFormat::CondaLock,
    LockFormat::Pixi,
    LockFormat::Explicit,
];

fn parse(text: &str, subdir: Subdir) -> Result<LockFile, String> {
    let context = ParseContext {
        subdir,
        working_directory: Path::new("/work"),
        lookup: &|_| None,
        environment: None,
    };
    LockFile::parse_any("lock", text, &context).map_err(|error| error.to_string())
}

fn outcome(name: &str, text: &str) -> String {
    let lock = match parse(text, Subdir::Linux64) {
        Ok(lock) => lock,
        Err(error) => return format!("refused: {}", error.replace('\n', " ")),
    };
    let counts: Vec<String> = lock
        .platforms()
        .iter()
        .map(|platform| {
            let closure = lock.closure(*platform, &Selection::all()).unwrap();
            let pip = lock.pip_packages(*platform, &Selection::all()).len();
            let pip = if pip > 0 {
                format!("+{pip} pip")
            } else {
                String::new()
            };
            format!("{platform} {}{pip}", closure.packages().len())
        })
        .collect();
    let notes: Vec<String> = lock.notes().iter().map(ToString::to_string).collect();
    let notes = if notes.is_empty() {
        String::new()
    } else {
        format!("; {}", notes.join("; "))
    };
    let refused: Vec<String> = FORMATS
        .iter()
        .filter_map(|format| round_trip(name, &lock, *format))
        .collect();
    let refused = if refused.is_empty() {
        String::new()
    } else {
        format!("; {}", refused.join("; "))
    };
    format!("read: {}{notes}{refused}", counts.join(", "))
}

/// Writes and reads back; says why if the format cannot hold the lock.
fn round_trip(name: &str, lock: &LockFile, format: LockFormat) -> Option<String> {
    let exported = match lock.export(format, &ExportOptions::default()) {
        Ok(exported) => exported,
        Err(error) => return Some(format!("not as {format}: {error}")),
    };
    for part in &exported.texts {
        let subdir = part.platform.unwrap_or(Subdir::NoArch);
        let again = parse(&part.text, subdir).unwrap_or_else(|error| {
            panic!(
                "{name}: the {format} lock is not read: {error}\n{}",
                part.text
            )
        });
        assert_eq!(LockFormat::detect(&part.text), Some(format), "{name}");
        let platforms = part
            .platform
            .map_or(lock.platforms().to_vec(), |one| vec![one]);
        for platform in platforms {
            let expected = lock.closure(platform, &Selection::all()).unwrap();
            let found = again.closure(platform, &Selection::all()).unwrap();
            compare(name, format, &expected, &found);
            if format != LockFormat::Explicit {
                let pip = |lock: &LockFile| {
                    let packages = lock.pip_packages(platform, &Selection::all());
                    let packages = packages.into_iter().cloned();
                    packages
                        .map(|mut pip| {
                            // CEP 37 has no room for conditions.
                            pip.dependencies.clear();
                            pip
                        })
                        .collect::<Vec<_>>()
                };
                assert_eq!(pip(&again), pip(lock), "{name} as {format}");
            }
        }
        let twice = again.export(format, &ExportOptions::default()).unwrap();
        // The order of an @EXPLICIT list is not kept.
        let kept = format == LockFormat::Explicit || twice.texts.contains(part);
        assert!(kept, "{name} as {format} twice");
    }
    None
}

/// All of a record where the format can say it, and always what is installed.
fn compare(name: &str, format: LockFormat, expected: &Closure, found: &Closure) {
    let keys = |closure: &Closure| -> Vec<_> {
        let packages = closure.packages().iter();
        packages
            .map(|package| {
                (
                    package.dist(),
                    package.record.url.clone(),
                    package.checksum().is_some(),
                )
            })
            .collect()
    };
    assert_eq!(keys(expected), keys(found), "{name} as {format}");
    for (expected, found) in expected.packages().iter().zip(found.packages()) {
        let (one, other) = (
            &expected.record.package_record,
            &found.record.package_record,
        );
        if format != LockFormat::Explicit {
            // A pixi.lock has a package once for all platforms, so one platform's order wins.
            let sorted = |depends: &[String]| {
                let mut depends = depends.to_vec();
                depends.sort();
                depends
            };
            let (depends, again) = (sorted(&one.depends), sorted(&other.depends));
            assert_eq!(depends, again, "{name} as {format}");
            assert_eq!(
                (one.sha256, one.md5),
                (other.sha256, other.md5),
                "{name} as {format}"
            );
        }
        // A pixi.lock knows whole records only, an @EXPLICIT list none.
        let kept = match format {
            LockFormat::CondaLock => true,
            LockFormat::Pixi => expected.completeness == Completeness::Full,
            LockFormat::Explicit => false,
        };
        if kept {
            assert_eq!(
                expected.completeness, found.completeness,
                "{name} as {format}"
            );
            assert_eq!(known(expected), known(found), "{name} as {format}");
        }
    }
}

/// rattler derives `arch` and `platform` from the subdir, whatever the channel's index said.
fn known(package: &LockedPackage) -> serde_json::Value {
    let mut record = serde_json::to_value(&package.record).unwrap();
    let record = record.as_object_mut().unwrap();
    record.remove("arch");
    record.remove("platform");
    record.clone().into()
}

#[test]
fn every_public_lock_is_read_or_refused_as_the_table_says() {
    let Some(data) = larder_testkit::shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let table = include_str!("locks.tsv");
    let expected: BTreeMap<&str, &str> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(data.join("environments/locks")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "INDEX.tsv" {
            continue;
        }
        // One file has a made-up time: few enough milliseconds to be taken for seconds.
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("timestamp: 12341234\n", "timestamp: 1234123400000\n");
        let format = LockFormat::detect(&text);
        let format = format.map_or("none".to_owned(), |format| format.to_string());
        found.insert(name.clone(), format!("{format}\t{}", outcome(&name, &text)));
    }
    let differences: Vec<String> = found
        .iter()
        .filter(|(name, row)| expected.get(name.as_str()) != Some(&row.as_str()))
        .map(|(name, row)| format!("{name}\t{row}"))
        .collect();
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
    assert_eq!(found.len(), expected.len());
}
