//! The encodings in which a placeholder may occur in a file: UTF-8, and UTF-16 and UTF-32 in both
//! byte orders, as conda searches for them.

/// Placeholder and prefix in one encoding.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    /// What is searched for.
    pub(super) placeholder: Vec<u8>,
    /// What takes its place.
    pub(super) prefix: Vec<u8>,
    /// Bytes in a code unit, and in the NUL that ends a string.
    pub(super) unit: usize,
}

impl Encoded {
    /// Every encoding that can occur in `source`. Wide text of a path always holds NUL bytes, so
    /// without one only UTF-8 is searched for.
    pub(super) fn all(source: &[u8], placeholder: &str, prefix: &str) -> Vec<Self> {
        if placeholder.is_empty() || placeholder.contains('\0') {
            return Vec::new();
        }
        let utf8 = Self {
            placeholder: placeholder.as_bytes().to_vec(),
            prefix: prefix.as_bytes().to_vec(),
            unit: 1,
        };
        let mut all = vec![utf8];
        if memchr::memchr(0, source).is_some() {
            let wide = |unit, encode: fn(&str) -> Vec<u8>| Self {
                placeholder: encode(placeholder),
                prefix: encode(prefix),
                unit,
            };
            all.push(wide(2, |text| utf16(text, u16::to_le_bytes)));
            all.push(wide(2, |text| utf16(text, u16::to_be_bytes)));
            all.push(wide(4, |text| utf32(text, u32::to_le_bytes)));
            all.push(wide(4, |text| utf32(text, u32::to_be_bytes)));
        }
        all
    }

    /// How often the placeholder occurs, at most: wide text has false twins.
    pub(super) fn count(&self, source: &[u8]) -> usize {
        memchr::memmem::find_iter(source, &self.placeholder).count()
    }

    /// Where the placeholder occurs at or after `from`, without overlap, at whole code units only: in
    /// little-endian text every placeholder has a false big-endian twin one byte off, and the reverse.
    pub(super) fn occurrences(&self, source: &[u8]) -> Vec<usize> {
        memchr::memmem::find_iter(source, &self.placeholder)
            .filter(|offset| offset.is_multiple_of(self.unit))
            .collect()
    }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn utf32(text: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().map(u32::from).flat_map(bytes).collect()
}
