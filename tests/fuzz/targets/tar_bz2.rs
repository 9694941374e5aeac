//! A `.tar.bz2`.
#![no_main]

use std::sync::LazyLock;

use larder_fuzz::Workshop;
use larder_unpack::ArchiveKind;
use libfuzzer_sys::fuzz_target;

static WORKSHOP: LazyLock<Workshop> = LazyLock::new(Workshop::default);

fuzz_target!(|bytes: &[u8]| WORKSHOP.unpack(bytes, ArchiveKind::TarBz2));
