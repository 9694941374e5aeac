//! CEP 26: names of packages, channels, subdirs and labels.

use std::path::Path;

use larder_manifest::{
    ChannelContext, ChannelError, Credential, FileName, NameProblem, ResolvedChannel,
    parse_file_name, parse_spec, parse_subdir, resolve_channel, validate_build, validate_extension,
    validate_label, validate_package_name, validate_subdir_name, validate_version,
    validate_virtual_package_name,
};
use rattler_conda_types::PackageNameMatcher;
use url::Url;

use super::spec;

fn resolve(text: &str) -> Result<Vec<ResolvedChannel>, ChannelError> {
    let alias = Url::parse("https://m.test/x").expect("url");
    let defaults = larder_manifest::anaconda_defaults(false);
    let context = ChannelContext {
        alias: &alias,
        root_dir: Path::new("/work"),
        home: Some(Path::new("/h")),
        default_channels: &defaults,
    };
    resolve_channel(text, &context)
}

fn one(text: &str) -> ResolvedChannel {
    let mut channels = resolve(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(channels.len(), 1);
    channels.remove(0)
}

fn url(text: &str) -> String {
    one(text).url.to_string()
}

#[test]
fn cep26_01_a_broken_rule_is_an_error() {
    assert!(validate_package_name("../x").is_err());
    assert!(validate_version("1/2").is_err());
    assert!(parse_file_name("../x-1-0.conda").is_err());
    assert!(parse_file_name("x-1/2-0.conda").is_err());
}

#[test]
fn cep26_02_package_names() {
    let long = "a".repeat(65);
    for name in [
        "_libgcc_mutex",
        "7zip",
        "a",
        "r-base",
        "zope.interface",
        "a-",
        &long[..64],
    ] {
        assert_eq!(validate_package_name(name), Ok(()), "{name}");
    }
    for name in [
        "a--b", ".a", "-a", "__x", "", "_", "A", "a b", "a/b", "a._b", "ä", &long,
    ] {
        assert!(validate_package_name(name).is_err(), "{name}");
    }
    let PackageNameMatcher::Exact(name) = spec("NumPy").name else {
        panic!("not exact");
    };
    assert_eq!((name.as_source(), name.as_normalized()), ("numpy", "numpy"));
    assert!(parse_spec("a--b >=1").is_err());
}

#[test]
fn cep26_03_virtual_package_names() {
    for name in ["__cuda_arch", "__glibc", "__a"] {
        assert_eq!(validate_virtual_package_name(name), Ok(()), "{name}");
    }
    for name in ["___a", "__", "_a", "a", "__a--b", "__.a"] {
        assert!(validate_virtual_package_name(name).is_err(), "{name}");
    }
    assert!(parse_spec("__cuda >=12").is_ok());
    assert!(parse_spec("___a").is_err());
}

#[test]
fn cep26_05_build_strings() {
    for build in ["py311h0_0", "h1.2+b_0", "0"] {
        assert_eq!(validate_build(build), Ok(()), "{build}");
    }
    for build in ["h-1", "", "a/b", "a b", &"a".repeat(65)] {
        assert!(validate_build(build).is_err(), "{build}");
    }
}

#[test]
fn cep26_06_extensions() {
    for extension in ["conda", "tar.bz2", "a1"] {
        assert_eq!(validate_extension(extension), Ok(()), "{extension}");
    }
    for extension in [
        "",
        ".conda",
        "tar..bz2",
        "tar.",
        "Conda",
        "a-b",
        "abcdefghijklmnopq",
    ] {
        assert!(validate_extension(extension).is_err(), "{extension}");
    }
    let error = parse_file_name("a-1-0.zip").expect_err("unknown artifact type");
    assert!(matches!(error.problem, NameProblem::Form { .. }));
}

#[test]
fn cep26_07_a_distribution_string_is_no_spec() {
    let spec = spec("a-1.0-0");
    assert_eq!(spec.version, None);
    assert_eq!(spec.to_string(), "a-1.0-0");
}

#[test]
fn cep26_08_file_names_are_split_from_the_right() {
    let expected = FileName {
        name: "python-abi3".to_owned(),
        version: "3.8".to_owned(),
        build: "0".to_owned(),
        extension: "conda",
    };
    assert_eq!(parse_file_name("python-abi3-3.8-0.conda"), Ok(expected));
    assert!(parse_file_name("a-1.0.conda").is_err());
    let name = |length: usize| format!("{}-1-0.conda", "a".repeat(length - 10));
    let long = parse_file_name(&name(212)).expect_err("too long");
    assert_eq!(
        long.problem,
        NameProblem::TooLong {
            length: 212,
            limit: 211
        }
    );
}

#[test]
fn cep26_10_the_base_url_has_no_trailing_slash() {
    assert_eq!(one("https://ch.test/c/").url, one("https://ch.test/c").url);
    assert_eq!(url("https://ch.test/c"), "https://ch.test/c");
    assert_eq!(url("file:///p/channel/"), "file:///p/channel");
    assert_eq!(
        url("https://ch.test/c/label/dev"),
        "https://ch.test/c/label/dev"
    );
}

#[test]
fn cep26_11_components_follow_the_rule_and_tokens_come_off() {
    for text in [
        "https://ch.test/.hidden",
        "https://ch.test/-x",
        "https://ch.test/a%20b",
        ".hidden",
        "a/../b",
    ] {
        assert!(
            matches!(resolve(text), Err(ChannelError::Component { .. })),
            "{text}: {:?}",
            resolve(text)
        );
    }
    assert!(resolve(&format!("https://ch.test/{}", "a".repeat(129))).is_err());
    assert_eq!(url("file:///X/.chan"), "file:///X/.chan");
    // Departure: channels of anaconda.org have upper-case letters.
    assert_eq!(url("HCC"), "https://m.test/x/HCC");
    let token = one("https://ch.test/t/AbC/c");
    assert_eq!(token.url.as_str(), "https://ch.test/c");
    assert_eq!(token.text, "https://ch.test/t/***/c");
    assert_eq!(token.credentials, [token_after("AbC", 0)]);
    assert!(!format!("{token:?}").contains("AbC"));
    let basic = one("https://user:p%40ss@ch.test/c");
    assert_eq!(basic.url.as_str(), "https://ch.test/c");
    let (user, password) = ("user".to_owned(), "p@ss".to_owned());
    assert_eq!(basic.credentials, [Credential::Basic { user, password }]);
    assert!(!format!("{basic:?}").contains("p@ss") && !format!("{basic:?}").contains("p%40ss"));
}

#[test]
fn tokens_come_off_at_any_depth_and_of_names() {
    for (text, url, token, shown) in [
        (
            "https://ch.test/api/repo/t/AbC/c",
            "https://ch.test/api/repo/c",
            token_after("AbC", 2),
            "https://ch.test/api/repo/t/***/c",
        ),
        (
            "t/AbC/c",
            "https://m.test/x/c",
            token_after("AbC", 1),
            "t/***/c",
        ),
        (
            "c/t/AbC/d",
            "https://m.test/x/c/d",
            token_after("AbC", 2),
            "c/t/***/d",
        ),
    ] {
        let channel = one(text);
        assert_eq!(channel.url.as_str(), url);
        assert_eq!(channel.credentials, [token]);
        assert_eq!(channel.text, shown);
    }
    assert_eq!(url("file:///t/directory/c"), "file:///t/directory/c");
    assert!(resolve("t/../c").is_err());
}

#[test]
fn an_alias_keeps_its_credentials_and_none_is_shown() {
    let alias = Url::parse("https://u:pw@ch.test/api/t/AbC").expect("url");
    let context = ChannelContext {
        alias: &alias,
        root_dir: Path::new("/work"),
        home: None,
        default_channels: &[],
    };
    let channel = resolve_channel("c", &context).expect("channel").remove(0);
    assert_eq!(channel.url.as_str(), "https://ch.test/api/c");
    let (user, password) = ("u".to_owned(), "pw".to_owned());
    let basic = Credential::Basic { user, password };
    assert_eq!(channel.credentials, [basic, token_after("AbC", 1)]);
    assert_eq!(channel.text, "c");
}

#[test]
fn no_error_of_a_channel_shows_a_secret() {
    for text in [
        "https://u:SEC/RET@h.test/c",
        "https://u:1/SECRET@h.test/c",
        "u:SECRET@h.test/c",
        "https:u:SECRET@h.test/c",
        "t/SECRET",
        "t/SEC$RET/c",
        "t/SECRET/.c",
        "https://h.test/t/SECRET/.c",
        "c?token=SECRET",
        "https://h.test/c?token=SECRET",
        "ftp://u:SECRET@h.test/c",
    ] {
        let error = resolve(text).expect_err(text);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let shown = format!("{error} {source:?} {error:?}");
        assert!(!shown.contains("SEC") && !shown.contains("RET"), "{shown}");
    }
}

fn token_after(token: &str, after: usize) -> Credential {
    let token = token.to_owned();
    Credential::Token { token, after }
}

#[test]
fn cep26_12_a_subdir_at_the_end_is_taken_off_and_reported() {
    let channel = one("https://ch.test/c/linux-64");
    assert_eq!(channel.url.as_str(), "https://ch.test/c");
    assert_eq!(channel.subdir.as_deref(), Some("linux-64"));
    assert_eq!(one("https://ch.test/conda-forge").subdir, None);
}

#[cfg(unix)]
#[test]
fn cep26_13_paths_become_file_urls() {
    assert_eq!(url("./chan"), "file:///work/chan");
    assert_eq!(url("../c"), "file:///c");
    assert_eq!(url("/a b/c"), "file:///a%20b/c");
    assert_eq!(url("C:\\c\\d"), "file:///C:/c/d");
    assert_eq!(url("conda-forge"), "https://m.test/x/conda-forge");
    // Beyond the CEP, as in conda.
    assert_eq!(url("."), "file:///work");
    assert_eq!(url("~/c"), "file:///h/c");
    assert_eq!(url("c:/c"), "file:///C:/c");
}

#[test]
fn cep26_14_names_are_joined_to_the_alias() {
    assert_eq!(url("conda-forge"), "https://m.test/x/conda-forge");
    assert_eq!(
        url("conda-forge/label/dev"),
        "https://m.test/x/conda-forge/label/dev"
    );
    assert!(matches!(resolve(""), Err(ChannelError::Empty { .. })));
    assert!(matches!(resolve("  "), Err(ChannelError::Empty { .. })));
    assert!(matches!(
        resolve("nodefaults"),
        Err(ChannelError::NoDefaults)
    ));
    let defaults: Vec<String> = resolve("defaults")
        .expect("defaults")
        .iter()
        .map(|c| c.url.to_string())
        .collect();
    assert_eq!(
        defaults,
        [
            "https://repo.anaconda.com/pkgs/main",
            "https://repo.anaconda.com/pkgs/r"
        ]
    );
    assert_eq!(larder_manifest::anaconda_defaults(true).len(), 3);
    let error = super::refuse("channels: ['']\ndependencies: []\n");
    assert_eq!(error.code(), "manifest::channel");
}

#[test]
fn cep26_15_subdir_names() {
    for name in ["noarch", "linux-64", "linux-riscv64", "zos-z", "haiku-x1"] {
        assert_eq!(validate_subdir_name(name), Ok(()), "{name}");
    }
    for name in [
        "Linux-64", "linux", "linux-", "-64", "a-b-c", "", "linux_64",
    ] {
        assert!(validate_subdir_name(name).is_err(), "{name}");
    }
    assert!(parse_subdir("linux-riscv64").is_ok());
    assert!(parse_subdir("zos-z").is_ok());
    let unknown = parse_subdir("linux-65").expect_err("rattler's types do not know it");
    assert_eq!(
        unknown.to_string(),
        "`linux-65` is not a subdir: larder does not know this subdir; did you mean `linux-64`?"
    );
}

#[test]
fn cep26_16_labels() {
    for label in ["main", "dev", "a/b", "rc-1.0_x"] {
        assert_eq!(validate_label(label), Ok(()), "{label}");
    }
    // The white space of the CEP's prose breaks the CEP's regex.
    for label in ["", "1a", "a b", "-a", &"a".repeat(129)] {
        assert!(validate_label(label).is_err(), "{label}");
    }
    assert_eq!(
        one("https://conda.anaconda.org/c/label/main").url,
        one("https://conda.anaconda.org/c").url
    );
    // Only anaconda.org is known to serve both addresses. A mirror that keeps labels as directories has other files in
    // `label/main` than above it, so the address is asked as it is written.
    assert_eq!(
        one("https://ch.test/c/label/main").url.as_str(),
        "https://ch.test/c/label/main"
    );
    assert!(resolve("https://ch.test/c/label/1x").is_err());
}
