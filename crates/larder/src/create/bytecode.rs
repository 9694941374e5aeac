//! Where bytecode of this run is kept: beside the trees, or with them where they are thrown away.

use std::{path::Path, sync::Arc};

use larder_link::{BytecodeBundles, Bytecodes, BytecodesOptions, ScratchDir, scratch_beside};

use super::{CreateError, Run};
use crate::store::BYTECODE;

/// Whether Python sources are compiled when an environment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BytecodePolicy {
    /// Those of `noarch: python` packages are (CEP 20), once for each package and Python.
    #[default]
    Compile,
    /// Python compiles what it imports.
    Leave,
}

impl Run<'_> {
    /// A directory for [`Run::bytecodes`] where no trees are.
    pub(super) fn scratch_for_bytecode(
        &self,
        prefix: &Path,
    ) -> Result<Option<ScratchDir>, CreateError> {
        match self.options.bytecode {
            BytecodePolicy::Compile => scratch_beside(prefix).map(Some).map_err(CreateError::Trees),
            BytecodePolicy::Leave => Ok(None),
        }
    }

    /// The bytecode beside the trees in `trees`. That it cannot be kept is a warning.
    pub(crate) fn bytecodes(&self, trees: &Path) -> Option<Arc<Bytecodes>> {
        if self.options.bytecode == BytecodePolicy::Leave {
            return None;
        }
        let bundles = self
            .settings
            .cache_secret
            .clone()
            .map(|secret| BytecodeBundles {
                directory: self.settings.store.join(BYTECODE),
                secret,
            });
        let options = BytecodesOptions {
            boot_id: larder_fs::boot_id(),
            bundles,
        };
        match Bytecodes::open(&trees.join(BYTECODE), options) {
            Ok(bytecodes) => Some(Arc::new(bytecodes)),
            Err(error) => {
                let text = format!("no bytecode is linked: {error}: {}", error.source);
                self.reporter.warn("link::no-bytecode", text);
                None
            }
        }
    }
}
