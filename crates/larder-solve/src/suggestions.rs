//! Names that a mistyped one may have meant.

/// The names closest to `wanted`, all equally close, at most `count`, none that is too far to be a slip.
pub fn closest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    let mut ranked: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| name.len().abs_diff(wanted.len()) <= 2 * limit)
        .map(|name| (distance(&plain(wanted), &plain(name)), name))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    ranked.sort();
    ranked.dedup();
    let best = ranked.first().map(|(distance, _)| *distance);
    ranked.retain(|(distance, _)| Some(*distance) == best);
    ranked.truncate(count);
    ranked.into_iter().map(|(_, name)| name).collect()
}

/// `_`, `-` and `.` are the same slip.
fn plain(name: &str) -> Vec<char> {
    let same = |c: char| if matches!(c, '_' | '.') { '-' } else { c };
    name.to_lowercase().chars().map(same).collect()
}

/// How many characters to insert, delete, change or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in table.iter_mut().enumerate() {
        row[0] = i;
    }
    table[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = best;
        }
    }
    table[a.len()][b.len()]
}
