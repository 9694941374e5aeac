//! A directory of this machine as a remote: `file://`.
//!
//! An object is a file; it is written to `.tmp` and gets its name by a hard link, which never replaces.
//! Created is when it was last written, used is the later of that and of its access time, which reading
//! and touching set. Not flushed: what a power loss leaves is found by whoever verifies what is read.

use std::{
    fs::{self, File, FileTimes},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use tempfile::NamedTempFile;

use crate::{
    Body, ByteRange, Download, ObjectInfo, ObjectName, Remote, RemoteError, file_url::file_url,
};

mod layout;

/// How much is read at a time.
const PIECE: usize = 1 << 20;
const TEMPORARY: &str = ".tmp";
/// What nobody has written to for so long was left by a process that is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Objects as files below a directory, which is made when the first is created.
#[derive(Debug, Clone)]
pub struct Directory {
    root: Arc<Path>,
    url: Arc<str>,
}

impl Directory {
    /// The remote in this directory; absolute.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root: PathBuf = root.into();
        Self {
            url: file_url(&root.to_string_lossy(), cfg!(windows)).into(),
            root: root.into(),
        }
    }

    fn path(&self, name: &ObjectName) -> PathBuf {
        layout::path(&self.root, name)
    }

    fn failed(&self, operation: &'static str, object: &str, source: io::Error) -> RemoteError {
        let (remote, object) = (self.url.to_string(), object.to_owned());
        match source.kind() {
            // Where something is made it is the place that is not there.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory if operation != "create" => {
                RemoteError::NotFound { remote, object }
            }
            io::ErrorKind::AlreadyExists => RemoteError::Exists { remote, object },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                RemoteError::Forbidden {
                    remote,
                    object,
                    operation,
                    source,
                }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RemoteError::Temporary {
                remote,
                object,
                operation,
                retry_after: None,
                source,
            },
            _ => RemoteError::Broken {
                remote,
                object,
                operation,
                source,
            },
        }
    }

    /// Writes a body to a temporary file.
    async fn receive(
        &self,
        name: &ObjectName,
        mut body: Body,
    ) -> Result<(NamedTempFile, u64), RemoteError> {
        let this = self.clone();
        let failed = |error| self.failed("create", name.as_str(), error);
        let mut file = blocking(move || this.temporary()).await.map_err(failed)?;
        let mut size = 0;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|source| RemoteError::Body {
                remote: self.url.to_string(),
                object: name.to_string(),
                source,
            })?;
            size += piece.len() as u64;
            file = blocking(move || file.write_all(&piece).map(|()| file))
                .await
                .map_err(failed)?;
        }
        Ok((file, size))
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        let directory = self.root.join(TEMPORARY);
        make_directory(&self.root, &directory)?;
        for entry in fs::read_dir(&directory)?.flatten() {
            let modified = fs::symlink_metadata(entry.path()).and_then(|file| file.modified());
            let age = modified.map(|time| SystemTime::now().duration_since(time));
            if matches!(age, Ok(Ok(age)) if age > ABANDONED) {
                fs::remove_file(entry.path()).ok();
            }
        }
        larder_fs::temporary_file(&directory)
    }
}

/// Makes a directory of the remote and those above it. Whoever may write to the remote can put a link to a directory
/// of this user there: it would lead writes, and the removal of old temporary files, out of the remote. The remote's
/// own directory may be a link.
fn make_directory(root: &Path, directory: &Path) -> io::Result<()> {
    // `AlreadyExists` would be read as: the object is there.
    fs::create_dir_all(root).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })?;
    let mut path = root.to_owned();
    for part in directory.strip_prefix(root).map_err(io::Error::other)? {
        path.push(part);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        if !fs::symlink_metadata(&path)?.is_dir() {
            let text = format!("`{}` is no directory, or a link to one", path.display());
            return Err(io::Error::other(text));
        }
    }
    Ok(())
}

/// Refuses an object below a link: what is read, touched or removed must be in the remote. To a reader it is absent.
fn refuse_links_above(root: &Path, path: &Path) -> io::Result<()> {
    let inside = path.strip_prefix(root).map_err(io::Error::other)?;
    let mut above = root.to_owned();
    for part in inside.parent().into_iter().flat_map(Path::components) {
        above.push(part);
        if fs::symlink_metadata(&above)?.is_symlink() {
            return Err(io::ErrorKind::NotFound.into());
        }
    }
    Ok(())
}

/// Gives a temporary file its name, unless that is taken.
fn give_name(file: &NamedTempFile, path: &Path, root: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        make_directory(root, parent)?;
    }
    match fs::hard_link(file.path(), path) {
        Err(error)
            if larder_fs::is_unsupported(&error)
                || error.kind() == io::ErrorKind::PermissionDenied =>
        {
            larder_fs::rename_noreplace(file.path(), path).map_err(|error| error.source)
        }
        linked => linked,
    }
}

/// Runs what waits for the disk where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}

#[async_trait]
impl Remote for Directory {
    fn url(&self) -> &str {
        &self.url
    }

