//! Updates in place: what comes, goes and stays, and that the result is what a new environment would be.

use std::{collections::BTreeSet, fs};

use larder_event::EventRecorder;
use larder_link::{
    ChangedPolicy, FrozenPolicy, LinkOptions, Planned, Replace, UpdateError, UpdateOptions,
    Updated, difference, installed, plan_update, update,
};
use larder_lock::Closure;
use larder_testkit::{PackageBuilder, environment_of};
use proptest::{prelude::*, test_runner::TestRunner};
use rattler_conda_types::Subdir;

use crate::support::{Kit, Unpacked, create, names, python};

/// What a successful update gave.
struct Run {
    updated: Updated,
    warnings: Vec<String>,
    unlinked: Vec<String>,
    linked: Vec<String>,
}

fn options(kit: &Kit) -> UpdateOptions {
    UpdateOptions::new(kit.options())
}

fn closure(packages: &[&Unpacked]) -> Closure {
    let locked = packages.iter().map(|package| package.locked.clone());
    Closure::new(Subdir::Linux64, locked.collect()).unwrap()
}

fn try_update(
    packages: &[&Unpacked],
    options: &UpdateOptions,
    relink: &[&str],
) -> Result<Run, UpdateError> {
    let installation = installed(&options.link.prefix, 2).unwrap();
    let closure = closure(packages);
    let mut relink: BTreeSet<String> = relink.iter().map(|name| (*name).to_owned()).collect();
    loop {
        let difference = difference(&installation, &closure, &relink)?;
        let of_name = |name: &str| {
            packages
                .iter()
                .find(|package| package.locked.name() == name)
        };
        let link: Vec<_> = difference
            .link
            .iter()
            .map(|locked| of_name(locked.name()).unwrap().package())
            .collect();
        let plan = match plan_update(&difference, &link, &options.link)? {
            Planned::Ready(plan) => plan,
            Planned::Relink(names) => {
                relink.extend(names);
                continue;
            }
        };
        let recorder = EventRecorder::default();
        let updated = update(&difference, &plan, options, &recorder)?;
        return Ok(Run {
            updated,
            warnings: recorder.warnings(),
            unlinked: difference.unlink.iter().map(|gone| gone.dist()).collect(),
            linked: difference.link.iter().map(|come| come.dist()).collect(),
        });
    }
}

fn run(kit: &Kit, packages: &[&Unpacked]) -> Run {
    try_update(packages, &options(kit), &[]).unwrap()
}

fn versioned(name: &str, version: &str) -> PackageBuilder {
    PackageBuilder::new(name, version, "0")
}

