//! PAX extended headers: `length key=value\n` records. Only what names and sizes a member is kept.

/// What a PAX header says of a member.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PaxHeaders {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// Holes are recorded in one of GNU tar's three ways.
    pub(super) sparse: bool,
    /// Seconds and nanoseconds since 1970. A time before that, or one that is no number, is none.
    pub(super) modified: Option<(u64, u32)>,
}

impl PaxHeaders {
    /// Reads all records, the last of a key counting; `None` if they are not valid.
    pub(super) fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut headers = Self::default();
        while !bytes.is_empty() {
            let (record, rest) = split_record(bytes)?;
            headers.take(record)?;
            bytes = rest;
        }
        Some(headers)
    }

    /// Whether any of it would change how members are read.
    pub(super) fn describes_members(&self) -> bool {
        self.path.is_some() || self.link.is_some() || self.size.is_some() || self.sparse
    }

    fn take(&mut self, record: &[u8]) -> Option<()> {
        let equals = record.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(number(value)?),
            b"mtime" => self.modified = time(value),
            key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            _ => {}
        }
        Some(())
    }
}

/// The first record without its length and line end, and what follows it.
fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(&bytes[..blank])?).ok()?;
    if length <= blank + 1 || length > bytes.len() {
        return None;
    }
    let (record, rest) = bytes.split_at(length);
    let record = record[blank + 1..].strip_suffix(b"\n")?;
    Some((record, rest))
}

/// `seconds` or `seconds.fraction`; what is finer than nanoseconds is cut off.
fn time(value: &[u8]) -> Option<(u64, u32)> {
    let dot = value.iter().position(|byte| *byte == b'.');
    let (seconds, fraction) =
        dot.map_or((value, &b"0"[..]), |dot| (&value[..dot], &value[dot + 1..]));
    let mut digits = *b"000000000";
    let length = fraction.len().min(digits.len());
    digits[..length].copy_from_slice(&fraction[..length]);
    Some((number(seconds)?, number(&digits)?.try_into().ok()?))
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
