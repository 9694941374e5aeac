//! What is at each path of a new environment, and how the environment gets to its place.

use std::{fs, path::Path};

use larder_link::{How, LinkMode, LinkOptions, Replace, plan};
use larder_testkit::tree_of;
use rattler_conda_types::Subdir;

use crate::support::{Kit, create, fails, links, package};

/// Whether two names are of one file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    larder_fs::is_name_of(one, &fs::File::open(other).unwrap())
}

/// Whether everybody may run a file, as far as this system knows such a right.
fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o111 == 0o111
    }
    #[cfg(not(unix))]
    path.exists()
}

#[test]
fn cep34_10_links_keep_their_text_and_directories_are_made() {
    let kit = Kit::new();
    let built = package("a")
        .file("lib/libx.so.1", "x")
        .symlink("lib/libx.so", "libx.so.1")
        .symlink("lib/dangling", "nothing/here")
        .directory("share/empty");
    kit.create(&[&kit.unpack(built)]);
    let target = |path: &str| fs::read_link(kit.prefix().join(path)).unwrap();
    assert_eq!(target("lib/libx.so"), Path::new("libx.so.1"));
    assert_eq!(target("lib/dangling"), Path::new("nothing/here"));
    assert!(kit.prefix().join("share/empty").is_dir());
}

#[test]
fn cep34_11_no_link_is_copied() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").file("linked", "x").no_link("copied", "y"));
    kit.create(&[&a]);
    let same = |path| is_same_file(&kit.prefix().join(path), &a.tree.root.join(path));
    assert!(same("linked"));
    assert!(!same("copied"));
    assert_eq!(kit.read("copied"), "y");
}

#[test]
fn cep34_12_a_binary_keeps_its_size_and_a_long_prefix_is_refused_before_anything_is_linked() {
    let kit = Kit::new();
    let a =
        kit.unpack(package("a").binary_prefix("bin/x", b"\x7fELF\0{{PREFIX}}/lib\0end".to_vec()));
    kit.create(&[&a]);
    let prefix = kit.prefix();
    let content = kit.read("bin/x");
    assert_eq!(
        content.len() as u64,
        fs::metadata(a.tree.root.join("bin/x")).unwrap().len()
    );
    assert!(content.contains(&format!("\0{}/lib\0\0", prefix.display())));
    assert!(content.ends_with("\0end"));

    let b = kit.unpack(
        package("b")
            .placeholder("/short")
            .binary_prefix("lib/y", "{{PREFIX}}\0"),
    );
    let options = LinkOptions {
        prefix: kit.envs().join("other"),
        ..kit.options()
    };
    let error = fails(&[&a, &b], &options);
    let length = options.prefix.to_str().unwrap().len();
    for part in [
        "b-1.0-h0_0",
        "`lib/y`",
        "room for 6",
        &format!("has {length} bytes"),
    ] {
        assert!(error.contains(part), "{error} lacks {part}");
    }
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn cep34_13_on_windows_the_prefix_is_written_with_forward_slashes() {
    let kit = Kit::new();
    let a = kit.unpack(
        package("a")
            .subdir("win-64")
            .text_prefix("etc/x", "p={{PREFIX}}/bin"),
    );
    let prefix = kit.envs().join(r"my\env");
    let options = LinkOptions {
        prefix: prefix.clone(),
        subdir: Subdir::Win64,
        ..kit.options()
    };
    create(&[&a], &options);
    let expected = format!("p={}/bin", prefix.to_str().unwrap().replace('\\', "/"));
    assert_eq!(fs::read_to_string(prefix.join("etc/x")).unwrap(), expected);
}

#[test]
fn cep32_34_only_listed_paths_outside_info_are_linked() {
    let kit = Kit::new();
    let unlisted = larder_testkit::RawEntry::file("not listed");
    let a = kit.unpack(
        package("a")
            .file("share/x", "x")
            .raw_entry("share/y", unlisted),
    );
    kit.create(&[&a]);
    assert!(kit.has("share/x"));
    assert!(!kit.has("share/y"));
    assert!(!kit.has("info"));
}

#[test]
fn cep32_35_a_rewritten_file_is_no_link_to_the_tree() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").executable_text_prefix("bin/x", "#!{{PREFIX}}/bin/sh\n"));
    kit.create(&[&a]);
    let (new, old) = (kit.prefix().join("bin/x"), a.tree.root.join("bin/x"));
    assert!(!is_same_file(&new, &old));
    assert_eq!(
        kit.read("bin/x"),
        format!("#!{}/bin/sh\n", kit.prefix().display())
    );
    assert!(is_executable(&new));
    assert!(fs::read_to_string(old).unwrap().contains("placehold"));
}

#[test]
fn cep34_18_activation_files_are_installed() {
    let kit = Kit::new();
    let paths = ["env_vars.d/a.json", "activate.d/a.sh", "deactivate.d/a.sh"];
    let mut a = package("a");
    for path in paths {
        a = a.file(&format!("etc/conda/{path}"), path);
    }
    kit.create(&[&kit.unpack(a)]);
    for path in paths {
        assert_eq!(kit.read(&format!("etc/conda/{path}")), path);
    }
}

