//! The remote's clock: ages are told by it alone, as far as it can be asked.

use std::time::{Duration, SystemTime};

use larder_remote::{ObjectName, Remote, whole};

use crate::{CollectOptions, ShareError};

/// What time it is there. Where nothing is to be changed, the caller's clock has to do.
pub(crate) async fn now(
    remote: &dyn Remote,
    object: &ObjectName,
    options: &CollectOptions,
) -> Result<SystemTime, ShareError> {
    if options.dry_run {
        return Ok(options.now);
    }
    remote
        .replace(object, whole("larder asks what time it is\n"))
        .await?;
    Ok(remote.stat(object).await?.created)
}

/// Whether something of this time is older than that, by the remote's clock.
pub(crate) fn is_older(time: SystemTime, age: Duration, now: SystemTime) -> bool {
    now.duration_since(time).is_ok_and(|found| found > age)
}
