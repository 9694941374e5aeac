//! Where conda and mamba themselves live, as far as variables say.

use std::path::{Path, PathBuf};

use crate::Settings;

/// The root prefixes that the caller's variables name.
pub(crate) fn roots(settings: &Settings) -> Vec<PathBuf> {
    let variable = |name: &str| settings.variables.get(name).map(Path::new);
    let of_program = variable("CONDA_EXE").and_then(|program| program.parent()?.parent());
    let roots = [
        variable("CONDA_ROOT"),
        of_program,
        variable("MAMBA_ROOT_PREFIX"),
    ];
    let mut roots: Vec<PathBuf> = roots.into_iter().flatten().map(Path::to_owned).collect();
    roots.dedup();
    roots
}

/// Whether conda or mamba lives at `prefix`, or it holds the other environments.
pub(crate) fn is_root(prefix: &Path, settings: &Settings) -> bool {
    roots(settings).iter().any(|root| root == prefix) || prefix.join("condabin").is_dir()
}
