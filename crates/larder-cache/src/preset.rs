//! Keys and directories for what the ecosystems cache: one row a tool.
//!
//! A directory is taken from the variable that the tool itself reads, else from where the tool has it by
//! default on this system. Never asks a tool.

use std::path::{Path, PathBuf};

use crate::{key::Style, scope::Variable};

/// What a tool caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The directory, absolute.
    pub path: PathBuf,
    /// The key.
    pub key: String,
    /// What may stand in for it.
    pub restore_keys: Vec<String>,
}

/// Why a preset says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// There is none of this name.
    #[error("there is no preset `{0}`; there are {names}", names = names().join(", "))]
    Unknown(String),
    /// Nothing says where the tool has its directory.
    #[error("the preset `{0}` does not know where the cache is: neither {1} nor the home is set")]
    NoDirectory(&'static str, &'static str),
    /// The key needs the commit, which no variable names.
    #[error("the preset `{0}` needs the commit in its key: none of {list} is set", list = COMMIT.join(", "))]
    NoCommit(&'static str),
}

/// One tool.
struct Row {
    name: &'static str,
    /// Variables that name the directory, and what is below it; the first that is set.
    variables: &'static [(&'static str, &'static str)],
    /// Where it is otherwise, on Linux, macOS and Windows. `~` is the home, `cache:` XDG_CACHE_HOME,
    /// `data:` XDG_DATA_HOME, `local:` LOCALAPPDATA, `.` the working directory.
    places: [&'static str; 3],
    /// The files that the key hashes; none is the commit.
    files: &'static str,
}

const COMMIT: [&str; 3] = ["BUILD_SOURCEVERSION", "GITHUB_SHA", "CI_COMMIT_SHA"];

const fn row(
    name: &'static str,
    variables: &'static [(&'static str, &'static str)],
    places: [&'static str; 3],
    files: &'static str,
) -> Row {
    Row {
        name,
        variables,
        places,
        files,
    }
}

const ROWS: &[Row] = &[
    row(
        "conda",
        &[
            ("CONDA_PKGS_DIRS", ""),
            ("MAMBA_ROOT_PREFIX", "pkgs"),
            ("CONDA", "pkgs"),
        ],
        ["~/.conda/pkgs", "~/.conda/pkgs", "~/.conda/pkgs"],
        "environment.yml",
    ),
    row(
        "pip",
        &[("PIP_CACHE_DIR", "")],
        ["cache:pip", "~/Library/Caches/pip", "local:pip/Cache"],
        "**/requirements*.txt",
    ),
    row(
        "uv",
        &[("UV_CACHE_DIR", "")],
        ["cache:uv", "cache:uv", "local:uv/cache"],
        "**/uv.lock",
    ),
    row(
        "npm",
        &[("npm_config_cache", ""), ("NPM_CONFIG_CACHE", "")],
        ["~/.npm", "~/.npm", "local:npm-cache"],
        "**/package-lock.json",
    ),
    row(
        "yarn",
        &[("YARN_CACHE_FOLDER", "")],
        ["cache:yarn", "~/Library/Caches/Yarn", "local:Yarn/Cache"],
        "**/yarn.lock",
    ),
    row(
        "pnpm",
        &[("npm_config_store_dir", ""), ("PNPM_HOME", "store")],
        [
            "data:pnpm/store",
            "~/Library/pnpm/store",
            "local:pnpm/store",
        ],
        "**/pnpm-lock.yaml",
    ),
    row(
        "cargo",
        &[("CARGO_HOME", "registry")],
        [
            "~/.cargo/registry",
            "~/.cargo/registry",
            "~/.cargo/registry",
        ],
        "**/Cargo.lock",
    ),
    row(
        "go",
        &[("GOMODCACHE", ""), ("GOPATH", "pkg/mod")],
        ["~/go/pkg/mod", "~/go/pkg/mod", "~/go/pkg/mod"],
        "**/go.sum",
    ),
    row(
        "gradle",
        &[("GRADLE_USER_HOME", "caches")],
        ["~/.gradle/caches", "~/.gradle/caches", "~/.gradle/caches"],
        "**/*.gradle, **/*.gradle.kts, **/gradle-wrapper.properties",
    ),
    row(
        "maven",
        &[("MAVEN_CACHE_FOLDER", "")],
        ["~/.m2/repository", "~/.m2/repository", "~/.m2/repository"],
        "**/pom.xml",
    ),
    row(
        "nuget",
        &[("NUGET_PACKAGES", "")],
        [
            "~/.nuget/packages",
            "~/.nuget/packages",
            "~/.nuget/packages",
        ],
        "**/packages.lock.json",
    ),
    row(
        "bundler",
        &[("BUNDLE_PATH", "")],
        ["./vendor/bundle", "./vendor/bundle", "./vendor/bundle"],
        "**/Gemfile.lock",
    ),
    row(
        "composer",
        &[("COMPOSER_CACHE_DIR", ""), ("COMPOSER_HOME", "cache")],
        [
            "cache:composer",
            "~/Library/Caches/composer",
            "local:Composer",
        ],
        "**/composer.lock",
    ),
    row(
        "ccache",
        &[("CCACHE_DIR", "")],
        ["cache:ccache", "~/Library/Caches/ccache", "local:ccache"],
        "",
    ),
    row(
        "docker",
        &[("DOCKER_CACHE_DIR", "")],
        ["./.docker-cache", "./.docker-cache", "./.docker-cache"],
        "**/Dockerfile",
    ),
];

/// The names of all presets.
pub fn names() -> Vec<&'static str> {
    ROWS.iter().map(|row| row.name).collect()
}

/// What a preset says on this machine.
///
/// # Errors
/// [`PresetError`]
pub fn preset(
    name: &str,
    style: Style,
    (variable, working_directory): (Variable<'_>, &Path),
) -> Result<Preset, PresetError> {
    let row = ROWS
        .iter()
        .find(|row| row.name == name)
        .ok_or_else(|| PresetError::Unknown(name.to_owned()))?;
    let path = directory(row, variable, working_directory)
        .ok_or_else(|| PresetError::NoDirectory(row.name, row.variables[0].0))?;
    let commit = || COMMIT.iter().find_map(|name| variable(name));
    let (key, restore_key) = match style {
        Style::Azure => {
            let start = format!("\"{name}\" | \"$(Agent.OS)\"");
            let files = match row.files {
                "" => format!("\"{}\"", commit().ok_or(PresetError::NoCommit(row.name))?),
                files => files.to_owned(),
            };
            (format!("{start} | {files}"), start)
        }
        Style::Github | Style::Gitlab => {
            let start = format!("{name}-${{{{ runner.os }}}}-");
            let files = match row.files {
                "" => commit().ok_or(PresetError::NoCommit(row.name))?,
                files => {
                    let quoted = files.split(", ").map(|file| format!("'{file}'"));
                    let list = quoted.collect::<Vec<_>>().join(", ");
                    format!("${{{{ hashFiles({list}) }}}}")
                }
            };
            (format!("{start}{files}"), start)
        }
    };
    Ok(Preset {
        path,
        key,
        restore_keys: vec![restore_key],
    })
}

fn directory(row: &Row, variable: Variable<'_>, working_directory: &Path) -> Option<PathBuf> {
    for (name, below) in row.variables {
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            // Several directories, as CONDA_PKGS_DIRS may have: the first is the one that is written.
            let first = value.split(',').next().unwrap_or(&value);
            let directory = working_directory.join(first);
            return Some(if below.is_empty() {
                directory
            } else {
                directory.join(below)
            });
        }
    }
    let [linux, macos, windows] = row.places;
    let place = match std::env::consts::OS {
        "macos" => macos,
        "windows" => windows,
        _ => linux,
    };
    let home = || {
        let home = variable("HOME").or_else(|| variable("USERPROFILE"))?;
        Some(PathBuf::from(home))
    };
    let xdg = |name: &str, below: &str| match variable(name) {
        Some(directory) => Some(PathBuf::from(directory)),
        None => Some(home()?.join(below)),
    };
    if let Some(rest) = place.strip_prefix("./") {
        return Some(working_directory.join(rest));
    }
    if let Some(rest) = place.strip_prefix("~/") {
        return Some(home()?.join(rest));
    }
    let (base, rest) = place.split_once(':')?;
    let base = match base {
        "cache" => xdg("XDG_CACHE_HOME", ".cache"),
        "data" => xdg("XDG_DATA_HOME", ".local/share"),
        _ => variable("LOCALAPPDATA").map(PathBuf::from),
    };
    Some(base?.join(rest))
}
