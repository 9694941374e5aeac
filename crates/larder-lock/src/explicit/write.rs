//! The `@EXPLICIT` list of one platform, as conda and micromamba read it: dependencies first.

use std::fmt::Write as _;

use rattler_conda_types::Subdir;

use crate::{Closure, ExplicitHash, LockedPackage, Loss, topological::topological};

/// The list, and the packages whose hash is not the wanted one.
pub(crate) fn write(closure: &Closure, hash: ExplicitHash) -> (String, Vec<Loss>) {
    let subdir = closure.subdir();
    let mut text = format!(
        "# This file may be used to create an environment using:\n\
         # $ conda create --name <env> --file <this file>\n\
         # platform: {subdir}\n\
         @EXPLICIT\n"
    );
    let mut losses = Vec::new();
    for package in topological(closure) {
        text.push_str(package.record.url.as_str());
        let anchor = anchor(package, subdir, hash, &mut losses);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{anchor}");
    }
    (text, losses)
}

/// `#<md5>` or `#sha256:<sha256>`: the prefix is what older versions of mamba need.
fn anchor(
    package: &LockedPackage,
    subdir: Subdir,
    hash: ExplicitHash,
    losses: &mut Vec<Loss>,
) -> String {
    let md5 = package.md5().map(|digest| format!("#{}", digest.to_hex()));
    let sha256 = package
        .sha256()
        .map(|digest| format!("#sha256:{}", digest.to_hex()));
    let (wanted, other) = match hash {
        ExplicitHash::Md5 => (md5, sha256),
        ExplicitHash::Sha256 => (sha256, md5),
    };
    if wanted.is_none() {
        losses.push(Loss::Hash {
            package: package.dist(),
            platform: subdir,
            wanted: hash,
            other: other.is_some(),
        });
    }
    wanted.or(other).unwrap_or_default()
}
