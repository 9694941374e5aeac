//! How many bytes this process and those it has waited for gave the system to write to disks.

use std::fs;

/// Bytes of files that this process and its children, those of them that have ended and were waited for,
/// have changed since they began, whole pages of memory at a time; names and directories do not count, nor
/// do file systems in memory. `None` where the system does not say.
///
/// Linux: `write_bytes` of `/proc/self/io` (proc(5)).
pub fn bytes_written() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    let line = |line: &str| line.strip_prefix("write_bytes:")?.trim().parse().ok();
    text.lines().find_map(line)
}
