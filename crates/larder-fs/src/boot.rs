//! Telling this machine from others, and this boot of it from earlier ones: what was written in this one
//! and not flushed is still what was written; what an earlier one did not flush may be gone.

/// What this boot has and no other one; `None` where the system does not say.
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// This machine's name in its network, for people; `None` where the system does not say so in a file.
pub fn host_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}
