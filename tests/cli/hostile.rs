//! Hostile archives, indexes, locks and servers, with the real binary: each gives an error that names what
//! it is about and its exit code; nothing is written outside of the store and the trees, nothing is left.
//!
//! The readers' own tables (larder-unpack/tests/unpack/hostile.rs, larder-fetch/tests) have more cases.

use std::fs;

use larder_testkit::{
    BuiltPackage, Fault, Format, PackageBuilder, RawEntry, Run, Sandbox, Server, ZipMember,
    compress_bz2, metadata_json, tree_of, zip,
};

use crate::support::{app_and_lib, channel, sandbox};

/// What is run on each.
const RUNS: [&[&str]; 2] = [
    &["create", "-p", "env", "--no-lock"],
    &["create", "-p", "env", "--no-lock", "--ephemeral"],
];

fn evil() -> PackageBuilder {
    PackageBuilder::new("evil", "1.0", "0")
        .noarch_generic()
        .file("share/ok", "fine")
}

fn with(entries: &[(&str, RawEntry)]) -> BuiltPackage {
    let add = |package: PackageBuilder, (path, entry): &(&str, RawEntry)| {
        package.raw_entry(path, entry.clone())
    };
    entries.iter().fold(evil(), add).build(Format::Conda)
}

fn file(path: &str) -> BuiltPackage {
    with(&[(path, RawEntry::file("evil"))])
}

fn symlink(target: &str) -> RawEntry {
    RawEntry::Symlink(target.into())
}

fn hard_link(target: &str) -> BuiltPackage {
    with(&[("x", RawEntry::HardLink(target.into()))])
}

