//! What `larder unpack` reads.
#![no_main]

use larder_pack::{Handled, PackError, PackReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(reader) = PackReader::new(bytes) {
        let _ = reader.for_each(|_, _| Ok::<_, PackError>(Handled::Unread));
    }
});
