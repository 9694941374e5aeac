//! Saving and restoring: the rows of the table that are more than a look-up, and what goes wrong.

use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use larder_cache::{
    archive::WriteOptions,
    entry::version_of,
    expiry::{PruneOptions, list, prune},
    key::Style,
    look_up::{Hit, PrefixMatch, Query, WEEK},
    restore::{RestoreError, RestoreOptions, RestoreReport, restore},
    save::{SaveError, SaveOptions, SaveOutcome, save},
    scope::Scope,
};
use larder_event::EventRecorder;
use larder_remote::{
    Body, ByteRange, Directory, Download, ObjectInfo, ObjectName, Remote, RemoteError,
};

/// A directory with a cache, and a run of a branch.
struct World {
    place: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("data")).unwrap();
        fs::write(place.path().join("data/file"), "saved").unwrap();
        Self { place }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn remote(&self) -> Directory {
        Directory::new(self.path("cache"))
    }

    fn query(&self, key: &str, scopes: &[&str]) -> Query {
        Query {
            style: Style::Azure,
            prefix_match: PrefixMatch::Segment,
            key: key.into(),
            restore_keys: vec!["k".into()],
            version: version_of(Style::Azure, &["data".into()]),
            scopes: scopes.iter().copied().map(Scope::new).collect(),
            max_unused: WEEK,
            now: SystemTime::now(),
        }
    }

    fn saving(&self, key: &str, scopes: &[&str]) -> SaveOptions {
        SaveOptions {
            query: self.query(key, scopes),
            write: Some(Scope::new(scopes[0])),
            paths: vec![self.path("data")],
            named: vec!["data".into()],
            archive: WriteOptions {
                threads: 2,
                level: 1,
            },
        }
    }

    fn restoring(&self, key: &str, scopes: &[&str]) -> RestoreOptions {
        RestoreOptions {
            query: self.query(key, scopes),
            paths: vec![self.path("data")],
            keep: vec![self.path("home")],
            write: Some(Scope::new(scopes[0])),
            lookup_only: false,
            threads: 2,
            max_bytes: None,
        }
    }

    async fn save(&self, key: &str, scopes: &[&str]) -> SaveOutcome {
        let options = self.saving(key, scopes);
        let report = save(&self.remote(), &options, &EventRecorder::default()).await;
        report.unwrap().outcome
    }

    async fn restore(&self, key: &str, scopes: &[&str]) -> (RestoreReport, Vec<String>) {
        let recorder = EventRecorder::default();
        let options = self.restoring(key, scopes);
        let report = restore(&self.remote(), &options, &recorder).await;
        (report.unwrap(), recorder.warnings())
    }

    fn content(&self) -> String {
        fs::read_to_string(self.path("data/file")).unwrap_or_default()
    }

    /// The only entry of the cache.
    fn entry(&self) -> PathBuf {
        fn find(directory: &Path) -> Option<PathBuf> {
            let entries = fs::read_dir(directory).unwrap().flatten();
            let mut paths = entries.map(|entry| entry.path());
            paths.find_map(|path| {
                if path.is_dir() {
                    find(&path)
                } else {
                    Some(path)
                }
            })
        }
        find(&self.path("cache/cache1")).unwrap()
    }

    fn nothing_is_left_beside(&self) {
        let left: Vec<_> = fs::read_dir(self.place.path())
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .filter(|name| name.to_string_lossy().starts_with('.'))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

const F: &[&str] = &["f", "main"];

#[tokio::test]
async fn r1_r25_a_miss_saves_an_exact_hit_does_not() {
    let world = World::new();
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::False);
    assert_eq!(world.save("k|1", F).await, SaveOutcome::Saved);
    fs::write(world.path("data/file"), "other").unwrap();
    fs::write(world.path("data/more"), "other").unwrap();
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::True);
    assert_eq!(world.content(), "saved");
    assert!(
        !world.path("data/more").exists(),
        "what was there is replaced"
    );
    world.nothing_is_left_beside();
    fs::write(world.path("data/file"), "newer").unwrap();
    assert_eq!(world.save("k|1", F).await, SaveOutcome::Exists);
    let (report, _) = world.restore("k|2", F).await;
    assert_eq!(
        (report.hit, report.matched_key.as_deref()),
        (Hit::Inexact, Some("k|1"))
    );
    assert_eq!(world.content(), "saved", "an entry never changes");
    assert_eq!(
        world.save("k|2", F).await,
        SaveOutcome::Saved,
        "an inexact hit is saved"
    );
}

