//! [`PackReader`]: a pack as a stream, each member held against the index before the next is read.
//!
//! Never writes anything and never holds more than the index, the lock and one buffer in memory.

use std::io::{self, BufReader, Read};

use larder_digest::{Hasher, Sha256};
use larder_unpack::{Member, MemberKind as TarKind, TarError, TarStream};

use crate::{EntryProblem, INDEX, LOCK, PackError, PackIndex, PackedFile, member::shown};

/// An index lists a few thousand members of some hundred bytes each.
const LONGEST_INDEX: u64 = 64 << 20;
/// The locks of large environments for all platforms have a few megabytes.
const LONGEST_LOCK: u64 = 256 << 20;
/// What tools pad a tar with at its end.
const LONGEST_PADDING: u64 = 1 << 20;
const BUFFER: usize = 256 << 10;

/// What became of a member's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// They were read to the end and have the digest of the index: it need not be computed again.
    Verified,
    /// They were not, or only in part: the rest is read and the digest compared. (What was read in part
    /// cannot be hashed any more: nothing may have been read.)
    Unread,
}

/// A pack whose index and lock have been read and held against each other.
pub struct PackReader<R> {
    stream: TarStream<BufReader<R>>,
    index: PackIndex,
    lock: String,
}

impl<R: Read> PackReader<R> {
    /// Reads and checks the index and the lock's bytes.
    ///
    /// # Errors
    /// [`PackError`]: it is no pack, or one that is refused.
    pub fn new(reader: R) -> Result<Self, PackError> {
        let mut stream = TarStream::new(BufReader::with_capacity(BUFFER, reader));
        let index = read_index(&mut stream)?;
        let lock = read_lock(&mut stream, &index)?;
        Ok(Self {
            stream,
            index,
            lock,
        })
    }

    /// What the pack holds.
    pub fn index(&self) -> &PackIndex {
        &self.index
    }

    /// The text of the lock.
    pub fn lock(&self) -> &str {
        &self.lock
    }

    /// Visits every other member in order, with its bytes, to the end of the pack.
    ///
    /// What was made of a member counts only once this returns `Ok`, unless it was verified.
    ///
    /// # Errors
    /// The first member that is refused, or what `visit` returned.
    pub fn for_each<E: From<PackError>>(
        mut self,
        mut visit: impl FnMut(&PackedFile, &mut dyn Read) -> Result<Handled, E>,
    ) -> Result<(), E> {
        for listed in self.index.members().iter().skip(1) {
            expect(&mut self.stream, listed)?;
            match visit(listed, &mut self.stream.body())? {
                Handled::Verified => {}
                Handled::Unread => {
                    let found = digest(&mut self.stream.body())
                        .map_err(PackError::read(listed.path.as_str()))?;
                    compare(listed, found)?;
                }
            }
        }
        finish(self.stream)?;
        Ok(())
    }
}

fn read_index<R: Read>(stream: &mut TarStream<R>) -> Result<PackIndex, PackError> {
    let not_a_pack = |found: &str| PackError::NotAPack {
        found: found.to_owned(),
    };
    let member = match stream.next_member() {
        Ok(Some(member)) => member,
        Ok(None) => return Err(not_a_pack("missing")),
        Err(TarError::Header(..)) => return Err(not_a_pack("not that of a tar")),
        Err(TarError::Io(source)) => return Err(PackError::read(INDEX)(source)),
    };
    let name = shown(&member.name);
    if member.name != INDEX.as_bytes() {
        return Err(not_a_pack(&format!("`{name}`")));
    }
    check_kind(&member, &name)?;
    PackIndex::parse(&bounded(stream, &member, LONGEST_INDEX)?)
}

fn read_lock<R: Read>(stream: &mut TarStream<R>, index: &PackIndex) -> Result<String, PackError> {
    let Some(listed) = index.members().first() else {
        return Err(PackError::Missing {
            entry: LOCK.to_owned(),
        });
    };
    let member = expect(stream, listed)?;
    let bytes = bounded(stream, &member, LONGEST_LOCK)?;
    compare(listed, Sha256::of(&bytes))?;
    String::from_utf8(bytes).map_err(|_| PackError::entry(LOCK, EntryProblem::NotUtf8))
}

/// The next member, which has to be `listed`.
fn expect<R: Read>(stream: &mut TarStream<R>, listed: &PackedFile) -> Result<Member, PackError> {
    let expected = listed.path.as_str();
    let Some(member) = next(stream, expected)? else {
        return Err(PackError::Missing {
            entry: expected.to_owned(),
        });
    };
    let name = shown(&member.name);
    if member.name != expected.as_bytes() {
        let problem = EntryProblem::Unexpected(expected.to_owned());
        return Err(PackError::entry(&name, problem));
    }
    check_kind(&member, &name)?;
    if member.size != listed.size {
        let problem = EntryProblem::Size {
            expected: listed.size,
            found: member.size,
        };
        return Err(PackError::entry(&name, problem));
    }
    Ok(member)
}

fn next<R: Read>(stream: &mut TarStream<R>, expected: &str) -> Result<Option<Member>, PackError> {
    stream.next_member().map_err(|error| match error {
        TarError::Io(source) => PackError::read(expected)(source),
        TarError::Header(name, problem) => {
            PackError::entry(&shown(&name), EntryProblem::Header(problem))
        }
    })
}

fn check_kind(member: &Member, name: &str) -> Result<(), PackError> {
    let kind = match member.kind {
        TarKind::File => return Ok(()),
        TarKind::Directory => "directory",
        TarKind::Symlink(_) => "symbolic link",
        TarKind::HardLink(_) => "hard link",
        TarKind::Other(kind) => kind,
    };
    Err(PackError::entry(name, EntryProblem::Kind(kind)))
}

/// The whole of a member that is held in memory. Nothing is allocated by what its header claims.
fn bounded<R: Read>(
    stream: &mut TarStream<R>,
    member: &Member,
    limit: u64,
) -> Result<Vec<u8>, PackError> {
    let name = shown(&member.name);
    if member.size > limit {
        let found = member.size;
        return Err(PackError::entry(
            &name,
            EntryProblem::TooLarge { found, limit },
        ));
    }
    let mut bytes = Vec::new();
    stream
        .body()
        .read_to_end(&mut bytes)
        .map_err(PackError::read(&name))?;
    Ok(bytes)
}

fn compare(listed: &PackedFile, found: Sha256) -> Result<(), PackError> {
    if listed.sha256 == found {
        return Ok(());
    }
    Err(PackError::Damaged {
        entry: listed.path.to_string(),
        expected: listed.sha256,
        found,
    })
}

fn digest(reader: &mut impl Read) -> io::Result<Sha256> {
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish().sha256),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// H6: after the last member there is the end mark, and nothing but zeros after that.
fn finish<R: Read>(mut stream: TarStream<R>) -> Result<(), PackError> {
    if let Some(member) = next(&mut stream, "the end")? {
        return Err(PackError::entry(
            &shown(&member.name),
            EntryProblem::Unlisted,
        ));
    }
    let mut rest = stream.into_inner().take(LONGEST_PADDING + 1);
    let mut buffer = [0; 4096];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) if rest.limit() == 0 => return Err(PackError::Trailing),
            Ok(0) => return Ok(()),
            Ok(count) if buffer[..count].iter().all(|byte| *byte == 0) => {}
            Ok(_) => return Err(PackError::Trailing),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PackError::read("the end")(error)),
        }
    }
}
