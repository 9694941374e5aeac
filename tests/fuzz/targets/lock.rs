//! conda-lock.yml, pixi.lock and @EXPLICIT; what is read is written in each format, and is no different
//! from itself.
#![no_main]

use std::path::Path;

use larder_lock::{ExportOptions, LockFile, LockFormat, ParseContext};
use libfuzzer_sys::fuzz_target;
use rattler_conda_types::Subdir;

fuzz_target!(|text: &str| {
    let _ = LockFile::environment_names("lock", text);
    let context = ParseContext {
        subdir: Subdir::Linux64,
        working_directory: Path::new("/work"),
        lookup: &|name| (name == "~").then(|| "/home/user".to_owned()),
        environment: None,
    };
    let Ok(lock) = LockFile::parse_any("lock", text, &context) else {
        return;
    };
    let diff = LockFile::diff(&lock, &lock);
    assert!(diff.is_empty(), "{diff:?}");
    for format in [LockFormat::CondaLock, LockFormat::Pixi, LockFormat::Explicit] {
        let Ok(exported) = lock.export(format, &ExportOptions::default()) else {
            continue;
        };
        for written in exported.texts {
            if let Err(error) = LockFile::parse_any("again", &written.text, &context) {
                panic!("{format:?}: what was written cannot be read: {error}\n{}", written.text);
            }
        }
    }
});