#[tokio::test]
async fn r17_what_the_target_branch_has_is_not_saved_by_a_pull_request() {
    let world = World::new();
    assert_eq!(world.save("k|1", &["t"]).await, SaveOutcome::Saved);
    let fork: &[&str] = &["refs/pull/1/merge", "t"];
    assert_eq!(world.restore("k|1", fork).await.0.hit, Hit::True);
    assert_eq!(world.save("k|1", fork).await, SaveOutcome::Exists);
}

#[tokio::test]
async fn r20_an_expired_entry_is_neither_found_nor_in_the_way() {
    let world = World::new();
    world.save("k|1", F).await;
    let old = SystemTime::now() - Duration::from_secs(8 * 86_400);
    let times = FileTimes::new().set_modified(old).set_accessed(old);
    File::open(world.entry()).unwrap().set_times(times).unwrap();
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::False);
    assert_eq!(world.save("k|1", F).await, SaveOutcome::Saved);
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::True);
}

#[tokio::test]
async fn a_restore_is_a_use() {
    let world = World::new();
    world.save("k|1", F).await;
    let old = SystemTime::now() - Duration::from_secs(6 * 86_400);
    let times = FileTimes::new().set_modified(old).set_accessed(old);
    File::open(world.entry()).unwrap().set_times(times).unwrap();
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::True);
    let used = list(&world.remote()).await.unwrap()[0].used;
    assert!(used > old + Duration::from_secs(86_400));
}

#[tokio::test]
async fn r28_a_file_is_not_saved_and_not_replaced() {
    let world = World::new();
    fs::remove_dir_all(world.path("data")).unwrap();
    fs::write(world.path("data"), "a file").unwrap();
    let saved = save(
        &world.remote(),
        &world.saving("k|1", F),
        &EventRecorder::default(),
    )
    .await;
    assert!(matches!(saved, Err(SaveError::Archive(_))), "{saved:?}");
    assert_eq!(list(&world.remote()).await.unwrap(), []);
    let options = world.restoring("k|1", F);
    let restored = restore(&world.remote(), &options, &EventRecorder::default()).await;
    assert!(matches!(restored, Err(RestoreError::NotDirectory { .. })));
}

