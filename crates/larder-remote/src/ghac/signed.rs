//! The signed URLs of entries, kept for as long as they are good: look-ups are what the service limits, and an
//! object that is read in ranges wants many.
//!
//! Secrets: neither shown nor written anywhere. Knows no service: who asks looks up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Mutex as AsyncMutex;

/// One of a key; whoever has it locked looks it up.
type Kept = Arc<AsyncMutex<Option<Arc<str>>>>;

/// The URLs by their keys.
#[derive(Default)]
pub(super) struct Signed {
    urls: Mutex<HashMap<String, Kept>>,
}

impl Signed {
    /// The URL of a key: the one that is known, unless that is `stale`, else what `look_up` finds. Of several who
    /// ask at once one looks up.
    pub(super) async fn url<E>(
        &self,
        key: &str,
        stale: Option<&str>,
        look_up: impl Future<Output = Result<String, E>>,
    ) -> Result<Arc<str>, E> {
        let kept = self.kept(key);
        let mut known = kept.lock().await;
        if let Some(url) = known.as_ref().filter(|url| Some(&***url) != stale) {
            return Ok(Arc::clone(url));
        }
        *known = None;
        let url: Arc<str> = look_up.await?.into();
        *known = Some(Arc::clone(&url));
        Ok(url)
    }

    /// Takes in what a look-up for something else found.
    pub(super) async fn keep(&self, key: &str, url: &str) {
        *self.kept(key).lock().await = Some(url.into());
    }

    /// The entry is another one now, or none.
    pub(super) fn forget(&self, key: &str) {
        self.urls().remove(key);
    }

    fn kept(&self, key: &str) -> Kept {
        Arc::clone(self.urls().entry(key.to_owned()).or_default())
    }

    fn urls(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.urls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