#[test]
fn copies_share_nothing_with_the_tree() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").executable("bin/x", "x"));
    create(
        &[&a],
        &LinkOptions {
            link_mode: LinkMode::Copy,
            ..kit.options()
        },
    );
    let (new, old) = (kit.prefix().join("bin/x"), a.tree.root.join("bin/x"));
    assert!(!is_same_file(&new, &old) && is_executable(&new));
}

#[test]
fn the_same_environment_at_every_number_of_threads() {
    let kit = Kit::new();
    let mut big = package("a");
    for index in 0..200 {
        big = big.file(&format!("d{}/e/f{index}", index % 17), format!("{index}"));
        big = big.text_prefix(&format!("t{}/f{index}", index % 5), "{{PREFIX}}");
    }
    let (a, b) = (
        kit.unpack(big),
        kit.unpack(package("b").file("d1/e/f1", "other")),
    );
    let listing = |threads, order: &[&crate::support::Unpacked]| {
        create(
            order,
            &LinkOptions {
                threads,
                ..kit.options()
            },
        );
        let listing = tree_of(&kit.prefix());
        fs::remove_dir_all(kit.prefix()).unwrap();
        listing
    };
    let expected = listing(1, &[&a, &b]);
    assert!(expected.len() > 400);
    assert_eq!(listing(2, &[&b, &a]), expected);
    assert_eq!(listing(7, &[&a, &b]), expected);
}

#[test]
fn an_existing_environment_is_refused_and_stays() {
    let kit = Kit::new();
    let (a, b) = (
        kit.unpack(package("a").file("a", "a")),
        kit.unpack(package("b").file("b", "b")),
    );
    kit.create(&[&a]);
    let before = tree_of(&kit.prefix());
    let error = fails(&[&b], &kit.options());
    assert!(
        error.contains("already exists") && error.contains("envs/env"),
        "{error}"
    );
    assert_eq!(tree_of(&kit.prefix()), before);
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn an_environment_is_replaced_whole_when_asked() {
    let kit = Kit::new();
    let (a, b) = (
        kit.unpack(package("a").file("a", "a")),
        kit.unpack(package("b").file("b", "b")),
    );
    kit.create(&[&a]);
    create(
        &[&b],
        &LinkOptions {
            replace: Replace::Existing,
            ..kit.options()
        },
    );
    assert!(!kit.has("a") && kit.has("b"));
    assert_eq!(kit.beside(), ["env"]);
}

#[test]
fn a_directory_that_is_no_environment_is_never_replaced() {
    let kit = Kit::new();
    fs::create_dir_all(kit.prefix()).unwrap();
    fs::write(kit.prefix().join("thesis.tex"), "dear").unwrap();
    let a = kit.unpack(package("a").file("a", "a"));
    let options = LinkOptions {
        replace: Replace::Existing,
        ..kit.options()
    };
    let error = fails(&[&a], &options);
    assert!(error.contains("not a conda environment"), "{error}");
    assert_eq!(kit.read("thesis.tex"), "dear");
}

#[test]
fn an_empty_directory_becomes_an_environment() {
    let kit = Kit::new();
    fs::create_dir_all(kit.prefix()).unwrap();
    kit.create(&[&kit.unpack(package("a").file("a", "a"))]);
    assert!(kit.has("a"));
}

#[test]
fn a_prefix_that_cannot_be_written_into_files_is_refused() {
    let kit = Kit::new();
    for prefix in ["relative/env", "/", "/a/../b", "/a\nb"] {
        let options = LinkOptions {
            prefix: prefix.into(),
            ..kit.options()
        };
        let error = plan(&[], &options).unwrap_err().to_string();
        assert!(error.contains("cannot make an environment at"), "{error}");
    }
}

#[test]
fn a_plan_says_for_each_path_where_it_comes_from_and_how_it_arrives() {
    let kit = Kit::new();
    let a = kit.unpack(
        package("a")
            .file("share/x", "x")
            .no_link("share/y", "y")
            .text_prefix("etc/t", "{{PREFIX}}")
            .binary_prefix("lib/b", "{{PREFIX}}\0")
            .symlink("lib/l", "b")
            .directory("var"),
    );
    let packages = links(&[&a]);
    let plan = plan(&packages, &kit.options()).unwrap();
    let how = |path: &str| {
        plan.lines()
            .find(|line| line.path == path)
            .map(|line| line.how)
    };
    assert_eq!(how("share/x"), Some(How::Link));
    assert_eq!(how("share/y"), Some(How::Copy));
    assert_eq!(how("etc/t"), Some(How::RewrittenText));
    assert_eq!(how("lib/b"), Some(How::RewrittenBinary));
    assert_eq!(how("lib/l"), Some(How::Symlink));
    assert_eq!(how("var"), Some(How::Directory));
    let text = plan.to_string();
    assert!(
        text.contains("rewritten text    etc/t  (a-1.0-h0_0)\n"),
        "{text}"
    );
    assert!(!kit.has(""), "planning touches nothing");
}

#[test]
fn a_missing_file_of_a_tree_fails_the_run_by_name_and_leaves_nothing() {
    let kit = Kit::new();
    let a = kit.unpack(package("a").file("share/x", "x"));
    fs::remove_file(a.tree.root.join("share/x")).unwrap();
    let error = fails(&[&a], &kit.options());
    assert!(
        error.contains("a-1.0-h0_0") && error.contains("share/x"),
        "{error}"
    );
    assert!(kit.beside().is_empty(), "{:?}", kit.beside());
}
