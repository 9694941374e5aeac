//! S3, Azure Blob Storage, Google Cloud Storage and plain HTTP as remotes, by OpenDAL.
//!
//! An object is an object of the service, under the URL's prefix. These services do not note when one was
//! read, so a use is noted as an object below `.used/` (no object's name has such a component), whose
//! time of change it is. Does not retry, but for parts of large uploads; reads no variable of the process.

use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, future};
use opendal::{Metadata, OperationContext, Operator, Writer};

use crate::{
    Body, ByteRange, Download, LISTED_OBJECTS, ObjectInfo, ObjectName, Remote, RemoteError,
    address::Address, patience::Waits,
};
use failure::At;
use transport::Transport;

mod credentials;
mod download;
mod failure;
mod transport;

pub(crate) mod azblob;
pub(crate) mod gcs;
pub(crate) mod http;
pub(crate) mod s3;

/// What is sent and received at a time, and kept in memory, a few times per transfer: S3's parts are at
/// least 5 MiB and at most 10,000, GCS's a multiple of 256 KiB.
const PART: usize = 8 << 20;
/// How many parts of one object are on their way at once.
const AT_ONCE: usize = 4;
/// Where uses are noted.
const USED: &str = ".used/";

/// What differs from service to service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Objects are created, listed and deleted.
    Bucket,
    /// Objects are read.
    ReadOnly,
}

/// What all services are opened with.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) client: reqwest::Client,
    pub(crate) waits: Waits,
    /// A use is noted again after so long.
    pub(crate) note_use_after: Duration,
}

/// A service that OpenDAL speaks to.
pub(crate) struct Cloud {
    operator: Operator,
    url: Arc<str>,
    nature: Nature,
    note_use_after: Duration,
}

impl Cloud {
    fn new(operator: Operator, (url, nature): (&str, Nature), means: &Means) -> Self {
        let transport = Transport::new(means.client.clone(), means.waits.clone());
        let transport = opendal::HttpTransporter::new(transport);
        let context = OperationContext::new().with_http_transport(transport);
        Self {
            operator: operator.with_context(context),
            url: url.into(),
            nature,
            note_use_after: means.note_use_after,
        }
    }

    /// The bucket or container that a builder was told of.
    fn of_bucket(
        builder: impl opendal::Builder,
        address: &Address,
        means: &Means,
    ) -> Result<Self, RemoteError> {
        let operator = Operator::new(builder).map_err(|error| address.refused(error.message()))?;
        Ok(Self::new(operator, (&address.shown, Nature::Bucket), means))
    }

