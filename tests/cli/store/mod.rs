//! `larder store`: one module per part.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use larder_testkit::Sandbox;
use serde_json::Value;

use crate::support::json;

mod confirmed;
mod crowd;
#[cfg(unix)]
mod damage;
mod gc;
#[cfg(unix)]
mod hostile;
mod inspect;
mod layers;
mod remote;
#[cfg(unix)]
mod remote_packs;
mod remote_trouble;

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// Runs `larder store` with `--json` to a good end.
pub(super) fn store_json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["store"][..], arguments, &["--json"]].concat();
    json(&sandbox.larder(&arguments).success())
}

/// The regular files below a directory, sorted.
pub(super) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The archives in the store.
pub(super) fn archives(sandbox: &Sandbox) -> Vec<PathBuf> {
    files(&sandbox.store().join("pkgs"))
}

/// Makes files look as if they had not been used for so long.
pub(super) fn age(paths: &[PathBuf], age: Duration) {
    for path in paths {
        let file = fs::File::open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }
}

#[test]
fn path_prints_where_the_store_is() {
    let sandbox = crate::support::sandbox();
    let run = sandbox.larder(&["store", "path"]).success();
    assert_eq!(run.stdout, format!("{}\n", sandbox.store().display()));
    let mut command = sandbox.command(&["store", "path", "--json"]);
    command.env("LARDER_STORE_LOWER", "/srv/one:two");
    let answer = json(&larder_testkit::Run::of(&mut command).success());
    let two = sandbox.path("two");
    assert_eq!(
        answer["lower"],
        serde_json::json!(["/srv/one", two.to_str().unwrap()])
    );
}
