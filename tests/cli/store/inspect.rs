//! `larder store info` and `larder store list`.

use std::fs;

use super::store_json;
use crate::support::{app_and_lib, env, json};

#[test]
fn info_says_who_uses_what_and_what_links_save() {
    let sandbox = app_and_lib();
    sandbox.larder(&["lock"]).success();
    for prefix in ["env", "second"] {
        sandbox.larder(&["create", "-p", prefix]).success();
    }
    sandbox
        .larder(&["create", "-p", "third", "-c", "./channel", "lib"])
        .success();
    let info = store_json(&sandbox, &["info"]);
    assert_eq!(info["archives"]["count"], 2);
    assert_eq!(
        (&info["conda"]["count"], &info["tar_bz2"]["count"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&info["environments"], &info["locks"]),
        (&3.into(), &1.into())
    );
    assert_eq!(
        (&info["shared"]["count"], &info["unneeded"]["count"]),
        (&2.into(), &0.into())
    );
    let linked = &info["linked"];
    let number = |key: &str| linked[key].as_u64().unwrap();
    let all = number("environment_bytes") + number("tree_bytes");
    assert_eq!(number("saved_bytes"), all - number("disk_bytes"));
    // `data` is in three environments and one tree, once on the disk.
    assert!(
        number("saved_bytes") >= 3 * 4 || cfg!(not(unix)),
        "{linked}"
    );

    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_dir_all(sandbox.path("second")).unwrap();
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    let info = store_json(&sandbox, &["info"]);
    assert_eq!(
        (&info["gone"], &info["unneeded"]["count"]),
        (&3.into(), &1.into())
    );
    assert_eq!(info["shared"]["count"], 0);
    let text = sandbox.larder(&["store", "info"]).success().stdout;
    assert!(
        text.contains("1 environment, 0 locks; 3 more are gone"),
        "{text}"
    );
    assert!(text.contains("`larder store gc` frees them"), "{text}");
}

#[test]
fn list_names_archives_and_their_users() {
    let sandbox = app_and_lib();
    assert_eq!(store_json(&sandbox, &["list"]).as_array().unwrap().len(), 0);
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "env"]).success();
    let names = |sort: &str| {
        let run = sandbox.larder(&["store", "list", "--json", "--sort", sort]);
        let listed = json(&run.success());
        let listed = listed.as_array().unwrap().clone();
        let name = |one: &serde_json::Value| one["name"].as_str().unwrap().to_owned();
        (listed.iter().map(name).collect::<Vec<_>>(), listed)
    };
    let (by_name, listed) = names("name");
    assert_eq!(by_name, ["app-1.0-0.conda", "lib-2.0-h1_0.tar.bz2"]);
    assert_eq!(
        listed[0]["environments"][0],
        env(&sandbox).to_str().unwrap()
    );
    assert!(
        listed[0]["locks"][0]
            .as_str()
            .unwrap()
            .ends_with("conda-lock.yml")
    );
    let (_, by_size) = names("size");
    assert!(by_size[0]["bytes"].as_u64() >= by_size[1]["bytes"].as_u64());
    let text = sandbox.larder(&["store", "list"]).success().stdout;
    assert!(text.contains("1 environment, 1 lock"), "{text}");
    fs::remove_dir_all(env(&sandbox)).unwrap();
    fs::remove_file(sandbox.path("conda-lock.yml")).unwrap();
    let text = sandbox.larder(&["store", "list"]).success().stdout;
    assert!(text.contains("nobody"), "{text}");
}
