//! A remote in memory with a clock of its own, whose every operation is one step that somebody else decides about.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt as _;
use larder_remote::{
    Body, ByteRange, Download, ObjectInfo, ObjectName, Remote, RemoteError, whole,
};

/// The remote. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectName, (Bytes, u64, u64)>,
    now: u64,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Time passes, in seconds.
    pub(crate) fn pass(&self, seconds: u64) {
        self.state().now += seconds;
    }

    pub(crate) fn now(&self) -> u64 {
        self.state().now
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.state()
            .objects
            .keys()
            .any(|found| found.as_str() == name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.state()
            .objects
            .keys()
            .map(ToString::to_string)
            .collect()
    }

    fn absent(name: &ObjectName) -> RemoteError {
        RemoteError::NotFound {
            remote: "memory".to_owned(),
            object: name.to_string(),
        }
    }

    fn put(&self, name: &ObjectName, bytes: Bytes) -> u64 {
        let mut state = self.state();
        let now = state.now;
        let size = bytes.len() as u64;
        state.objects.insert(name.clone(), (bytes, now, now));
        size
    }
}

/// Lets whoever drives decide what comes next.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        context.waker().wake_by_ref();
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn info(name: &ObjectName, (bytes, created, used): &(Bytes, u64, u64)) -> ObjectInfo {
    ObjectInfo {
        name: name.clone(),
        size: bytes.len() as u64,
        created: at(*created),
        used: at(*used),
    }
}

#[async_trait]
impl Remote for Memory {
    fn url(&self) -> &str {
        "memory"
    }

    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        let pieces: Vec<Bytes> = body.try_collect().await.unwrap();
        Turn(false).await;
        if self.has(name.as_str()) {
            return Err(RemoteError::Exists {
                remote: "memory".to_owned(),
                object: name.to_string(),
            });
        }
        Ok(self.put(name, pieces.concat().into()))
    }

    async fn replace(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        let pieces: Vec<Bytes> = body.try_collect().await.unwrap();
        Turn(false).await;
        Ok(self.put(name, pieces.concat().into()))
    }

    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError> {
        Turn(false).await;
        let mut state = self.state();
        let now = state.now;
        let (bytes, _, used) = state
            .objects
            .get_mut(name)
            .ok_or_else(|| Self::absent(name))?;
        *used = now;
        let size = bytes.len() as u64;
        let bytes = match range {
            None => bytes.clone(),
            Some(range) if range.end > size => return Err(Self::absent(name)),
            Some(range) => bytes.slice(range.start as usize..range.end as usize),
        };
        Ok(Download {
            size,
            body: whole(bytes),
        })
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        Turn(false).await;
        let state = self.state();
        let found = state.objects.get(name).ok_or_else(|| Self::absent(name))?;
        Ok(info(name, found))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        Turn(false).await;
        let state = self.state();
        let found = state
            .objects
            .iter()
            .filter(|(name, _)| name.as_str().starts_with(prefix));
        let mut found: Vec<_> = found.map(|(name, object)| info(name, object)).collect();
        found.sort_by_key(|info| std::cmp::Reverse(info.created));
        Ok(found)
    }

    async fn touch(&self, name: &ObjectName) -> Result<(), RemoteError> {
        Turn(false).await;
        let mut state = self.state();
        let now = state.now;
        let found = state
            .objects
            .get_mut(name)
            .ok_or_else(|| Self::absent(name))?;
        found.2 = now;
        Ok(())
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), RemoteError> {
        Turn(false).await;
        self.state().objects.remove(name);
        Ok(())
    }
}
