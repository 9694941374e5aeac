//! File system primitives, one small file each: errors that name their path, directory handles,
//! the link ladder (reflink, hard link, copy), atomic writes, renames that do not replace.
//!
//! The only crate that knows operating systems apart (`cfg`). It knows neither conda nor the store.
//!
//! Unsafe code is system calls that no library has in a safe form (`order.rs`, `windows.rs`).

mod age;
mod atomic;
mod below;
mod boot;
mod control_file;
mod dir;
mod flush;
mod flushed_mark;
mod flusher;
mod free_space;
mod identity;
mod inspection;
mod link;
mod listing;
mod lock;
mod memory;
mod mode;
mod name_bytes;
mod order;
mod others;
mod output;
mod path_error;
mod private;
mod process;
mod read_bounded;
mod regular;
mod remove;
mod rename;
mod rewrite;
mod rooted;
mod shared;
mod stamp;
mod symlink;
mod unsupported;
mod used;
#[cfg(any(windows, test))]
mod verbatim;
#[cfg(windows)]
mod windows;

pub use age::last_changed;
pub use atomic::{
    AtomicFile, Durability, persist_temporary, sweep_beside, sync_dir, temporary_file, write_atomic,
};
pub use below::Below;
pub use boot::{boot_id, host_name};
pub use control_file::{Links, open_control_file, read_control_file};
pub use dir::Dir;
pub use flush::{Flushed, flush_file_system};
pub use flushed_mark::FlushedMark;
pub use flusher::Flusher;
pub use free_space::free_space;
pub use identity::{FileIdentity, device, is_ours, shared_identity};
pub use inspection::forbid_inspection;
pub use link::{LinkFile, LinkMethod, LinkMode, Linker};
pub use listing::list_dir;
pub use lock::{Holder, LockFile, lock_holder};
pub use memory::{create_private_dir_behind, free_in_memory, memory_dir};
pub use mode::{
    can_write, make_executable, make_read_only, make_writable, restore_owner_access,
    take_write_from_all,
};
pub use name_bytes::{bytes_of_name, name_of_bytes};
pub use order::{begin_settling, keeps_order, settle};
pub use others::{can_others_write, clone_content, is_name_of, private_file};
pub use output::bytes_written;
pub use path_error::{PathContext, PathError};
pub use private::PrivateDir;
pub use process::{calling_programs, run_in_place};
pub use read_bounded::{read_at_most, read_user_file};
pub use regular::{is_mostly_holes, open_regular, read_regular};
pub use remove::remove_tree;
pub use rename::{exchange, rename, rename_noreplace};
pub use rewrite::rewrite;
pub use rooted::{FileStatus, RootedDir};
pub use shared::{create_shared_dir, share_file};
pub use stamp::Stamp;
pub use symlink::read_link;
pub use unsupported::{flush_file, is_unsupported};
pub use used::mark_used;

#[cfg(test)]
mod tests;