fn listed(entry: &str) -> BuiltPackage {
    let listed = format!(r#"{{"paths_version":1,"paths":[{entry}]}}"#);
    evil()
        .info_file("info/paths.json", listed)
        .build(Format::Conda)
}

fn entry_point(line: &str) -> BuiltPackage {
    let link = format!(
        r#"{{"noarch":{{"type":"python","entry_points":["{line}"]}},"package_metadata_version":1}}"#
    );
    PackageBuilder::new("evil", "1.0", "0")
        .noarch_python()
        .info_file("info/link.json", link)
        .build(Format::Conda)
}

fn bytes(format: Format, bytes: Vec<u8>) -> BuiltPackage {
    evil().build(format).with_bytes(bytes)
}

/// A `.conda` whose ZIP says of its members what is not so.
fn lying_zip(change: impl Fn(&mut Vec<u8>)) -> BuiltPackage {
    let built = evil().build(Format::Conda);
    let mut changed = built.bytes.clone();
    change(&mut changed);
    built.with_bytes(changed)
}

struct Case {
    what: &'static str,
    package: BuiltPackage,
    /// What the error names besides the package.
    named: &'static str,
}

fn case(what: &'static str, package: BuiltPackage, named: &'static str) -> Case {
    Case {
        what,
        package,
        named,
    }
}

fn paths() -> Vec<Case> {
    vec![
        case("`..`", file("../../../evil"), "../../../evil"),
        case("`..` deeper", file("a/../../../evil"), "a/../../../evil"),
        case(
            "an absolute path",
            file("/tmp/larder-evil"),
            "/tmp/larder-evil",
        ),
        case("a drive", file("C:/evil"), "C:/evil"),
        case("a backslash", file("..\\evil"), "evil"),
        case("a control character", file("a\u{1b}[2J"), "a\\u{1b}[2J"),
        case("a path twice", file("share/ok"), "share/ok"),
        case("a file below a file", file("share/ok/x"), "share/ok/x"),
        case(
            "conda-meta/",
            file("conda-meta/evil-1.0-0.json"),
            "conda-meta/evil",
        ),
        case(
            "Conda-Meta/",
            file("Conda-Meta/history"),
            "Conda-Meta/history",
        ),
        case(
            "a name that is too long",
            file(&"c".repeat(300)),
            "too long",
        ),
        case(
            "a path that is too long",
            file(&("d/".repeat(3000) + "x")),
            "too long",
        ),
    ]
}

fn links() -> Vec<Case> {
    let through = [("out", symlink("../..")), ("out/evil", RawEntry::file("x"))];
    let inside = [("d", symlink("share")), ("d/evil", RawEntry::file("x"))];
    let earlier = [("a/up", symlink("..")), ("x", symlink("a/up/../etc"))];
    vec![
        case("a link to /etc", with(&[("x", symlink("/etc"))]), "`x`"),
        case(
            "a link that leads out",
            with(&[("x", symlink("../y"))]),
            "`x`",
        ),
        case("a link out through an earlier link", with(&earlier), "`x`"),
        case("a file through a link out", with(&through), "`out`"),
        case("a file through a link", with(&inside), "`d/evil`"),
        case(
            "a hard link to /etc/passwd",
            hard_link("/etc/passwd"),
            "/etc/passwd",
        ),
        case("a hard link that leads out", hard_link("../../../x"), "`x`"),
        case("a hard link to nothing", hard_link("y"), "`x`"),
        case("a fifo", with(&[("x", RawEntry::Fifo)]), "fifo"),
        case(
            "a character device",
            with(&[("x", RawEntry::CharDevice)]),
            "device",
        ),
        case(
            "a block device",
            with(&[("x", RawEntry::BlockDevice)]),
            "device",
        ),
        case(
            "an unknown type",
            with(&[("x", RawEntry::Other(b'V', vec![]))]),
            "`x`",
        ),
        case(
            "a sparse file",
            with(&[("x", RawEntry::Other(b'S', vec![]))]),
            "sparse",
        ),
    ]
}

fn metadata() -> Vec<Case> {
    let zeros = "00".repeat(32);
    let digest = format!(r#"{{"_path":"share/ok","sha256":"{zeros}","size_in_bytes":4}}"#);
    vec![
        case(
            "a file that is not there",
            listed(r#"{"_path":"share/gone"}"#),
            "share/gone",
        ),
        case(
            "a path that leads out",
            listed(r#"{"_path":"../../x"}"#),
            "../../x",
        ),
        case(
            "an absolute path in the list",
            listed(r#"{"_path":"/x"}"#),
            "/x",
        ),
        case(
            "a size that is wrong",
            listed(r#"{"_path":"share/ok","size_in_bytes":5}"#),
            "share/ok",
        ),
        case("a digest that is wrong", listed(&digest), "share/ok"),
        case("no list but garbage", listed("garbage"), "paths.json"),
        case(
            "an entry point with a slash",
            entry_point("../x = a:b"),
            "../x",
        ),
        case(
            "an entry point that is no call",
            entry_point("x = a"),
            "x = a",
        ),
        case(
            "no index.json",
            evil()
                .without_info_file("info/index.json")
                .build(Format::TarBz2),
            "index.json",
        ),
    ]
}

fn containers() -> Vec<Case> {
    let members = evil().conda_members();
    let without = |name: &str| {
        let kept = members
            .iter()
            .filter(|member| !member.name.starts_with(name));
        bytes(Format::Conda, zip(&kept.cloned().collect::<Vec<_>>()))
    };
    let twice = [&members[..], &members[1..2]].concat();
    let version = |version| {
        let mut members = members.clone();
        members[0] = ZipMember::stored("metadata.json", metadata_json(version));
        bytes(Format::Conda, zip(&members))
    };
    let whole = evil().build(Format::TarBz2).bytes;
    let bomb = evil().raw_entry("zeros", RawEntry::Zeros(80_000_000));
    vec![
        case("no package tarball", without("pkg-"), "pkg-"),
        case("no info tarball", without("info-"), "info-"),
        case("no metadata.json", without("metadata"), "metadata.json"),
        case(
            "a member twice",
            bytes(Format::Conda, zip(&twice)),
            "more than one member",
        ),
        case("a later version", version(3), "conda_pkg_format_version"),
        case("no ZIP", bytes(Format::Conda, b"not a zip".to_vec()), ""),
        case(
            "sizes that lie",
            lying_zip(|bytes| lie_about_sizes(bytes)),
            "",
        ),
        case(
            "a cut ZIP",
            lying_zip(|bytes| bytes.truncate(bytes.len() / 2)),
            "",
        ),
        case("no bzip2", bytes(Format::TarBz2, b"not bzip2".to_vec()), ""),
        case(
            "a cut tarball",
            bytes(Format::TarBz2, whole[..whole.len() / 2].to_vec()),
            "",
        ),
        case(
            "an empty tarball",
            bytes(Format::TarBz2, compress_bz2(b"")),
            "",
        ),
        case("a bomb by ratio", bomb.build(Format::Conda), "`zeros`"),
    ]
}

/// In the central directory (`PK\1\2`): compressed and uncompressed size.
fn lie_about_sizes(bytes: &mut [u8]) {
    let start = bytes.windows(4).rposition(|window| window == b"PK\x01\x02");
    let start = start.unwrap();
    for byte in &mut bytes[start + 20..start + 28] {
        *byte = 0x7f;
    }
}

/// Everything in the sandbox outside of the store's objects and indexes.
fn around(sandbox: &Sandbox) -> Vec<String> {
    let lines = tree_of(sandbox.work().parent().unwrap());
    let is_cache = |line: &String| {
        let path = line.split(' ').nth(2).unwrap_or_default();
        let is_temporary = path.contains("/tmp/") || path.contains(".larder-");
        // What this machine has seen of indexes is kept like the indexes themselves.
        let is_state = path.starts_with("home/.local");
        let is_kept = path.starts_with("store") || path.starts_with("trees") || is_state;
        is_kept && !is_temporary
    };
    lines.into_iter().filter(|line| !is_cache(line)).collect()
}

/// A run that is refused: its code, what it names, and that nothing is left.
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32, named: &[&str]) -> Run {
    let before = around(sandbox);
    let run = sandbox.larder(arguments).fails_with(code);
    for name in named {
        assert!(run.stderr.contains(name), "no {name:?} in: {}", run.stderr);
    }
    assert_eq!(around(sandbox), before, "{}", run.stderr);
    run
}

fn manifest(sandbox: &Sandbox, channel: &str) {
    let text = format!("channels: [\"{channel}\"]\ndependencies: [evil]\n");
    sandbox.write("environment.yml", &text);
}

/// The first cause, as one line of the table.
#[expect(clippy::print_stdout, reason = "the table")]
fn print(what: &str, run: &Run) {
    let causes: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.contains("because: "))
        .collect();
    let last = causes.last().copied().or(run.stderr.lines().last());
    let text = last
        .unwrap_or_default()
        .trim()
        .trim_start_matches("because: ");
    println!(
        "| {what} | {} | {} |",
        run.status,
        text.chars().take(160).collect::<String>()
    );
}

fn table(cases: Vec<Case>) {
    for case in cases {
        for arguments in RUNS {
            let sandbox = sandbox();
            channel(&sandbox, [case.package.clone()]);
            manifest(&sandbox, "./channel");
            sandbox.write("sentinel", "untouched");
            let run = refused(&sandbox, arguments, 4, &["evil-1.0-0", case.named]);
            print(case.what, &run);
        }
    }
}

#[test]
fn archives_with_hostile_paths() {
    table(paths());
}

#[test]
fn archives_with_hostile_links_and_types() {
    table(links());
}

#[test]
fn archives_with_hostile_metadata() {
    table(metadata());
}

#[test]
fn containers_that_are_none() {
    table(containers());
}

/// `channel/` with one index, changed.
fn with_index(change: impl Fn(&str) -> String) -> Sandbox {
    let sandbox = sandbox();
    let local = channel(&sandbox, [evil().build(Format::Conda)]);
    let noarch = local.path.join("noarch");
    fs::remove_file(noarch.join("repodata.json.zst")).unwrap();
    fs::remove_file(noarch.join("repodata_shards.msgpack.zst")).unwrap();
    let index = noarch.join("repodata.json");
    let text = fs::read_to_string(&index).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(&index, changed).unwrap();
    manifest(&sandbox, "./channel");
    sandbox
}

#[test]
fn indexes_with_file_names_that_are_paths() {
    for name in [
        "../../../../etc/evil-1.0-0.conda",
        "/etc/evil-1.0-0.conda",
        "a/evil-1.0-0.conda",
        "..\\\\evil-1.0-0.conda",
        "https://elsewhere.example/evil-1.0-0.conda",
        "evil-1.0-0.zip",
        "evil.conda",
        "",
    ] {
        let sandbox = with_index(|text| text.replace("evil-1.0-0.conda", name));
        let before = around(&sandbox);
        let run = sandbox.larder(&["create", "-p", "env"]);
        assert!(
            [1, 4].contains(&run.status),
            "{name}: {} {}",
            run.status,
            run.stderr
        );
        assert_eq!(around(&sandbox), before, "{name}: {}", run.stderr);
        print(&format!("the file name `{name}`"), &run);
    }
}

#[test]
fn indexes_that_are_garbage_or_lie_about_the_archive() {
    type Change = fn(&str) -> String;
    let cases: [(&str, Change); 5] = [
        ("no JSON", |_| "<html>".to_owned()),
        ("a list", |_| "[]".to_owned()),
        ("another digest", |text| {
            let at = text.find("sha256").unwrap() + "sha256\":\"".len() + 2;
            format!("{}0000{}", &text[..at], &text[at + 4..])
        }),
        ("another size", |text| {
            text.replace("\"size\":", "\"size\":1")
        }),
        ("another name", |text| text.replace("\"evil\"", "\"evil2\"")),
    ];
    for (what, change) in cases {
        let sandbox = with_index(change);
        let before = around(&sandbox);
        let run = sandbox.larder(&["create", "-p", "env"]);
        assert!(
            [1, 3, 4].contains(&run.status),
            "{what}: {} {}",
            run.status,
            run.stderr
        );
        assert_eq!(around(&sandbox), before, "{what}: {}", run.stderr);
        print(what, &run);
    }
}

#[test]
fn locks_that_point_elsewhere() {
    for (what, url) in [
        ("a file of the system", "file:///etc/passwd"),
        ("an archive of the system", "file:///etc/app-1.0-0.conda"),
        (
            "another host",
            "https://elsewhere.example/noarch/app-1.0-0.conda",
        ),
        ("another package", "CHANNEL/noarch/other-1.0-0.conda"),
        (
            "a path that climbs",
            "CHANNEL/noarch/../../../etc/app-1.0-0.conda",
        ),
        ("an unknown scheme", "ftp://host/noarch/app-1.0-0.conda"),
        ("no URL", "app-1.0-0.conda"),
    ] {
        let sandbox = app_and_lib();
        sandbox.larder(&["lock"]).success();
        let lock = sandbox.path("conda-lock.yml");
        let text = fs::read_to_string(&lock).unwrap();
        let channel = format!("file://{}", sandbox.path("channel").display());
        let honest = format!("{channel}/noarch/app-1.0-0.conda");
        assert!(text.contains(&honest), "{text}");
        let changed = text.replace(&honest, &url.replace("CHANNEL", &channel));
        fs::write(&lock, changed).unwrap();
        let before = around(&sandbox);
        let run = sandbox.larder(&["create", "-p", "env", "-f", "conda-lock.yml"]);
        assert!(
            [1, 3, 4].contains(&run.status),
            "{what}: {} {}",
            run.status,
            run.stderr
        );
        assert!(run.stderr.contains("app"), "{what}: {}", run.stderr);
        assert_eq!(around(&sandbox), before, "{what}: {}", run.stderr);
        print(what, &run);
    }
}

#[test]
fn servers_that_misbehave() {
    let loops = |server: &Server| Fault::RedirectTo(format!("{}{{path}}", server.url()));
    let cases: [(&str, &str, i32); 7] = [
        ("a redirect loop", ".conda", 1),
        ("a redirect loop of the index", "repodata", 3),
        ("a length that is too large", ".conda", 4),
        ("a body that breaks off", ".conda", 3),
        ("a body that is cut", ".conda", 3),
        ("a flipped bit", ".conda", 4),
        ("no server behind it", ".conda", 3),
    ];
    for (number, (what, part, code)) in cases.into_iter().enumerate() {
        let sandbox = sandbox();
        let local = channel(&sandbox, [evil().build(Format::Conda)]);
        let server = Server::serve(&local.path);
        manifest(&sandbox, &server.url());
        let times = 99;
        server.fault(
            part,
            match number {
                0 | 1 => loops(&server),
                2 => Fault::WrongLength { times },
                3 => Fault::CutAfter { bytes: 50, times },
                4 => Fault::Truncated { bytes: 50, times },
                5 => Fault::WrongBytes { times },
                _ => Fault::RedirectTo("http://127.0.0.1:1{path}".to_owned()),
            },
        );
        let named = [
            server.url(),
            if part == ".conda" { "evil-1.0-0" } else { "" }.to_owned(),
        ];
        let named = [named[0].as_str(), named[1].as_str()];
        let run = refused(&sandbox, RUNS[0], code, &named);
        print(what, &run);
    }
}
