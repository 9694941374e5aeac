//! The requirements of the CEPs on what users write: one test per row of `cep-requirements.tsv`,
//! named after the row.
#![expect(clippy::panic, reason = "tests: helpers show the error")]

mod cep24;
mod cep24_selectors;
mod cep26;
mod cep29;
mod cep29_canonical;
mod cep29_version;
mod cep33;
mod cep43;
mod cep44_45;
mod cep48;

use larder_manifest::{Manifest, ManifestError, NoLookup, parse_spec};
use rattler_conda_types::package::BuildString;
use rattler_conda_types::{MatchSpec, Matches, PackageName, PackageRecord, Version};

/// Reads a manifest that is fine.
fn read(text: &str) -> Manifest {
    Manifest::parse("environment.yml", text.as_bytes(), &NoLookup)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Reads a manifest that is not.
fn refuse(text: &str) -> ManifestError {
    Manifest::parse("environment.yml", text.as_bytes(), &NoLookup).expect_err("an error")
}

/// Parses a spec that is fine.
fn spec(text: &str) -> MatchSpec {
    parse_spec(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A record of `name`, version and build.
fn record(name: &str, version: &str, build: &str) -> PackageRecord {
    let version: Version = version.parse().expect("version");
    let build: BuildString = build.parse().expect("build");
    PackageRecord::new(PackageName::new_unchecked(name), version, build)
}

/// If a spec for `pkg` matches `version` and `build`.
fn matches(text: &str, version: &str, build: &str) -> bool {
    spec(text).matches(&record("pkg", version, build))
}

/// Asserts which versions of `pkg` a spec takes and which it does not.
fn assert_versions(text: &str, taken: &[&str], refused: &[&str]) {
    for version in taken {
        assert!(
            matches(text, version, "py_0"),
            "{text} does not match {version}"
        );
    }
    for version in refused {
        assert!(!matches(text, version, "py_0"), "{text} matches {version}");
    }
}
