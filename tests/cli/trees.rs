//! Damage in trees: found before anything is linked, named, healed from the store.

use std::{
    fs,
    path::{Path, PathBuf},
};

use larder_testkit::{PackageBuilder, Sandbox, Server, tree_of};

use crate::support::{channel, conda, json, sandbox};

fn demo() -> PackageBuilder {
    PackageBuilder::new("demo", "1.0", "0")
        .noarch_generic()
        .file("lib/data.txt", "data")
        .file("lib/deep/more.txt", "more")
        .executable("bin/tool", "#!/bin/sh\necho tool\n")
        .executable_text_prefix("bin/where", "#!/bin/sh\necho {{PREFIX}}\n")
        .no_link("etc/copied", "copied")
        .link_script("pre-link", "exit 0\n")
}

/// A sandbox with a lock, a warm store, trees, and the environment `one`.
fn warm() -> Sandbox {
    warm_from(|_| "./channel".into())
}

/// The same, its channel at the URL that `url` gives once it is there.
fn warm_from(url: impl FnOnce(&Sandbox) -> String) -> Sandbox {
    let sandbox = sandbox();
    let other = PackageBuilder::new("other", "1.0", "0")
        .noarch_generic()
        .file("share/other", "other");
    channel(&sandbox, [conda(demo()), conda(other)]);
    let url = url(&sandbox);
    let manifest = format!("channels: [\"{url}\"]\ndependencies: [demo, other]\n");
    sandbox.write("environment.yml", &manifest);
    sandbox.larder(&["lock"]).success();
    sandbox.larder(&["create", "-p", "one"]).success();
    sandbox
}

/// The directory of one package's tree: what is beside its index.
fn tree(sandbox: &Sandbox, dist: &str) -> PathBuf {
    for shard in fs::read_dir(sandbox.trees()).unwrap() {
        for place in fs::read_dir(shard.unwrap().path()).unwrap() {
            let tree = place.unwrap().path().join(dist);
            if tree.is_dir() {
                return tree;
            }
        }
    }
    panic!("no tree of {dist}");
}

