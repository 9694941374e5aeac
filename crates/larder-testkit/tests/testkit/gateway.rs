//! The gateway that larder solves with finds the same records in each index of a served channel.

use std::path::Path;

use larder_testkit::{ChannelBuilder, Format, Index, PackageBuilder, Server};
use rattler_conda_types::{Channel, ChannelConfig, MatchSpec, ParseStrictness, Subdir};
use rattler_repodata_gateway::{Gateway, RepoData};

fn channel(dir: &Path, index: Index) {
    let builder = |name| PackageBuilder::new(name, "1", "0");
    ChannelBuilder::new()
        .package(builder("app").depends("lib >=1").build(Format::Conda))
        .package(builder("lib").noarch_generic().build(Format::TarBz2))
        .package(builder("unrelated").build(Format::Conda))
        .indexes(&[index])
        .write(dir);
}

/// The URLs of `app` and all that it depends on.
#[expect(clippy::disallowed_methods, reason = "the text is the test's own")]
async fn query(url: &str, cache: &Path) -> Vec<String> {
    let config = ChannelConfig::default_with_root_dir("/".into());
    let channel = Channel::from_str(url, &config).unwrap();
    let spec = MatchSpec::from_str("app", ParseStrictness::Strict).unwrap();
    let gateway = Gateway::builder().with_cache_dir(cache).finish();
    let found = gateway
        .query([channel], [Subdir::Linux64, Subdir::NoArch], [spec])
        .recursive(true)
        .await
        .unwrap();
    let records = found.iter().flat_map(RepoData::iter);
    let mut urls: Vec<_> = records.map(|record| record.url.to_string()).collect();
    urls.sort();
    urls
}

#[test]
fn the_gateway_reads_each_index() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for index in [Index::Plain, Index::Zst, Index::Sharded] {
        let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        channel(dir.path(), index);
        let server = Server::serve(dir.path());
        let found = runtime.block_on(query(&server.url(), cache.path()));
        let expected = ["linux-64/app-1-0.conda", "noarch/lib-1-0.tar.bz2"]
            .map(|path| format!("{}/{path}", server.url()));
        assert_eq!(found, expected, "{index:?}");
    }
}
