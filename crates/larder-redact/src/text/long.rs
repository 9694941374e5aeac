//! Texts of megabytes, line by line: no rule looks beyond a line, and what of a line is too long is masked.

use super::{LINE_BYTES, redact_line};

/// Masks each line by itself. The rest of a line of more than [`LINE_BYTES`] bytes is one mask.
pub(super) fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let kept = kept_part(line);
        shown.push_str(&redact_line(kept));
        if kept.len() < line.len() {
            shown.push_str("***");
            if line.ends_with('\n') {
                shown.push('\n');
            }
        }
    }
    shown
}

/// The beginning of a line that can be judged without its rest: whole words, and no address whose password
/// may go on behind them.
fn kept_part(line: &str) -> &str {
    if line.len() <= LINE_BYTES {
        return line;
    }
    let head = &line[..line.floor_char_boundary(LINE_BYTES)];
    let end = head.rfind(char::is_whitespace).unwrap_or(0);
    // A password with blanks in it ends at the last `@` of the line.
    let end = match line[end..].contains('@') {
        true => head[..end].find("//").unwrap_or(end),
        false => end,
    };
    &line[..end]
}
