//! Calls of Windows that std has no safe form of.

use std::{
    ffi::OsString,
    fs::File,
    io, iter,
    os::windows::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::OpenOptionsExt as _,
        io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle},
    },
    path::Path,
    ptr,
};

use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    Storage::FileSystem::{
        FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, GetDiskFreeSpaceExW, MoveFileExW,
    },
    System::Diagnostics::ToolHelp::{
        CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW,
        TH32CS_SNAPPROCESS,
    },
};

use crate::{process::RunningProcess, verbatim::verbatim};

/// Renames a file or directory on one volume. Fails with `AlreadyExists` if the new name is taken.
#[expect(unsafe_code, reason = "std's rename always replaces")]
pub(crate) fn move_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    // Neither MOVEFILE_REPLACE_EXISTING nor MOVEFILE_COPY_ALLOWED.
    const NO_FLAGS: u32 = 0;
    let (from, to) = (wide(from)?, wide(to)?);
    // SAFETY: both are strings that end with a NUL and outlive the call.
    let is_moved = unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), NO_FLAGS) };
    result_of(is_moved)
}

/// Bytes that this user can still write on the volume of `path`.
#[expect(unsafe_code, reason = "std does not ask for free space")]
pub(crate) fn free_space(path: &Path) -> io::Result<u64> {
    let path = wide(path)?;
    let mut free = 0;
    // SAFETY: the path ends with a NUL, `free` is written to, and the other two results may be null.
    let is_known = unsafe {
        GetDiskFreeSpaceExW(
            path.as_ptr(),
            &raw mut free,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    result_of(is_known)?;
    Ok(free)
}

/// Volume and number of an open file: all that two names of one file have in common.
pub(crate) fn file_id(file: &File) -> io::Result<(u64, u64)> {
    let found = winapi_util::file::information(file)?;
    Ok((found.volume_serial_number(), found.file_index()))
}

/// Opens what has this name, link or directory included, to ask what it is. That works whoever else has it open.
pub(crate) fn open_to_ask(path: &Path) -> io::Result<File> {
    const NO_ACCESS: u32 = 0;
    File::options()
        .access_mode(NO_ACCESS)
        .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS)
        .open(path)
}

/// All processes that the system shows.
#[expect(unsafe_code, reason = "std does not list processes")]
pub(crate) fn processes() -> io::Result<Vec<RunningProcess>> {
    // SAFETY: the call takes no pointers.
    let handle = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is valid and nobody else has it.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(handle) };
    let size = u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap_or(u32::MAX);
    let mut entry = PROCESSENTRY32W {
        dwSize: size,
        ..PROCESSENTRY32W::default()
    };
    let mut processes = Vec::new();
    // SAFETY: the snapshot is open and the entry has the size that it says.
    let mut has_entry = unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) };
    while has_entry != 0 {
        let name: Vec<u16> = entry
            .szExeFile
            .into_iter()
            .take_while(|unit| *unit != 0)
            .collect();
        processes.push(RunningProcess {
            id: entry.th32ProcessID,
            parent: entry.th32ParentProcessID,
            program: OsString::from_wide(&name).into(),
        });
        // SAFETY: as above.
        has_entry = unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) };
    }
    Ok(processes)
}

/// A path for the system: with a NUL at its end, and in the form without a limit if it is long, as std does it.
fn wide(path: &Path) -> io::Result<Vec<u16>> {
    // Directories are limited to MAX_PATH less a file name of eight and three characters.
    const LONGEST: usize = 247;
    let absolute = std::path::absolute(path)?;
    let units = absolute.as_os_str().encode_wide();
    let path = match (units.count() > LONGEST, absolute.to_str()) {
        (true, Some(text)) => verbatim(text).into_owned().into(),
        _ => absolute.into_os_string(),
    };
    Ok(path.encode_wide().chain(iter::once(0)).collect())
}

fn result_of(success: i32) -> io::Result<()> {
    match success {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
