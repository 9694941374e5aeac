use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};

use super::Patient;
use crate::{
    Body, ByteRange, Download, ObjectInfo, ObjectName, Remote, RemoteError,
    patience::{
        Time as _,
        tests::{Quick, quick},
    },
    whole,
};

/// What a remote does when it is asked the next time; when nothing is left, it works.
#[derive(Debug, Clone)]
enum Does {
    Busy(Option<u64>),
    Forbid,
    NotFound,
    Hang,
    /// Gives so many bytes and fails.
    Cut(u64),
    /// Gives so many bytes and then nothing more.
    Stall(u64),
    /// One byte a second.
    Trickle,
    Exist,
}

/// A remote that has one object and does as it is told.
struct Scripted {
    script: Mutex<VecDeque<Does>>,
    asked: Mutex<Vec<String>>,
    object: Bytes,
    time: Quick,
}

fn error(does: &Does) -> RemoteError {
    let (remote, object) = ("test://".to_owned(), "a".to_owned());
    let source = io::Error::other("scripted");
    let operation = "read";
    match does {
        Does::Busy(seconds) => RemoteError::Temporary {
            remote,
            object,
            operation,
            retry_after: seconds.map(Duration::from_secs),
            source,
        },
        Does::Forbid => RemoteError::Forbidden {
            remote,
            object,
            operation,
            source,
        },
        Does::Exist => RemoteError::Exists { remote, object },
        _ => RemoteError::NotFound { remote, object },
    }
}

impl Scripted {
    async fn next(&self, asked: String) -> Result<Option<Does>, RemoteError> {
        self.asked.lock().unwrap().push(asked);
        let does = self.script.lock().unwrap().pop_front();
        match does {
            Some(Does::Hang) => std::future::pending().await,
            Some(does @ (Does::Busy(_) | Does::Forbid | Does::NotFound | Does::Exist)) => {
                Err(error(&does))
            }
            does => Ok(does),
        }
    }
}

#[async_trait]
impl Remote for Scripted {
    fn url(&self) -> &str {
        "test://"
    }

    async fn create_if_absent(&self, _: &ObjectName, mut body: Body) -> Result<u64, RemoteError> {
        let mut size = 0;
        while let Some(piece) = body.next().await {
            size += piece.unwrap().len() as u64;
        }
        self.next(format!("create {size}")).await.map(|_| size)
    }

    async fn replace(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        self.create_if_absent(name, body).await
    }

    async fn get(&self, _: &ObjectName, range: Option<ByteRange>) -> Result<Download, RemoteError> {
        let range = range.unwrap_or(0..self.object.len() as u64);
        let does = self.next(format!("get {range:?}")).await?;
        let part = |end: u64| {
            let end = usize::try_from(end).unwrap();
            let start = usize::try_from(range.start).unwrap();
            stream::iter([Ok(self.object.slice(start..end))])
        };
        let broken = stream::iter([Err(io::ErrorKind::ConnectionReset.into())]);
        let body: Body = match does {
            Some(Does::Cut(bytes)) => Box::pin(part(range.start + bytes).chain(broken)),
            Some(Does::Stall(bytes)) => {
                Box::pin(part(range.start + bytes).chain(stream::pending()))
            }
            Some(Does::Trickle) => {
                let bytes = self.object.slice(usize::try_from(range.start).unwrap()..);
                let time = self.time.clone();
                Box::pin(stream::iter(bytes).then(move |byte| {
                    let second = time.sleep(Duration::from_secs(1));
                    second.map(move |()| Ok(Bytes::copy_from_slice(&[byte])))
                }))
            }
            _ => Box::pin(part(range.end)),
        };
        Ok(Download {
            size: self.object.len() as u64,
            body,
        })
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        self.next("stat".into()).await?;
        Ok(ObjectInfo {
            name: name.clone(),
            size: 0,
            created: std::time::SystemTime::UNIX_EPOCH,
            used: std::time::SystemTime::UNIX_EPOCH,
        })
    }

    async fn list(&self, _: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        self.next("list".into()).await.map(|_| Vec::new())
    }

    async fn touch(&self, _: &ObjectName) -> Result<(), RemoteError> {
        self.next("touch".into()).await.map(drop)
    }

    async fn delete(&self, _: &ObjectName) -> Result<(), RemoteError> {
        self.next("delete".into()).await.map(drop)
    }
}

fn scripted(script: impl IntoIterator<Item = Does>) -> (Arc<Scripted>, Patient) {
    let (time, waits) = quick();
    let object: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let remote = Arc::new(Scripted {
        script: Mutex::new(script.into_iter().collect()),
        asked: Mutex::default(),
        object: object.into(),
        time,
    });
    let inner = Arc::clone(&remote) as Arc<dyn Remote>;
    (remote, Patient::new(inner, waits))
}

