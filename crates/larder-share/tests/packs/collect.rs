//! Collecting packs in a directory, by the times of its files.

use std::{
    fs::{self, File, FileTimes},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use larder_remote::Directory;
use larder_share::{CollectOptions, Collected, Shelf as _, packs::ScopeId};

use crate::{
    service::Service,
    team::{Objects, of_run, restore, save},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MAIN: &str = "refs/heads/main";
const TOPIC: &str = "refs/heads/topic";

/// A directory to which main saved `a`, then `b` besides, and a branch `c` besides these.
struct World {
    place: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let world = Self { place };
        for (objects, scopes) in [
            (&[("a", 50)][..], &[MAIN][..]),
            (&[("a", 50), ("b", 60)], &[MAIN]),
            (&[("a", 50), ("c", 70)], &[TOPIC, MAIN]),
        ] {
            let put = world.save(objects, scopes).await;
            assert_eq!(put, 1, "{objects:?}");
            // The file system's clock tells saves apart.
            world.age(world.files(), |age| age + DAY / 24);
        }
        world
    }

    fn remote(&self) -> Arc<Directory> {
        Arc::new(Directory::new(self.place.path()))
    }

    async fn save(&self, objects: &[(&str, usize)], scopes: &[&str]) -> usize {
        let packs = of_run(self.remote(), scopes);
        save(&packs, &Objects::of(objects))
            .await
            .unwrap()
            .sent
            .len()
    }

    async fn restores(&self, objects: &[(&str, usize)], scopes: &[&str]) -> usize {
        let packs = of_run(self.remote(), scopes);
        let ids = Objects::of(objects).ids();
        restore(&packs, &ids).await.whole.len()
    }

    fn files(&self) -> Vec<PathBuf> {
        [MAIN, TOPIC]
            .iter()
            .flat_map(|scope| self.of(scope))
            .collect()
    }

    /// The files of a scope, in order.
    fn of(&self, scope: &str) -> Vec<PathBuf> {
        let indexes = self.place.path().join(ScopeId::of(scope).index_prefix());
        let packs = indexes.with_file_name("p");
        let inside = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
        let entries = inside(&indexes).chain(inside(&packs));
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        files.sort();
        files
    }

    /// Dates files back.
    fn age(&self, files: Vec<PathBuf>, new: impl Fn(Duration) -> Duration) {
        for file in files {
            let modified = fs::metadata(&file).unwrap().modified().unwrap();
            let age = SystemTime::now()
                .duration_since(modified)
                .unwrap_or_default();
            let time = SystemTime::now() - new(age);
            let times = FileTimes::new().set_modified(time).set_accessed(time);
            File::open(file).unwrap().set_times(times).unwrap();
        }
    }

    async fn collect(&self, dry_run: bool) -> Collected {
        let options = CollectOptions {
            dry_run,
            ..CollectOptions::new(SystemTime::now())
        };
        let packs = of_run(self.remote(), &[MAIN]);
        packs.collect(&options).await.unwrap()
    }
}

#[tokio::test]
async fn what_no_reader_finds_goes_and_everything_else_stays() {
    let world = World::new().await;
    // Killed before its index was written, long ago and now.
    let orphan = |digit: &str| {
        let pack = world
            .of(MAIN)
            .into_iter()
            .find(|file| file.parent().unwrap().ends_with("p"));
        let orphan = pack.unwrap().with_file_name(digit.repeat(64));
        fs::write(&orphan, "lost").unwrap();
        orphan
    };
    let old = orphan("0");
    world.age(world.files(), |age| age + 3 * DAY);
    let young = orphan("1");
    let before = world.files();
    let planned = world.collect(true).await;
    assert_eq!(world.files(), before);
    let collected = world.collect(false).await;
    assert_eq!(collected.removed, planned.removed);
    // The orphan, and main's first index.
    assert_eq!(
        (collected.removed.len(), collected.kept),
        (2, before.len() - 2)
    );
    assert!(!old.exists() && young.exists());
    assert_eq!(world.restores(&[("a", 50), ("b", 60)], &[MAIN]).await, 2);
    assert_eq!(
        world
            .restores(&[("a", 50), ("c", 70)], &[TOPIC, MAIN])
            .await,
        2
    );
    assert!(world.collect(false).await.removed.is_empty());
}

#[tokio::test]
async fn a_scope_that_nobody_used_for_long_goes_and_can_be_saved_again() {
    let world = World::new().await;
    world.age(world.of(TOPIC), |_| 40 * DAY);
    let topic = world.of(TOPIC);
    let pack = topic
        .iter()
        .find(|file| file.parent().unwrap().ends_with("p"))
        .unwrap();
    let now = FileTimes::new().set_accessed(SystemTime::now());
    File::open(pack).unwrap().set_times(now).unwrap();
    assert!(
        world.collect(false).await.removed.is_empty(),
        "its pack was read"
    );
    world.age(world.of(TOPIC), |_| 40 * DAY);
    assert_eq!(world.collect(false).await.removed.len(), topic.len());
    assert!(world.of(TOPIC).is_empty());
    assert_eq!(world.restores(&[("a", 50), ("b", 60)], &[MAIN]).await, 2);
    assert_eq!(world.save(&[("a", 50), ("c", 70)], &[TOPIC, MAIN]).await, 1);
    assert_eq!(
        world
            .restores(&[("a", 50), ("c", 70)], &[TOPIC, MAIN])
            .await,
        2
    );
}

#[tokio::test]
async fn a_scope_whose_index_is_damaged_is_left_alone() {
    let world = World::new().await;
    let mut indexes = world.of(TOPIC).into_iter();
    let index = indexes
        .find(|file| file.parent().unwrap().ends_with("i"))
        .unwrap();
    fs::remove_file(&index).unwrap();
    fs::write(&index, "damaged").unwrap();
    world.age(world.of(TOPIC), |_| 5 * DAY);
    let topic = world.of(TOPIC);
    world.collect(false).await;
    assert_eq!(world.of(TOPIC), topic);
}

#[tokio::test]
async fn a_service_that_drops_by_itself_is_not_collected() {
    let packs = of_run(Service::new().run(&[MAIN]), &[MAIN]);
    let options = CollectOptions::new(SystemTime::now());
    let error = packs.collect(&options).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
}
