//! GitHub's cache service as a remote: `ghac:`, or `ghac://NAMESPACE` for a part of its own.
//!
//! Objects are entries of the cache service, version 2, as @actions/cache has them. The service decides who
//! reads and writes what (a run reads its own ref's entries, then the base and the default branch's, and
//! writes its own), which entry a beginning finds ([`Remote::newest`]), and what goes: what was not used for
//! seven days, and the least recently used beyond 10 GB a repository. Entries never change. 200 may be
//! created a minute and repository, so whoever stores here makes few and large ones: a run saves one or two.
//!
//! [`Remote::list`] and [`Remote::delete`] are GitHub's REST API and want a `GITHUB_TOKEN`; they know the
//! entries of all refs. Names of 511 characters or more are found whole and not listed. A body that ends with
//! an error in its first 4 MiB reserves no name; an upload that fails later keeps it taken for others until
//! the service forgets it, and the next try of this remote goes on with it. Errors show neither signed URLs
//! nor tokens.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use larder_digest::Hasher;

use crate::{
    Body, ByteRange, Download, ObjectInfo, ObjectName, OpenOptions, Remote, RemoteError, Wanted,
    open::client, patience::Waits,
};
use download::{Blob, Ranges};
use failure::At;
use place::{missing, namespace, refused, web_url};
use rest::{Api, Listed};
use service::{Found, MAX_KEYS, Service};
use signed::Signed;
use upload::{Blocks, Upload};

mod download;
mod failure;
mod name;
mod place;
mod rest;
mod service;
mod signed;
mod upload;

/// How much is sent in one request: little enough that a slow line has sent four before the client takes the
/// silence meanwhile for a failure. [`Patient`](crate::Patient) keeps as much, and tries it again.
const BLOCK: usize = 4 << 20;
/// How much is read in one request.
const RANGE: u64 = 8 << 20;
/// How many requests send or read one object at once.
const PARALLEL: usize = 4;
/// What makes entries ours: it is hashed, with the namespace, into their version.
const LAYOUT: &str = "larder-remote-1";
/// The cache service of one run.
#[derive(Clone)]
pub struct Ghac {
    service: Arc<Service>,
    api: Option<Arc<Api>>,
    waits: Waits,
    /// Where uploads went that failed, by their keys: those are taken, by us. Secrets.
    failed: Arc<Mutex<HashMap<String, String>>>,
    signed: Arc<Signed>,
    url: Arc<str>,
}

/// Whether a URL is of this service.
pub(crate) fn is_ours(url: &str) -> bool {
    url.starts_with("ghac:")
}

impl Ghac {
    /// The service that the variables of a run tell, by its URL.
    ///
    /// # Errors
    /// [`RemoteError::Url`] if the URL has another form or a variable is missing.
    pub fn new(url: &str, options: &OpenOptions) -> Result<Self, RemoteError> {
        Self::with(url, options, Waits::new(options.patience))
    }

    pub(crate) fn with(
        url: &str,
        options: &OpenOptions,
        waits: Waits,
    ) -> Result<Self, RemoteError> {
        let namespace = namespace(url).ok_or_else(|| {
            refused(
                "ghac:",
                "expected ghac: or ghac://NAMESPACE, of letters, digits and `-_.`",
            )
        })?;
        let shown = match namespace {
            "" => "ghac:".to_owned(),
            namespace => format!("ghac://{namespace}"),
        };
        let variable = |name: &str| {
            options
                .variables
                .get(name)
                .filter(|value| !value.is_empty())
        };
        let token = variable("ACTIONS_RUNTIME_TOKEN");
        let token = token.ok_or_else(|| missing(&shown, "ACTIONS_RUNTIME_TOKEN"))?;
        let results = variable("ACTIONS_RESULTS_URL");
        let results = results.ok_or_else(|| missing(&shown, "ACTIONS_RESULTS_URL"))?;
        let results = web_url(results)
            .ok_or_else(|| refused(&shown, "ACTIONS_RESULTS_URL is no http:// or https:// URL"))?;
        let client = client(options)?;
        let mut hasher = Hasher::sha256();
        hasher.update(format!("{LAYOUT}|{namespace}").as_bytes());
        Ok(Self {
            api: Api::of(&client, &variable).map(Arc::new),
            service: Arc::new(Service {
                client,
                results,
                token: token.clone(),
                version: hasher.finish().sha256.to_hex(),
            }),
            waits,
            failed: Arc::default(),
            signed: Arc::default(),
            url: shown.into(),
        })
    }

