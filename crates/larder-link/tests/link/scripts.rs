//! Link scripts: when they run, what they see, and what happens when one fails.

use std::fs;

use larder_event::{Event, Phase};
use larder_link::{LinkOptions, Replace, ScriptPolicy};
use larder_testkit::tree_of;
use rattler_conda_types::Subdir;

use crate::support::{Kit, create, fails, names, package};

#[test]
fn cep32_23_a_script_runs_once_and_only_that_of_the_package_itself() {
    let kit = Kit::new();
    let foo = package("foo")
        .link_script("post-link", "echo run >> $PREFIX/ran\n")
        .executable(
            "bin/.bar-post-link.sh",
            "#!/bin/sh\necho bar >> $PREFIX/ran\n",
        )
        .executable("Scripts/.foo-post-link.bat", "echo bat >> $PREFIX/ran\n");
    kit.create(&[&kit.unpack(foo)]);
    assert_eq!(kit.read("ran"), "run\n");
}

#[test]
fn cep32_24_unlink_scripts_do_not_run_on_linking() {
    let kit = Kit::new();
    let foo = package("foo")
        .link_script("post-unlink", "exit 1\n")
        .link_script("pre-unlink", "exit 1\n");
    kit.create(&[&kit.unpack(foo)]);
    assert!(kit.has("bin/.foo-post-unlink.sh"));
}

#[test]
fn cep32_25_messages_are_reported_at_the_end_and_do_not_stay() {
    let kit = Kit::new();
    let a = package("a").link_script("post-link", "echo of a > $PREFIX/.messages.txt\n");
    let b = package("b").link_script("post-link", "echo of b >> $PREFIX/.messages.txt\n");
    let created = kit.create(&[&kit.unpack(b), &kit.unpack(a)]);
    let message = |package: &str, text: &str| Event::ScriptMessage {
        package: package.into(),
        text: text.into(),
    };
    let last = &created.events[created.events.len() - 2..];
    assert_eq!(
        last,
        [message("a-1.0-h0_0", "of a"), message("b-1.0-h0_0", "of b")]
    );
    assert_eq!(created.applied.messages.len(), 2);
    assert!(!kit.has(".messages.txt"));
    let scripts = Event::PhaseStarted {
        phase: Phase::Scripts,
        total: 2,
        bytes: 0,
    };
    assert!(created.events.contains(&scripts));
}

#[test]
fn cep32_26_scripts_run_in_topological_order_at_every_thread_count() {
    let kit = Kit::new();
    let script = |name: &str| format!("echo {name} >> $PREFIX/order\n");
    let unpack = |name: &str, depends: &str| {
        kit.unpack(
            package(name)
                .depends(depends)
                .link_script("post-link", &script(name)),
        )
    };
    let (a, b, c) = (unpack("a", "b"), unpack("b", "c"), unpack("c", "__unix"));
    for threads in [1, 2, 5] {
        create(
            &[&a, &b, &c],
            &LinkOptions {
                threads,
                ..kit.options()
            },
        );
        assert_eq!(kit.read("order"), "c\nb\na\n");
        fs::remove_dir_all(kit.prefix()).unwrap();
    }
}

#[test]
fn cep32_33_records_are_written_after_all_scripts() {
    let kit = Kit::new();
    let script = "ls -A $PREFIX/conda-meta > $PREFIX/seen\n";
    let foo = package("foo")
        .link_script("pre-link", script)
        .link_script("post-link", script);
    let before = package("aaa").file("x", "x");
    kit.create(&[&kit.unpack(foo), &kit.unpack(before)]);
    assert_eq!(kit.read("seen"), ".larder-unfinished\n");
    let expected = ["aaa-1.0-h0_0.json", "foo-1.0-h0_0.json", "history"];
    assert_eq!(names(&kit.prefix().join("conda-meta")), expected);
}