    fn at<'a>(&'a self, operation: &'static str, object: &'a str) -> At<'a> {
        At {
            remote: &self.url,
            object,
            operation,
        }
    }

    fn changes(&self, operation: &'static str) -> Result<(), RemoteError> {
        match self.nature {
            Nature::Bucket => Ok(()),
            Nature::ReadOnly => Err(RemoteError::Unsupported {
                remote: self.url.to_string(),
                operation,
            }),
        }
    }

    /// Sends a body; nothing is there if it fails.
    async fn send(&self, name: &ObjectName, body: Body, is_new: bool) -> Result<u64, RemoteError> {
        let at = self.at("create", name.as_str());
        let opened = self.operator.writer_with(name.as_str());
        let opened = opened.if_not_exists(is_new).chunk(PART).concurrent(AT_ONCE);
        let mut writer = opened.await.map_err(|error| at.failed(&error))?;
        let sent = pass(&mut writer, body, at).await;
        let sent = match sent {
            Ok(size) => writer
                .close()
                .await
                .map(|_| size)
                .map_err(|error| at.failed(&error)),
            Err(error) => Err(error),
        };
        if sent.is_err() {
            // What this leaves costs room until the service's own rules sweep it, and is nobody's object.
            writer.abort().await.ok();
        }
        sent
    }

    async fn metadata(&self, path: &str, at: At<'_>) -> Result<Metadata, RemoteError> {
        let metadata = self.operator.stat(path).await;
        metadata.map_err(|error| at.failed(&error))
    }

    /// When a use was noted last.
    async fn noted(&self, name: &ObjectName) -> Result<Option<SystemTime>, RemoteError> {
        let at = self.at("read", name.as_str());
        match self.metadata(&marker(name.as_str()), at).await {
            Ok(metadata) => Ok(metadata.last_modified().map(Into::into)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What there is below a beginning of paths, with what `strip` leaves of each path.
    async fn entries(
        &self,
        (path, strip): (&str, &str),
        at: At<'_>,
    ) -> Result<Vec<(ObjectName, Metadata)>, RemoteError> {
        let lister = self.operator.lister_with(path).recursive(true).await;
        let mut lister = lister.map_err(|error| at.failed(&error))?;
        let mut found = Vec::new();
        let mut seen = 0;
        while let Some(entry) = lister.try_next().await.map_err(|error| at.failed(&error))? {
            let (path, metadata) = entry.into_parts();
            let name = path.strip_prefix(strip).map(ObjectName::new);
            // What has no object's name is none of ours.
            if let Some(Ok(name)) = name
                && metadata.is_file()
            {
                found.push((name, metadata));
            }
            // A server can always say that there is more; this is asked for 30 seconds.
            seen += 1;
            if seen > LISTED_OBJECTS {
                let text = format!("the list has more than {LISTED_OBJECTS} objects");
                return Err(at.failed(&opendal::Error::new(opendal::ErrorKind::Unexpected, text)));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Remote for Cloud {
    fn url(&self) -> &str {
        &self.url
    }

    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        self.changes("create")?;
        // Some servers do not know conditional creation and would replace what is there; and nothing is
        // sent in vain. Who may not read may create.
        match self
            .metadata(name.as_str(), self.at("create", name.as_str()))
            .await
        {
            Ok(_) => {
                return Err(RemoteError::Exists {
                    remote: self.url.to_string(),
                    object: name.to_string(),
                });
            }
            Err(RemoteError::NotFound { .. } | RemoteError::Forbidden { .. }) => {}
            Err(error) => return Err(error),
        }
        self.send(name, body, true).await
    }

    async fn replace(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        self.changes("create")?;
        self.send(name, body, false).await
    }

    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError> {
        download::get(&self.operator, self.at("read", name.as_str()), range).await
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        let at = self.at("read", name.as_str());
        if self.nature == Nature::ReadOnly {
            let metadata = self.metadata(name.as_str(), at).await?;
            return Ok(unnoted(name.clone(), &metadata));
        }
        let object = self.metadata(name.as_str(), at);
        let (metadata, noted) = future::try_join(object, self.noted(name)).await?;
        Ok(info(name.clone(), &metadata, noted))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        self.changes("list")?;
        let at = self.at("list", prefix);
        let marked = marker(prefix);
        let objects = self.entries((prefix, ""), at);
        let markers = self.entries((&marked, USED), at);
        let (objects, markers) = future::try_join(objects, markers).await?;
        let times = markers.into_iter().filter_map(|(name, marker)| {
            let time: SystemTime = marker.last_modified()?.into();
            Some((name, time))
        });
        let used: std::collections::HashMap<ObjectName, SystemTime> = times.collect();
        let objects = objects.into_iter().map(|(name, metadata)| {
            let noted = used.get(&name).copied();
            info(name, &metadata, noted)
        });
        Ok(newest_first(objects.collect()))
    }

    async fn touch(&self, name: &ObjectName) -> Result<(), RemoteError> {
        self.changes("touch")?;
        let at = self.at("touch", name.as_str());
        let used = self.stat(name).await?.used;
        let age = SystemTime::now().duration_since(used).unwrap_or_default();
        if age < self.note_use_after {
            return Ok(());
        }
        let written = self.operator.write(&marker(name.as_str()), "used").await;
        written.map(drop).map_err(|error| at.failed(&error))
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), RemoteError> {
        self.changes("delete")?;
        let at = self.at("delete", name.as_str());
        match self.operator.delete(name.as_str()).await {
            Ok(()) => {}
            Err(error) => match at.failed(&error) {
                RemoteError::NotFound { .. } => {}
                error => return Err(error),
            },
        }
        // One that stays says nothing: it is older than any object that gets the name.
        self.operator.delete(&marker(name.as_str())).await.ok();
        Ok(())
    }
}

/// Hands a body to a writer.
async fn pass(writer: &mut Writer, mut body: Body, at: At<'_>) -> Result<u64, RemoteError> {
    let mut size = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|source: io::Error| RemoteError::Body {
            remote: at.remote.to_owned(),
            object: at.object.to_owned(),
            source,
        })?;
        size += piece.len() as u64;
        if !piece.is_empty() {
            writer
                .write(piece)
                .await
                .map_err(|error| at.failed(&error))?;
        }
    }
    Ok(size)
}

fn marker(name: &str) -> String {
    format!("{USED}{name}")
}

fn info(name: ObjectName, metadata: &Metadata, noted: Option<SystemTime>) -> ObjectInfo {
    let created = metadata.last_modified();
    let created = created.map_or(SystemTime::UNIX_EPOCH, Into::into);
    ObjectInfo {
        name,
        size: metadata.content_length(),
        created,
        used: noted.map_or(created, |noted| noted.max(created)),
    }
}

/// Where uses cannot be noted, whoever fills the place keeps count: for readers each object is in use.
fn unnoted(name: ObjectName, metadata: &Metadata) -> ObjectInfo {
    info(name, metadata, Some(SystemTime::now()))
}

fn newest_first(mut objects: Vec<ObjectInfo>) -> Vec<ObjectInfo> {
    objects.sort_by(|one, other| {
        let newest = other.created.cmp(&one.created);
        newest.then_with(|| one.name.cmp(&other.name))
    });
    objects
}