impl Scripted {
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn name() -> ObjectName {
    ObjectName::new("a").unwrap()
}

#[tokio::test]
async fn what_fails_for_the_moment_is_tried_again() {
    let (remote, patient) = scripted([Does::Busy(None), Does::Busy(Some(7))]);
    patient.stat(&name()).await.unwrap();
    assert_eq!(remote.asked(), ["stat", "stat", "stat"]);
    let waited = remote.time.now();
    assert!(
        waited >= Duration::from_secs(7) && waited < Duration::from_secs(8),
        "{waited:?}"
    );
}

#[tokio::test]
async fn what_will_not_change_is_not_tried_again() {
    for does in [Does::Forbid, Does::NotFound, Does::Exist] {
        let (remote, patient) = scripted([does]);
        patient.list("").await.unwrap_err();
        assert_eq!(remote.asked(), ["list"]);
        patient.list("").await.unwrap();
    }
}

#[tokio::test]
async fn a_remote_that_failed_in_a_row_is_not_asked_any_more() {
    let (remote, patient) = scripted(vec![Does::Busy(None); 6]);
    for _ in 0..2 {
        patient.stat(&name()).await.unwrap_err();
    }
    assert_eq!(remote.asked().len(), 6);
    let before = remote.time.now();
    let errors = [
        patient.stat(&name()).await.err(),
        patient.list("").await.err(),
        patient.touch(&name()).await.err(),
        patient.delete(&name()).await.err(),
        patient.get(&name(), None).await.err(),
        patient
            .create_if_absent(&name(), whole(&b"x"[..]))
            .await
            .err(),
    ];
    for error in errors {
        let error = error.unwrap();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains("not asked any more"), "{why}");
    }
    assert_eq!((remote.asked().len(), remote.time.now()), (0, before));
}

#[tokio::test]
async fn an_answer_in_between_says_that_it_is_there() {
    let busy = [Does::Busy(None), Does::Busy(None), Does::Busy(None)];
    let script = busy
        .iter()
        .cloned()
        .chain([Does::NotFound])
        .chain(busy.iter().cloned());
    let (_, patient) = scripted(script);
    patient.stat(&name()).await.unwrap_err();
    assert!(patient.stat(&name()).await.unwrap_err().is_not_found());
    patient.stat(&name()).await.unwrap_err();
    patient.stat(&name()).await.unwrap();
}

#[tokio::test]
async fn silence_is_waited_for_a_bounded_time() {
    let (remote, patient) = scripted([Does::Hang]);
    let error = patient.list("").await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    assert_eq!(remote.time.now(), Duration::from_secs(30));
}

#[tokio::test]
async fn a_body_goes_on_where_it_broke_off() {
    let (remote, patient) = scripted([Does::Cut(300), Does::Busy(None)]);
    let download = patient.get(&name(), Some(100..900)).await.unwrap();
    assert_eq!(download.size, 1000);
    let bytes = download.bytes().await.unwrap();
    assert!(bytes == remote.object[100..900]);
    assert_eq!(
        remote.asked(),
        ["get 100..900", "get 400..900", "get 400..900"]
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_again_and_again_is_given_up() {
    let (remote, patient) = scripted(vec![Does::Cut(10); 9]);
    let download = patient.get(&name(), None).await.unwrap();
    let error = download.bytes().await.unwrap_err();
    assert!(error.to_string().contains("cannot read `a`"), "{error}");
    assert_eq!(
        remote.asked(),
        ["get 0..1000", "get 10..1000", "get 20..1000"]
    );
}

#[tokio::test]
async fn a_body_that_stalls_or_trickles_is_given_up() {
    for does in [Does::Stall(10), Does::Trickle] {
        let (remote, patient) = scripted(vec![does.clone(); 9]);
        let download = patient.get(&name(), None).await.unwrap();
        download.bytes().await.unwrap_err();
        let waited = remote.time.now();
        assert!(waited <= Duration::from_secs(70), "{does:?} {waited:?}");
    }
}

#[tokio::test]
async fn time_that_the_reader_takes_is_not_the_remotes() {
    let (remote, patient) = scripted([]);
    let mut body = patient.get(&name(), None).await.unwrap().body;
    remote.time.sleep(Duration::from_secs(3600)).await;
    assert_eq!(body.next().await.unwrap().unwrap().len(), 1000);
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn a_small_body_is_sent_again_a_large_one_is_not() {
    let (remote, patient) = scripted([Does::Busy(None)]);
    let size = patient
        .create_if_absent(&name(), whole(vec![1; 1000]))
        .await;
    assert_eq!(size.unwrap(), 1000);
    assert_eq!(remote.asked(), ["create 1000", "create 1000"]);
    let (remote, patient) = scripted([Does::Busy(None)]);
    let pieces = (0..10).map(|_| Ok(Bytes::from(vec![1; 1 << 20])));
    let body = stream::iter(pieces.collect::<Vec<_>>()).boxed();
    let error = patient.replace(&name(), body).await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    assert_eq!(remote.asked(), ["create 10485760"]);
}

#[tokio::test]
async fn a_body_that_fails_says_nothing_of_the_remote() {
    let (_, patient) = scripted([]);
    for _ in 0..5 {
        let failed = stream::iter([Err(io::Error::other("the disk is gone"))]).boxed();
        let error = patient.create_if_absent(&name(), failed).await.unwrap_err();
        assert!(matches!(error, RemoteError::Body { .. }), "{error:?}");
    }
    patient.stat(&name()).await.unwrap();
}