#[test]
fn only_what_changes_is_touched() {
    let kit = Kit::new();
    let old = kit.unpack(versioned("a", "1").file("lib/a", "1").file("lib/only1", ""));
    let new = kit.unpack(
        versioned("a", "2")
            .file("lib/a", "2")
            .file("new/dir/only2", ""),
    );
    let b = kit.unpack(versioned("b", "1").file("lib/b", "b"));
    kit.create(&[&old, &b]);
    fs::write(kit.prefix().join("lib/mine"), "mine").unwrap();
    let record = || fs::metadata(kit.prefix().join("conda-meta/b-1-0.json")).unwrap();
    let before = (
        record().modified().unwrap(),
        kit.read("conda-meta/b-1-0.json"),
    );
    let run = run(&kit, &[&new, &b]);
    assert_eq!(
        (&*run.unlinked, &*run.linked),
        (&["a-1-0".to_owned()][..], &["a-2-0".to_owned()][..])
    );
    assert_eq!((run.updated.linked, run.updated.unlinked), (2, 1));
    assert_eq!(kit.read("lib/a"), "2");
    assert!(!kit.has("lib/only1") && kit.has("new/dir/only2") && kit.has("lib/mine"));
    assert_eq!(
        (
            record().modified().unwrap(),
            kit.read("conda-meta/b-1-0.json")
        ),
        before
    );
    assert_eq!(
        names(&kit.prefix().join("conda-meta")),
        ["a-2-0.json", "b-1-0.json", "history"]
    );
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn cep32_04_the_history_has_a_block_for_each_operation() {
    let kit = Kit::new();
    let old = kit.unpack(versioned("a", "1").file("a", "1"));
    let new = kit.unpack(versioned("a", "2").file("a", "2"));
    kit.create(&[&old]);
    let first = kit.read("conda-meta/history");
    run(&kit, &[&new]);
    run(&kit, &[]);
    let history = kit.read("conda-meta/history");
    let rest = history.strip_prefix(&first).expect("appended");
    let forge = "https://host.example/forge/linux-64::a";
    let head = "==> 2026-01-02 03:04:05 <==\n# cmd: larder create -f environment.yml\n\
                # larder version: 1.2.3\n";
    assert_eq!(
        rest,
        format!("{head}-{forge}-1-0\n+{forge}-2-0\n{head}-{forge}-2-0\n")
    );
}

#[test]
fn cep32_37_a_package_goes_with_its_files_and_empty_directories_and_nothing_else() {
    let kit = Kit::new();
    let a = kit.unpack(
        versioned("a", "1")
            .file("share/a/deep/x", "x")
            .symlink("share/link", "a/deep/x")
            .directory("var/empty"),
    );
    let b = kit.unpack(versioned("b", "1").file("share/b", "b"));
    kit.create(&[&a, &b]);
    fs::create_dir_all(kit.prefix().join("var/mine")).unwrap();
    run(&kit, &[&b]);
    assert_eq!(names(&kit.prefix().join("share")), ["b"]);
    assert_eq!(names(&kit.prefix().join("var")), ["mine"]);
    assert_eq!(
        names(&kit.prefix().join("conda-meta")),
        ["b-1-0.json", "history"]
    );
}

#[test]
fn cep32_38_a_covered_path_comes_back() {
    let kit = Kit::new();
    let a = kit.unpack(versioned("a", "1").file("share/x", "of a"));
    let b = kit.unpack(versioned("b", "1").depends("a").file("share/x", "of b"));
    let same = kit.unpack(versioned("c", "1").depends("b").file("share/x", "of b"));
    kit.create(&[&a]);
    run(&kit, &[&a, &b]);
    assert_eq!(kit.read("share/x"), "of b");
    let run_with_same = run(&kit, &[&a, &b, &same]);
    assert!(run_with_same.linked.contains(&"c-1-0".to_owned()));
    run(&kit, &[&a, &b]);
    assert_eq!(kit.read("share/x"), "of b");
    run(&kit, &[&a]);
    assert_eq!(kit.read("share/x"), "of a");
    let line = &kit.record("a-1-0")["paths_data"]["paths"][0];
    assert_eq!(line["sha256"], line["sha256_in_prefix"]);
}

#[test]
fn what_somebody_changed_and_what_is_in_the_way_is_kept_aside() {
    let kit = Kit::new();
    let old = kit.unpack(
        versioned("a", "1")
            .text_prefix("etc/a.conf", "{{PREFIX}}")
            .file("b", "b"),
    );
    let new = kit.unpack(
        versioned("a", "2")
            .file("etc/a.conf", "new")
            .file("way", "package"),
    );
    kit.create(&[&old]);
    let replace = |path: &str, text: &str| {
        let path = kit.prefix().join(path);
        let _ = fs::remove_file(&path);
        fs::write(path, text).unwrap();
    };
    replace("etc/a.conf", "tuned");
    replace("way", "mine");
    let run = run(&kit, &[&new]);
    assert_eq!(run.updated.saved, ["etc/a.conf", "way"]);
    assert!(run.warnings[0].contains("etc/a.conf"), "{:?}", run.warnings);
    let saved = ".larder-saved/2026-01-02T03-04-05";
    assert_eq!(kit.read("etc/a.conf"), "new");
    assert_eq!(kit.read(&format!("{saved}/etc/a.conf")), "tuned");
    assert_eq!(kit.read(&format!("{saved}/way")), "mine");
    assert!(!kit.has("b"));
}

#[test]
fn what_somebody_changed_goes_where_that_is_wanted() {
    let kit = Kit::new();
    let a = kit.unpack(versioned("a", "1").file("a", "a"));
    kit.create(&[&a]);
    fs::remove_file(kit.prefix().join("a")).unwrap();
    fs::write(kit.prefix().join("a"), "edited").unwrap();
    let options = UpdateOptions {
        changed: ChangedPolicy::Discard,
        ..options(&kit)
    };
    try_update(&[&a], &options, &["a"]).unwrap();
    assert_eq!(kit.read("a"), "a");
    assert!(!kit.has(".larder-saved"));
}

#[test]
fn a_directory_of_mine_is_never_replaced_by_a_file() {
    let kit = Kit::new();
    let old = kit.unpack(versioned("a", "1").file("d/f", "f"));
    let new = kit.unpack(versioned("a", "2").file("d", "a file now"));
    kit.create(&[&old]);
    fs::write(kit.prefix().join("d/mine"), "mine").unwrap();
    let before = environment_of(&kit.prefix());
    let error = try_update(&[&new], &options(&kit), &[]).err().unwrap();
    assert!(
        error.to_string().contains("a-2-0") && error.to_string().contains("/d`"),
        "{error}"
    );
    assert_eq!(environment_of(&kit.prefix()), before);
    fs::remove_file(kit.prefix().join("d/mine")).unwrap();
    run(&kit, &[&new]);
    assert_eq!(kit.read("d"), "a file now");
}

#[test]
#[cfg(unix)]
fn nothing_is_touched_behind_a_link_that_somebody_put_there() {
    let kit = Kit::new();
    let a = kit.unpack(versioned("a", "1").file("share/a", "a"));
    kit.create(&[&a]);
    let elsewhere = kit.envs().with_file_name("elsewhere");
    fs::rename(kit.prefix().join("share"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, kit.prefix().join("share")).unwrap();
    let newer = kit.unpack(versioned("a", "2").file("share/a", "2"));
    assert!(matches!(
        try_update(&[&newer], &options(&kit), &[]),
        Err(UpdateError::Occupied { .. })
    ));
    run(&kit, &[]);
    assert_eq!(fs::read_to_string(elsewhere.join("a")).unwrap(), "a");
}

#[test]
fn cep17_08_a_new_minor_python_takes_noarch_packages_with_it_and_a_new_patch_does_not() {
    let kit = Kit::new();
    let [p311, p3119, p312] = ["3.11.1", "3.11.9", "3.12.0"].map(|v| kit.unpack(python(v)));
    let pure = kit.unpack(
        versioned("pure", "1")
            .noarch_python()
            .file("site-packages/pure.py", "x = 1")
            .entry_point("pure = pure:main"),
    );
    kit.create(&[&p311, &pure]);
    assert_eq!(run(&kit, &[&p3119, &pure]).linked, ["python-3.11.9-h0_0"]);
    let cache = kit
        .prefix()
        .join("lib/python3.11/site-packages/__pycache__");
    fs::create_dir(&cache).unwrap();
    fs::write(cache.join("pure.cpython-311.pyc"), "compiled").unwrap();
    let moved = run(&kit, &[&p312, &pure]);
    assert_eq!(moved.linked, ["pure-1-0", "python-3.12.0-h0_0"]);
    assert!(kit.has("lib/python3.12/site-packages/pure.py") && !kit.has("lib/python3.11"));
    assert!(kit.read("bin/pure").contains("python3.12"));
    let later = kit.unpack(
        versioned("later", "1")
            .noarch_python()
            .file("site-packages/l.py", ""),
    );
    run(&kit, &[&p312, &pure, &later]);
    assert!(kit.has("lib/python3.12/site-packages/l.py"), "python stays");
}

#[test]
fn other_words_for_the_same_package_change_only_these_words() {
    let kit = Kit::new();
    let a = kit
        .unpack(versioned("a", "1").file("a", "a"))
        .requested("a >=0");
    kit.create(&[&a]);
    let path = kit.prefix().join("conda-meta/a-1-0.json");
    let mut record = kit.record("a-1-0");
    record["of_another_tool"] = 1.into();
    fs::write(&path, record.to_string()).unwrap();
    let other = Unpacked {
        locked: larder_lock::LockedPackage {
            requested_specs: vec!["a <9".into()],
            ..a.locked.clone()
        },
        ..kit.unpack(versioned("a", "1").file("a", "a"))
    };
    assert_eq!(run(&kit, &[&other]).linked, [""; 0]);
    record["requested_specs"] = vec!["a <9"].into();
    record["requested_spec"] = "a <9".into();
    assert_eq!(kit.record("a-1-0"), record);
}

#[test]
fn cep34_21_cep34_22_scripts_before_unlinking_run_and_those_after_it_never_do() {
    let kit = Kit::new();
    let log = kit.envs().with_file_name("log");
    let script = |what: &str| {
        format!(
            "[ -e \"$PREFIX/a\" ] && echo {what} $PKG_NAME $PKG_VERSION >> '{}'\n",
            log.display()
        )
    };
    let old = kit.unpack(
        versioned("a", "1")
            .file("a", "1")
            .link_script("pre-unlink", &script("leaves"))
            .link_script("post-unlink", &script("left")),
    );
    let broken = kit.unpack(
        versioned("b", "1")
            .depends("a")
            .link_script("pre-unlink", &format!("{}exit 1\n", script("fails"))),
    );
    let new = kit.unpack(
        versioned("a", "2")
            .file("a", "2")
            .link_script("post-link", &script("comes")),
    );
    kit.create(&[&old, &broken]);
    let run = run(&kit, &[&new]);
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(
        text, "fails b 1\nleaves a 1\ncomes a 2\n",
        "post-unlink never runs"
    );
    assert!(run.warnings.iter().any(|warning| warning.contains("b-1-0")));
    assert!(!kit.has("conda-meta/b-1-0.json"));

    // cep34_22 is met by the same choice: deprecated scripts never run, neither here nor anywhere else.
    fs::remove_file(&log).unwrap();
    let options = LinkOptions {
        replace: Replace::Existing,
        ..kit.options()
    };
    create(&[&old], &options);
    create(&[&new], &options);
    let text = fs::read_to_string(&log).unwrap();
    assert!(
        text.contains("leaves a 1"),
        "a replaced environment's run as well: {text}"
    );
}

#[test]
fn cep34_22_scripts_after_unlinking_never_run() {
    let kit = Kit::new();
    let fails = "touch \"$PREFIX/it-ran\"; exit 1\n";
    let old = kit.unpack(
        versioned("a", "1")
            .file("a", "1")
            .link_script("post-unlink", fails),
    );
    let new = kit.unpack(versioned("a", "2").file("a", "2"));
    kit.create(&[&old]);
    assert_eq!(run(&kit, &[&new]).warnings, [""; 0]);
    run(&kit, &[]);
    assert!(!kit.has("it-ran"));
}

#[test]
fn an_update_that_fails_changes_nothing() {
    let kit = Kit::new();
    let old = kit.unpack(versioned("a", "1").file("lib/a", "1"));
    kit.create(&[&old]);
    let before = environment_of(&kit.prefix());
    let new = kit.unpack(
        versioned("a", "2")
            .file("lib/a", "2")
            .link_script("post-link", "echo it broke; exit 1\n"),
    );
    let error = try_update(&[&new], &options(&kit), &[]).err().unwrap();
    assert!(error.to_string().contains("it broke"), "{error}");
    assert_eq!(environment_of(&kit.prefix()), before);
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn cep22_08_a_frozen_environment_is_updated_only_where_that_is_overridden() {
    let kit = Kit::new();
    let old = kit.unpack(versioned("a", "1").file("a", "1"));
    let new = kit.unpack(versioned("a", "2").file("a", "2"));
    kit.create(&[&old]);
    fs::write(
        kit.prefix().join("conda-meta/frozen"),
        r#"{"message": "keep"}"#,
    )
    .unwrap();
    let before = environment_of(&kit.prefix());
    let error = try_update(&[&new], &options(&kit), &[]).err().unwrap();
    assert!(error.to_string().contains("keep"), "{error}");
    assert_eq!(environment_of(&kit.prefix()), before);
    let options = UpdateOptions {
        frozen: FrozenPolicy::Override,
        ..options(&kit)
    };
    try_update(&[&new], &options, &[]).unwrap();
    assert!(kit.read("a") == "2" && kit.has("conda-meta/frozen"));
}

#[test]
fn variables_come_and_go_and_other_forms_of_them_stay() {
    let kit = Kit::new();
    let a = kit.unpack(versioned("a", "1").file("a", "a"));
    kit.create(&[&a]);
    let with = |variables: &[(&str, &str)]| {
        let variables = variables
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let link = LinkOptions {
            variables: variables.collect(),
            ..kit.options()
        };
        let options = UpdateOptions {
            link,
            ..options(&kit)
        };
        try_update(&[&a], &options, &[]).unwrap();
    };
    with(&[("X", "1")]);
    assert_eq!(kit.read("conda-meta/state"), r#"{"env_vars":{"X":"1"}}"#);
    let of_conda = r#"{"env_vars": {"X": 1}, "version": 1}"#;
    fs::write(kit.prefix().join("conda-meta/state"), of_conda).unwrap();
    with(&[("X", "1")]);
    assert_eq!(kit.read("conda-meta/state"), of_conda);
    with(&[]);
    assert!(!kit.has("conda-meta/state"));
}

#[test]
fn a_directory_without_history_is_no_environment() {
    let kit = Kit::new();
    fs::create_dir_all(kit.prefix().join("conda-meta")).unwrap();
    assert!(matches!(
        try_update(&[], &options(&kit), &[]),
        Err(UpdateError::NotAnEnvironment { .. })
    ));
}

/// Directories in which there are files of the user's.
const HOLD_MINE: [&str; 2] = ["share", "deep"];

/// Every version of every package that the random closures are made of.
struct Universe {
    kit: Kit,
    packages: Vec<[Unpacked; 2]>,
}

impl Universe {
    fn new() -> Self {
        let kit = Kit::new();
        let pair = |one: PackageBuilder, two: PackageBuilder| [kit.unpack(one), kit.unpack(two)];
        let packages = vec![
            pair(python("3.11.1"), python("3.12.1")),
            pair(
                versioned("a", "1")
                    .depends("c")
                    .file("share/x", "a1")
                    .file("same", "same")
                    .file("turns/into", "a directory"),
                versioned("a", "2")
                    .text_prefix("share/x", "a2 {{PREFIX}}")
                    .file("same", "same")
                    .file("turns", "a file"),
            ),
            pair(
                versioned("b", "1")
                    .file("share/x", "b1")
                    .symlink("l", "share/x"),
                versioned("b", "2")
                    .depends("a")
                    .file("share/x", "b2")
                    .file("l", "no link"),
            ),
            pair(
                versioned("c", "1")
                    .file("same", "same")
                    .directory("empty")
                    .file("deep/er/c", ""),
                versioned("c", "2")
                    .file("same", "other")
                    .file("deep/c", "")
                    .symlink("deep/er", "."),
            ),
            pair(
                versioned("pure", "1")
                    .noarch_python()
                    .file("site-packages/pure/__init__.py", "1")
                    .entry_point("pure = pure:main"),
                versioned("pure", "2")
                    .noarch_python()
                    .file("site-packages/pure/__init__.py", "2")
                    .file("python-scripts/tool", "#!/bin/sh\n"),
            ),
        ];
        Self { kit, packages }
    }

    /// For each package: none of it, or a version. What needs python is left out without it.
    fn choose(&self, choice: &[u8]) -> Vec<&Unpacked> {
        let pairs = self.packages.iter().zip(choice);
        let chosen = pairs.filter_map(|(pair, choice)| pair.get(usize::from(*choice)));
        let has_python = usize::from(choice[0]) < 2;
        chosen
            .filter(|package| has_python || package.locked.name() != "pure")
            .collect()
    }

    /// Everything but the history, which tells how it came to be.
    fn content(&self) -> Vec<String> {
        let mut lines = environment_of(&self.kit.prefix());
        let is_mine = |line: &str| {
            line.contains("unowned")
                || HOLD_MINE
                    .iter()
                    .any(|directory| line.strip_prefix("dir 0755 ") == Some(directory))
        };
        lines.retain(|line| !is_mine(line) && !line.contains("conda-meta/history"));
        lines
    }
}

#[test]
fn any_sequence_of_updates_gives_what_a_new_environment_would_be() {
    let universe = Universe::new();
    let choice = prop::collection::vec(0_u8..3, universe.packages.len());
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(choice, 2..6), |sequence| {
            universe.follow(&sequence)
        })
        .unwrap();
}

impl Universe {
    /// From a new environment through updates, each held against a new environment.
    fn follow(&self, sequence: &[Vec<u8>]) -> Result<(), TestCaseError> {
        let kit = &self.kit;
        let _ = fs::remove_dir_all(kit.prefix());
        create(&self.choose(&sequence[0]), &kit.options());
        for directory in HOLD_MINE {
            let directory = kit.prefix().join(directory);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("unowned"), "mine").unwrap();
        }
        for choice in &sequence[1..] {
            let packages = self.choose(choice);
            run(kit, &packages);
            let updated = self.content();
            prop_assert!(kit.has("share/unowned") && kit.has("deep/unowned"));
            let aside = kit.envs().with_file_name("aside");
            fs::rename(kit.prefix(), &aside).unwrap();
            create(&packages, &kit.options());
            let fresh = self.content();
            fs::remove_dir_all(kit.prefix()).unwrap();
            fs::rename(&aside, kit.prefix()).unwrap();
            let nothing = Vec::<String>::new();
            prop_assert_eq!(
                beyond(&updated, &fresh),
                nothing.clone(),
                "too much: {:?}",
                choice
            );
            prop_assert_eq!(
                beyond(&fresh, &updated),
                nothing,
                "too little: {:?}",
                choice
            );
        }
        Ok(())
    }
}

/// The lines of the one that the other has not.
fn beyond(one: &[String], other: &[String]) -> Vec<String> {
    let beyond = one.iter().filter(|line| !other.contains(line));
    beyond.cloned().collect()
}
