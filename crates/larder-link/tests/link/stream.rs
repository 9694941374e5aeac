//! Archives straight into an environment: what trees cannot show, and every kind of thing at once.

use std::fs;

use larder_event::SilentReporter;
use larder_link::{ClobberPolicy, LinkOptions, ScriptPolicy, Streamed, stream};
use larder_testkit::{Format, PackageBuilder, RawEntry};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    support::{Kit, Unpacked, create, fails, package, python},
    twin::{Files, locked},
};

const URL: &str = "https://host.example/forge";

fn everything(name: &str) -> PackageBuilder {
    package(name)
        .file("share/plain", "plain")
        .executable("bin/run", "#!/bin/sh\n")
        .text_prefix("etc/conf", "at {{PREFIX}}/etc, {{PREFIX}}")
        .executable_text_prefix("bin/script", "#!{{PREFIX}}/bin/python\n")
        .binary_prefix("lib/libx.so", "\0{{PREFIX}}/lib\0tail")
        .no_link("share/own", "own")
        .symlink("lib/libx.so.1", "libx.so")
        .symlink("lib/dangling", "nowhere")
        .symlink("share/link-to-dir", "../etc")
        .directory("var/empty")
        .file("share/big", vec![7; 700_000])
        .file("share/none", "")
}

#[test]
fn every_kind_of_path_in_both_formats() {
    let kit = Kit::new();
    let one = kit.unpack(everything("one"));
    let two = kit.unpack_with(everything("two").build(Format::TarBz2), URL, |_| {});
    kit.create(&[&one]);
    fs::remove_dir_all(kit.prefix()).unwrap();
    kit.create(&[&two]);
    fs::remove_dir_all(kit.prefix()).unwrap();
    kit.create(&[&one, &two]);
    let last = everything("three").info_last().build(Format::TarBz2);
    let three = kit.unpack_with(last, URL, |_| {});
    fs::remove_dir_all(kit.prefix()).unwrap();
    kit.create(&[&one, &two, &three]);
}

