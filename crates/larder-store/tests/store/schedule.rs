//! Schedules that tests force through [`Steps`]: a collection between two looks of a reader, and a file that changes
//! between its hash and its use.

use std::{
    fmt, fs, io,
    io::Read as _,
    path::Path,
    sync::{Arc, Mutex},
};

use larder_store::{Object, StepObserver, Store, StoreOptions, StoreStep, VerifiedObject};

use crate::support::{Fixture, collecting, content, find, lazy, names, put_content, sha256};

type Act = Box<dyn FnMut() + Send>;

/// Does something at each time that a step is reached.
struct OnStep {
    step: StoreStep,
    act: Mutex<Act>,
}

impl fmt::Debug for OnStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnStep({:?})", self.step)
    }
}

impl StepObserver for OnStep {
    fn reached(&self, step: StoreStep) -> io::Result<()> {
        if step == self.step {
            (self.act.lock().unwrap())();
        }
        Ok(())
    }
}

fn open_with(root: &Path, step: StoreStep, act: impl FnMut() + Send + 'static) -> Store {
    let act: Act = Box::new(act);
    let steps = Arc::new(OnStep {
        step,
        act: Mutex::new(act),
    });
    let options = StoreOptions { steps, ..lazy() };
    Store::open(root, &options).unwrap()
}

/// Takes the name of an object, as a collection does in G4.
fn doom(fixture: &Fixture, object: &Object) {
    let name = format!("tmp/doomed-{}-1-0.conda", object.id.sha256);
    fs::rename(&object.path, fixture.path(&name)).unwrap();
}

/// R6. The race of issue 14, point 10: the reader looks at the name (the object is doomed), another collection
/// begins and gives the object back (G8), the reader looks among the doomed ones.
#[test]
fn an_object_that_is_given_back_between_two_looks_is_found() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    doom(&fixture, &object);
    let collector = fixture.store.clone();
    let act =
        move || drop(collector.plan_collection(&collecting(larder_store::CollectPolicy::Needed)));
    let reader = open_with(fixture.store.root(), StoreStep::Missed, act);
    let _pin = reader.pin([sha256(&content(1))]).unwrap();
    assert_eq!(find(&reader, sha256(&content(1))), Some(object));
}

/// The same, and a third collection that was planned before the pin takes the name once more before the next look.
#[test]
fn an_object_that_moves_between_each_two_looks_is_found() {
    for rounds in 1..=3 {
        let fixture = Fixture::new();
        let object = put_content(&fixture.store, 1);
        let other = put_content(&fixture.store, 2);
        doom(&fixture, &object);
        // Its collection is under way all the time.
        doom(&fixture, &other);
        let (path, aside) = (object.path.clone(), fixture.path("tmp"));
        let doomed = aside.join(format!("doomed-{}-1-0.conda", object.id.sha256));
        let mut round = 0;
        let act = move || {
            round += 1;
            if round <= rounds {
                // Given back before `tmp/` is looked at, and hidden from it: what a look at each place misses.
                let hidden = aside.with_file_name(format!("hidden-{round}"));
                let from = if round == 1 {
                    doomed.clone()
                } else {
                    aside.with_file_name(format!("hidden-{}", round - 1))
                };
                fs::rename(from, &hidden).unwrap();
                if round == rounds {
                    fs::rename(hidden, &path).unwrap();
                }
            }
        };
        let reader = open_with(fixture.store.root(), StoreStep::Missed, act);
        assert_eq!(
            find(&reader, sha256(&content(1))),
            Some(object),
            "{rounds} rounds"
        );
    }
}

/// What is absent is absent: one more look at each place, and no more.
#[test]
fn looking_for_what_is_not_there_ends() {
    let fixture = Fixture::new();
    let looks = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&looks);
    let act = move || *counted.lock().unwrap() += 1;
    let reader = open_with(fixture.store.root(), StoreStep::Missed, act);
    assert_eq!(find(&reader, sha256(b"absent")), None);
    assert_eq!(*looks.lock().unwrap(), 2);
    let other = put_content(&fixture.store, 2);
    doom(&fixture, &other);
    assert_eq!(find(&reader, sha256(b"absent")), None);
    assert!(*looks.lock().unwrap() <= 2 + 8);
}

