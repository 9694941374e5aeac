//! Listing and removing entries: GitHub's REST API, which wants `GITHUB_TOKEN`, not the run's own token.
//!
//! It knows the entries of all refs, those too that the run cannot read.

use std::time::SystemTime;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use super::{
    failure::At,
    place::web_url,
    service::{CALL, bounded, refusal},
};
use crate::{LIST_PAGES, RemoteError};

const PAGE: usize = 100;

/// The API of one repository.
pub(super) struct Api {
    client: Client,
    /// `GITHUB_API_URL/repos/GITHUB_REPOSITORY/actions/caches`
    caches: Url,
    /// `GITHUB_TOKEN`
    token: String,
}

/// An entry of any ref.
pub(super) struct Listed {
    pub(super) id: u64,
    pub(super) key: String,
    pub(super) version: String,
    pub(super) size: u64,
    pub(super) created: SystemTime,
    pub(super) used: SystemTime,
}

impl Api {
    /// There is one if there is a token, and it says so when it fails.
    pub(super) fn of<'a>(
        client: &Client,
        variable: &dyn Fn(&str) -> Option<&'a String>,
    ) -> Option<Self> {
        let token = variable("GITHUB_TOKEN")?;
        let repository = variable("GITHUB_REPOSITORY")?;
        let base = variable("GITHUB_API_URL").map_or("https://api.github.com", String::as_str);
        let mut caches = web_url(base)?;
        let path = caches.path().trim_end_matches('/').to_owned();
        caches.set_path(&format!("{path}/repos/{repository}/actions/caches"));
        Some(Self {
            client: client.clone(),
            caches,
            token: token.clone(),
        })
    }

    /// All entries whose keys begin so, the newest first.
    pub(super) async fn list(&self, at: At<'_>, key: &str) -> Result<Vec<Listed>, RemoteError> {
        let mut all = Vec::new();
        // A server can always say that there is one more page.
        for page in 1..=LIST_PAGES {
            let mut url = self.caches.clone();
            url.query_pairs_mut()
                .append_pair("key", key)
                .append_pair("sort", "created_at")
                .append_pair("direction", "desc")
                .append_pair("per_page", &PAGE.to_string())
                .append_pair("page", &page.to_string());
            let body = self.ask(at, Method::GET, url).await?;
            let body: Value = serde_json::from_slice(&body)
                .map_err(|_| at.temporary("the answer is no JSON", None))?;
            let entries = body["actions_caches"]
                .as_array()
                .map_or(&[][..], Vec::as_slice);
            all.extend(entries.iter().filter_map(listed));
            if entries.len() < PAGE {
                break;
            }
        }
        Ok(all)
    }

    /// Removes an entry.
    pub(super) async fn delete(&self, at: At<'_>, id: u64) -> Result<(), RemoteError> {
        let mut url = self.caches.clone();
        url.set_path(&format!("{}/{id}", url.path()));
        self.ask(at, Method::DELETE, url).await.map(drop)
    }

    async fn ask(&self, at: At<'_>, method: Method, url: Url) -> Result<Vec<u8>, RemoteError> {
        let sent = self.request(method, url).send().await;
        let answer = sent.map_err(|error| at.unsent(error))?;
        if answer.status().is_success() {
            return bounded(answer).await.map_err(|error| at.unsent(error));
        }
        let mut refusal = refusal(answer).await;
        refusal.message = refusal.message.replace(&self.token, "***");
        match refusal.status.as_u16() {
            404 => Err(at.not_found()),
            _ => Err(at.refused(&refusal)),
        }
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client
            .request(method, url)
            .bearer_auth(&self.token)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .timeout(CALL)
    }
}

fn listed(entry: &Value) -> Option<Listed> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let time = |name: &str| -> Option<SystemTime> {
        let time: jiff::Timestamp = entry[name].as_str()?.parse().ok()?;
        Some(time.into())
    };
    Some(Listed {
        id: entry["id"].as_u64()?,
        key: text("key")?,
        version: text("version")?,
        size: entry["size_in_bytes"].as_u64()?,
        created: time("created_at")?,
        used: time("last_accessed_at")?,
    })
}
