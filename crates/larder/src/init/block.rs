//! The marked block in a start-up file: put in, replaced, taken out. Pure; every byte outside stays.
//!
//! What has to be undone besides the block itself stands in it: that the line above had no end, or that
//! there was no file.

/// The first line of a block.
const BEGIN: &[u8] = b"# >>> larder initialize >>>";
/// The last line of a block.
const END: &[u8] = b"# <<< larder initialize <<<";
const NOTE: &str = "# Written by `larder init`; `larder init --reverse` takes it away.\n";
const NO_FILE: &str = "# There was no file before.\n";
const NO_LINE_END: &str = "# The line above had no end.\n";

/// A block that has a beginning and no end, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged {
    /// The line, counted from one.
    pub(super) line: usize,
}

/// What is left without the block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Without {
    /// There is no block.
    Unchanged,
    /// These bytes.
    Content(Vec<u8>),
    /// No file: larder made it, and nobody has added anything.
    NoFile,
}

/// Where a block is, with its last line's end.
struct Found {
    start: usize,
    end: usize,
}

/// The file's new content with the block in it, in place of one that is there; `None` if nothing changes.
pub(super) fn with_block(content: Option<&[u8]>, lines: &str) -> Result<Option<Vec<u8>>, Damaged> {
    let old = content.unwrap_or_default();
    let found = find(old)?;
    let (start, end, mark) = match &found {
        Some(found) => (
            found.start,
            found.end,
            mark_of(&old[found.start..found.end]),
        ),
        None if content.is_none() => (0, 0, NO_FILE),
        None if !old.is_empty() && !old.ends_with(b"\n") => (old.len(), old.len(), NO_LINE_END),
        None => (old.len(), old.len(), ""),
    };
    let mut new = old[..start].to_vec();
    if found.is_none() && mark == NO_LINE_END {
        new.push(b'\n');
    }
    for part in [
        BEGIN,
        b"\n",
        NOTE.as_bytes(),
        mark.as_bytes(),
        lines.as_bytes(),
        END,
        b"\n",
    ] {
        new.extend(part);
    }
    new.extend(&old[end..]);
    Ok((new != old || content.is_none()).then_some(new))
}

/// The file's content without the block.
pub(super) fn without_block(content: &[u8]) -> Result<Without, Damaged> {
    let Some(Found { start, end }) = find(content)? else {
        return Ok(Without::Unchanged);
    };
    let mark = mark_of(&content[start..end]);
    let (mut before, after) = (&content[..start], &content[end..]);
    // A line that came behind the block needs the end of the one before it.
    if mark == NO_LINE_END && after.is_empty() {
        before = before.strip_suffix(b"\n").unwrap_or(before);
    }
    let rest = [before, after].concat();
    if rest.is_empty() && mark == NO_FILE {
        return Ok(Without::NoFile);
    }
    Ok(Without::Content(rest))
}

fn mark_of(block: &[u8]) -> &'static str {
    let has = |mark: &str| {
        block
            .split_inclusive(|byte| *byte == b'\n')
            .any(|line| line == mark.as_bytes())
    };
    [NO_FILE, NO_LINE_END]
        .into_iter()
        .find(|mark| has(mark))
        .unwrap_or_default()
}

fn find(content: &[u8]) -> Result<Option<Found>, Damaged> {
    let mut position = 0;
    let mut begun = None;
    let mut found = None;
    for (number, line) in content.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line_number = number + 1;
        match line.trim_ascii_end() {
            BEGIN if begun.is_none() && found.is_none() => begun = Some((position, line_number)),
            END if begun.is_some() => {
                let end = position + line.len();
                found = begun.take().map(|(start, _)| Found { start, end });
            }
            BEGIN | END => return Err(Damaged { line: line_number }),
            _ => {}
        }
        position += line.len();
    }
    match begun {
        Some((_, line)) => Err(Damaged { line }),
        None => Ok(found),
    }
}
