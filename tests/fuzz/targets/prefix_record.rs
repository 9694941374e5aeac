//! A record in `conda-meta` of a prefix that anybody may have made.
#![no_main]

use larder_link::fuzzing::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(installed) = record("app-1.0-0.json", bytes) else {
        return;
    };
    assert!(installed.dist().eq_ignore_ascii_case("app-1.0-0"), "{installed:?}");
    for path in &installed.paths {
        let path = path.path.as_str();
        assert!(!path.starts_with('/') && !path.starts_with("conda-meta"), "{path:?}");
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
    }
    let texts = [&installed.subdir, &installed.channel, &installed.url];
    assert!(texts.iter().all(|text| !text.contains('\n')), "{installed:?}");
});