fn read(mut verified: VerifiedObject) -> Vec<u8> {
    let mut bytes = Vec::new();
    verified.file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Opens an object whose bytes another writer exchanges right after they were hashed, through a handle that it has
/// had since before.
#[cfg(unix)]
fn open_while_it_changes(fixture: &Fixture, object: &Object) -> VerifiedObject {
    use std::io::{Seek as _, Write as _};

    let mode = fs::metadata(&object.path).unwrap().permissions();
    larder_fs::make_writable(&object.path).unwrap();
    let mut writer = fs::File::options().write(true).open(&object.path).unwrap();
    fs::set_permissions(&object.path, mode).unwrap();
    let act = move || {
        writer.rewind().unwrap();
        writer.write_all(&content(2)[..1000]).unwrap();
    };
    let reader = open_with(fixture.store.root(), StoreStep::Hashed, act);
    reader.open_verified(object).unwrap()
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// R7. Hole 8 of issue 13: what was hashed is what is used, whoever may write to the file.
#[cfg(unix)]
#[test]
fn an_object_that_others_may_write_to_is_used_as_it_was_hashed() {
    for mode in [0o464, 0o446, 0o666, 0o664] {
        let fixture = Fixture::new();
        let object = put_content(&fixture.store, 1);
        set_mode(&object.path, mode);
        let verified = open_while_it_changes(&fixture, &object);
        assert_ne!(fs::read(&object.path).unwrap(), content(1), "it did change");
        assert_eq!(read(verified), content(1), "{mode:o}");
        assert_eq!(names(&fixture.path("tmp")), [""; 0], "no copy is left");
    }
}

/// R7: the owner of a file can write to it whatever its mode is.
#[cfg(unix)]
#[test]
fn an_object_of_another_user_is_used_as_it_was_hashed() {
    for lower in [false, true] {
        let fixture = Fixture::new();
        let object = put_content(&fixture.store, 1);
        if let Err(error) = std::os::unix::fs::chown(&object.path, Some(4242), None) {
            crate::worker::say(&format!("skipped: cannot give a file away: {error}"));
            return;
        }
        let verified = match lower {
            false => open_while_it_changes(&fixture, &object),
            true => open_in_lower_while_it_changes(&fixture, &object),
        };
        assert_ne!(fs::read(&object.path).unwrap(), content(1), "it did change");
        assert_eq!(read(verified), content(1));
    }
}

/// The same through a store above, which has nothing itself.
#[cfg(unix)]
fn open_in_lower_while_it_changes(fixture: &Fixture, object: &Object) -> VerifiedObject {
    let path = object.path.clone();
    let act: Act = Box::new(move || {
        larder_fs::make_writable(&path).unwrap();
        fs::write(&path, content(2)).unwrap();
    });
    let steps = Arc::new(OnStep {
        step: StoreStep::Hashed,
        act: Mutex::new(act),
    });
    let options = StoreOptions {
        steps,
        lower: vec![fixture.store.root().to_owned()],
        ..lazy()
    };
    let upper = Store::open(&fixture.beside("upper"), &options).unwrap();
    let found = find(&upper, sha256(&content(1))).unwrap();
    assert_eq!(found.path, object.path);
    upper.open_verified(&found).unwrap()
}

/// The ordinary case costs no copy.
#[cfg(unix)]
#[test]
fn an_object_of_this_user_is_not_copied() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    let verified = fixture.store.open_verified(&object).unwrap();
    assert!(larder_fs::is_name_of(&object.path, &verified.file));
}

/// R7: a name that is given to another program leads to the bytes that were hashed.
#[cfg(unix)]
#[test]
fn a_link_to_an_object_is_to_what_was_hashed() {
    let fixture = Fixture::new();
    let object = put_content(&fixture.store, 1);
    let mut verified = fixture.store.open_verified(&object).unwrap();
    let linked = fixture.beside("linked");
    verified.link_or_copy(&object, &linked).unwrap();
    assert!(
        larder_fs::is_name_of(&linked, &verified.file),
        "no bytes are copied"
    );
    // Another member of a group puts another file, or a link, in its place.
    for exchange in ["file", "link"] {
        fs::remove_file(&object.path).unwrap();
        match exchange {
            "file" => fs::write(&object.path, content(2)).unwrap(),
            _ => std::os::unix::fs::symlink(fixture.path("format"), &object.path).unwrap(),
        }
        let copied = fixture.beside(exchange);
        verified.link_or_copy(&object, &copied).unwrap();
        assert_eq!(fs::read(&copied).unwrap(), content(1), "{exchange}");
    }
    // What others may write to is copied: they could change it after this.
    let object = put_content(&fixture.store, 3);
    set_mode(&object.path, 0o666);
    let mut verified = fixture.store.open_verified(&object).unwrap();
    let copied = fixture.beside("private");
    verified.link_or_copy(&object, &copied).unwrap();
    fs::write(&object.path, content(2)).unwrap();
    assert_eq!(fs::read(&copied).unwrap(), content(3));
}