/// What is in an environment, without what is different in each.
fn contents(prefix: &Path) -> Vec<String> {
    let is_shipped = |line: &String| !line.contains("conda-meta") && !line.contains("bin/where");
    let lines = tree_of(prefix).into_iter();
    lines.filter(is_shipped).collect()
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

type Damage = (&'static str, fn(&Path));

/// How a tree may be damaged, and what names it.
const DAMAGES: [Damage; 16] = [
    ("`lib/data.txt` has sha256:", |tree| {
        flip(&tree.join("lib/data.txt"))
    }),
    ("`lib/data.txt` has 2 bytes", |tree| {
        fs::write(tree.join("lib/data.txt"), "da").unwrap();
    }),
    ("`lib/data.txt` has 0 bytes", |tree| {
        fs::write(tree.join("lib/data.txt"), "").unwrap();
    }),
    ("`lib/data.txt` is missing", |tree| {
        fs::remove_file(tree.join("lib/data.txt")).unwrap();
    }),
    ("`lib/deep/more.txt` is missing", |tree| {
        fs::remove_dir_all(tree.join("lib/deep")).unwrap();
    }),
    ("`bin/tool` has mode 0644", |tree| {
        set_mode(&tree.join("bin/tool"), 0o644)
    }),
    ("`lib/data.txt` has mode 0666", |tree| {
        set_mode(&tree.join("lib/data.txt"), 0o666);
    }),
    ("`lib/data.txt` is no longer", |tree| {
        fs::remove_file(tree.join("lib/data.txt")).unwrap();
        std::os::unix::fs::symlink("deep/more.txt", tree.join("lib/data.txt")).unwrap();
    }),
    ("`lib/data.txt` is no longer", |tree| {
        fs::remove_file(tree.join("lib/data.txt")).unwrap();
        fs::create_dir(tree.join("lib/data.txt")).unwrap();
    }),
    ("`bin/where` has sha256:", |tree| {
        flip(&tree.join("bin/where"))
    }),
    ("`etc/copied` has sha256:", |tree| {
        flip(&tree.join("etc/copied"))
    }),
    ("`bin/.demo-pre-link.sh` has sha256:", |tree| {
        flip(&tree.join("bin/.demo-pre-link.sh"));
    }),
    ("its files are gone", |tree| {
        fs::remove_dir_all(tree).unwrap()
    }),
    ("its index is gone or damaged", |tree| {
        fs::remove_file(tree.with_file_name("index")).unwrap();
    }),
    ("its index is gone or damaged", |tree| {
        flip(&tree.with_file_name("index"))
    }),
    ("its index is gone or damaged", |tree| {
        fs::write(tree.with_file_name("index"), "").unwrap();
    }),
];

#[test]
fn every_kind_of_damage_is_named_and_healed_before_anything_is_linked() {
    let sandbox = warm();
    for (index, (name, damage)) in DAMAGES.iter().enumerate() {
        // Bytes are edited in place: the first environment shares them, so the next one is the measure.
        let before = sandbox.path(&format!("before-{index}"));
        sandbox
            .larder(&[
                "create",
                "-p",
                before.to_str().unwrap(),
                "--link-mode",
                "copy",
            ])
            .success();
        damage(&tree(&sandbox, "demo-1.0-0"));
        let new = format!("new-{index}");
        let run = sandbox
            .larder(&["create", "--offline", "-p", &new])
            .success();
        let warning = format!("the tree of demo-1.0-0 is damaged: {name}");
        assert!(run.stderr.contains(&warning), "{name}\n{}", run.stderr);
        assert!(!run.stderr.contains("other-1.0-0"), "{}", run.stderr);
        assert_eq!(contents(&sandbox.path(&new)), contents(&before), "{name}");
        let again = format!("again-{index}");
        let run = sandbox
            .larder(&["create", "--offline", "-p", &again])
            .success();
        assert!(!run.stderr.contains("damaged"), "{name}\n{}", run.stderr);
        assert_eq!(contents(&sandbox.path(&again)), contents(&before), "{name}");
    }
    assert_eq!(
        fs::read_dir(sandbox.trees().join("tmp")).unwrap().count(),
        0
    );
}

#[test]
fn an_edit_in_one_environment_does_not_reach_the_next() {
    let sandbox = warm();
    sandbox.write("one/lib/data.txt", "edited");
    sandbox.larder(&["create", "-p", "two"]).success();
    let read = |path: &str| fs::read_to_string(sandbox.path(path)).unwrap();
    assert_eq!(read("two/lib/data.txt"), "data");
    assert_eq!(read("one/lib/data.txt"), "edited", "it is the user's");
    // The two have nothing in common any more.
    sandbox.write("one/lib/data.txt", "edited again");
    let run = sandbox.larder(&["create", "-p", "three"]).success();
    assert!(!run.stderr.contains("damaged"), "{}", run.stderr);
    assert_eq!(read("three/lib/data.txt"), "data");
}

#[test]
fn a_file_that_was_only_touched_is_used_and_read_once() {
    let sandbox = warm();
    let file = tree(&sandbox, "demo-1.0-0").join("lib/data.txt");
    let index = tree(&sandbox, "demo-1.0-0").with_file_name("index");
    let touched = fs::File::options().append(true).open(&file).unwrap();
    touched.set_modified(std::time::UNIX_EPOCH).unwrap();
    let before = fs::read(&index).unwrap();
    let run = sandbox.larder(&["create", "-p", "two"]).success();
    assert!(!run.stderr.contains("damaged"), "{}", run.stderr);
    let noted = fs::read(&index).unwrap();
    assert_ne!(noted, before);
    sandbox.larder(&["create", "-p", "three"]).success();
    assert_eq!(fs::read(&index).unwrap(), noted);
}

#[test]
fn extra_files_of_a_tree_are_not_linked() {
    let sandbox = warm();
    fs::write(tree(&sandbox, "demo-1.0-0").join("lib/extra"), "").unwrap();
    sandbox.larder(&["create", "-p", "two"]).success();
    assert!(!sandbox.path("two/lib/extra").exists());
}

#[test]
fn a_tree_that_cannot_be_made_again_is_a_clear_error_and_nothing_is_made() {
    let mut server = None;
    let sandbox = warm_from(|sandbox| {
        let served = server.insert(Server::serve(&sandbox.path("channel")));
        served.url()
    });
    flip(&tree(&sandbox, "demo-1.0-0").join("lib/data.txt"));
    let objects = sandbox.store().join("pkgs");
    for shard in fs::read_dir(objects).unwrap() {
        for object in fs::read_dir(shard.unwrap().path()).unwrap() {
            let path = object.unwrap().path();
            set_mode(&path, 0o644);
            flip(&path);
        }
    }
    let args = ["create", "-p", "two", "--offline", "--json"];
    let report = json(&sandbox.larder(&args).fails_with(4));
    let error = report["error"].to_string();
    assert!(error.contains("demo-1.0-0"), "{report}");
    assert!(report["hint"].to_string().contains("--offline"), "{report}");
    assert!(!sandbox.path("two").exists());
    // With the channel at hand everything is mended.
    sandbox.larder(&["create", "-p", "two"]).success();
    assert_eq!(
        fs::read_to_string(sandbox.path("two/lib/data.txt")).unwrap(),
        "data"
    );
}
