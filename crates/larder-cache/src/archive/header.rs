//! Tar headers as we write them: ustar, with a PAX header before it for what that cannot say.

use super::entry::{Item, ItemKind};

const BLOCK: usize = 512;
/// What eleven octal digits hold.
const MAX_OCTAL: u64 = 0o77_777_777_777;

/// Appends an entry's headers to `tar`; `size` is how many bytes follow.
pub(super) fn append(tar: &mut Vec<u8>, item: &Item, size: u64) {
    let mut name = item.name.clone();
    if item.kind == ItemKind::Directory {
        name.push(b'/');
    }
    let link = match &item.kind {
        ItemKind::Symlink(target) | ItemKind::HardLink(target) => &target[..],
        _ => b"",
    };
    let (seconds, nanoseconds) = item.modified;
    let mut records = Vec::new();
    if nanoseconds != 0 || seconds > MAX_OCTAL {
        record(
            &mut records,
            "mtime",
            format!("{seconds}.{nanoseconds:09}").as_bytes(),
        );
    }
    if name.len() > 100 {
        record(&mut records, "path", &name);
    }
    if link.len() > 100 {
        record(&mut records, "linkpath", link);
    }
    if size > MAX_OCTAL {
        record(&mut records, "size", size.to_string().as_bytes());
    }
    if !records.is_empty() {
        let head = Fields {
            name: b"pax",
            mode: 0o644,
            size: records.len() as u64,
            seconds: 0,
            kind: b'x',
            link: b"",
        };
        head.append(tar);
        tar.extend_from_slice(&records);
        pad(tar, records.len() as u64);
    }
    let head = Fields {
        name: &name,
        mode: item.mode,
        size: if size > MAX_OCTAL { 0 } else { size },
        seconds: seconds.min(MAX_OCTAL),
        kind: match item.kind {
            ItemKind::Directory => b'5',
            ItemKind::File { .. } => b'0',
            ItemKind::Symlink(_) => b'2',
            ItemKind::HardLink(_) => b'1',
        },
        link,
    };
    head.append(tar);
}

/// Fills up the last block of an entry's bytes.
pub(super) fn pad(tar: &mut Vec<u8>, size: u64) {
    tar.resize(tar.len() + padding(size), 0);
}

/// How many bytes follow those of an entry.
pub(super) fn padding(size: u64) -> usize {
    let over = (size % BLOCK as u64) as usize;
    if over == 0 { 0 } else { BLOCK - over }
}

/// What tar ends with.
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

struct Fields<'a> {
    name: &'a [u8],
    mode: u32,
    size: u64,
    seconds: u64,
    kind: u8,
    link: &'a [u8],
}

impl Fields<'_> {
    fn append(&self, tar: &mut Vec<u8>) {
        let mut block = [0; BLOCK];
        put(&mut block[0..100], self.name);
        octal(&mut block[100..108], self.mode.into());
        octal(&mut block[108..116], 0);
        octal(&mut block[116..124], 0);
        octal(&mut block[124..136], self.size);
        octal(&mut block[136..148], self.seconds);
        block[148..156].fill(b' ');
        block[156] = self.kind;
        put(&mut block[157..257], self.link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        tar.extend_from_slice(&block);
    }
}

/// As much of a text as fits; the whole is in the PAX header then.
fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

/// A number in all digits of a field but its last byte, which stays NUL.
fn octal(field: &mut [u8], mut number: u64) {
    let digits = field.len() - 1;
    for digit in field[..digits].iter_mut().rev() {
        *digit = b'0' + (number & 7) as u8;
        number >>= 3;
    }
}

/// `length key=value\n`, where the length counts itself.
fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}