#[test]
fn cep34_19_pre_link_runs_when_no_file_of_the_package_is_there() {
    let kit = Kit::new();
    let script = "cd $PREFIX; find . -type f > .messages.txt; mkdir -p share; echo old > share/x\n";
    let foo = package("foo")
        .link_script("pre-link", script)
        .file("share/x", "new");
    let created = kit.create(&[&kit.unpack(foo)]);
    let seen = &created.applied.messages[0].text;
    assert_eq!(seen, "./conda-meta/.larder-unfinished\n./.messages.txt");
    assert_eq!(
        kit.read("share/x"),
        "new",
        "the package's file takes the place of what was left"
    );
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn cep34_20_post_link_runs_by_default_with_all_files_there() {
    let kit = Kit::new();
    let foo = package("foo")
        .depends("bar")
        .file("share/own", "own")
        .link_script("post-link", "cat $PREFIX/share/* > $PREFIX/etc/done\n");
    let bar = package("bar").file("share/other", "other").directory("etc");
    kit.create(&[&kit.unpack(foo), &kit.unpack(bar)]);
    assert_eq!(kit.read("etc/done"), "otherown");
}

#[test]
fn cep34_23_scripts_get_the_variables_of_the_cep() {
    let kit = Kit::new();
    let script = "set -u\necho \"[$ROOT_PREFIX] $PREFIX $PKG_NAME $PKG_VERSION $PKG_BUILDNUM\" > $PREFIX/vars\n";
    let foo = package("foo")
        .build_number(42)
        .link_script("post-link", script);
    kit.create(&[&kit.unpack(foo)]);
    assert_eq!(
        kit.read("vars"),
        format!("[] {} foo 1.0 42\n", kit.prefix().display())
    );
}

#[test]
fn cep34_24_source_dir_is_the_final_prefix() {
    let kit = Kit::new();
    let script = "echo $SOURCE_DIR $(cd $SOURCE_DIR && pwd -P) > $PREFIX/source\n";
    kit.create(&[&kit.unpack(package("foo").link_script("post-link", script))]);
    let prefix = kit.prefix();
    let real = prefix.canonicalize().unwrap();
    assert_eq!(
        kit.read("source"),
        format!("{} {}\n", prefix.display(), real.display())
    );
}

#[test]
fn cep34_25_path_starts_with_the_directory_of_the_script() {
    let kit = Kit::new();
    let foo = package("foo")
        .executable("bin/helper", "#!/bin/sh\necho helped\n")
        .link_script("post-link", "echo ${PATH%%:*} $(helper) > $PREFIX/path\n");
    kit.create(&[&kit.unpack(foo)]);
    assert_eq!(
        kit.read("path"),
        format!("{}/bin helped\n", kit.prefix().display())
    );
}

#[test]
fn cep34_26_a_failing_script_fails_the_run_by_name_with_its_output_and_nothing_stays() {
    let kit = Kit::new();
    for action in ["pre-link", "post-link"] {
        let script = "echo to stdout; echo to stderr >&2; exit 3\n";
        let foo = package("foo").file("x", "x").link_script(action, script);
        let error = fails(&[&kit.unpack(foo)], &kit.options());
        for part in [
            "foo-1.0-h0_0",
            &format!(".foo-{action}.sh"),
            "to stdout\n  to stderr",
            "3",
        ] {
            assert!(error.contains(part), "{error} lacks {part}");
        }
        assert!(kit.beside().is_empty(), "{:?}", kit.beside());
    }
}

#[test]
fn a_failing_script_puts_the_replaced_environment_back() {
    let kit = Kit::new();
    kit.create(&[&kit.unpack(package("old").file("old", "old"))]);
    let before = tree_of(&kit.prefix());
    for action in ["pre-link", "post-link"] {
        let script = "test ! -e $PREFIX/old && exit 1\n";
        let foo = kit.unpack(package("foo").file("x", "x").link_script(action, script));
        fails(
            &[&foo],
            &LinkOptions {
                replace: Replace::Existing,
                ..kit.options()
            },
        );
        assert_eq!(tree_of(&kit.prefix()), before);
        assert_eq!(kit.beside(), ["env"]);
    }
}

#[test]
fn a_failing_script_puts_an_empty_directory_back() {
    let kit = Kit::new();
    fs::create_dir(kit.prefix()).unwrap();
    let foo = kit.unpack(package("foo").link_script("post-link", "exit 1\n"));
    fails(&[&foo], &kit.options());
    assert!(names(&kit.prefix()).is_empty());
}

#[test]
fn a_script_that_changes_its_packages_files_does_not_change_the_tree() {
    let kit = Kit::new();
    let foo = package("foo")
        .file("share/x", "x")
        .link_script("post-link", "echo more >> $PREFIX/share/x\n");
    let foo = kit.unpack(foo);
    kit.create(&[&foo]);
    assert_eq!(kit.read("share/x"), "xmore\n");
    assert_eq!(
        fs::read_to_string(foo.tree.root.join("share/x")).unwrap(),
        "x"
    );
}

#[test]
fn scripts_that_are_skipped_are_named() {
    let kit = Kit::new();
    let foo = kit.unpack(package("foo").link_script("post-link", "exit 1\n"));
    let skip = LinkOptions {
        link_scripts: ScriptPolicy::Skip,
        ..kit.options()
    };
    let warnings = create(&[&foo], &skip).warnings;
    assert_eq!(
        warnings,
        ["link::scripts-skipped: link scripts are not run, as asked: foo-1.0-h0_0"]
    );

    let prefix = kit.envs().join("mac");
    let foreign = LinkOptions {
        prefix,
        subdir: Subdir::OsxArm64,
        ..kit.options()
    };
    let warnings = create(&[&foo], &foreign).warnings;
    assert!(
        warnings[0].contains("another operating system"),
        "{warnings:?}"
    );
}
