//! Differences between locks as text: a table for a terminal, and one for a pull request.

use std::fmt::{self, Write as _};

use super::{Change, Listed, LockDiff, PackageSide, PlatformDiff, Presence};

const NOTHING: &str = "no package differs\n";

/// One row of a table.
struct Row {
    sign: char,
    name: String,
    old: String,
    new: String,
}

impl fmt::Display for LockDiff {
    /// A table for each platform: `+` added, `-` removed, `~` changed. Ends with a line break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str(NOTHING);
        }
        if let Some(channels) = &self.channels {
            writeln!(f, "channels")?;
            writeln!(f, "  - {}", joined(&channels.old))?;
            writeln!(f, "  + {}", joined(&channels.new))?;
        }
        for platform in &self.platforms {
            writeln!(f, "{}{}", platform.platform, remark(platform))?;
            let rows = rows(platform);
            let name_width = width(rows.iter().map(|row| &row.name));
            let old_width = width(rows.iter().map(|row| &row.old));
            for Row {
                sign,
                name,
                old,
                new,
            } in &rows
            {
                let line = match sign {
                    '~' => format!("{name:name_width$}  {old:old_width$}  ->  {new}"),
                    _ => format!("{name:name_width$}  {old}{new}"),
                };
                writeln!(f, "  {sign} {}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

impl LockDiff {
    /// The same as Markdown, a table for each platform. Ends with a line break.
    pub fn to_markdown(&self) -> String {
        if self.is_empty() {
            return NOTHING.to_owned();
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_markdown(&mut text);
        text
    }

    fn write_markdown(&self, text: &mut String) -> fmt::Result {
        if let Some(channels) = &self.channels {
            let (old, new) = (joined(&channels.old), joined(&channels.new));
            writeln!(text, "Channels: {} → {}\n", cell(&old), cell(&new))?;
        }
        for (index, platform) in self.platforms.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            writeln!(text, "### {}{}\n", platform.platform, remark(platform))?;
            let rows = rows(platform);
            if rows.is_empty() {
                writeln!(text, "No packages.")?;
                continue;
            }
            writeln!(text, "| package | old | new |\n| --- | --- | --- |")?;
            for row in rows {
                let (name, old, new) = (cell(&row.name), cell(&row.old), cell(&row.new));
                writeln!(text, "| {name} | {old} | {new} |")?;
            }
        }
        Ok(())
    }
}

fn remark(platform: &PlatformDiff) -> &'static str {
    match platform.locked {
        Presence::Both => "",
        Presence::New => " (new)",
        Presence::Old => " (no longer locked)",
    }
}

/// Sorted by name.
fn rows(platform: &PlatformDiff) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(platform.changed.iter().map(changed));
    let listed = |sign| {
        move |package: &Listed| {
            let text = described(&package.package);
            let (old, new) = match sign {
                '+' => (String::new(), text),
                _ => (text, String::new()),
            };
            Row {
                sign,
                name: named(&package.name, package.manager, &package.category),
                old,
                new,
            }
        }
    };
    rows.extend(platform.added.iter().map(listed('+')));
    rows.extend(platform.removed.iter().map(listed('-')));
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

fn changed(change: &Change) -> Row {
    let (old, new) = (&change.old, &change.new);
    let (mut left, mut right) = (described(old), described(new));
    if let (Some(from), Some(to)) = (&old.channel, &new.channel)
        && from != to
    {
        left = format!("{left} ({from})");
        right = format!("{right} ({to})");
    }
    if left == right
        && let (Some(from), Some(to)) = (&old.hash, &new.hash)
    {
        left = format!("{left} ({})", shortened(from));
        right = format!("{right} ({})", shortened(to));
    }
    Row {
        sign: '~',
        name: named(&change.name, change.manager, &change.category),
        old: left,
        new: right,
    }
}

fn named(name: &str, manager: &str, category: &str) -> String {
    let mut text = name.to_owned();
    if manager != "conda" {
        text = format!("{text} ({manager})");
    }
    if category != crate::DEFAULT_CATEGORY {
        text = format!("{text} [{category}]");
    }
    text
}

fn described(side: &PackageSide) -> String {
    match &side.build {
        Some(build) => format!("{} {build}", side.version),
        None => side.version.clone(),
    }
}

fn shortened(hash: &str) -> &str {
    const KIND_AND_DIGITS: usize = 19;
    hash.get(..KIND_AND_DIGITS).unwrap_or(hash)
}

fn joined(items: &[String]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items.join(", ")
}

fn width<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    let widths = texts.map(|text| text.chars().count());
    widths.max().unwrap_or_default()
}

/// Text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
