//! What is kept is found again, whole or not at all.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use larder_bytecode::{Bytecode, BytecodesOptions};

use crate::support::{bytes_of, kit};

fn boot(id: &str) -> BytecodesOptions {
    BytecodesOptions {
        boot_id: Some(id.into()),
        bundles: None,
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-r").args([from, to]).status();
    assert!(status.unwrap().success());
}

#[test]
fn damage_of_any_kind_is_found_and_mended() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n"), ("b.py", "x = 2\n")]);
    let bytecodes = kit.open_with("kept", boot("1"));
    let good = kit.compile(&bytecodes, &[&package]).remove(0);
    let pyc = good.root.join(good.pyc_path_of(&good.files[0]));
    let index = good.root.parent().unwrap().join("index");
    let damages: [(&str, &dyn Fn()); 5] = [
        ("edited", &|| {
            let mut bytes = fs::read(&pyc).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(&pyc, bytes).unwrap();
        }),
        ("truncated", &|| fs::write(&pyc, "").unwrap()),
        ("missing", &|| fs::remove_file(&pyc).unwrap()),
        ("index damaged", &|| {
            let mut bytes = fs::read(&index).unwrap();
            bytes[60] ^= 1;
            fs::write(&index, bytes).unwrap();
        }),
        ("files missing", &|| fs::remove_dir_all(&good.root).unwrap()),
    ];
    for (name, damage) in damages {
        assert!(kit.get(&bytecodes, &package).is_some(), "before {name}");
        damage();
        assert!(kit.get(&bytecodes, &package).is_none(), "{name}");
        let again = kit.compile(&bytecodes, &[&package]).remove(0);
        assert_eq!(again.files[0].sha256, good.files[0].sha256, "{name}");
    }
}

#[test]
fn a_copy_on_another_machine_is_compared_by_its_bytes() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n")]);
    let good = kit
        .compile(&kit.open_with("kept", boot("1")), &[&package])
        .remove(0);
    copy(&kit.path("kept"), &kit.path("copy"));
    let found = kit
        .get(&kit.open_with("copy", boot("2")), &package)
        .unwrap();
    assert_eq!(bytes_of(&found), bytes_of(&good));
}

/// What a power loss leaves: size and time are right, the bytes are not.
fn zero(bytecode: &Bytecode) {
    let pyc = bytecode.root.join(bytecode.pyc_path_of(&bytecode.files[0]));
    let metadata = fs::metadata(&pyc).unwrap();
    fs::write(&pyc, vec![0; metadata.len() as usize]).unwrap();
    let file = fs::File::options().write(true).open(&pyc).unwrap();
    file.set_modified(metadata.modified().unwrap()).unwrap();
}

#[test]
fn after_a_restart_every_byte_is_compared_once() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n")]);
    for (compared, is_found) in [(true, true), (false, false)] {
        let name = format!("kept-{compared}");
        let made = kit.compile(&kit.open_with(&name, boot("1")), &[&package]);
        let restarted = kit.open_with(&name, boot("2"));
        if compared {
            assert!(kit.get(&restarted, &package).is_some());
        }
        zero(&made[0]);
        assert_eq!(kit.get(&restarted, &package).is_some(), is_found);
    }
}

#[test]
fn what_nobody_needs_is_removed() {
    let Some(kit) = kit() else { return };
    let (one, other) = (
        kit.package("one", &[("a.py", "")]),
        kit.package("other", &[("a.py", "")]),
    );
    let bytecodes = kit.open("kept");
    kit.compile(&bytecodes, &[&one, &other]);
    let needed = one.key().package;
    assert_eq!(
        bytecodes
            .remove_unneeded(|package| *package == needed)
            .unwrap(),
        1
    );
    assert!(kit.get(&bytecodes, &one).is_some());
    assert!(kit.get(&bytecodes, &other).is_none());

    fs::create_dir(kit.path("kept/tmp/1-dead")).unwrap();
    let now = SystemTime::now() + Duration::from_secs(60);
    let hour = Duration::from_secs(3600);
    assert_eq!(bytecodes.sweep_abandoned(hour, now).unwrap(), 0);
    assert_eq!(
        bytecodes
            .sweep_abandoned(Duration::from_secs(1), now)
            .unwrap(),
        1
    );
}
