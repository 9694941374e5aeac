//! What records say about archives: the requirements of CEP 32 and 36.

use larder_lock::LockedPackage;
use larder_testkit::{Format, Server};
use serde_json::{Value, json};

use crate::support::{World, archive, closure, locked, locked_with, network, options};

const WRONG_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const WRONG_MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

async fn fetch_one(
    world: &World,
    package: LockedPackage,
) -> Result<larder_fetch::FetchSummary, &'static str> {
    let network = network();
    let fetched = world
        .fetch(&closure(vec![package]), &options(&network))
        .await;
    fetched.map_err(|error| error.code())
}

#[tokio::test]
async fn cep32_29_a_right_md5_does_not_help_a_wrong_sha256() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 2000);
    let wrong = locked_with(&package, &server.url(), |record| {
        record["sha256"] = json!(WRONG_SHA256)
    });
    assert_eq!(
        fetch_one(&world, wrong).await.unwrap_err(),
        "fetch::hash-mismatch"
    );
    let right = locked_with(&package, &server.url(), |record| {
        record["md5"] = json!(WRONG_MD5)
    });
    assert_eq!(fetch_one(&world, right).await.unwrap().fetched, 1);
}

#[tokio::test]
async fn cep32_30_the_same_file_name_from_two_channels_is_two_objects() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let one = world.publish("a", 2000);
    let other = archive("a", 3000, Format::Conda);
    let second = world.channel().join("second/linux-64");
    std::fs::create_dir_all(&second).unwrap();
    std::fs::write(second.join(&other.file_name), &other.bytes).unwrap();
    assert_eq!(one.file_name, other.file_name);

    let first = fetch_one(&world, locked(&one, &server.url()))
        .await
        .unwrap();
    let second = fetch_one(&world, locked(&other, &format!("{}/second", server.url())))
        .await
        .unwrap();
    let expected = [(first, one), (second, other)];
    for (summary, package) in expected {
        let object = &summary.objects["a"];
        assert_eq!(object.id.to_string(), format!("{}.conda", package.sha256));
        assert_eq!(std::fs::read(&object.path).unwrap(), package.bytes);
    }
    assert_eq!(world.objects().len(), 2);
}

#[tokio::test]
async fn cep36_08_without_sha256_the_md5_holds_and_without_both_it_is_stated() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 2000);
    let url = server.url();
    let only_md5 = |md5: Value| {
        locked_with(&package, &url, |record| {
            record["sha256"] = Value::Null;
            record["md5"] = md5;
        })
    };
    let error = fetch_one(&world, only_md5(json!(WRONG_MD5)))
        .await
        .unwrap_err();
    assert_eq!(error, "fetch::hash-mismatch");
    assert_eq!(
        fetch_one(&world, only_md5(json!(package.md5)))
            .await
            .unwrap()
            .fetched,
        1
    );
    assert_eq!(
        fetch_one(&world, only_md5(json!(package.md5)))
            .await
            .unwrap()
            .reused,
        1
    );
    assert_eq!(world.recorder.warnings(), [""; 0]);

    let unverified = fetch_one(&world, only_md5(Value::Null)).await.unwrap();
    assert_eq!((unverified.fetched, unverified.reused), (1, 0));
    assert_eq!(
        world.recorder.warnings(),
        [format!(
            "fetch::unverified: a-1.0-0 was taken as it came: its record has neither sha256 nor md5 \
             (the archive has sha256 {})",
            package.sha256
        )]
    );
    assert_eq!(unverified.objects["a"].size, 2000);
}

#[tokio::test]
async fn cep36_09_legacy_digests_and_unknown_keys_say_nothing_about_the_archive() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 2000);
    let legacy = locked_with(&package, &server.url(), |record| {
        record["sha256"] = Value::Null;
        record["legacy_bz2_md5"] = json!(WRONG_MD5);
        record["legacy_bz2_size"] = json!(7);
        record["unheard_of"] = json!({"size": 8});
    });
    assert_eq!(fetch_one(&world, legacy).await.unwrap().bytes, 2000);
}

#[tokio::test]
async fn a_digest_that_holds_outweighs_a_size_that_is_too_large() {
    let world = World::new();
    let server = Server::serve(&world.channel());
    let package = world.publish("a", 2000);
    let larger = |digests: bool| {
        locked_with(&package, &server.url(), |record| {
            record["size"] = json!(2001);
            if !digests {
                record["sha256"] = Value::Null;
                record["md5"] = Value::Null;
            }
        })
    };
    assert_eq!(
        fetch_one(&world, larger(false)).await.unwrap_err(),
        "fetch::short-body"
    );
    assert_eq!(fetch_one(&world, larger(true)).await.unwrap().bytes, 2000);
}