    async fn probe(&self) -> Result<(), RemoteError> {
        let root = Arc::clone(&self.root);
        match blocking(move || fs::read_dir(&root).map(drop)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(RemoteError::Missing {
                remote: self.url.to_string(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(RemoteError::Url {
                url: self.url.to_string(),
                problem: "it is no directory".to_owned(),
            }),
            read => read.map_err(|error| self.failed("list", "", error)),
        }
    }

    async fn create_if_absent(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        let (path, root) = (self.path(name), Arc::clone(&self.root));
        let (file, size) = self.receive(name, body).await?;
        blocking(move || give_name(&file, &path, &root))
            .await
            .map_err(|error| self.failed("create", name.as_str(), error))?;
        Ok(size)
    }

    async fn replace(&self, name: &ObjectName, body: Body) -> Result<u64, RemoteError> {
        let (path, root) = (self.path(name), Arc::clone(&self.root));
        let (file, size) = self.receive(name, body).await?;
        blocking(move || {
            if let Some(parent) = path.parent() {
                make_directory(&root, parent)?;
            }
            larder_fs::persist_temporary(file, &path).map_err(|error| error.source)
        })
        .await
        .map_err(|error| self.failed("create", name.as_str(), error))?;
        Ok(size)
    }

    async fn get(
        &self,
        name: &ObjectName,
        range: Option<ByteRange>,
    ) -> Result<Download, RemoteError> {
        let (path, root) = (self.path(name), Arc::clone(&self.root));
        let opened = blocking(move || {
            refuse_links_above(&root, &path)?;
            let file = open_object(&path)?;
            let size = file.metadata()?.len();
            Ok((file, size))
        });
        let failed = |error| self.failed("read", name.as_str(), error);
        let (mut file, size) = opened.await.map_err(failed)?;
        let range = range.unwrap_or(0..size);
        if range.end > size || range.start > range.end {
            return Err(failed(io::ErrorKind::NotFound.into()));
        }
        file.seek(io::SeekFrom::Start(range.start))
            .map_err(failed)?;
        Ok(Download {
            size,
            body: pieces(file, range.end - range.start),
        })
    }

    async fn stat(&self, name: &ObjectName) -> Result<ObjectInfo, RemoteError> {
        let (path, root) = (self.path(name), Arc::clone(&self.root));
        let metadata = blocking(move || {
            refuse_links_above(&root, &path)?;
            fs::symlink_metadata(&path).and_then(of_a_file)
        })
        .await;
        let metadata = metadata.map_err(|error| self.failed("read", name.as_str(), error))?;
        info(name.clone(), &metadata).map_err(|error| self.failed("read", name.as_str(), error))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, RemoteError> {
        let (root, wanted) = (Arc::clone(&self.root), prefix.to_owned());
        let listed = blocking(move || list(&root, &wanted)).await;
        listed.map_err(|error| self.failed("list", prefix, error))
    }

    async fn touch(&self, name: &ObjectName) -> Result<(), RemoteError> {
        let (path, root) = (self.path(name), Arc::clone(&self.root));
        let touched = blocking(move || {
            refuse_links_above(&root, &path)?;
            let times = FileTimes::new().set_accessed(SystemTime::now());
            open_object(&path)?.set_times(times)
        });
        touched
            .await
            .map_err(|error| self.failed("touch", name.as_str(), error))
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), RemoteError> {
        let (path, root) = (self.path(name), Arc::clone(&self.root));
        let removed = blocking(move || {
            refuse_links_above(&root, &path)?;
            fs::remove_file(&path)
        });
        match removed.await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|error| self.failed("delete", name.as_str(), error)),
        }
    }
}

/// The next `left` bytes of a file.
fn pieces(file: File, left: u64) -> Body {
    let next = |(mut file, left): (File, u64)| async move {
        if left == 0 {
            return Ok(None);
        }
        blocking(move || {
            let wanted = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let mut piece = Vec::with_capacity(wanted);
            (&mut file).take(wanted as u64).read_to_end(&mut piece)?;
            if piece.len() < wanted {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Some((Bytes::from(piece), (file, left - wanted as u64))))
        })
        .await
    };
    Box::pin(futures::stream::try_unfold((file, left), next))
}

fn list(root: &Path, prefix: &str) -> io::Result<Vec<ObjectInfo>> {
    let mut objects = Vec::new();
    for (name, metadata) in layout::walk(root, prefix)? {
        objects.push(info(name, &metadata)?);
    }
    objects.sort_by(|one, other| {
        let newest = other.created.cmp(&one.created);
        newest.then_with(|| one.name.cmp(&other.name))
    });
    Ok(objects)
}

/// Opens an object. A directory, a pipe, a device or a link in its place is none: a pipe would be waited for
/// until somebody writes to it, by a thread that no process can end without.
fn open_object(path: &Path) -> io::Result<File> {
    larder_fs::open_regular(path).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => io::ErrorKind::NotFound.into(),
        _ => error,
    })
}

/// A directory in an object's place is none.
fn of_a_file(metadata: fs::Metadata) -> io::Result<fs::Metadata> {
    if metadata.is_file() {
        Ok(metadata)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn info(name: ObjectName, metadata: &fs::Metadata) -> io::Result<ObjectInfo> {
    let created = metadata.modified()?;
    let used = metadata.accessed().unwrap_or(created).max(created);
    Ok(ObjectInfo {
        name,
        size: metadata.len(),
        created,
        used,
    })
}
