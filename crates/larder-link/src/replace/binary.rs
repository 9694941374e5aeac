//! Replacement in binary files: the file keeps its length, and each NUL-terminated string that holds
//! the placeholder is filled up with NULs at its own end.

use super::encoding::Encoded;

/// A prefix that does not fit where the placeholder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PrefixTooLong {
    /// Bytes of the placeholder in the encoding in which it occurs.
    pub(crate) placeholder: usize,
    /// Bytes of the prefix in that encoding.
    pub(crate) prefix: usize,
}

/// Replaces `placeholder` by `prefix` in every string of `bytes`. A string that the end of the file
/// ends instead of a NUL is treated like the others, as rattler does.
///
/// # Errors
/// If the placeholder occurs and the prefix is longer than it.
pub(crate) fn replace_binary(
    mut bytes: Vec<u8>,
    placeholder: &str,
    prefix: &str,
) -> Result<Vec<u8>, PrefixTooLong> {
    for encoded in Encoded::all(&bytes, placeholder, prefix) {
        replace_encoded(&mut bytes, &encoded)?;
    }
    Ok(bytes)
}

fn replace_encoded(bytes: &mut [u8], encoded: &Encoded) -> Result<(), PrefixTooLong> {
    let occurrences = encoded.occurrences(bytes);
    if !occurrences.is_empty() && encoded.prefix.len() > encoded.placeholder.len() {
        return Err(PrefixTooLong {
            placeholder: encoded.placeholder.len(),
            prefix: encoded.prefix.len(),
        });
    }
    let mut rest = occurrences.as_slice();
    while let Some(&first) = rest.first() {
        let end = string_end(bytes, first + encoded.placeholder.len(), encoded.unit);
        let count = rest.partition_point(|&offset| offset < end);
        let (here, later) = rest.split_at(count);
        rewrite_string(&mut bytes[..end], here, encoded);
        rest = later;
    }
    Ok(())
}

/// The offset of the NUL that ends the string, or of the end of the file.
fn string_end(bytes: &[u8], from: usize, unit: usize) -> usize {
    if unit == 1 {
        return memchr::memchr(0, &bytes[from..]).map_or(bytes.len(), |at| from + at);
    }
    bytes[from..]
        .chunks_exact(unit)
        .position(|chunk| chunk.iter().all(|&byte| byte == 0))
        .map_or(bytes.len(), |index| from + index * unit)
}

/// Moves the parts between the occurrences forward; `bytes` ends where the string does.
fn rewrite_string(bytes: &mut [u8], occurrences: &[usize], encoded: &Encoded) {
    let mut to = occurrences[0];
    for (index, &offset) in occurrences.iter().enumerate() {
        bytes[to..to + encoded.prefix.len()].copy_from_slice(&encoded.prefix);
        to += encoded.prefix.len();
        let from = offset + encoded.placeholder.len();
        let until = occurrences.get(index + 1).copied().unwrap_or(bytes.len());
        bytes.copy_within(from..until, to);
        to += until - from;
    }
    bytes[to..].fill(0);
}
