//! The cache service, version 2: three Twirp methods in JSON, as @actions/cache calls them.

use std::time::Duration;

use reqwest::{Client, Response, header::CONTENT_TYPE};
use serde_json::{Value, json};
use url::Url;

use super::failure::{At, Refusal, wish};
use crate::{ANSWER_BYTES, RemoteError};

const METHODS: &str = "/twirp/github.actions.results.api.v1.CacheService/";
/// Calls are small; one that takes longer got lost.
pub(super) const CALL: Duration = Duration::from_secs(30);
/// How many keys a look-up may have.
pub(super) const MAX_KEYS: usize = 10;

/// The service of one run.
pub(super) struct Service {
    pub(super) client: Client,
    /// `ACTIONS_RESULTS_URL`; its path does not count.
    pub(super) results: Url,
    /// `ACTIONS_RUNTIME_TOKEN`.
    pub(super) token: String,
    /// What entries must have to be ours.
    pub(super) version: String,
}

/// An entry that a look-up found.
pub(super) struct Found {
    pub(super) key: String,
    /// Signed: a secret.
    pub(super) url: String,
}

impl Service {
    /// Reserves a key; where to upload to, a secret.
    pub(super) async fn create(&self, at: At<'_>, key: &str) -> Result<String, RemoteError> {
        let request = json!({ "key": key, "version": self.version });
        let answer = self.call(at, "CreateCacheEntry", &request).await?;
        if is_ok(&answer) {
            return url_of(at, &answer, "signed_upload_url");
        }
        let message = self.without_token(text(&answer, "message"));
        if message.starts_with("cache write denied:") {
            Err(at.forbidden(&message))
        } else if message.is_empty() || message.contains("exist") {
            Err(at.exists())
        } else {
            Err(at.broken(&format!("the service refuses: {message}")))
        }
    }

    /// Makes an upload an entry.
    pub(super) async fn finish(&self, at: At<'_>, key: &str, size: u64) -> Result<(), RemoteError> {
        let request = json!({
            "key": key,
            "version": self.version,
            "size_bytes": size.to_string(),
        });
        let answer = self.call(at, "FinalizeCacheEntryUpload", &request).await?;
        if is_ok(&answer) {
            return Ok(());
        }
        let message = self.without_token(text(&answer, "message"));
        Err(at.broken(&format!("the service does not take the upload: {message}")))
    }

    /// Looks in each scope for one key after the other, each whole, else as a beginning.
    pub(super) async fn find(
        &self,
        at: At<'_>,
        keys: &[String],
    ) -> Result<Option<Found>, RemoteError> {
        let Some((key, more)) = keys.split_first() else {
            return Ok(None);
        };
        let mut request = json!({ "key": key, "version": self.version });
        if !more.is_empty() {
            request["restore_keys"] = json!(more);
        }
        let answer = self.call(at, "GetCacheEntryDownloadURL", &request).await?;
        if !is_ok(&answer) {
            return Ok(None);
        }
        let url = url_of(at, &answer, "signed_download_url")?;
        let key = text(&answer, "matched_key").to_owned();
        Ok(Some(Found { key, url }))
    }

    async fn call(&self, at: At<'_>, method: &str, request: &Value) -> Result<Value, RemoteError> {
        let mut url = self.results.clone();
        url.set_path(&format!("{METHODS}{method}"));
        let sent = self.client.post(url).bearer_auth(&self.token).timeout(CALL);
        let sent = sent
            .header(CONTENT_TYPE, "application/json")
            .body(request.to_string());
        let answer = sent.send().await.map_err(|error| at.unsent(error))?;
        if !answer.status().is_success() {
            let mut refusal = refusal(answer).await;
            refusal.message = self.without_token(&refusal.message);
            // A method that is not there is no entry that is not there.
            return Err(match (refusal.status.as_u16(), &refusal.code[..]) {
                (404, code) if code != "not_found" => at.broken(&format!(
                    "there is no cache service of version 2: {}",
                    refusal.status
                )),
                _ => at.refused(&refusal),
            });
        }
        let body = bounded(answer).await.map_err(|error| at.unsent(error))?;
        serde_json::from_slice(&body)
            .map_err(|_| at.temporary("the service's answer is no JSON", None))
    }

    /// Services quote.
    fn without_token(&self, text: &str) -> String {
        text.replace(&self.token, "***")
    }
}

/// The body of an answer, cut at [`ANSWER_BYTES`]: what was cut is no JSON any more, and refused as such.
pub(super) async fn bounded(mut answer: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES {
        let Some(piece) = answer.chunk().await? else {
            break;
        };
        body.extend_from_slice(&piece);
    }
    body.truncate(ANSWER_BYTES);
    Ok(body)
}

/// What an answer without success says: Twirp's and GitHub's errors are JSON, Azure's are headers.
pub(super) async fn refusal(answer: Response) -> Refusal {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let retry_after = wish(&headers);
    let of_blob = headers
        .get("x-ms-error-code")
        .and_then(|code| code.to_str().ok());
    let body = bounded(answer).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message = match (text(&body, "msg"), text(&body, "message")) {
        ("", "") => of_blob.unwrap_or_default(),
        ("", message) => message,
        (message, _) => message,
    };
    Refusal {
        status,
        code: of_blob.unwrap_or(text(&body, "code")).to_owned(),
        message: message.to_owned(),
        retry_after,
    }
}

/// What has its default value may be left out.
fn is_ok(answer: &Value) -> bool {
    answer["ok"].as_bool().unwrap_or_default()
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_default()
}

fn url_of(at: At<'_>, answer: &Value, name: &str) -> Result<String, RemoteError> {
    let url = text(answer, name);
    if Url::parse(url).is_ok() {
        Ok(url.to_owned())
    } else {
        Err(at.broken("the service gives no URL"))
    }
}
