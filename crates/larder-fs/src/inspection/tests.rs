use std::{fs, process::Command};

use super::*;

/// Root reads every process with `CAP_SYS_PTRACE`, and its variables with `CAP_PERFMON`.
fn has_capabilities() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let effective = lines.find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let effective = u64::from_str_radix(effective.trim(), 16).unwrap();
    effective != 0
}

/// How much of this process's variables a child can read.
fn read_by_child() -> String {
    // Opening succeeds for root, reading does not.
    let script = format!("cat /proc/{}/environ | wc -c", std::process::id());
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn children_cannot_read_the_variables_and_counters_stay_readable() {
    assert_ne!(read_by_child(), "0", "there are variables to read");
    let before = crate::bytes_written();
    forbid_inspection().unwrap();
    // tests/cli/child_variables.rs drops capabilities where this process has some.
    if !has_capabilities() {
        assert_eq!(read_by_child(), "0");
    }
    assert_eq!(before.is_some(), crate::bytes_written().is_some());
}