    fn at<'a>(&'a self, operation: &'static str, object: &'a str) -> At<'a> {
        At {
            remote: &self.url,
            object,
            operation,
        }
    }

    /// The entry of this very object.
    async fn exact(&self, at: At<'_>, name: &ObjectName) -> Result<Found, RemoteError> {
        self.entry(at, &name::key(name)).await
    }

    async fn entry(&self, at: At<'_>, key: &str) -> Result<Found, RemoteError> {
        let found = self.service.find(at, &[key.to_owned()]).await?;
        // What goes on behind the key is found by it as well.
        found
            .filter(|found| found.key == key)
            .ok_or_else(|| at.not_found())
    }

    /// Where the entry of a key is to be read: as was said last, unless that is `stale`.
    async fn signed_url(
        &self,
        at: At<'_>,
        key: &str,
        stale: Option<&str>,
    ) -> Result<Arc<str>, RemoteError> {
        let look_up = async { Ok(self.entry(at, key).await?.url) };
        self.signed.url(key, stale, look_up).await
    }

    async fn info(
        &self,
        at: At<'_>,
        name: ObjectName,
        found: &Found,
    ) -> Result<ObjectInfo, RemoteError> {
        self.signed.keep(&found.key, &found.url).await;
        let properties = self.blob(at, &found.url).properties().await?;
        Ok(ObjectInfo {
            name,
            size: properties.size,
            created: properties.modified,
            // The look-up was a use.
            used: properties.now,
        })
    }

    async fn upload(
        &self,
        upload: &Upload<'_>,
        key: &str,
        (first, rest): (Bytes, Blocks),
    ) -> Result<u64, RemoteError> {
        let size = upload.send(first, rest).await?;
        let at = upload.at;
        let finish = || self.service.finish(at, key, size);
        match upload.waits.often(finish).await {
            Ok(()) => Ok(size),
            // An answer that got lost may have said that it is done.
            Err(error) if error.is_not_found() => match self.entry(at, key).await {
                Ok(_) => Ok(size),
                Err(_) => Err(at.broken("the service does not know the upload any more")),
            },
            Err(error) => Err(error),
        }
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blob<'a>(&'a self, at: At<'a>, url: &'a str) -> Blob<'a> {
        Blob {
            client: &self.service.client,
            at,
            url,
        }
    }

    fn api(&self, operation: &'static str) -> Result<&Api, RemoteError> {
        let remote = || format!("{} without GITHUB_TOKEN", self.url);
        self.api.as_deref().ok_or_else(|| RemoteError::Unsupported {
            remote: remote(),
            operation,
        })
    }

    /// All our entries whose keys begin so.
    async fn listed(
        &self,
        (operation, object): (&'static str, &str),
        key: &str,
    ) -> Result<Vec<Listed>, RemoteError> {
        let api = self.api(operation)?;
        let mut listed = api.list(self.at(operation, object), key).await?;
        listed.retain(|entry| entry.version == self.service.version && entry.key.starts_with(key));
        Ok(listed)
    }
}

#[async_trait]
impl Remote for Ghac {
    fn url(&self) -> &str {
        &self.url
    }

