//! Removing many objects of a remote.

use futures::{StreamExt as _, stream};
use larder_remote::{ObjectName, Remote};

use crate::ShareError;

/// How many are removed at once.
const REQUESTS: usize = 16;

/// Removes them; what is gone already is no error.
pub(crate) async fn delete(remote: &dyn Remote, names: Vec<ObjectName>) -> Result<(), ShareError> {
    let deletes = names
        .into_iter()
        .map(|name| async move { remote.delete(&name).await });
    let mut deletes = stream::iter(deletes).buffer_unordered(REQUESTS);
    while let Some(deleted) = deletes.next().await {
        deleted?;
    }
    Ok(())
}
