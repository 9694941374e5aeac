//! Properties: nothing panics, positions lie inside the file, specs survive being printed.

use std::path::Path;

use larder_manifest::{
    ChannelContext, Manifest, NoLookup, canonical_text, parse_file_name, parse_spec,
    resolve_channel, validate_package_name, without_credentials,
};
use proptest::prelude::*;
use url::Url;

/// Texts that look like environment files more often than not.
fn yamlish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("dependencies:".to_owned()),
        Just("channels:".to_owned()),
        Just("variables:".to_owned()),
        Just("platforms: [linux-64]".to_owned()),
        Just("name: x".to_owned()),
        Just("  - ".to_owned()),
        Just("- pip:".to_owned()),
        Just("sel(win): ".to_owned()),
        Just("numpy >=1.2".to_owned()),
        Just("# [linux]".to_owned()),
        Just(" # [(osx".to_owned()),
        Just("{{ x }}".to_owned()),
        Just("&a".to_owned()),
        Just("*a".to_owned()),
        Just("<<: ".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("{".to_owned()),
        Just("'".to_owned()),
        Just("|\n".to_owned()),
        Just("---".to_owned()),
        Just("\t".to_owned()),
        Just("é: ü".to_owned()),
        "[ -~]{0,12}",
    ];
    let line = prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

fn inside(text: &str, line: u32, column: u32) -> bool {
    let lines: Vec<&str> = text.split('\n').collect();
    let Some(found) = lines.get(line as usize - 1) else {
        return line as usize == lines.len() + 1;
    };
    column >= 1 && column as usize <= found.chars().count() + 1
}

fn check(text: &str) -> Result<(), TestCaseError> {
    match Manifest::parse("e.yml", text.as_bytes(), &NoLookup) {
        Ok(manifest) => {
            let dependencies = manifest.dependencies.iter().map(|d| &d.position);
            let warnings = manifest.warnings.iter().map(|w| &w.position);
            for position in dependencies.chain(warnings) {
                prop_assert!(
                    inside(text, position.line, position.column),
                    "{position} in {text:?}"
                );
            }
        }
        Err(error) => {
            let position = error.position();
            prop_assert!(
                inside(text, position.line, position.column),
                "{error} in {text:?}"
            );
            prop_assert!(!error.to_string().is_empty());
        }
    }
    Ok(())
}

/// Specs in many spellings, mostly valid.
fn specish() -> impl Strategy<Value = String> {
    let name = "[a-z][a-z0-9]{0,5}([._-][a-z0-9]{1,3})?";
    let channel = prop_oneof![
        Just(String::new()),
        Just("conda-forge::".to_owned()),
        Just("c/linux-64::".to_owned()),
        Just("https://h.test/c::".to_owned()),
        Just("*/noarch::".to_owned()),
    ];
    let version = prop_oneof![
        Just(String::new()),
        "(=|==|>=|<| >=| )[0-9]{1,2}(\\.[0-9]{1,2}){0,2}",
        " >=[0-9],<[0-9]{1,2}(\\|[0-9]\\.\\*)?",
        "(=| )[0-9](\\.[0-9])?\\.\\*",
        " !=[0-9]\\.[0-9](\\.\\*)?",
        " ~=[0-9]\\.[0-9]",
    ];
    let build = prop_oneof![Just(String::new()), "=[a-z]{1,3}_[0-9]", " [a-z]{1,3}\\*"];
    let brackets = prop_oneof![
        Just(String::new()),
        "\\[build='?[a-z]{1,3}_0'?\\]",
        "\\[build_number=[0-9]\\]",
        "\\[extras=\\[[a-z]{1,3}(, ?[a-z])?\\]\\]",
        "\\[flags=\\[\"[a-z]{1,3}\", \"[a-z]:\\*\"\\]\\]",
        "\\[when=\"[a-z]{2,4}>=[0-9] (and|or) \\(__linux or __osx\\)\"\\]",
        "\\[license=\"[a-zA-Z' \\.]{1,6}\"\\]",
    ];
    (channel, name, version, build, brackets).prop_map(
        |(channel, name, version, build, brackets)| {
            format!("{channel}{name}{version}{build}{brackets}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::parse("e.yml", &bytes, &NoLookup);
    }

    #[test]
    fn reading_text_never_panics_and_places_are_inside(text in yamlish()) {
        check(&text)?;
    }

    #[test]
    fn reading_any_text_under_dependencies_never_panics(text in "\\PC{0,40}") {
        check(&format!("dependencies:\n  - {text}\n"))?;
    }

    #[test]
    fn specs_survive_being_printed(text in specish()) {
        if let Ok(spec) = parse_spec(&text) {
            let canonical = canonical_text(&spec);
            prop_assert_eq!(parse_spec(&canonical), Ok(spec), "{} after {}", canonical, text);
            let again = parse_spec(&canonical).expect("just parsed");
            prop_assert_eq!(canonical_text(&again), canonical);
        }
    }

    #[test]
    fn parsing_specs_never_panics(text in "[ -~é]{0,30}") {
        if let Ok(spec) = parse_spec(&text) {
            let _ = canonical_text(&spec);
        }
    }

    #[test]
    fn file_names_are_put_together_again(text in "[a-z0-9._-]{1,12}-[0-9a-z._]{1,6}-[a-z0-9_]{1,6}\\.(conda|tar\\.bz2)") {
        if let Ok(parts) = parse_file_name(&text) {
            let again = format!("{}-{}-{}.{}", parts.name, parts.version, parts.build, parts.extension);
            prop_assert_eq!(again, text);
            prop_assert!(validate_package_name(&parts.name).is_ok());
        }
    }

    #[test]
    fn channels_have_clean_urls(text in "(https://(u:pw@)?h\\.test/(a/)?(t/TOK/)?)?[ -~]{0,20}") {
        let alias = Url::parse("https://m.test").expect("url");
        let context = ChannelContext {
            alias: &alias,
            root_dir: Path::new("/work"),
            home: Some(Path::new("/h")),
            default_channels: &[],
        };
        for channel in resolve_channel(&text, &context).unwrap_or_default() {
            prop_assert!(channel.url.username().is_empty() && channel.url.password().is_none());
            prop_assert!(channel.url.scheme() == "file" || !channel.url.path().contains("/t/"), "{}", channel.url);
            let path = channel.url.path();
            prop_assert!(path == "/" || !path.ends_with('/'), "{}", channel.url);
        }
        prop_assert!(!without_credentials(&text).contains("u:pw@"));
    }
}
