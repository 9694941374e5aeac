//! How many bytes this process and those it has waited for gave the system to write to disks.

/// Opens the system's counters of this process, as long as it may.
#[cfg(target_os = "linux")]
pub(crate) fn open_counters() {
    platform::open_counters();
}

/// Bytes of files that this process and its children, those of them that have ended and were waited for,
/// have changed since they began, whole pages of memory at a time; names and directories do not count, nor
/// do file systems in memory. `None` where the system does not say.
///
/// Linux: `write_bytes` of `/proc/self/io` (proc(5)).
pub fn bytes_written() -> Option<u64> {
    platform::bytes_written()
}

#[cfg(target_os = "linux")]
mod platform {
    use std::{fs, os::unix::fs::FileExt as _, sync::OnceLock};

    /// `/proc/self/io`, opened before [`forbid_inspection`](crate::forbid_inspection) gave it to root.
    static COUNTERS: OnceLock<fs::File> = OnceLock::new();

    pub(super) fn open_counters() {
        // Without them `bytes_written` returns `None`, and its callers assume that something was written.
        if let Ok(file) = fs::File::open("/proc/self/io") {
            let _ = COUNTERS.set(file);
        }
    }

    pub(super) fn bytes_written() -> Option<u64> {
        let text = match COUNTERS.get() {
            Some(file) => read_from_start(file)?,
            None => fs::read_to_string("/proc/self/io").ok()?,
        };
        let line = |line: &str| line.strip_prefix("write_bytes:")?.trim().parse().ok();
        text.lines().find_map(line)
    }

    fn read_from_start(file: &fs::File) -> Option<String> {
        // Seven lines, each a name and a number of at most 20 digits.
        let mut bytes = [0; 512];
        let length = file.read_at(&mut bytes, 0).ok()?;
        String::from_utf8(bytes[..length].to_vec()).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn bytes_written() -> Option<u64> {
        None
    }
}
