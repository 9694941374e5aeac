//! What a system call changes, from its registers: the one table of calls.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use nix::{
    libc::{self, c_long, user_regs_struct},
    unistd::Pid,
};

use super::Call;

const FICLONE: u64 = 0x4004_9409;
const LONGEST_PATH: usize = 4096;

/// Where a call says what it changes.
enum Target {
    /// A path, relative to the working directory.
    Path(u64),
    /// A path, relative to an open directory.
    At(u64, u64),
    /// An open file.
    Open(u64),
}

/// The call that a stopped thread is about to make, if it changes something below `watched`.
pub(super) fn changing(thread: Pid, regs: &user_regs_struct, watched: &Path) -> Option<Call> {
    let (name, target) = classify(regs)?;
    let path = match target {
        Target::Path(address) => below(link(thread, "cwd")?, &text(thread, address)?),
        Target::At(directory, address) => {
            let path = text(thread, address)?;
            let is_absolute = path.starts_with('/');
            let base = match is_absolute {
                true => PathBuf::from("/"),
                false => directory_of(thread, directory)?,
            };
            below(base, &path)
        }
        Target::Open(file) => link(thread, &format!("fd/{}", file as i32))?,
    };
    let relative = path.strip_prefix(watched).ok()?;
    Some(Call {
        name,
        path: relative.to_string_lossy().into_owned(),
    })
}

fn classify(regs: &user_regs_struct) -> Option<(&'static str, Target)> {
    let (a, b, c, d) = (regs.rdi, regs.rsi, regs.rdx, regs.r10);
    let creates = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
    let tmpfile = |flags: u64| flags & libc::O_TMPFILE as u64 == libc::O_TMPFILE as u64;
    Some(match regs.orig_rax as c_long {
        libc::SYS_open if creates(b) => ("open", Target::Path(a)),
        libc::SYS_creat => ("open", Target::Path(a)),
        libc::SYS_openat if creates(c) || tmpfile(c) => ("open", Target::At(a, b)),
        libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev => {
            ("write", Target::Open(a))
        }
        libc::SYS_sendfile => ("write", Target::Open(a)),
        libc::SYS_copy_file_range => ("copy", Target::Open(c)),
        libc::SYS_ioctl if b == FICLONE => ("clone", Target::Open(a)),
        libc::SYS_ftruncate | libc::SYS_fallocate => ("truncate", Target::Open(a)),
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs => ("flush", Target::Open(a)),
        libc::SYS_flock => ("flock", Target::Open(a)),
        libc::SYS_fchmod => ("chmod", Target::Open(a)),
        libc::SYS_chmod => ("chmod", Target::Path(a)),
        libc::SYS_fchmodat => ("chmod", Target::At(a, b)),
        libc::SYS_utimensat if b == 0 => ("utime", Target::Open(a)),
        libc::SYS_utimensat => ("utime", Target::At(a, b)),
        libc::SYS_mkdir => ("mkdir", Target::Path(a)),
        libc::SYS_mkdirat => ("mkdir", Target::At(a, b)),
        libc::SYS_rmdir => ("unlink", Target::Path(a)),
        libc::SYS_unlink => ("unlink", Target::Path(a)),
        libc::SYS_unlinkat => ("unlink", Target::At(a, b)),
        libc::SYS_rename => ("rename", Target::Path(b)),
        libc::SYS_renameat | libc::SYS_renameat2 => ("rename", Target::At(c, d)),
        libc::SYS_link => ("link", Target::Path(b)),
        libc::SYS_linkat => ("link", Target::At(c, d)),
        libc::SYS_symlink => ("symlink", Target::Path(b)),
        libc::SYS_symlinkat => ("symlink", Target::At(b, c)),
        _ => return None,
    })
}

fn directory_of(thread: Pid, directory: u64) -> Option<PathBuf> {
    match directory as i32 {
        libc::AT_FDCWD => link(thread, "cwd"),
        open => link(thread, &format!("fd/{open}")),
    }
}

fn link(thread: Pid, name: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{thread}/{name}")).ok()
}

/// Joins as the kernel does, as far as there are no links.
fn below(base: PathBuf, path: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                joined.pop();
            }
            other => joined.push(other),
        }
    }
    joined
}

/// The text at an address of the program.
fn text(thread: Pid, address: u64) -> Option<String> {
    let memory = File::open(format!("/proc/{thread}/mem")).ok()?;
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_PATH {
        let mut part = [0; 64];
        // A page may end behind the text: then fewer bytes come.
        let read = memory
            .read_at(&mut part, address + bytes.len() as u64)
            .ok()
            .filter(|read| *read > 0)?;
        if let Some(end) = part[..read].iter().position(|byte| *byte == 0) {
            bytes.extend_from_slice(&part[..end]);
            break;
        }
        bytes.extend_from_slice(&part[..read]);
    }
    String::from_utf8(bytes).ok()
}
