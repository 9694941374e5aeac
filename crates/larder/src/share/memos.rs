//! Remembered solves of the remote.
//!
//! One that comes from there is a hint like any other memo: its own digest finds damage, and it is an answer only
//! if the channels' indexes prove it (larder-solve's `MEMO.md`).

use std::path::Path;

use larder_event::Reporter;
use larder_fs::{Durability, RootedDir, read_regular, write_atomic};
use larder_share::{Note, NoteKind, NoteName};
use larder_store::Store;

use super::Share;

/// Larger than any memo that larder-solve reads.
const LARGEST: u64 = 64 << 20;

impl Share {
    /// Writes the remote's memo of this name to `file`, unless the one there `is_known` to be usable, and gives
    /// back its bytes.
    pub(crate) async fn fetch_memo(
        &self,
        file: &Path,
        is_known: bool,
        reporter: &dyn Reporter,
    ) -> Option<Vec<u8>> {
        let name = name_of(file)?;
        self.memos().insert(name);
        if is_known {
            return None;
        }
        let asked = self.asked_by(reporter);
        let object = name.to_string();
        let bytes = asked.answer(&object, self.shelf().note(&name)).await??;
        if let Err(problem) = larder_solve::check_memo(&bytes) {
            let text = format!("`{name}` of {}: {problem}: it is not used", self.url());
            reporter.warn("share::damaged", text);
            return None;
        }
        let kept = file
            .parent()
            .map_or(Ok(()), larder_fs::create_shared_dir)
            .and_then(|()| write_atomic(file, &bytes, Durability::Lazy));
        match kept {
            Ok(()) => {
                self.memos().remove(&name);
                reporter.note(format!("a remembered solve came from {}", self.url()));
                Some(bytes)
            }
            Err(error) => {
                reporter.note(format!("a remembered solve cannot be kept: {error}"));
                None
            }
        }
    }

    /// The memos that this run used or made.
    pub(super) fn memos_of_run(&self, store: &Store) -> Vec<Note> {
        let names: Vec<NoteName> = self.memos().iter().copied().collect();
        let names = names.into_iter();
        names
            .filter_map(|name| read(&store.solves_dir().join(name.key.to_hex())))
            .collect()
    }
}

/// Every whole memo of a store.
pub(super) fn memos_of(store: &Store) -> Vec<Note> {
    let listed = RootedDir::new(store.root()).list(&store.solves_dir());
    let files = listed.unwrap_or_default();
    files.iter().filter_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Option<Note> {
    let name = name_of(file)?;
    let bytes = read_regular(file, LARGEST).ok()?;
    let is_whole = larder_solve::check_memo(&bytes).is_ok();
    is_whole.then_some(Note { name, bytes })
}

fn name_of(file: &Path) -> Option<NoteName> {
    let key = file.file_name()?.to_str()?.parse().ok()?;
    let kind = NoteKind::Memo;
    Some(NoteName { kind, key })
}
