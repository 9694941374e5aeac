//! What every remote must do: functions over `&dyn Remote`, for the tests of any backend.
//!
//! Names below `contract/` and a part of the suite's own, so that one bucket serves several runs if each
//! gives another `run`. Include it with
//! `#[path = "../../larder-remote/tests/contract/mod.rs"] mod contract;` from another crate.

use std::{io, time::SystemTime};

use bytes::Bytes;
use futures::{StreamExt as _, future::join_all, stream};
use larder_remote::{Body, ObjectInfo, ObjectName, Remote, RemoteError, whole};

/// What a backend cannot do by its nature; the suite then checks that it says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abilities {
    /// Of several that create one name at once exactly one succeeds.
    pub(crate) exclusive: bool,
    /// Objects can be replaced.
    pub(crate) replaces: bool,
    /// Objects can be listed.
    pub(crate) lists: bool,
    /// Objects can be deleted.
    pub(crate) deletes: bool,
    /// `created` and `used` are told apart.
    pub(crate) notes_use: bool,
    /// Objects may be empty.
    pub(crate) empty: bool,
    /// Components of names may have more than 100 bytes.
    pub(crate) long: bool,
}

impl Abilities {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        exclusive: true,
        replaces: true,
        lists: true,
        deletes: true,
        notes_use: true,
        empty: true,
        long: true,
    };
}

/// Runs the whole suite.
pub(crate) async fn check(remote: &dyn Remote, run: &str, abilities: Abilities) {
    let suite = Suite {
        remote,
        run,
        abilities,
    };
    suite.what_is_created_is_read_back().await;
    suite.sizes_from_nothing_to_several_pieces().await;
    suite.a_taken_name_stays_as_it_is().await;
    suite.one_of_many_creates().await;
    suite.a_body_that_fails_creates_nothing().await;
    suite.ranges().await;
    suite.what_is_not_there().await;
    suite.long_and_strange_names().await;
    suite.replacing().await;
    suite.listing_by_prefix_the_newest_first().await;
    suite.touching_changes_the_last_use_alone().await;
    suite.deleting().await;
}

struct Suite<'a> {
    remote: &'a dyn Remote,
    run: &'a str,
    abilities: Abilities,
}

