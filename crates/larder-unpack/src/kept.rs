//! What one pass over an archive has decoded, in memory for the next pass: only if it is not large.

use std::io::{self, Read};

/// In bytes.
const LIMIT: usize = 16 << 20;

/// What was read until now; nothing once it is too much.
#[derive(Debug)]
pub(crate) struct Kept(Option<Vec<u8>>);

impl Default for Kept {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl Kept {
    /// Reads from `reader`, and keeps it.
    pub(crate) fn from<'k, R: Read + 'k>(&'k mut self, reader: R) -> impl Read + 'k {
        Keeping { reader, kept: self }
    }

    /// All that was read, if there was anything and not too much.
    pub(crate) fn whole(self) -> Option<Vec<u8>> {
        self.0.filter(|bytes| !bytes.is_empty())
    }

    fn add(&mut self, bytes: &[u8]) {
        if let Some(kept) = &mut self.0 {
            if kept.len() + bytes.len() > LIMIT {
                self.0 = None;
            } else {
                kept.extend_from_slice(bytes);
            }
        }
    }
}

struct Keeping<'k, R> {
    reader: R,
    kept: &'k mut Kept,
}

impl<R: Read> Read for Keeping<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.kept.add(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(length: usize) -> Option<Vec<u8>> {
        let mut kept = Kept::default();
        let bytes = vec![7; length];
        let mut read = Vec::new();
        kept.from(&*bytes).read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
        kept.whole()
    }

    #[test]
    fn what_is_not_large_is_kept_whole_and_what_is_large_not_at_all() {
        assert_eq!(kept(0), None);
        assert_eq!(kept(100), Some(vec![7; 100]));
        assert_eq!(kept(LIMIT).map(|bytes| bytes.len()), Some(LIMIT));
        assert_eq!(kept(LIMIT + 1), None);
    }
}
