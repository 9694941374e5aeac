//! What an environment was made from, as one digest: who wants the very same need not make it again.

use larder_fetch::redact;
use larder_link::{Fingerprint, ScriptPolicy};
use larder_lock::{Closure, LockedPackage, PipLock};

/// Everything about an environment that is not the user's machine: its packages with their bytes, who
/// asked for them, its variables, and whether link scripts ran.
pub(crate) fn of_closure<'v>(
    (closure, pip): (&Closure, &PipLock),
    variables: impl IntoIterator<Item = (&'v String, &'v String)>,
    scripts: ScriptPolicy,
) -> Fingerprint {
    let mut texts = vec![
        closure.subdir().to_string(),
        format!("scripts: {}", scripts == ScriptPolicy::Run),
    ];
    for (name, value) in variables {
        texts.extend([name.clone(), value.clone()]);
    }
    for package in closure.packages() {
        texts.extend([package.dist(), artifact(package)]);
        texts.extend(package.requested_specs.iter().cloned());
        texts.push(String::new());
    }
    for package in &pip.packages {
        let digest = package.sha256.map(|digest| digest.to_string());
        texts.extend(["pip".into(), package.name.clone(), package.version.clone()]);
        texts.push(digest.unwrap_or_else(|| package.url.clone()));
    }
    texts.extend(pip.passed_on().iter().map(|line| format!("pip: {line}")));
    Fingerprint {
        closure: Fingerprint::digest(texts.iter().map(String::as_bytes)),
        inputs: None,
    }
}

/// The bytes of a package; where nothing says them, the place where they are.
fn artifact(package: &LockedPackage) -> String {
    match package.checksum() {
        Some(checksum) => checksum.to_string(),
        None => redact(&package.record.url),
    }
}
