//! Ages and sizes as a person gives them.

use std::time::Duration;

/// `48h`, `7d`, `2w`.
pub(crate) fn age(text: &str) -> Option<Duration> {
    let (number, hours) = match text.split_at_checked(text.len().checked_sub(1)?)? {
        (number, "h") => (number, 1),
        (number, "d") => (number, 24),
        (number, "w") => (number, 24 * 7),
        _ => return None,
    };
    Some(Duration::from_secs(
        number.parse::<u64>().ok()?.checked_mul(hours * 3600)?,
    ))
}

/// `5GB`, `5 GB`, `5G`, `1.5GiB`, `1000`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * factor) as u64)
}

/// [`age`], for the command line.
pub(crate) fn parse_age(text: &str) -> Result<Duration, String> {
    age(text).ok_or_else(|| "expected an age: 12h, 7d, 2w".to_owned())
}

/// [`size`], for the command line.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    size(text).ok_or_else(|| "expected a size: 500MB, 5GB, 5GiB".to_owned())
}

#[cfg(test)]
mod tests;
