//! Places where no environment may go, and waiting for the one who is making one there.

use std::{
    fs,
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
};

use larder_event::{Event, Reporter, SilentReporter};
use larder_fs::LockFile;
#[cfg(unix)]
use larder_link::check_place;
use larder_link::{ApplyError, LinkOptions, Replace, apply, frozen, is_unfinished, plan, recover};
use larder_testkit::tree_of;

use crate::support::{Kit, create, fails, links, package};

fn replacing(kit: &Kit) -> LinkOptions {
    LinkOptions {
        replace: Replace::Existing,
        ..kit.options()
    }
}

/// Writes a file when the first package is linked: somebody else is quicker.
struct Meanwhile {
    file: PathBuf,
    content: &'static str,
}

impl Reporter for Meanwhile {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Linked { .. }) {
            fs::create_dir_all(self.file.parent().unwrap()).unwrap();
            fs::write(&self.file, self.content).unwrap();
        }
    }
}

/// The error of replacing an old environment while somebody writes `conda-meta/frozen` into it.
fn frozen_meanwhile(kit: &Kit, content: &'static str) -> ApplyError {
    kit.create(&[&kit.unpack(package("old").file("old", "old"))]);
    let (new, options) = (
        kit.unpack(package("new").file("new", "new")),
        replacing(kit),
    );
    let packages = links(&[&new]);
    let plan = plan(&packages, &options).unwrap();
    let meanwhile = Meanwhile {
        file: kit.prefix().join("conda-meta/frozen"),
        content,
    };
    apply(&plan, &options, &meanwhile).unwrap_err()
}

#[test]
fn cep22_02_an_environment_that_is_frozen_meanwhile_is_left() {
    let kit = Kit::new();
    let error = frozen_meanwhile(&kit, r#"{"message": "prod\nkeep"}"#);
    let text = error.to_string();
    assert!(matches!(error, ApplyError::Frozen { .. }), "{text}");
    assert!(text.contains("prod\nkeep"), "{text}");
    assert!(kit.has("old") && !kit.has("new"));
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn cep22_03_a_frozen_environment_is_not_replaced() {
    let kit = Kit::new();
    frozen_meanwhile(&kit, "");
    let before = tree_of(&kit.prefix());
    assert!(frozen(&kit.prefix()).unwrap().is_some());
    let new = kit.unpack(package("other").link_script("pre-link", "true\n"));
    let error = fails(&[&new], &replacing(&kit));
    assert!(error.contains("is frozen"), "{error}");
    assert_eq!(tree_of(&kit.prefix()), before);
    fs::remove_file(kit.prefix().join("conda-meta/frozen")).unwrap();
    create(&[&new], &replacing(&kit));
}

#[test]
#[cfg(unix)]
fn a_symbolic_link_is_refused_and_stays() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").file("a", "a"));
    let real = LinkOptions {
        prefix: kit.envs().join("real"),
        ..kit.options()
    };
    create(&[&a], &real);
    for target in ["real", "missing"] {
        std::os::unix::fs::symlink(target, kit.prefix()).unwrap();
        for options in [kit.options(), replacing(&kit)] {
            let error = fails(&[&a], &options);
            assert!(error.contains("is a symbolic link to"), "{error}");
            assert_eq!(check_place(&options.prefix).unwrap_err().to_string(), error);
        }
        assert!(kit.prefix().is_symlink());
        fs::remove_file(kit.prefix()).unwrap();
    }
    check_place(&real.prefix).unwrap();
    check_place(&kit.prefix()).unwrap();
    assert_eq!(kit.beside(), ["real"]);
}

/// Sends the warnings.
struct Warnings(Sender<String>);

impl Reporter for Warnings {
    fn event(&self, event: &Event) {
        if let Event::Warned(warning) = event {
            self.0
                .send(format!("{}: {}", warning.code, warning.text))
                .unwrap();
        }
    }
}

#[test]
fn who_waits_for_another_process_says_so_and_finds_its_environment() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").file("a", "a"));
    let held = LockFile::acquire(kit.envs().join(".larder-env.lock"), || {}).unwrap();
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let options = kit.options();
            let packages = links(&[&a]);
            let plan = plan(&packages, &options).unwrap();
            apply(&plan, &options, &Warnings(sender))
        });
        let warning = receiver.recv().unwrap();
        assert!(warning.starts_with("link::waiting: "), "{warning}");
        assert!(
            warning.contains(kit.prefix().to_str().unwrap()),
            "{warning}"
        );
        fs::create_dir_all(kit.prefix().join("conda-meta")).unwrap();
        fs::write(kit.prefix().join("conda-meta/history"), "").unwrap();
        drop(held);
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error, ApplyError::AlreadyExists { .. }), "{error}");
    });
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn an_environment_is_unfinished_until_it_has_a_history() {
    let kit = Kit::new();
    assert!(!is_unfinished(&kit.prefix()));
    let meta = kit.prefix().join("conda-meta");
    fs::create_dir_all(&meta).unwrap();
    assert!(!is_unfinished(&kit.prefix()), "something else");
    fs::write(meta.join(".larder-unfinished"), ".larder-env-abcdefgh").unwrap();
    recover(&kit.prefix(), &kit.key(), &SilentReporter).unwrap_err();
    assert!(is_unfinished(&kit.prefix()));
    fs::write(meta.join("history"), "").unwrap();
    assert!(!is_unfinished(&kit.prefix()));
    recover(&kit.prefix(), &kit.key(), &SilentReporter).unwrap();
    assert!(!is_unfinished(&kit.prefix()));
}
