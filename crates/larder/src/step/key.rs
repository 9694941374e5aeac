//! The keys of a step: what an environment is asked for with, and what came of it.

use std::path::{Path, PathBuf};

use larder_cache::key::{KeyContext, KeyError, Style, evaluate};
use larder_digest::Hasher;

use crate::{CreateReport, DEFAULT_LOCK, inputs::lock_path_of, streams::read_input};

/// Digits of a digest in a key: enough to tell environments apart, and keys have limits.
const DIGITS: usize = 16;

/// What a step is asked for.
#[derive(Debug, Clone)]
pub struct KeyParts<'a> {
    /// What keys begin with; `${{ }}` is replaced as in a workflow.
    pub prefix: &'a str,
    /// Manifests and locks, absolute, or URLs.
    pub files: &'a [PathBuf],
    /// The other arguments of `larder create`.
    pub arguments: &'a [String],
}

/// The keys of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepKey {
    /// What the keys of all environments begin with: `larder-Linux-X64-`.
    pub wide: String,
    /// What the keys of environments that were asked for alike begin with.
    pub near: String,
}

impl StepKey {
    /// The key of a store that has what this environment is of.
    pub fn whole(&self, report: &CreateReport) -> String {
        let mut packages: Vec<String> = report
            .actions
            .link
            .iter()
            .map(|package| format!("{} {}\n", package.dist_name, package.url))
            .collect();
        packages.sort_unstable();
        format!("{}{}", self.near, digits(packages.concat().as_bytes()))
    }
}

/// The keys for what is asked for. A file counts with its lock; one that is not there counts by its name.
///
/// # Errors
/// If the prefix makes no key that the services take.
pub fn step_key(parts: &KeyParts<'_>, context: &KeyContext<'_>) -> Result<StepKey, KeyError> {
    let prefix = format!(
        "{}-${{{{ runner.os }}}}-${{{{ runner.arch }}}}-",
        parts.prefix
    );
    let context = KeyContext {
        style: Style::Github,
        working_directory: context.working_directory.clone(),
        workspace: context.workspace.clone(),
        variable: context.variable,
    };
    let wide = evaluate(&prefix, &[], &context)?.key.fingerprint;
    let mut asked = Vec::new();
    for file in parts.files {
        add(&mut asked, file);
        for lock in locks_of(file) {
            add(&mut asked, &lock);
        }
    }
    for argument in parts.arguments {
        asked.extend_from_slice(argument.as_bytes());
        asked.push(0);
    }
    let near = format!("{wide}{}-", digits(&asked));
    Ok(StepKey { wide, near })
}

/// The locks beside a manifest: its own and the directory's.
fn locks_of(file: &Path) -> Vec<PathBuf> {
    let mut locks: Vec<PathBuf> = lock_path_of(file).into_iter().collect();
    locks.push(file.with_file_name(DEFAULT_LOCK));
    locks.dedup();
    locks.retain(|lock| lock != file && lock.is_file());
    locks
}

/// A file's name and bytes, and not where it is: machines differ in that.
fn add(asked: &mut Vec<u8>, file: &Path) {
    let name = file.file_name().unwrap_or(file.as_os_str());
    asked.extend_from_slice(name.as_encoded_bytes());
    asked.push(0);
    let content = read_input(file, Path::new("/"));
    asked.extend(content.unwrap_or_else(|_| file.as_os_str().as_encoded_bytes().to_vec()));
    asked.push(0);
}

fn digits(bytes: &[u8]) -> String {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    let mut text = hasher.finish().sha256.to_hex();
    text.truncate(DIGITS);
    text
}
