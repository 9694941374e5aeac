//! The journal of an update, with the right seal: no path in it leaves the prefix or is one of its control files.
#![no_main]

use larder_link::fuzzing::journal_paths;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    for path in journal_paths(json).unwrap_or_default() {
        assert!(!path.is_empty() && !path.starts_with('/'), "{path:?}");
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
        assert!(!path.contains(['\\', '\0', '\n']), "{path:?}");
        let first = path.split('/').next().unwrap_or_default();
        let is_control = first.eq_ignore_ascii_case("conda-meta");
        assert!(!is_control || path.split('/').count() == 2, "{path:?}");
        assert_ne!(path, "conda-meta/history");
    }
});
