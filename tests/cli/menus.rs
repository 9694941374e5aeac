//! Menu entries (CEP 11), behind `--shortcuts`.

use std::{fs, path::PathBuf};

use larder_testkit::{PackageBuilder, Run, Sandbox};

use crate::support::{channel, conda, env, json, lib, sandbox};

/// An entry that is made on Linux alone.
const ITEM: &str = r#"{
    "name": "Foo in {{ ENV_NAME }}",
    "description": "of {{ PREFIX }}",
    "icon": "{{ MENU_DIR }}/foo.{{ ICON_EXT }}",
    "command": ["{{ BIN_DIR }}/foo", "{{ SP_DIR }}", "{{ PY_VER }}", "{{ DISTRIBUTION_NAME }}"],
    "activate": false,
    "platforms": {"linux": {}, "osx": {}, "win": {}}
}"#;

fn document(items: &str) -> String {
    format!(
        r#"{{"$schema": "https://json-schema.org/draft-07/schema",
            "$id": "https://schemas.conda.io/menuinst-1.schema.json",
            "menu_name": "My Tools", "menu_items": [{items}]}}"#
    )
}

/// A channel with `foo`, which has this menu document, and a Python of no bytes.
fn foo(menu: &str) -> Sandbox {
    let sandbox = sandbox();
    let package = PackageBuilder::new("foo", "1.0", "0")
        .noarch_generic()
        .file("Menu/foo.json", menu);
    let python = PackageBuilder::new("python", "3.11.4", "0")
        .noarch_generic()
        .file("bin/python", "");
    channel(&sandbox, [conda(package), conda(python), conda(lib())]);
    sandbox
}

fn create(sandbox: &Sandbox, more: &[&str]) -> Run {
    let create = ["create", "-p", "env", "-c", "./channel", "foo", "python"];
    sandbox.larder(&[&create[..], more].concat()).success()
}

/// The entries of the user.
fn entries(sandbox: &Sandbox) -> Vec<PathBuf> {
    let directory = sandbox.home().join(".local/share/applications");
    let entries = fs::read_dir(directory).into_iter().flatten();
    let entries = entries.map(|entry| entry.unwrap().path());
    let mut entries: Vec<PathBuf> = entries
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "desktop")
        })
        .collect();
    entries.sort();
    entries
}

#[test]
fn cep11_04_an_entry_is_where_the_desktop_looks_for_those_of_a_user() {
    let sandbox = foo(&document(ITEM));
    let run = create(&sandbox, &[]);
    assert!(run.stderr.contains("--shortcuts"), "{}", run.stderr);
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());
    let run = create(&sandbox, &["--yes", "--shortcuts"]);
    assert!(!run.stderr.contains("menu"), "{}", run.stderr);
    assert_eq!(entries(&sandbox).len(), 1);
    sandbox.larder(&["verify", "-p", "env"]).success();
}

#[test]
fn cep11_03_placeholders_are_filled_in() {
    let sandbox = foo(&document(ITEM));
    create(&sandbox, &["--shortcuts"]);
    let text = fs::read_to_string(&entries(&sandbox)[0]).unwrap();
    let place = env(&sandbox).display().to_string();
    for line in [
        "Name=Foo in env".to_owned(),
        format!("Comment=of {place}"),
        format!("Icon={place}/Menu/foo.png"),
        format!("Exec={place}/bin/foo {place}/lib/python3.11/site-packages 3.11 env"),
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
}

#[test]
fn cep11_02_an_item_is_for_the_platforms_that_it_names() {
    let windows = ITEM.replace(r#""linux": {}, "#, "");
    let sandbox = foo(&document(&windows));
    create(&sandbox, &["--shortcuts"]);
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());
    let own = ITEM.replace(r#""linux": {}"#, r#""linux": {"command": ["own"]}"#);
    let sandbox = foo(&document(&own));
    create(&sandbox, &["--shortcuts"]);
    let text = fs::read_to_string(&entries(&sandbox)[0]).unwrap();
    assert!(text.contains("\nExec=own\n"), "{text}");
}

#[test]
fn cep11_01_a_document_without_a_required_key_is_named_and_nothing_is_made_of_it() {
    let second = ITEM.replace(r#""command""#, r#""commando""#);
    let sandbox = foo(&document(&format!("{ITEM}, {second}")));
    let run = create(&sandbox, &["--shortcuts"]);
    for word in ["Menu/foo.json", "`command`", "item 2"] {
        assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
    }
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());
    // What only menuinst finds leaves nothing either.
    let second = ITEM.replace(r#""activate": false"#, r#""activate": "maybe""#);
    let sandbox = foo(&document(&format!("{ITEM}, {second}")));
    let run = create(&sandbox, &["--shortcuts"]);
    assert!(run.stderr.contains("Menu/foo.json"), "{}", run.stderr);
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());
}

#[test]
fn cep11_05_entries_go_with_their_package_and_their_environment() {
    let sandbox = foo(&document(ITEM));
    let menu = sandbox.home().join(".config/menus/applications.menu");
    fs::create_dir_all(menu.parent().unwrap()).unwrap();
    fs::write(&menu, "<Menu>  <Name>Mine</Name></Menu>").unwrap();
    create(&sandbox, &["--shortcuts"]);
    sandbox.write(
        "environment.yml",
        "channels: [./channel]\ndependencies: [lib]\n",
    );
    let update = ["env", "update", "-p", "env", "--prune", "--json"];
    let report = json(&sandbox.larder(&update).success());
    assert_eq!(report["actions"]["UNLINK"][0]["name"], "foo");
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());

    create(&sandbox, &["--yes", "--shortcuts"]);
    assert_eq!(entries(&sandbox).len(), 1);
    sandbox
        .larder(&["env", "remove", "-p", "env", "--yes"])
        .success();
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());
    let text = fs::read_to_string(&menu).unwrap();
    assert_eq!(text, "<Menu>  <Name>Mine</Name></Menu>");
}

#[test]
fn cep11_06_documents_of_menuinst_1_are_not_read_as_new_ones() {
    let old = r#"{"menu_name": "Old", "menu_items": [{"pywscript": "x.py", "name": "Old"}]}"#;
    let sandbox = foo(old);
    let run = create(&sandbox, &["--shortcuts"]);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(entries(&sandbox), Vec::<PathBuf>::new());
}
