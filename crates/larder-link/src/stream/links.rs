//! Hard links inside an archive. In an environment two names of one file may have to differ: one may
//! be rewritten, lost to another package, or wanted as a copy of its own.
//!
//! Where both names arrive as shipped they become one file; else the archive is read once more for
//! the bytes. Real packages hardly ever have such links.

use std::collections::HashMap;

use larder_fs::{LinkFile, LinkMode, Linker};
use larder_unpack::{Archive, Content, EntryKind, RelPath};

use crate::plan::Action;

use super::{failure::Failure, writer::Writer};

/// The links of one archive, in its order.
#[derive(Default)]
pub(super) struct Links {
    /// A link's path and the file that it is a name of, which is no link itself.
    all: Vec<(RelPath, RelPath)>,
    target_of: HashMap<RelPath, RelPath>,
}

impl Links {
    pub(super) fn add(&mut self, path: RelPath, to: RelPath) {
        let to = self.target_of.get(&to).unwrap_or(&to).clone();
        self.target_of.insert(path.clone(), to.clone());
        self.all.push((path, to));
    }

    /// Makes every link that is listed; all files of the archive have been written.
    pub(super) fn write(
        self,
        writer: &mut Writer<'_>,
        archive: &mut Archive,
    ) -> Result<(), Failure> {
        let mut by_bytes: HashMap<RelPath, Vec<(usize, RelPath)>> = HashMap::new();
        for (path, to) in self.all {
            let Some(index) = writer.index_of(&path) else {
                writer.outcome.contents.insert(path, Content::Directory);
                continue;
            };
            let content = match writer.outcome.contents.get(to.as_str()) {
                Some(content @ Content::File { .. }) => Some(content.clone()),
                _ => None,
            };
            match content {
                Some(content) if link(writer, index, &to)? => {
                    writer.outcome.contents.insert(path, content);
                }
                _ => by_bytes.entry(to).or_default().push((index, path)),
            }
        }
        if by_bytes.is_empty() {
            return Ok(());
        }
        read_again(writer, archive, by_bytes)
    }
}

/// Whether nothing more is to be done for the path: it is not wanted, or is a link now.
fn link(writer: &Writer<'_>, index: usize, to: &RelPath) -> Result<bool, Failure> {
    if !writer.writes_file(index) {
        return Ok(true);
    }
    let paths = &writer.package.paths;
    let as_shipped =
        |index: usize| writer.writes_file(index) && paths[index].action == Action::Link;
    let Some(target) = writer.index_of(to).filter(|target| as_shipped(*target)) else {
        return Ok(false);
    };
    if !as_shipped(index) {
        return Ok(false);
    }
    let root = writer.place.root;
    let file = LinkFile {
        from: root,
        name: (*paths[target].path).as_ref(),
        to: root,
        to_name: (*paths[index].path).as_ref(),
    };
    writer
        .place
        .replacing(&paths[index].path, || {
            Linker::new(LinkMode::Auto).link(file)
        })
        .map_err(|source| writer.failed(source))?;
    Ok(true)
}

fn read_again(
    writer: &mut Writer<'_>,
    archive: &mut Archive,
    mut by_bytes: HashMap<RelPath, Vec<(usize, RelPath)>>,
) -> Result<(), Failure> {
    archive.for_each_entry(|entry| {
        let EntryKind::File { executable, .. } = entry.kind else {
            return Ok(());
        };
        let Some(links) = by_bytes.remove(&entry.path) else {
            return Ok(());
        };
        let mut bytes = Vec::new();
        let read = entry.reader.read_to_end(&mut bytes);
        read.map_err(|error| writer.unreadable(links[0].0, error))?;
        for (index, path) in links {
            let content = writer.bytes(index, bytes.clone(), executable)?;
            writer.outcome.contents.insert(path, content);
        }
        Ok(())
    })
}
