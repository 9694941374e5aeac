//! Base64 encoding for the Authorization header of RFC 7617; there is no decoder.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.chunks(3).map(encode_group).collect()
}

fn encode_group(group: &[u8]) -> String {
    let mut padded = [0; 4];
    padded[1..=group.len()].copy_from_slice(group);
    let bits = u32::from_be_bytes(padded);
    (0..4)
        .map(|index| match index <= group.len() {
            true => char::from(ALPHABET[(bits >> (18 - 6 * index)) as usize & 63]),
            false => '=',
        })
        .collect()
}
