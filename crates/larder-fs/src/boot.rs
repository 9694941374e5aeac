//! Telling this boot of the machine from others: what was written in this one and not flushed is still
//! what was written; what an earlier one did not flush may be gone.

/// What this boot has and no other one; `None` where the system does not say.
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}