#[test]
fn archives_without_paths_json() {
    let kit = Kit::new();
    for format in [Format::Conda, Format::TarBz2] {
        let legacy = everything("old").without_info_file("info/paths.json");
        let legacy = kit.unpack_with(legacy.build(format), URL, |_| {});
        let other = kit.unpack(package("other").file("lib/libx.so", "other"));
        kit.create(&[&legacy, &other]);
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
}

#[test]
fn noarch_python_with_entry_points_that_others_ship_too() {
    let kit = Kit::new();
    let python = kit.unpack(python("3.11.2"));
    let app = package("app")
        .noarch_python()
        .depends("python")
        .file("site-packages/app/__init__.py", "x")
        .file("python-scripts/tool", "tool")
        .entry_point("app = app:main")
        .entry_point("app2 = app:main");
    let app = kit.unpack(app);
    let before = kit.unpack(package("aaa").file("bin/app", "of aaa"));
    let after = kit.unpack(package("zzz").depends("app").file("bin/app", "of zzz"));
    for packages in [
        vec![&app, &python],
        vec![&python, &app, &before],
        vec![&after, &app, &python, &before],
    ] {
        kit.create(&packages);
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
    let app = app.partial();
    let python = python.partial();
    kit.create(&[&app, &python]);
}

#[test]
fn python_without_all_of_its_record_says_in_its_archive_where_site_packages_is() {
    let kit = Kit::new();
    let built = python("3.13.0")
        .index_extra(
            "python_site_packages_path",
            json!("lib/python3.13t/site-packages"),
        )
        .build(Format::Conda);
    let patch = |record: &mut Value| record["python_site_packages_path"] = Value::Null;
    let python = kit.unpack_with(built, URL, patch).partial();
    let app = package("app")
        .noarch_python()
        .file("site-packages/app.py", "x");
    let app = kit.unpack(app);
    kit.create(&[&app, &python]);
    assert!(kit.has("lib/python3.13t/site-packages/app.py"));
}

/// A package whose `paths.json` lists `paths` and whose archive has `entries`.
fn listing(name: &str, paths: &[Value], entries: &[(&str, RawEntry)]) -> PackageBuilder {
    let paths = json!({ "paths_version": 1, "paths": paths }).to_string();
    entries.iter().fold(
        package(name).info_file("info/paths.json", paths),
        |package, (path, entry)| package.raw_entry(path, entry.clone()),
    )
}

#[test]
fn hard_links_inside_an_archive() {
    let plain = |path: &str| json!({ "_path": path, "path_type": "hardlink" });
    let rewritten = |path: &str| {
        json!({ "_path": path, "path_type": "hardlink", "file_mode": "text",
            "prefix_placeholder": "/placeholder" })
    };
    let own = |path: &str| json!({ "_path": path, "path_type": "hardlink", "no_link": true });
    let link = |to: &str| RawEntry::HardLink(to.into());
    let file = || RawEntry::executable("at /placeholder here");
    let paths = [
        plain("a/one"),
        plain("a/two"),
        rewritten("a/three"),
        own("a/four"),
        plain("a/of-unlisted"),
        plain("a/chain"),
        rewritten("b/rewritten"),
        plain("b/link-to-rewritten"),
    ];
    let entries = [
        ("a/one", file()),
        ("a/two", link("a/one")),
        ("a/three", link("a/one")),
        ("a/four", link("a/one")),
        ("a/unlisted", RawEntry::file("unlisted")),
        ("a/of-unlisted", link("a/unlisted")),
        ("a/chain", link("a/two")),
        ("a/unlisted-link", link("a/two")),
        ("b/rewritten", file()),
        ("b/link-to-rewritten", link("b/rewritten")),
    ];
    let kit = Kit::new();
    let linked = kit.unpack(listing("linked", &paths, &entries));
    let other = package("other").depends("linked").file("a/one", "of other");
    let other = kit.unpack(other.file("a/chain", "of other"));
    let under = kit.unpack(package("aaa").file("a/one", "of aaa").file("a/four", "aaa"));
    kit.create(&[&linked]);
    assert!(
        kit.read("a/three").starts_with("at /") && !kit.read("a/three").contains("placeholder")
    );
    assert_eq!(kit.read("b/link-to-rewritten"), "at /placeholder here");
    fs::remove_dir_all(kit.prefix()).unwrap();
    kit.create(&[&linked, &other, &under]);
}

#[test]
fn what_only_the_archive_holds_never_lands_and_a_directory_may_be_empty_of_listed_things() {
    let kit = Kit::new();
    let paths = [json!({ "_path": "d", "path_type": "directory" })];
    let entries = [("d/unlisted", RawEntry::file("x"))];
    let package = kit.unpack(listing("a", &paths, &entries));
    kit.create(&[&package]);
    assert!(kit.has("d") && !kit.has("d/unlisted"));
}

/// Archives that no tree can be made of.
fn broken(kit: &Kit, package: PackageBuilder, format: Format) -> Unpacked {
    let good = kit.unpack(self::package("broken").file("share/x", "x"));
    let built = package.build(format);
    let archive = kit.envs().with_file_name(&built.file_name);
    fs::write(&archive, &built.bytes).unwrap();
    Unpacked { archive, ..good }
}

type Case = (Vec<Value>, Vec<(&'static str, RawEntry)>, &'static str);

fn listed(path: &str, more: Value) -> Value {
    let mut line = json!({ "_path": path, "path_type": "hardlink" });
    let more = more.as_object().unwrap().clone();
    line.as_object_mut().unwrap().extend(more);
    line
}

fn refused(cases: Vec<Case>) {
    for (paths, entries, needle) in cases {
        for format in [Format::Conda, Format::TarBz2] {
            let kit = Kit::new();
            let good = kit.unpack(everything("good"));
            let package = listing("broken", &paths, &entries);
            let package = broken(&kit, package, format);
            for packages in [[&good, &package], [&package, &good]] {
                let archives = Files::new(&packages);
                let result = stream(
                    &locked(&packages),
                    &archives,
                    &kit.options(),
                    &SilentReporter,
                );
                let error = crate::support::chain(&*result.unwrap_err());
                let names_both = error.contains(needle) && error.contains("broken-1.0-h0_0");
                assert!(names_both, "{error}");
                assert!(kit.beside().is_empty(), "{:?}", kit.beside());
            }
        }
    }
}

#[test]
fn an_archive_that_lies_leaves_nothing() {
    let fine = || vec![("x", RawEntry::file("fine"))];
    let wrong = json!({ "sha256": "0".repeat(64) });
    let softlink = json!({ "path_type": "softlink" });
    refused(vec![
        (vec![listed("x", wrong)], fine(), "expected sha256:000"),
        (
            vec![listed("x", json!({ "size_in_bytes": 3 }))],
            fine(),
            "expected 3 bytes",
        ),
        (vec![listed("gone", json!({}))], fine(), "lacks it"),
        (
            vec![listed("x", json!({}))],
            vec![("x", RawEntry::Symlink("y".into()))],
            "listed as a file, found a symbolic link",
        ),
        (
            vec![listed("x", softlink)],
            fine(),
            "listed as a symbolic link, found a file",
        ),
    ]);
}

#[test]
fn an_archive_that_leads_out_leaves_nothing() {
    let fine = || RawEntry::file("fine");
    let link = |to: &str| RawEntry::Symlink(to.into());
    let x = || vec![listed("x", json!({}))];
    let l = || listed("l", json!({ "path_type": "softlink" }));
    refused(vec![
        (x(), vec![("x", fine()), ("../x", fine())], "component `..`"),
        (x(), vec![("x", fine()), ("l", link("/etc"))], "leads out"),
        (
            [vec![l()], x()].concat(),
            vec![("l", link("../../x")), ("x", fine())],
            "leads out",
        ),
        (
            vec![l(), listed("l/x", json!({}))],
            vec![("l", link("d")), ("l/x", fine())],
            "is not a directory in this archive",
        ),
        (
            x(),
            vec![("x", fine()), ("conda-meta/history", fine())],
            "belongs to environments",
        ),
    ]);
}

#[test]
fn what_a_plan_refuses_is_refused() {
    let kit = Kit::new();
    let file = kit.unpack(package("file").file("share/x", "x"));
    let directory = kit.unpack(package("directory").file("share/x/y", "y"));
    let link =
        kit.unpack(package("link").symlink("share/x", "/etc/../tmp".trim_start_matches('/')));
    for packages in [
        [&file, &directory],
        [&directory, &file],
        [&link, &directory],
        [&directory, &link],
    ] {
        let error = fails(&packages, &kit.options());
        assert!(
            error.contains("`share/x` is a directory of directory-1.0-h0_0"),
            "{error}"
        );
    }
    let other = kit.unpack(package("other").file("share/x", "other"));
    let options = LinkOptions {
        clobber: ClobberPolicy::Error,
        ..kit.options()
    };
    fails(&[&file, &other], &options);
    let app = kit.unpack(
        package("app")
            .noarch_python()
            .file("site-packages/app.py", "x"),
    );
    fails(&[&app], &kit.options());
    assert!(kit.beside().is_empty());
}

#[test]
fn three_packages_with_one_path_in_any_order() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").file("x", "a").text_prefix("y", "{{PREFIX}} a"));
    let b = kit.unpack(
        package("b")
            .depends("a")
            .text_prefix("x", "{{PREFIX}} b")
            .symlink("y", "x"),
    );
    let c = kit.unpack(package("c").depends("b").file("x", "c").file("y", "c"));
    for packages in [[&a, &b, &c], [&c, &b, &a], [&b, &a, &c], [&b, &c, &a]] {
        kit.create(&packages);
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
}

#[test]
fn a_pre_link_script_needs_a_tree_and_nothing_is_changed() {
    let kit = Kit::new();
    let scripted = kit.unpack(package("scripted").link_script("pre-link", "exit 0\n"));
    let other = kit.unpack(everything("other"));
    let packages = [&other, &scripted];
    let archives = Files::new(&packages);
    let streamed = stream(
        &locked(&packages),
        &archives,
        &kit.options(),
        &SilentReporter,
    )
    .unwrap();
    let package = "scripted-1.0-h0_0".into();
    assert_eq!(streamed, Streamed::NeedsTrees { package });
    assert!(kit.beside().is_empty());
    let options = LinkOptions {
        link_scripts: ScriptPolicy::Skip,
        ..kit.options()
    };
    let archives = Files::new(&packages);
    let streamed = stream(&locked(&packages), &archives, &options, &SilentReporter).unwrap();
    assert!(matches!(streamed, Streamed::Applied(_)));
}

#[test]
fn post_link_scripts_run_in_the_streamed_environment_and_a_failing_one_leaves_nothing() {
    for (body, succeeds) in [
        ("echo \"$PREFIX\" > \"$PREFIX/ran\"\n", true),
        ("exit 3\n", false),
    ] {
        let kit = Kit::new();
        let scripted = package("scripted").link_script("post-link", body);
        let scripted = kit.unpack(scripted.file("share/x", "x"));
        let packages = [&scripted];
        let archives = Files::new(&packages);
        let result = stream(
            &locked(&packages),
            &archives,
            &kit.options(),
            &SilentReporter,
        );
        assert_eq!(result.is_ok(), succeeds, "{result:?}");
        if succeeds {
            assert_eq!(kit.read("ran").trim(), kit.prefix().to_str().unwrap());
            assert!(kit.has("conda-meta/history"));
        } else {
            assert!(kit.beside().is_empty());
        }
    }
}

#[test]
fn python_sources_keep_their_time_only_beside_bytecode() {
    let kit = Kit::new();
    let with = package("with")
        .file("lib/a.py", "a")
        .file("lib/__pycache__/a.pyc", "a");
    let without = package("without").file("lib/b.py", "b");
    let (with, without) = (kit.unpack(with), kit.unpack(without));
    let packages = [&with, &without];
    let archives = Files::new(&packages);
    stream(
        &locked(&packages),
        &archives,
        &kit.options(),
        &SilentReporter,
    )
    .unwrap();
    let modified = |path: &str| {
        let metadata = fs::metadata(kit.prefix().join(path)).unwrap();
        let time = metadata.modified().unwrap();
        time.duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    assert_eq!(modified("lib/a.py"), larder_testkit::DEFAULT_MTIME);
    assert!(modified("lib/b.py") > larder_testkit::DEFAULT_MTIME);
}

/// A few packages with a few names, so that they meet.
fn packages() -> impl Strategy<Value = Vec<Vec<(u8, u8, String)>>> {
    let file = (0_u8..5, 0_u8..6, "[ab]{0,3}");
    prop::collection::vec(prop::collection::vec(file, 0..6), 1..5)
}

fn random(name: &str, files: &[(u8, u8, String)]) -> PackageBuilder {
    let names = ["x", "d/x", "d/e/y", "d/z", "w"];
    let mut seen = std::collections::HashSet::new();
    files
        .iter()
        .fold(package(name), |package, (path, kind, text)| {
            let path = names[usize::from(*path)];
            if !seen.insert(path) {
                return package;
            }
            match kind {
                0 => package.file(path, text.as_str()),
                1 => package.text_prefix(path, format!("{{{{PREFIX}}}} {text}")),
                2 => package.symlink(path, "x"),
                3 => package.no_link(path, text.as_str()),
                4 => package.executable(path, text.as_str()),
                _ => package.binary_prefix(path, format!("{{{{PREFIX}}}}\0{text}")),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_packages_give_what_trees_give(packages in packages(), cycle in any::<bool>()) {
        let kit = Kit::new();
        let unpacked: Vec<Unpacked> = packages
            .iter()
            .enumerate()
            .map(|(index, files)| {
                let next = (index + 1) % packages.len();
                let package = random(&format!("p{index}"), files);
                let depends = cycle || next != 0;
                let dependency = format!("p{next}");
                kit.unpack(if depends { package.depends(&dependency) } else { package })
            })
            .collect();
        // The comparison is in there.
        create(&unpacked.iter().collect::<Vec<_>>(), &kit.options());
    }
}
