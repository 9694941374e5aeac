//! Texts that rattler must not get. Its parser of specs goes one level deeper with each parenthesis (5,000 of
//! them overflow a thread's stack), and needs time that grows with the square of a text's length. A file name
//! that is an address, such as `a-1://[-0.conda`, makes its gateway panic.
//!
//! They are found in the bytes of an index, by [`JsonScan`] and [`scan_msgpack`], before rattler loads it; the records
//! that have them are then left out (`mend.rs`).

use std::io::{self, Write};

/// How deep parentheses may be nested. Specs of conda-forge have at most 3 levels.
const DEEPEST: u32 = 32;

/// The longest spec, in bytes. Those of conda-forge have at most a few hundred.
const LONGEST: usize = 4096;

/// The most texts in one list of a record, such as `depends`. The longest of conda-forge has some 700; the gateway looks
/// for each one's package, so hundreds of thousands would take minutes and gigabytes.
pub const RECORD_SPECS: usize = 4096;

/// Why a list of specs is too long for rattler, if so.
pub(crate) fn problem_of_length(specs: usize) -> Option<String> {
    (specs > RECORD_SPECS)
        .then(|| format!("a list has {specs} specs, expected at most {RECORD_SPECS}"))
}

/// Why rattler must not parse this spec, if so.
pub(crate) fn problem_of(text: &str) -> Option<String> {
    let mut scan = TextScan::default();
    text.bytes().for_each(|byte| scan.push(byte));
    scan.problem()
}

/// The longest text of any kind without a bracket.
const LONGEST_TEXT: usize = 16_384;

/// One text, byte by byte.
#[derive(Debug, Default, Clone, Copy)]
struct TextScan {
    length: usize,
    depth: u32,
    deepest: u32,
    has_bracket: bool,
    address: Address,
}

/// Whether a text begins as a file name of a package that is an absolute URL: `NAME-VERSION://`. The schemes of real
/// addresses have no dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    /// Only characters of a scheme so far.
    Scheme {
        has_dash: bool,
    },
    Colon,
    Slash,
    Yes,
    No,
}

impl Default for Address {
    fn default() -> Self {
        Self::Scheme { has_dash: false }
    }
}

impl Address {
    fn next(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Scheme { .. }, b'-') => Self::Scheme { has_dash: true },
            (Self::Scheme { has_dash: true }, b':') => Self::Colon,
            (Self::Scheme { .. }, b'+' | b'.') => self,
            (Self::Scheme { .. }, byte) if byte.is_ascii_alphanumeric() => self,
            (Self::Colon, b'/') => Self::Slash,
            (Self::Slash, b'/') | (Self::Yes, _) => Self::Yes,
            _ => Self::No,
        }
    }

    fn is_decided(self) -> bool {
        matches!(self, Self::Yes | Self::No)
    }
}

impl TextScan {
    fn push(&mut self, byte: u8) {
        self.length += 1;
        self.address = self.address.next(byte);
        match byte {
            b'(' => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            b')' => self.depth = self.depth.saturating_sub(1),
            b'[' => self.has_bracket = true,
            _ => {}
        }
    }

    fn problem(&self) -> Option<String> {
        if self.deepest > DEEPEST {
            let found = self.deepest;
            return Some(format!(
                "a spec nests {found} parentheses, expected at most {DEEPEST}"
            ));
        }
        (self.length > LONGEST).then(|| {
            let found = self.length;
            format!("a spec has {found} bytes, expected at most {LONGEST}")
        })
    }

    /// Why rattler must not load this text, if so. The solver parses specs of records that are excluded as well, so
    /// these must not get as far; long texts may be a channel's message instead (CEP 48), at most 8192 bytes.
    fn problem_for_loading(&self) -> Option<String> {
        if self.address == Address::Yes {
            return Some("a file name is an address".to_owned());
        }
        let is_parsed = self.deepest > DEEPEST || self.has_bracket || self.length > LONGEST_TEXT;
        self.problem().filter(|_| is_parsed)
    }
}

/// Looks at every text of a JSON document that is written to it in pieces.
#[derive(Debug, Default)]
pub(crate) struct JsonScan {
    text: Option<TextScan>,
    escape: Escape,
    problem: Option<String>,
    /// How many lists and objects are around the next byte.
    nesting: usize,
    /// Texts since the last bracket.
    texts: usize,
}

/// Lists in records are in the list's own bracket, the record, its group and the index. `removed` has fewer brackets and
/// may be long.
const NESTING_OF_RECORD_LISTS: usize = 4;

/// How much of an escape in a text was seen.
#[derive(Debug, Default, Clone, Copy)]
enum Escape {
    #[default]
    None,
    /// A backslash.
    Begun,
    /// `\u` and so many digits, with the number that they are.
    Unicode(u8, u32),
}

impl JsonScan {
    /// The first text that rattler must not load.
    pub(crate) fn problem(self) -> Option<String> {
        self.problem
    }

