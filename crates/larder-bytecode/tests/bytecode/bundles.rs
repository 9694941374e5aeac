//! Bytecode in a cache that travels is used only if the secret has sealed it.

use std::{fs, path::PathBuf};

use larder_bytecode::{BytecodeBundles, Bytecodes, BytecodesOptions, CacheSecret};

use crate::support::{Kit, Written, bytes_of, kit};

const SECRET: &str = "a secret of this CI, long enough";

/// A machine of its own: nothing but the cache is shared.
fn machine(kit: &Kit, name: &str, secret: Option<&str>) -> Bytecodes {
    let bundles = secret.map(|secret| BytecodeBundles {
        directory: kit.path("cache"),
        secret: CacheSecret::new(secret).unwrap(),
    });
    kit.open_with(
        name,
        BytecodesOptions {
            boot_id: None,
            bundles,
        },
    )
}

fn bundle(kit: &Kit, package: &Written) -> PathBuf {
    kit.path("cache").join(package.key().to_string())
}

#[test]
fn a_sealed_bundle_spares_another_machine_the_work() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n"), ("bad.py", "x =\n")]);
    let made = kit
        .compile(&machine(&kit, "first", Some(SECRET)), &[&package])
        .remove(0);
    let found = kit
        .get(&machine(&kit, "second", Some(SECRET)), &package)
        .unwrap();
    assert_eq!(bytes_of(&found), bytes_of(&made));
    assert_eq!(found.skipped, made.skipped);
    assert!(kit.recorder.warnings().is_empty());
}

#[test]
fn without_a_secret_nothing_goes_into_the_cache_and_nothing_comes_out() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n")]);
    kit.compile(&machine(&kit, "first", None), &[&package]);
    assert!(!kit.path("cache").exists());
    kit.compile(&machine(&kit, "second", Some(SECRET)), &[&package]);
    assert!(bundle(&kit, &package).is_file());
    assert!(kit.get(&machine(&kit, "third", None), &package).is_none());
}

#[test]
fn poisoned_bundles_are_refused_and_made_again() {
    let Some(kit) = kit() else { return };
    let package = kit.package("p", &[("a.py", "x = 1\n")]);
    let other = kit.package("other", &[("a.py", "import os\n")]);
    let forger = "another secret of somebody else";
    kit.compile(&machine(&kit, "forger", Some(forger)), &[&package]);
    let forged = fs::read(bundle(&kit, &package)).unwrap();
    let first = machine(&kit, "first", Some(SECRET));
    let good = kit.compile(&first, &[&package, &other]).remove(0);
    let sealed = fs::read(bundle(&kit, &package)).unwrap();
    let of_other = fs::read(bundle(&kit, &other)).unwrap();
    let changed = |at: usize| {
        let mut bytes = sealed.clone();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 1;
        bytes
    };
    let poisons = [
        ("of another secret", forged),
        ("of another package", of_other),
        ("seal changed", changed(30)),
        ("body changed", changed(usize::MAX)),
        ("truncated", sealed[..sealed.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("no bundle", b"larder bytecode bundle 1\n".to_vec()),
    ];
    for (number, (name, poison)) in poisons.into_iter().enumerate() {
        fs::write(bundle(&kit, &package), poison).unwrap();
        let machine = machine(&kit, &format!("machine{number}"), Some(SECRET));
        assert!(kit.get(&machine, &package).is_none(), "{name}");
        let warnings = kit.recorder.warnings();
        let last = warnings.last().unwrap();
        assert!(last.starts_with("bytecode::refused"), "{name}: {last}");
        assert!(!last.contains(SECRET));
        let again = kit.compile(&machine, &[&package]).remove(0);
        assert_eq!(bytes_of(&again), bytes_of(&good), "{name}");
        assert_eq!(fs::read(bundle(&kit, &package)).unwrap(), sealed, "{name}");
    }
}

#[test]
fn a_secret_that_can_be_guessed_is_none_and_none_is_shown() {
    let error = CacheSecret::new("hunter2").unwrap_err().to_string();
    assert!(
        error.contains("at least 16") && !error.contains("hunter2"),
        "{error}"
    );
    let secret = CacheSecret::new(SECRET).unwrap();
    assert!(!format!("{secret:?}").contains(SECRET));
}