impl Suite<'_> {
    fn name(&self, name: &str) -> ObjectName {
        ObjectName::new(format!("contract/{}/{name}", self.run)).unwrap()
    }

    async fn create(&self, name: &str, bytes: &'static [u8]) -> ObjectName {
        let name = self.name(name);
        let size = self.remote.create_if_absent(&name, whole(bytes)).await;
        assert_eq!(size.unwrap(), bytes.len() as u64, "{name}");
        name
    }

    async fn read(&self, name: &ObjectName) -> Vec<u8> {
        let download = self.remote.get(name, None).await.unwrap();
        download.bytes().await.unwrap()
    }

    async fn what_is_created_is_read_back(&self) {
        let name = self.create("created", b"some bytes").await;
        let download = self.remote.get(&name, None).await.unwrap();
        assert_eq!(download.size, 10);
        assert_eq!(download.bytes().await.unwrap(), b"some bytes");
        let info = self.remote.stat(&name).await.unwrap();
        assert_eq!((info.size, &info.name), (10, &name));
        assert!(info.used >= info.created, "{info:?}");
        let day = std::time::Duration::from_secs(86_400);
        assert!(info.created > SystemTime::now() - day, "{info:?}");
    }

    async fn sizes_from_nothing_to_several_pieces(&self) {
        for size in [
            u32::from(!self.abilities.empty),
            2,
            (1 << 20) - 1,
            1 << 20,
            9_000_001,
        ] {
            let name = self.name(&format!("size-{size}"));
            let bytes: Vec<u8> = (0..size).map(|at: u32| (at % 251) as u8).collect();
            let pieces: Vec<io::Result<Bytes>> = bytes
                .chunks(300_000)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            let body = stream::iter(pieces).boxed();
            let sent = self.remote.create_if_absent(&name, body).await.unwrap();
            assert_eq!(sent, u64::from(size));
            assert!(
                self.read(&name).await == bytes,
                "{size} bytes came back otherwise"
            );
        }
    }

    async fn a_taken_name_stays_as_it_is(&self) {
        let name = self.create("taken", b"first").await;
        let again = self
            .remote
            .create_if_absent(&name, whole(&b"second"[..]))
            .await;
        let error = again.unwrap_err();
        assert!(
            error.is_exists() && error.to_string().contains("taken"),
            "{error:?}"
        );
        assert_eq!(self.read(&name).await, b"first");
    }

    async fn one_of_many_creates(&self) {
        let name = self.name("raced");
        let bodies = (0..8_u8).map(|number| vec![number; 100_000]);
        let tries = bodies.map(|bytes| self.remote.create_if_absent(&name, whole(bytes)));
        let results = join_all(tries).await;
        let winners = results.iter().filter(|result| result.is_ok()).count();
        for result in &results {
            assert!(
                matches!(result, Ok(_) | Err(RemoteError::Exists { .. })),
                "{result:?}"
            );
        }
        assert!(
            winners >= 1 && (winners == 1 || !self.abilities.exclusive),
            "{winners} winners"
        );
        let bytes = self.read(&name).await;
        let is_one = bytes.len() == 100_000 && bytes.iter().all(|byte| *byte == bytes[0]);
        assert!(is_one, "what is there is of one of them");
        if winners == 1 {
            assert!(
                results[usize::from(bytes[0])].is_ok(),
                "the one who was told so"
            );
        }
    }

    async fn a_body_that_fails_creates_nothing(&self) {
        let name = self.name("failed");
        let pieces = [
            Ok(Bytes::from(vec![7; 2_000_000])),
            Err(io::Error::other("the disk is gone")),
        ];
        let body: Body = stream::iter(pieces).boxed();
        let error = self.remote.create_if_absent(&name, body).await.unwrap_err();
        assert!(matches!(&error, RemoteError::Body { .. }), "{error:?}");
        assert!(self.remote.stat(&name).await.unwrap_err().is_not_found());
        self.create("failed", b"later").await;
    }

    async fn ranges(&self) {
        let name = self.create("ranges", b"0123456789").await;
        for range in [0..1, 3..7, 9..10, 0..10] {
            let expected = &b"0123456789"[range.start as usize..range.end as usize];
            let download = self.remote.get(&name, Some(range)).await.unwrap();
            assert_eq!(download.size, 10);
            assert_eq!(download.bytes().await.unwrap(), expected);
        }
        let beyond = self.remote.get(&name, Some(5..11)).await.err().unwrap();
        assert!(beyond.is_not_found(), "{beyond:?}");
    }

    async fn what_is_not_there(&self) {
        let name = self.name("nothing");
        assert!(
            self.remote
                .get(&name, None)
                .await
                .err()
                .unwrap()
                .is_not_found()
        );
        let error = self.remote.stat(&name).await.unwrap_err();
        assert!(
            error.is_not_found() && error.to_string().contains("nothing"),
            "{error:?}"
        );
        assert!(self.remote.touch(&name).await.is_err() || !self.abilities.notes_use);
        if self.abilities.lists {
            let listed = self
                .remote
                .list(self.name("nothing").as_str())
                .await
                .unwrap();
            assert_eq!(listed, []);
        }
    }

    async fn long_and_strange_names(&self) {
        let times = if self.abilities.long { 24 } else { 3 };
        let long = ObjectName::escape(&"\"ä|/ key\" ".repeat(times));
        let names = [
            long.as_str(),
            "a(1)=+,@!b",
            "deep/er/still",
            "up.per%2FCASE",
        ];
        for name in names {
            let name = self.create(name, b"here").await;
            assert_eq!(self.read(&name).await, b"here");
            if self.abilities.lists {
                let listed = self.remote.list(name.as_str()).await.unwrap();
                assert_eq!(names_of(&listed), [name.as_str()]);
            }
        }
    }

    async fn replacing(&self) {
        let name = self.name("replaced");
        if !self.abilities.replaces {
            let error = self
                .remote
                .replace(&name, whole(&b"one"[..]))
                .await
                .unwrap_err();
            assert!(
                matches!(error, RemoteError::Unsupported { .. }),
                "{error:?}"
            );
            return;
        }
        let last = if self.abilities.empty { &b""[..] } else { b"-" };
        for text in [&b"one"[..], b"another one", last] {
            let size = self.remote.replace(&name, whole(text)).await.unwrap();
            assert_eq!(size, text.len() as u64);
            assert_eq!(self.read(&name).await, text);
        }
    }

    async fn listing_by_prefix_the_newest_first(&self) {
        if !self.abilities.lists {
            let error = self.remote.list("contract/").await.unwrap_err();
            assert!(
                matches!(error, RemoteError::Unsupported { .. }),
                "{error:?}"
            );
            return;
        }
        for name in [
            "list/key-b",
            "list/key-a",
            "list/kez",
            "list/key/c",
            "listing",
        ] {
            self.create(name, b"x").await;
        }
        let listed = async |prefix: &str| {
            let prefix = format!("contract/{}/{prefix}", self.run);
            self.remote.list(&prefix).await.unwrap()
        };
        let names = |objects: &[ObjectInfo]| {
            let start = format!("contract/{}/", self.run);
            let mut names: Vec<_> = objects
                .iter()
                .map(|object| {
                    object
                        .name
                        .as_str()
                        .strip_prefix(&start)
                        .unwrap()
                        .to_owned()
                })
                .collect();
            names.sort();
            names
        };
        assert_eq!(
            names(&listed("list/key").await),
            ["list/key-a", "list/key-b", "list/key/c"]
        );
        assert_eq!(
            names(&listed("list/key-").await),
            ["list/key-a", "list/key-b"]
        );
        assert_eq!(names(&listed("list/key/").await), ["list/key/c"]);
        let all = listed("list").await;
        assert_eq!(all.len(), 5);
        let in_order = |pair: &[ObjectInfo]| {
            pair[0].created > pair[1].created
                || pair[0].created == pair[1].created && pair[0].name < pair[1].name
        };
        assert!(all.windows(2).all(in_order), "{all:?}");
    }

    async fn touching_changes_the_last_use_alone(&self) {
        let name = self.create("touched", b"x").await;
        let before = self.remote.stat(&name).await.unwrap();
        let touched = self.remote.touch(&name).await;
        if !self.abilities.notes_use {
            return;
        }
        touched.unwrap();
        let after = self.remote.stat(&name).await.unwrap();
        assert_eq!(after.created, before.created);
        assert!(after.used >= before.used, "{before:?} {after:?}");
        assert_eq!(self.read(&name).await, b"x");
    }

    async fn deleting(&self) {
        let name = self.create("deleted", b"x").await;
        let deleted = self.remote.delete(&name).await;
        if !self.abilities.deletes {
            let error = deleted.unwrap_err();
            assert!(
                matches!(error, RemoteError::Unsupported { .. }),
                "{error:?}"
            );
            return;
        }
        deleted.unwrap();
        assert!(
            self.remote
                .get(&name, None)
                .await
                .err()
                .unwrap()
                .is_not_found()
        );
        self.remote.delete(&name).await.unwrap();
        self.create("deleted", b"again").await;
    }
}

fn names_of(objects: &[ObjectInfo]) -> Vec<&str> {
    objects.iter().map(|object| object.name.as_str()).collect()
}