    fn push(&mut self, byte: u8) {
        let Some(text) = &mut self.text else {
            match byte {
                b'"' => self.text = Some(TextScan::default()),
                b'[' | b'{' => (self.nesting, self.texts) = (self.nesting.saturating_add(1), 0),
                b']' | b'}' => (self.nesting, self.texts) = (self.nesting.saturating_sub(1), 0),
                _ => {}
            }
            return;
        };
        match self.escape {
            Escape::None if byte == b'\\' => self.escape = Escape::Begun,
            Escape::None if byte == b'"' => {
                self.texts += 1;
                if self.problem.is_none() {
                    let is_list = self.nesting >= NESTING_OF_RECORD_LISTS;
                    let too_many = is_list.then(|| problem_of_length(self.texts)).flatten();
                    self.problem = text.problem_for_loading().or(too_many);
                }
                self.text = None;
            }
            Escape::None => text.push(byte),
            Escape::Begun if byte == b'u' => self.escape = Escape::Unicode(0, 0),
            Escape::Begun => {
                text.push(byte);
                self.escape = Escape::None;
            }
            Escape::Unicode(digits, number) => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let number = number * 16 + digit;
                self.escape = Escape::Unicode(digits + 1, number);
                if digits == 3 {
                    // What is not ASCII means nothing to the scan.
                    text.push(u8::try_from(number).unwrap_or(b'?'));
                    self.escape = Escape::None;
                }
            }
        }
    }
}

impl Write for JsonScan {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let (Some(text), Escape::None) = (&mut self.text, self.escape)
                && text.address.is_decided()
            {
                // Most bytes are in texts, and mean nothing.
                let plain = rest
                    .iter()
                    .position(|byte| matches!(byte, b'"' | b'\\' | b'(' | b')' | b'['))
                    .unwrap_or(rest.len());
                text.length += plain;
                rest = &rest[plain..];
            }
            if let Some((byte, more)) = rest.split_first() {
                self.push(*byte);
                rest = more;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first text of a MessagePack document that rattler must not load. A document that ends early is read as
/// far as it goes: whoever decodes it says what is wrong.
pub(crate) fn scan_msgpack(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let mut last_text: &[u8] = b"";
    while let Some((marker, after)) = rest.split_first() {
        if let Some(items) = list_length(*marker, after)
            && last_text != b"removed"
            && let Some(problem) = problem_of_length(items)
        {
            return Some(problem);
        }
        let (is_text, head) = match marker {
            0xa0..=0xbf => (true, Head::Known(usize::from(marker & 0x1f))),
            // Binary data as well: serde takes it for text where text is expected.
            0xd9 | 0xc4 => (true, Head::Length(1)),
            0xda | 0xc5 => (true, Head::Length(2)),
            0xdb | 0xc6 => (true, Head::Length(4)),
            0xc7 => (false, Head::Extension(1)),
            0xc8 => (false, Head::Extension(2)),
            0xc9 => (false, Head::Extension(4)),
            0xcc | 0xd0 => (false, Head::Known(1)),
            0xcd | 0xd1 | 0xdc | 0xde => (false, Head::Known(2)),
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => (false, Head::Known(4)),
            0xcb | 0xcf | 0xd3 => (false, Head::Known(8)),
            0xd4..=0xd8 => (false, Head::Known(1 + (1 << (marker - 0xd4)))),
            // Small numbers, arrays and maps, whose elements follow; nil, true, false.
            _ => (false, Head::Known(0)),
        };
        let (length, after) = head.read(after)?;
        let payload = after.get(..length)?;
        if is_text {
            last_text = payload;
        }
        // Shorter texts can be neither too long nor too deep.
        if is_text && length > DEEPEST as usize {
            let mut scan = TextScan::default();
            payload.iter().for_each(|byte| scan.push(*byte));
            if let Some(problem) = scan.problem_for_loading() {
                return Some(problem);
            }
        }
        rest = &after[length..];
    }
    None
}

/// How many items a MessagePack list of more than 15 has; `None` for what is not such a list.
fn list_length(marker: u8, after: &[u8]) -> Option<usize> {
    let digits = match marker {
        0xdc => after.get(..2)?,
        0xdd => after.get(..4)?,
        _ => return None,
    };
    let number = |all: usize, digit: &u8| all << 8 | usize::from(*digit);
    Some(digits.iter().fold(0, number))
}

/// How the length of a MessagePack value's payload is written.
#[derive(Clone, Copy)]
enum Head {
    Known(usize),
    /// In so many bytes.
    Length(usize),
    /// In so many bytes; a byte of type comes before the payload.
    Extension(usize),
}

impl Head {
    /// The length, and what comes after it.
    fn read(self, bytes: &[u8]) -> Option<(usize, &[u8])> {
        let (width, more) = match self {
            Self::Known(length) => return Some((length, bytes)),
            Self::Length(width) => (width, 0),
            Self::Extension(width) => (width, 1),
        };
        let (digits, rest) = bytes.split_at_checked(width)?;
        let number = |all: usize, digit: &u8| all << 8 | usize::from(*digit);
        Some((digits.iter().fold(0, number).saturating_add(more), rest))
    }
}