    fn has_scopes(&self) -> bool {
        true
    }

    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        let at = self.at("create", name.as_str());
        let key = name::key(name);
        let mut blocks = Blocks::new(body, BLOCK);
        let first = blocks.next().await.map_err(|source| at.no_body(source))?;
        // Who kept all of it tries it again.
        let waits = match blocks.is_at_end {
            true => self.waits.once(),
            false => self.waits.clone(),
        };
        let known = self.failed().remove(&key);
        let url = match known {
            Some(url) => url,
            None => waits.often(|| self.service.create(at, &key)).await?,
        };
        let upload = Upload {
            client: &self.service.client,
            at,
            url: &url,
            parallel: PARALLEL,
            waits,
        };
        let result = self.upload(&upload, &key, (first, blocks)).await;
        self.signed.forget(&key);
        if matches!(&result, Err(error) if !matches!(error, RemoteError::Forbidden { .. })) {
            self.failed().insert(key, url);
        }
        result
    }

    async fn replace(&self, _name: &ObjectName, _body: Body) -> Result<u64, RemoteError> {
        Err(RemoteError::Unsupported {
            remote: self.url.to_string(),
            operation: "replace",
        })
    }

    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError> {
        let at = self.at("read", name.as_str());
        let key = name::key(name);
        let ranges = Ranges {
            size: RANGE,
            parallel: PARALLEL,
        };
        let url = self.signed_url(at, &key, None).await?;
        match self.blob(at, &url).read(range.clone(), ranges).await {
            // The signature is not good for ever, and what was there may be gone.
            Err(RemoteError::Forbidden { .. } | RemoteError::NotFound { .. }) => {
                let url = self.signed_url(at, &key, Some(&url)).await?;
                self.blob(at, &url).read(range, ranges).await
            }
            read => read,
        }
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        let at = self.at("read", name.as_str());
        let found = self.exact(at, name).await?;
        self.info(at, name.clone(), &found).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        let listed = self
            .listed(("list", prefix), &name::beginning(prefix))
            .await?;
        let mut objects: Vec<ObjectInfo> = Vec::new();
        for entry in listed {
            // The same name may be there in several refs.
            let name = name::name(&entry.key);
            let name = name.filter(|name| objects.iter().all(|known| known.name != *name));
            objects.extend(name.map(|name| entry.info(name)));
        }
        if let Ok(name) = ObjectName::new(prefix)
            && name::name(&name::key(&name)).is_none()
        {
            let listed = self.listed(("list", prefix), &name::key(&name)).await?;
            objects.extend(listed.first().map(|entry| entry.info(name)));
        }
        objects.sort_by(|one, other| {
            let newest = other.created.cmp(&one.created);
            newest.then_with(|| one.name.cmp(&other.name))
        });
        Ok(objects)
    }

    /// One look-up for ten keys, decided by the service: each scope first to last, in each what is wanted
    /// first to last. More are several look-ups, each in all scopes.
    async fn newest(&self, wanted: &[Wanted]) -> Result<Option<ObjectInfo>, RemoteError> {
        for wanted in wanted.chunks(MAX_KEYS) {
            let at = self.at("read", wanted.first().map_or("", Wanted::as_str));
            let keys: Vec<String> = wanted
                .iter()
                .map(|wanted| match wanted {
                    Wanted::Whole(name) => name::key(name),
                    Wanted::Prefix(prefix) => name::beginning(prefix),
                })
                .collect();
            let Some(found) = self.service.find(at, &keys).await? else {
                continue;
            };
            let name = wanted
                .iter()
                .zip(&keys)
                .find_map(|(wanted, key)| match wanted {
                    Wanted::Whole(name) => (found.key == *key).then(|| name.clone()),
                    Wanted::Prefix(_) if found.key.starts_with(key) => name::name(&found.key),
                    Wanted::Prefix(_) => None,
                });
            if let Some(name) = name {
                return self.info(at, name, &found).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Looking is using.
    async fn touch(&self, _name: &ObjectName) -> Result<(), RemoteError> {
        Ok(())
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), RemoteError> {
        let key = name::key(name);
        self.signed.forget(&key);
        let of = ("delete", name.as_str());
        for entry in self.listed(of, &key).await? {
            match self.api(of.0)?.delete(self.at(of.0, of.1), entry.id).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Listed {
    fn info(&self, name: ObjectName) -> ObjectInfo {
        ObjectInfo {
            name,
            size: self.size,
            created: self.created,
            used: self.used.max(self.created),
        }
    }
}

#[cfg(test)]
mod tests;
