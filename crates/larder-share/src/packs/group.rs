//! [`Group`]: members of a pack that are read in one request, for whoever asks for each.
//!
//! Bytes stay in memory until every member was asked for, so groups are small ([`Rules::request`]). A member
//! that is alone in its group streams.
//!
//! [`Rules::request`]: super::Rules::request

use std::{collections::HashMap, ops::Range};

use bytes::Bytes;
use larder_remote::{Download, ObjectName, Remote, RemoteError, whole};
use tokio::sync::Mutex;

use super::{PackId, Read};
use crate::{ShareError, objects::read};

/// One request.
pub(super) struct Group {
    pack: PackId,
    range: Range<u64>,
    /// Where each member is in the object.
    places: HashMap<String, Range<u64>>,
    pending: Mutex<Option<Pending>>,
}

/// What was read, and how many members are still to be asked for.
struct Pending {
    bytes: Bytes,
    left: usize,
}

impl Group {
    pub(super) fn new(read: Read) -> Self {
        let members = read.members.into_iter();
        Self {
            pack: read.pack,
            range: read.range,
            places: members
                .map(|(member, place)| (member.name, place))
                .collect(),
            pending: Mutex::new(None),
        }
    }

    pub(super) fn pack(&self) -> PackId {
        self.pack
    }

    /// The bytes of a member: not verified.
    pub(super) async fn open(
        &self,
        remote: &dyn Remote,
        name: &str,
    ) -> Result<Download, ShareError> {
        let object = self.object(remote)?;
        let Some(place) = self.places.get(name) else {
            return Err(absent(remote, name));
        };
        let size = place.end - place.start;
        if self.places.len() == 1 {
            let body = remote.get(&object, Some(place.clone())).await?.body;
            return Ok(Download { size, body });
        }
        let mut pending = self.pending.lock().await;
        let known = match pending.take() {
            Some(known) => known,
            None => self.fetch(remote, &object).await?,
        };
        let [first, end] = [place.start, place.end].map(|at| (at - self.range.start) as usize);
        let bytes = known.bytes.slice(first..end);
        let left = known.left - 1;
        *pending = (left > 0).then_some(Pending { left, ..known });
        Ok(Download {
            size,
            body: whole(bytes),
        })
    }

    async fn fetch(&self, remote: &dyn Remote, object: &ObjectName) -> Result<Pending, ShareError> {
        let download = remote.get(object, Some(self.range.clone())).await?;
        let length = self.range.end - self.range.start;
        let bytes = read(remote, object.as_str(), download, length).await?;
        if bytes.len() as u64 != length {
            return Err(ShareError::Damaged {
                remote: remote.url().to_owned(),
                object: object.to_string(),
                problem: format!("{} bytes came, expected {length}", bytes.len()),
            });
        }
        Ok(Pending {
            bytes: bytes.into(),
            left: self.places.len(),
        })
    }

    fn object(&self, remote: &dyn Remote) -> Result<ObjectName, ShareError> {
        let name = self.pack.object();
        ObjectName::new(name.clone()).map_err(|_| absent(remote, &name))
    }
}

fn absent(remote: &dyn Remote, object: &str) -> ShareError {
    ShareError::Remote(RemoteError::NotFound {
        remote: remote.url().to_owned(),
        object: object.to_owned(),
    })
}
