//! The indexes of one session, read once each and by the same client as the gateway's.
//!
//! Forms are tried in the gateway's order: shards, `.zst`, `.bz2`, plain. What was read is kept in
//! memory as hashes only.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rattler_networking::LazyClient;
use reqwest::StatusCode;
use url::Url;

use super::index::Index;

/// The indexes that were read so far.
pub(crate) struct Indexes {
    client: LazyClient,
    use_sharded: bool,
    read: Mutex<HashMap<Url, Arc<Index>>>,
}

impl Indexes {
    /// Nothing read yet.
    pub(crate) fn new(client: LazyClient, use_sharded: bool) -> Self {
        Self {
            client,
            use_sharded,
            read: Mutex::default(),
        }
    }

    /// The index at the URL of a subdir.
    ///
    /// # Errors
    /// Why it cannot be had, for a note: the solve that follows will say so in full.
    pub(crate) async fn get(&self, subdir: &Url) -> Result<Arc<Index>, String> {
        if let Some(index) = self.known().get(subdir) {
            return Ok(Arc::clone(index));
        }
        let index = Arc::new(self.read(subdir).await?);
        self.known().insert(subdir.clone(), Arc::clone(&index));
        Ok(index)
    }

    async fn read(&self, subdir: &Url) -> Result<Index, String> {
        if self.use_sharded
            && let Some(bytes) = self.body(subdir, "repodata_shards.msgpack.zst").await?
        {
            return parsed(move || Index::from_shards(&unpacked(&bytes)?)).await;
        }
        if let Some(bytes) = self.body(subdir, "repodata.json.zst").await? {
            return parsed(move || Index::from_plain(&unpacked(&bytes)?)).await;
        }
        if self.body(subdir, "repodata.json.bz2").await?.is_some() {
            return Err("repodata.json.bz2 is not read for proofs".to_owned());
        }
        match self.body(subdir, "repodata.json").await? {
            Some(bytes) => parsed(move || Index::from_plain(&bytes)).await,
            None => Ok(Index::missing()),
        }
    }

    async fn body(&self, subdir: &Url, file: &str) -> Result<Option<Vec<u8>>, String> {
        let url = subdir.join(file).map_err(|error| error.to_string())?;
        let response = self.client.client().get(url).send().await;
        let response = response.map_err(|error| error.to_string())?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = response.error_for_status();
        let body = match response {
            Ok(response) => response.bytes().await,
            Err(error) => Err(error),
        };
        body.map(|bytes| Some(bytes.into()))
            .map_err(|error| error.without_url().to_string())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Url, Arc<Index>>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    zstd::decode_all(bytes).map_err(|error| error.to_string())
}

/// Runs on a thread of its own: a plain index may have hundreds of megabytes.
async fn parsed(
    parse: impl FnOnce() -> Result<Index, String> + Send + 'static,
) -> Result<Index, String> {
    let parsed = tokio::task::spawn_blocking(parse).await;
    parsed.map_err(|panic| panic.to_string())?
}