#[tokio::test]
async fn a_run_that_may_only_read_saves_nothing() {
    let world = World::new();
    let options = SaveOptions {
        write: None,
        ..world.saving("k|1", F)
    };
    let report = save(&world.remote(), &options, &EventRecorder::default()).await;
    assert_eq!(report.unwrap().outcome, SaveOutcome::ReadOnly);
    assert!(!world.path("cache").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_jobs_that_save_one_key_one_does() {
    let world = World::new();
    let remote = world.remote();
    let options = world.saving("k|1", F);
    let recorder = EventRecorder::default();
    let jobs = (0..6).map(|_| save(&remote, &options, &recorder));
    let reports = futures::future::join_all(jobs).await;
    let outcomes: Vec<_> = reports
        .into_iter()
        .map(|report| report.unwrap().outcome)
        .collect();
    let saved = outcomes
        .iter()
        .filter(|outcome| **outcome == SaveOutcome::Saved);
    assert_eq!(saved.count(), 1, "{outcomes:?}");
    assert_eq!(list(&remote).await.unwrap().len(), 1);
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::True);
}

#[tokio::test]
async fn a_damaged_entry_is_named_removed_and_a_miss_and_what_was_there_stays() {
    let world = World::new();
    world.save("k|1", F).await;
    let path = world.entry();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::write(world.path("data/file"), "before").unwrap();
    let (report, warnings) = world.restore("k|1", F).await;
    assert_eq!(
        (report.hit, world.content().as_str()),
        (Hit::False, "before")
    );
    assert!(
        warnings[0].contains("k|1") && warnings[0].contains("removed"),
        "{warnings:?}"
    );
    world.nothing_is_left_beside();
    assert_eq!(world.save("k|1", F).await, SaveOutcome::Saved);
}

#[tokio::test]
async fn a_damaged_entry_of_another_scope_stays() {
    let world = World::new();
    world.save("k|1", &["main"]).await;
    fs::write(world.entry(), "nothing at all").unwrap();
    let (report, warnings) = world.restore("k|1", F).await;
    assert_eq!(report.hit, Hit::False);
    assert!(!warnings[0].contains("removed"), "{warnings:?}");
    assert_eq!(list(&world.remote()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_entry_under_another_name_is_no_hit() {
    let world = World::new();
    world.save("k|1", F).await;
    let path = world.entry();
    let other = path.to_str().unwrap().replace("%7C1!", "%7C2!");
    fs::rename(&path, other).unwrap();
    let (report, warnings) = world.restore("k|2", F).await;
    assert_eq!(report.hit, Hit::False);
    assert!(warnings[0].contains("another key"), "{warnings:?}");
}

#[tokio::test]
async fn what_must_stay_is_not_replaced() {
    let world = World::new();
    world.save("k|1", F).await;
    fs::create_dir_all(world.path("home")).unwrap();
    for path in [
        world.path(""),
        world.path("home"),
        world.path("home/../home"),
    ] {
        let options = RestoreOptions {
            paths: vec![path],
            ..world.restoring("k|1", F)
        };
        let restored = restore(&world.remote(), &options, &EventRecorder::default()).await;
        assert!(
            matches!(restored, Err(RestoreError::Protected { .. })),
            "{restored:?}"
        );
    }
}

#[tokio::test]
async fn looking_restores_nothing() {
    let world = World::new();
    world.save("k|1", F).await;
    fs::write(world.path("data/file"), "before").unwrap();
    let options = RestoreOptions {
        lookup_only: true,
        ..world.restoring("k|1", F)
    };
    let report = restore(&world.remote(), &options, &EventRecorder::default()).await;
    assert_eq!(report.unwrap().hit, Hit::True);
    assert_eq!(world.content(), "before");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_directory_leads_to_what_is_replaced() {
    let world = World::new();
    world.save("k|1", F).await;
    fs::rename(world.path("data"), world.path("real")).unwrap();
    std::os::unix::fs::symlink("real", world.path("data")).unwrap();
    fs::write(world.path("real/file"), "before").unwrap();
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::True);
    assert!(world.path("data").is_symlink());
    assert_eq!(
        fs::read_to_string(world.path("real/file")).unwrap(),
        "saved"
    );
}

#[tokio::test]
async fn what_killed_runs_left_is_swept_and_what_others_are_at_is_not() {
    let world = World::new();
    world.save("k|1", F).await;
    let (dead, living) = (
        world.path(".larder-restore-dead"),
        world.path(".larder-restore-live"),
    );
    for room in [&dead, &living] {
        fs::create_dir_all(room.join("new/d")).unwrap();
    }
    let lock = larder_fs::LockFile::acquire(world.path(".larder-restore-live.lock"), || {});
    let _lock = lock.unwrap();
    assert_eq!(world.restore("k|1", F).await.0.hit, Hit::True);
    assert!(!dead.exists() && living.exists());
}

#[tokio::test]
async fn the_least_recently_used_go_first() {
    let world = World::new();
    for (key, days) in [("k|1", 3), ("k|2", 1), ("k|3", 2), ("k|4", 9)] {
        world.save(key, F).await;
        let name =
            larder_cache::entry::object_name(&Scope::new("f"), key, &world.query(key, F).version);
        let path = world.path("cache").join(name.unwrap().as_str());
        let time = SystemTime::now() - Duration::from_secs(days * 86_400);
        let times = FileTimes::new().set_modified(time).set_accessed(time);
        File::open(path).unwrap().set_times(times).unwrap();
    }
    let keys = |entries: &[larder_cache::entry::Entry]| -> Vec<String> {
        entries.iter().map(|entry| entry.key.clone()).collect()
    };
    let all = list(&world.remote()).await.unwrap();
    assert_eq!(keys(&all), ["k|2", "k|3", "k|1", "k|4"]);
    let options = PruneOptions {
        unused_for: Some(WEEK),
        max_bytes: Some(all[0].size * 2 + 10),
        dry_run: true,
        now: SystemTime::now(),
    };
    let would = prune(&world.remote(), &options).await.unwrap();
    assert_eq!(keys(&would.removed), ["k|4", "k|1"]);
    assert_eq!(list(&world.remote()).await.unwrap().len(), 4);
    let options = PruneOptions {
        dry_run: false,
        ..options
    };
    let pruned = prune(&world.remote(), &options).await.unwrap();
    assert_eq!(
        (keys(&pruned.removed), pruned.kept),
        (keys(&would.removed), 2)
    );
    assert_eq!(keys(&list(&world.remote()).await.unwrap()), ["k|2", "k|3"]);
}

/// A remote that is down, after a while or at once.
struct Down(Option<Directory>);

impl Down {
    fn error(operation: &'static str) -> RemoteError {
        RemoteError::Temporary {
            remote: "down://".into(),
            object: "anything".into(),
            operation,
            retry_after: None,
            source: io::Error::other("503"),
        }
    }
}

#[async_trait]
impl Remote for Down {
    fn url(&self) -> &str {
        "down://"
    }

    async fn create_if_absent(&self, _: &ObjectName, _: Body) -> Result<u64, RemoteError> {
        Err(Self::error("create"))
    }

    async fn replace(&self, _: &ObjectName, _: Body) -> Result<u64, RemoteError> {
        Err(Self::error("create"))
    }

    async fn get(&self, name: &ObjectName, _: Option<ByteRange>) -> Result<Download, RemoteError> {
        match &self.0 {
            None => Err(Self::error("read")),
            // Breaks off in the middle.
            Some(directory) => {
                let size = directory.stat(name).await?.size;
                let half = directory.get(name, Some(0..size / 2)).await?;
                let gone = async { Err(io::Error::other("the connection is gone")) };
                let body = futures::StreamExt::chain(half.body, futures::stream::once(gone));
                Ok(Download {
                    size,
                    body: Box::pin(body),
                })
            }
        }
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        match &self.0 {
            None => Err(Self::error("read")),
            Some(directory) => directory.stat(name).await,
        }
    }

    async fn list(&self, _: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        Err(Self::error("list"))
    }

    async fn touch(&self, _: &ObjectName) -> Result<(), RemoteError> {
        Err(Self::error("touch"))
    }

    async fn delete(&self, _: &ObjectName) -> Result<(), RemoteError> {
        panic!("a broken connection is no damage: nothing is removed")
    }
}

#[tokio::test]
async fn r23_a_remote_that_does_not_answer_is_a_miss_and_a_warning() {
    let world = World::new();
    world.save("k|1", F).await;
    fs::write(world.path("data/file"), "before").unwrap();
    for remote in [Down(None), Down(Some(world.remote()))] {
        let recorder = EventRecorder::default();
        let options = world.restoring("k|1", F);
        let report = restore(&remote, &options, &recorder).await.unwrap();
        assert_eq!(
            (report.hit, world.content().as_str()),
            (Hit::False, "before")
        );
        assert_eq!(recorder.warnings().len(), 1, "{:?}", recorder.warnings());
        world.nothing_is_left_beside();
    }
    let saved = save(
        &Down(None),
        &world.saving("k|1", F),
        &EventRecorder::default(),
    )
    .await;
    assert!(matches!(saved, Err(SaveError::Remote(error)) if error.is_temporary()));
}

#[tokio::test]
async fn an_entry_of_many_files_is_whole_or_not_there() {
    let world = World::new();
    for number in 0..3000 {
        fs::write(
            world.path(&format!("data/{number}")),
            vec![number as u8; 900],
        )
        .unwrap();
    }
    world.save("k|1", F).await;
    fs::remove_dir_all(world.path("data")).unwrap();
    let (report, _) = world.restore("k|1", F).await;
    assert_eq!((report.hit, report.entries), (Hit::True, 3002));
    assert_eq!(fs::read_dir(world.path("data")).unwrap().count(), 3001);
}
