//! The journal killed at each of its steps, and its undoing killed at each of its own.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use larder_fs::{Durability, PathContext as _, PathError};

use super::{
    Settled,
    journal::{In, Journal, Moves, Out},
    settle,
    workshop::{Left, Workshop, open_gate},
};
use crate::JournalKey;

/// An environment of three files that is to lose one, have one replaced and get two.
struct Place {
    directory: tempfile::TempDir,
    _state: tempfile::TempDir,
    workshop: Workshop,
    journal: Journal,
}

fn out(path: &str, is_replaced: bool, is_saved: bool) -> Out {
    Out {
        path: path.into(),
        is_replaced,
        is_saved,
    }
}

fn new(path: &str, replaces: Option<usize>) -> In {
    In {
        path: path.into(),
        replaces,
    }
}

impl Place {
    fn new() -> Self {
        let (directory, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let prefix = directory.path().join("env");
        let key = JournalKey::in_directory(Some(state.path().to_owned()));
        let workshop = Workshop::new(&prefix, Durability::Lazy, &key);
        let write = |root: &Path, path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for path in [
            "lib/gone",
            "lib/changed",
            "both",
            "was/file",
            "mine/unowned",
        ] {
            write(&prefix, path, &format!("old {path}"));
        }
        for (name, text) in [("history", "==> then <==\n"), ("a-1-0.json", "{}")] {
            write(&prefix.join("conda-meta"), name, text);
        }
        workshop.open().unwrap();
        for path in ["both", "fresh/dir/new", "was", "conda-meta/b-1-0.json"] {
            write(&workshop.new_root(), path, &format!("new {path}"));
        }
        let mut journal = Journal::new(workshop.history_length().unwrap(), ".larder-saved".into());
        journal.files = Moves {
            outs: vec![
                out("lib/gone", false, false),
                out("lib/changed", false, true),
                out("both", true, false),
                out("was/file", false, false),
                out("was", false, false),
            ],
            directories: vec!["fresh".into(), "fresh/dir".into()],
            ins: vec![
                new("both", Some(2)),
                new("fresh/dir/new", None),
                new("was", None),
            ],
        };
        journal.records = Moves {
            outs: vec![out("conda-meta/a-1-0.json", false, false)],
            directories: Vec::new(),
            ins: vec![new("conda-meta/b-1-0.json", None)],
        };
        journal.emptied = vec!["lib".into()];
        Self {
            directory,
            _state: state,
            workshop,
            journal,
        }
    }

    fn run(&self, gate: &dyn Fn(&Path) -> Result<(), PathError>) -> Result<(), PathError> {
        let (workshop, journal) = (&self.workshop, &self.journal);
        workshop.write(journal)?;
        workshop.advance_files(journal, gate)?;
        workshop.advance_records(journal, gate)?;
        gate(Path::new("history"))?;
        workshop.append_history("==> now <==\n")?;
        gate(Path::new("commit"))?;
        workshop.commit()
    }

    fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        let mut directories = vec![self.directory.path().join("env")];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files.insert(path.clone(), String::from("a directory"));
                    directories.push(path);
                } else {
                    files.insert(path.clone(), fs::read_to_string(&path).unwrap());
                }
            }
        }
        files
    }
}

/// Opens so many times and then no more, as if the process were dead.
fn dying(after: usize) -> impl Fn(&Path) -> Result<(), PathError> {
    let left = Cell::new(after);
    move |path: &Path| match left.get() {
        0 => Err(io::Error::other("killed")).at("live on", path),
        steps => {
            left.set(steps - 1);
            Ok(())
        }
    }
}

/// What is there before, without the workshop.
fn before() -> BTreeMap<PathBuf, String> {
    let place = Place::new();
    fs::remove_dir_all(place.workshop.root()).unwrap();
    relative(&place)
}

fn relative(place: &Place) -> BTreeMap<PathBuf, String> {
    let root = place.directory.path();
    let files = place.files().into_iter();
    files
        .map(|(path, text)| (path.strip_prefix(root).unwrap().to_owned(), text))
        .collect()
}

#[test]
fn an_update_that_is_killed_at_any_step_is_undone_and_so_is_an_undoing() {
    let before = before();
    let mut steps = 0;
    loop {
        let place = Place::new();
        match place.run(&dying(steps)) {
            Ok(()) => break,
            Err(error) => assert_eq!(error.operation, "live on", "{error}: {}", error.source),
        }
        for undone in 0.. {
            let Left::Unfinished(journal) = place.workshop.left().unwrap() else {
                panic!("no journal");
            };
            assert_eq!(*journal, place.journal);
            match place.workshop.undo(&journal, &dying(undone)) {
                Ok(()) => break,
                Err(error) => assert_eq!(error.operation, "live on", "{error}: {}", error.source),
            }
        }
        assert_eq!(relative(&place), before, "killed after {steps} steps");
        assert_eq!(settle(&place.workshop).unwrap(), Settled::Nothing);
        steps += 1;
    }
    // What goes, what is made, what comes, what is put aside, records, history, commit.
    assert_eq!(steps, 4 + 2 + 3 + 1 + 2 + 2);
}

#[test]
fn at_no_step_is_a_path_without_both_what_was_there_and_what_comes() {
    let place = Place::new();
    let both = place.directory.path().join("env/both");
    let look = |_: &Path| {
        let text = fs::read_to_string(&both).unwrap();
        assert!(["old both", "new both"].contains(&text.as_str()));
        Ok(())
    };
    place.run(&look).unwrap();
}

