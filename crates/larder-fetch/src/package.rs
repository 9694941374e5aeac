//! One package: another place that has objects, then its URLs in order, each with as many tries as its failures deserve.
//!
//! A temporary failure is tried again after a wait; wrong content once more, asking caches on the way to
//! look again, because it may have been damaged there; anything else at once at the next URL.

use larder_event::ArchiveSource;
use larder_store::Object;
use url::Url;

use crate::{
    PackageFailure, TransferError, elsewhere,
    progress::Progress,
    transfer::{Job, transfer},
};

/// Fetches one package from the first place that gives it, and says which sort of place that was.
pub(crate) async fn fetch_package(
    job: &Job<'_>,
    progress: &mut Progress<'_>,
) -> Result<(Object, ArchiveSource), PackageFailure> {
    if let Some(object) = elsewhere::take(job, progress).await? {
        return Ok((object, ArchiveSource::Remote));
    }
    let object = from_urls(job, progress).await?;
    Ok((object, ArchiveSource::Channel))
}

async fn from_urls(job: &Job<'_>, progress: &mut Progress<'_>) -> Result<Object, PackageFailure> {
    let mut tries = 0;
    let mut worst: Option<TransferError> = None;
    let urls: Vec<&Url> = job
        .missing
        .urls
        .iter()
        .filter(|url| allowed(job, url))
        .collect();
    for (index, url) in urls.iter().enumerate() {
        let error = match fetch_from(job, url, progress, &mut tries).await {
            Ok(object) => return Ok(object),
            Err(error) => error,
        };
        let hopeless = error.is_ours();
        if !hopeless && let Some(next) = urls.get(index + 1) {
            progress.retried(next, &error);
        }
        worst = Some(worse(worst, error));
        if hopeless {
            break;
        }
    }
    Err(PackageFailure {
        package: job.missing.package.clone(),
        tries,
        cause: worst.unwrap_or(TransferError::Nowhere),
    })
}

fn allowed(job: &Job<'_>, url: &Url) -> bool {
    !job.options.offline || url.scheme() == "file"
}

/// What came last says most, unless someone gave wrong bytes.
fn worse(worst: Option<TransferError>, error: TransferError) -> TransferError {
    match worst {
        Some(worst) if worst.is_wrong_content() && !error.is_ours() => worst,
        _ => error,
    }
}

async fn fetch_from(
    job: &Job<'_>,
    url: &Url,
    progress: &mut Progress<'_>,
    tries: &mut u32,
) -> Result<Object, TransferError> {
    let mut waits = 0;
    let mut fresh = false;
    loop {
        *tries += 1;
        let error = match transfer(job, url, fresh, progress).await {
            Ok(object) => return Ok(object),
            Err(error) => error,
        };
        if error.is_wrong_content() && !fresh && url.scheme() != "file" {
            fresh = true;
            progress.retried(url, &error);
        } else if error.is_temporary() && waits < job.options.retries && url.scheme() != "file" {
            waits += 1;
            progress.retried(url, &error);
            wait(job, waits, &error).await;
        } else {
            return Err(error);
        }
    }
}

async fn wait(job: &Job<'_>, attempt: u32, error: &TransferError) {
    let asked = match error {
        TransferError::Status { retry_after, .. } => *retry_after,
        _ => None,
    };
    let delay = job.options.backoff.delay(attempt, asked);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
