//! The testkit's cache service, where larder asks nothing wrong: its limits and its signed URLs.

use std::time::Duration;

use larder_testkit::{GhacServer, ghac_token};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

const SERVICE: &str = "/twirp/github.actions.results.api.v1.CacheService";

struct Run {
    server: GhacServer,
    client: Client,
}

impl Run {
    fn new() -> Self {
        Self {
            server: GhacServer::start(),
            client: Client::new(),
        }
    }

    async fn call(&self, method: &str, body: Value) -> (u16, Value) {
        let token = ghac_token(&[("refs/heads/main", "rw")]);
        let url = format!("{}{SERVICE}/{method}", self.server.url());
        let sent = self
            .client
            .post(url)
            .bearer_auth(token)
            .body(body.to_string());
        let answer = sent.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn status(&self, request: RequestBuilder) -> u16 {
        request.send().await.unwrap().status().as_u16()
    }

    fn put(&self, url: &str, query: &str, body: &str) -> RequestBuilder {
        let request = self.client.put(format!("{url}{query}"));
        request.body(body.to_owned())
    }

    /// An entry `k` of five bytes.
    async fn entry(&self) -> String {
        let url = self.begun("k").await;
        assert_eq!(self.status(self.put(&url, "", "bytes")).await, 201);
        let size = json!({ "key": "k", "version": "v", "size_bytes": "5" });
        assert_eq!(self.call("FinalizeCacheEntryUpload", size).await.0, 200);
        let (_, found) = self
            .call(
                "GetCacheEntryDownloadURL",
                json!({ "key": "k", "version": "v" }),
            )
            .await;
        found["signed_download_url"].as_str().unwrap().to_owned()
    }

    async fn begun(&self, key: &str) -> String {
        let (_, created) = self
            .call("CreateCacheEntry", json!({ "key": key, "version": "v" }))
            .await;
        created["signed_upload_url"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn keys_have_their_limits() {
    let run = Run::new();
    for (key, status) in [
        ("k".repeat(512), 200),
        ("k".repeat(513), 400),
        ("a,b".to_owned(), 400),
        (String::new(), 400),
    ] {
        let request = json!({ "key": key, "version": "v" });
        assert_eq!(
            run.call("CreateCacheEntry", request.clone()).await.0,
            status,
            "{key}"
        );
        assert_eq!(
            run.call("GetCacheEntryDownloadURL", request).await.0,
            status,
            "{key}"
        );
    }
    for (count, status) in [(9, 200), (10, 400)] {
        let restore_keys: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        let request = json!({ "key": "k", "version": "v", "restore_keys": restore_keys });
        assert_eq!(
            run.call("GetCacheEntryDownloadURL", request).await.0,
            status,
            "{count}"
        );
    }
}

#[tokio::test]
async fn signed_urls_allow_one_thing_for_a_while() {
    let run = Run::new();
    let url = run.entry().await;
    let get = |url: &str| run.client.get(url);
    assert_eq!(run.status(get(&url)).await, 200);
    assert_eq!(
        run.status(run.client.request(Method::HEAD, &url)).await,
        200
    );
    assert_eq!(
        run.status(get(&url).header("range", "bytes=1-2")).await,
        206
    );
    assert_eq!(run.status(get(&url).header("range", "bytes=9-")).await, 416);
    assert_eq!(run.status(run.put(&url, "", "other")).await, 403);
    assert_eq!(
        run.status(get(&url.replace("/caches/1", "/caches/2")))
            .await,
        403
    );
    assert_eq!(run.status(get(&url.replace("sig=", "sig=0"))).await, 403);
    assert_eq!(run.status(get(&url.replace("se=1", "se=2"))).await, 403);
    run.server.advance(Duration::from_secs(11 * 60));
    assert_eq!(run.status(get(&url)).await, 403);
}

#[tokio::test]
async fn blocks_become_a_blob_by_their_list() {
    let run = Run::new();
    let url = run.begun("k").await;
    for (id, body) in [("MQ==", "one "), ("Mg==", "two "), ("Mw==", "three")] {
        let query = format!("&comp=block&blockid={id}");
        assert_eq!(run.status(run.put(&url, &query, body)).await, 201);
    }
    let other = run.put(&url, "&comp=block&blockid=bG9uZ2Vy", "x");
    assert_eq!(run.status(other).await, 400, "all ids have one length");
    let unknown = "<BlockList><Latest>OQ==</Latest></BlockList>";
    assert_eq!(
        run.status(run.put(&url, "&comp=blocklist", unknown)).await,
        400
    );
    let list = "<BlockList><Latest>Mg==</Latest><Latest>MQ==</Latest></BlockList>";
    assert_eq!(
        run.status(run.put(&url, "&comp=blocklist", list)).await,
        201
    );
    for (size, is_right) in [("9", false), ("8", true)] {
        let request = json!({ "key": "k", "version": "v", "size_bytes": size });
        let (_, finished) = run.call("FinalizeCacheEntryUpload", request).await;
        assert_eq!(finished["ok"] == json!(true), is_right, "{finished}");
    }
    let path = &run.server.entries()[0].path;
    assert_eq!(std::fs::read_to_string(path).unwrap(), "two one ");
}
