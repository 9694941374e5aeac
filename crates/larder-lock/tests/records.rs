//! Real records of conda-forge: each is written, read back and found to be itself.

use std::{collections::BTreeMap, fs::File};

use larder_lock::{
    Closure, Completeness, LockFile, LockHead, LockedPackage, Selection, closure_digest,
};
use rattler_conda_types::{Channel, ChannelConfig, RepoData, RepoDataRecord, Subdir};

/// One record in so many: all 17,000 take twenty seconds without optimisation.
const ONE_IN: usize = 7;

#[test]
fn records_of_conda_forge_survive_the_text() {
    let Some(data) = larder_testkit::shared_data() else {
        println!("skipped: no shared data");
        return;
    };
    let config = ChannelConfig::default_with_root_dir(data.clone());
    let channel = Channel::from_str("conda-forge", &config).unwrap();
    for subdir in [
        Subdir::Linux64,
        Subdir::OsxArm64,
        Subdir::Win64,
        Subdir::NoArch,
    ] {
        let path = data.join(format!("conda-forge-records/{subdir}/repodata.json.zst"));
        let text = zstd::decode_all(File::open(path).unwrap()).unwrap();
        let index: RepoData = serde_json::from_slice(&text).unwrap();
        let target = if subdir == Subdir::NoArch {
            Subdir::Linux64
        } else {
            subdir
        };
        let records = index.into_repo_data_records(&channel);
        for packages in closures(records.into_iter().step_by(ONE_IN)) {
            let closure = Closure::new(target, packages).unwrap();
            let lock = LockFile::new(std::slice::from_ref(&closure), &LockHead::default());
            let read = LockFile::parse("conda-lock.yml", &lock.to_yaml()).unwrap();
            let again = read.closure(target, &Selection::default()).unwrap();
            for (read, written) in again.packages().iter().zip(closure.packages()) {
                assert_eq!(read, written);
            }
            assert_eq!(again.packages().len(), closure.packages().len());
            assert_eq!(read.digest(target), closure_digest(&closure));
        }
    }
}

/// Groups without two records of one name.
fn closures(records: impl Iterator<Item = RepoDataRecord>) -> Vec<Vec<LockedPackage>> {
    let mut groups: Vec<Vec<LockedPackage>> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for mut record in records {
        let name = record.package_record.name.as_normalized().to_owned();
        let group = seen.entry(name).or_default();
        if groups.len() == *group {
            groups.push(Vec::new());
        }
        // As the solver writes it.
        record.channel = record
            .channel
            .map(|channel| channel.trim_end_matches('/').to_owned());
        groups[*group].push(LockedPackage {
            record,
            completeness: Completeness::Full,
            requested_specs: Vec::new(),
        });
        *group += 1;
    }
    groups
}