#[test]
fn an_update_that_is_killed_after_the_commit_is_finished() {
    let place = Place::new();
    place.run(&open_gate).unwrap();
    assert_eq!(settle(&place.workshop).unwrap(), Settled::Finished);
    let files = relative(&place);
    let text = |path: &str| files.get(&Path::new("env").join(path)).map(String::as_str);
    assert_eq!(text("both"), Some("new both"));
    assert_eq!(text("was"), Some("new was"));
    assert_eq!(text("fresh/dir/new"), Some("new fresh/dir/new"));
    assert_eq!(text("mine/unowned"), Some("old mine/unowned"));
    assert_eq!(text(".larder-saved/lib/changed"), Some("old lib/changed"));
    assert_eq!(text("lib"), None, "empty directories go");
    assert_eq!(
        text("conda-meta/history"),
        Some("==> then <==\n==> now <==\n")
    );
    assert_eq!(settle(&place.workshop).unwrap(), Settled::Nothing);
}

#[test]
fn a_journal_that_nobody_can_read_stops_everything() {
    let place = Place::new();
    place.workshop.write(&place.journal).unwrap();
    let path = place.workshop.root().join("journal");
    for text in ["{", r#"{"version": 2, "history": 0}"#] {
        fs::write(&path, text).unwrap();
        assert!(settle(&place.workshop).is_err());
        assert!(place.workshop.is_in_use());
    }
}

/// Everything that a repository could carry as `.larder-update`, and none of it does anything.
#[test]
fn a_journal_without_the_seal_of_this_user_is_refused_and_nothing_moves() {
    let place = Place::new();
    let path = place.workshop.root().join("journal");
    let prefix = place.directory.path().join("env");
    let json = serde_json::to_string(&place.journal).unwrap();
    let other = JournalKey::in_directory(Some(place.directory.path().join("other")));
    let strange = place.journal.to_bytes(&other, &prefix).unwrap();
    let own = JournalKey::in_directory(Some(place._state.path().to_owned()));
    let elsewhere = place.directory.path().join("elsewhere");
    let moved = place.journal.to_bytes(&own, &elsewhere).unwrap();
    let mut changed = place.journal.to_bytes(&own, &prefix).unwrap();
    let last = changed.len() - 1;
    changed[last] = b' ';
    for bytes in [
        json.clone().into_bytes(),
        format!("larder journal \n{json}").into(),
        strange,
        moved,
        changed,
    ] {
        for name in ["journal", "committed"] {
            fs::write(path.with_file_name(name), &bytes).unwrap();
            let before = place.files();
            let error = settle(&place.workshop).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(
                error.source.to_string().contains("larder sync"),
                "{}",
                error.source
            );
            assert_eq!(place.files(), before);
            fs::remove_file(path.with_file_name(name)).unwrap();
        }
    }
}

/// With the right seal as well: the key might be read one day, or another bug write such a journal.
#[test]
fn a_path_that_no_update_moves_is_refused_in_every_place_of_a_journal() {
    let wrong = [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "",
        ".",
        "a//b",
        "conda-meta/history",
        "conda-meta",
        "Conda-Meta./x",
        "C:/x",
        "a\\b",
        "a\u{0}",
        "conda-meta/.larder-update",
        "conda-meta/a/b",
    ];
    for text in wrong {
        let places: [fn(&mut Journal, String); 9] = [
            |journal, path| journal.files.outs[0].path = path,
            |journal, path| journal.files.ins[0].path = path,
            |journal, path| journal.files.directories[0] = path,
            |journal, path| journal.records.outs[0].path = path,
            |journal, path| journal.records.ins[0].path = path,
            |journal, path| journal.records.directories.push(path),
            |journal, path| journal.emptied[0] = path,
            |journal, path| journal.saved = path,
            |journal, path| journal.saved = format!(".larder-saved/{path}/.."),
        ];
        for change in places {
            let mut place = Place::new();
            change(&mut place.journal, text.to_owned());
            let json = serde_json::to_vec(&place.journal).unwrap();
            assert!(
                Journal::parse(&json).is_err(),
                "{text}: {:?}",
                place.journal
            );
            assert!(place.workshop.write(&place.journal).is_err(), "{text}");
        }
    }
    let mut place = Place::new();
    place.journal.files.ins[0].replaces = Some(99);
    assert!(place.workshop.write(&place.journal).is_err());
}

/// Directories that have become links since the survey, `history` and `.larder-saved` among them.
#[test]
#[cfg(unix)]
fn no_step_of_an_update_leaves_the_prefix_through_a_link() {
    use std::os::unix::fs::symlink;

    let links = [
        "lib",
        "fresh",
        "was",
        "conda-meta/history",
        ".larder-saved",
        "conda-meta",
    ];
    for (link, undoes) in links
        .into_iter()
        .flat_map(|link| [(link, true), (link, false)])
    {
        let place = Place::new();
        let outside = place.directory.path().join("outside");
        for directory in ["gone-dir", "dir", "lib", "2026"] {
            fs::create_dir_all(outside.join(directory)).unwrap();
        }
        for name in ["gone", "changed", "file", "new", "a-1-0.json", "history"] {
            fs::write(outside.join(name), "precious").unwrap();
        }
        let before = fs::read_dir(&outside).unwrap().count();
        place.workshop.write(&place.journal).unwrap();
        let path = place.directory.path().join("env").join(link);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir_all(&path);
        let target = if link.ends_with("history") {
            outside.join("history")
        } else {
            outside.clone()
        };
        symlink(target, &path).unwrap();
        let _ = place.run(&open_gate);
        if undoes {
            let _ = place.workshop.undo(&place.journal, &open_gate);
        }
        let _ = place.workshop.finish(&place.journal);
        let _ = settle(&place.workshop);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), before, "{link}");
        for name in ["gone", "changed", "file", "new", "a-1-0.json", "history"] {
            assert_eq!(
                fs::read_to_string(outside.join(name)).unwrap(),
                "precious",
                "{link}: {name}"
            );
        }
    }
}
