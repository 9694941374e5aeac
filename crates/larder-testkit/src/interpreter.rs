//! A real Python of this machine, for what only a real one can show.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A CPython that can be run by its path alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealPython {
    /// The executable itself: no shim that needs variables.
    pub program: PathBuf,
    /// Major and minor version, such as `3.11`.
    pub version: String,
    /// What its bytecode is named by, such as `cpython-311`.
    pub tag: String,
}

const QUESTION: &str = "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2], sys.implementation.cache_tag, sep='\\n')";

impl RealPython {
    /// The `python3` of this machine, if it is of 3.7 or later.
    pub fn find() -> Option<Self> {
        let output = Command::new("python3").args(["-c", QUESTION]).output();
        let text = String::from_utf8(output.ok()?.stdout).ok()?;
        let mut lines = text.lines();
        let found = Self {
            program: lines.next()?.into(),
            version: lines.next()?.to_owned(),
            tag: lines.next()?.to_owned(),
        };
        let minor: u32 = found.version.strip_prefix("3.")?.parse().ok()?;
        (minor >= 7).then_some(found)
    }

    /// A script that runs it as long as `there` exists: a Python that can be broken.
    pub fn script_while(&self, there: &Path) -> String {
        let (program, there) = (self.program.display(), there.display());
        format!("#!/bin/sh\ntest -e '{there}' || exit 9\nexec '{program}' \"$@\"\n")
    }
}
