//! The framing of tar: blocks to members, with GNU long names and PAX headers resolved.
//!
//! Where readers of tar disagree (sizes on links, two headers that name one member, sparse files),
//! the member is refused rather than read in one of the ways. Names are bytes here, not yet paths;
//! nothing is allocated by what a header claims. Fields are decoded by the `tar` crate.

use std::io::{self, BufRead, Read};

use tar::{EntryType, Header};

mod pax;

use pax::PaxHeaders;

/// A member as its headers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As it stands there: hostile bytes, not yet a path.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: MemberKind,
    /// How many bytes follow; 0 for everything but files.
    pub size: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// Seconds since 1970; 0 where the header does not say.
    pub modified: u64,
    /// Nanoseconds in that second, which only PAX headers have.
    pub nanoseconds: u32,
    /// The permissions, with setuid and the like.
    pub mode: u32,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link to this text.
    Symlink(Vec<u8>),
    /// A hard link to the member of this name.
    HardLink(Vec<u8>),
    /// A device and so on, by name.
    Other(&'static str),
}

/// Why a tar has no next member.
#[derive(Debug)]
pub enum TarError {
    /// It cannot be read, or ends early.
    Io(io::Error),
    /// A header that is not valid, with the name as far as it is known.
    Header(Vec<u8>, &'static str),
}

impl From<io::Error> for TarError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

const BLOCK: u64 = 512;
/// Names have at most 1024 bytes; PAX headers may carry a few extended attributes besides.
const MAX_EXTENSION: u64 = 1 << 20;

/// A tar being read, member by member.
pub struct TarStream<R> {
    reader: R,
    /// Bytes of the current member that were not read yet.
    remaining: u64,
    padding: u64,
}

/// What headers of their own said about the member that follows.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Option<PaxHeaders>,
}

impl<R: Read> TarStream<R> {
    /// Reads from `reader`, a block at a time: give it a buffer.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            remaining: 0,
            padding: 0,
        }
    }

    pub(crate) fn get_ref(&self) -> &R {
        &self.reader
    }

    /// What follows the last member that was read, or the end mark.
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// The next member; what was not read of the one before is skipped.
    ///
    /// # Errors
    /// [`TarError`]; nothing that follows can be read then.
    pub fn next_member(&mut self) -> Result<Option<Member>, TarError> {
        let mut extensions = Extensions::default();
        let mut pending = false;
        loop {
            self.skip_rest()?;
            let Some(header) = self.read_header()? else {
                return if pending {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                } else {
                    Ok(None)
                };
            };
            let name = header.path_bytes().into_owned();
            let size = header
                .entry_size()
                .map_err(|_| TarError::Header(name.clone(), "its size is not a number"))?;
            pending = true;
            match header.entry_type() {
                EntryType::GNULongName => {
                    let text = self.long_text(size, &name)?;
                    set_once(&mut extensions.name, text, &name)?;
                }
                EntryType::GNULongLink => {
                    let text = self.long_text(size, &name)?;
                    set_once(&mut extensions.link, text, &name)?;
                }
                EntryType::XHeader => {
                    let parsed = self.pax(size, &name)?;
                    set_once(&mut extensions.pax, parsed, &name)?;
                }
                EntryType::XGlobalHeader => {
                    if self.pax(size, &name)?.describes_members() {
                        return Err(TarError::Header(name, "a global header names members"));
                    }
                    pending = false;
                }
                _ => return self.member(&header, extensions, size).map(Some),
            }
        }
    }

    /// The bytes of the current member.
    pub fn body(&mut self) -> Body<'_, R> {
        Body { stream: self }
    }

    fn member(
        &mut self,
        header: &Header,
        extensions: Extensions,
        header_size: u64,
    ) -> Result<Member, TarError> {
        let pax = extensions.pax.unwrap_or_default();
        let raw_name = header.path_bytes().into_owned();
        let name =
            one_of(extensions.name, pax.path, &raw_name)?.unwrap_or_else(|| raw_name.clone());
        let link = one_of(extensions.link, pax.link, &raw_name)?
            .or_else(|| header.link_name_bytes().map(Vec::from));
        let size = pax.size.unwrap_or(header_size);
        if pax.sparse {
            return Err(TarError::Header(name, "sparse files are not supported"));
        }
        let mode = header
            .mode()
            .map_err(|_| TarError::Header(name.clone(), "its mode is not a number"))?;
        let kind = member_kind(header.entry_type(), &name, link)?;
        if kind != MemberKind::File && size != 0 {
            return Err(TarError::Header(name, "it has bytes but is no file"));
        }
        self.remaining = size;
        self.padding = padding(size);
        Ok(Member {
            name,
            kind,
            size,
            executable: mode & 0o111 != 0,
            modified: pax
                .modified
                .map_or_else(|| header.mtime().unwrap_or(0), |(seconds, _)| seconds),
            nanoseconds: pax.modified.map_or(0, |(_, nanoseconds)| nanoseconds),
            mode: mode & 0o7777,
        })
    }

    fn read_header(&mut self) -> Result<Option<Header>, TarError> {
        let mut header = Header::new_old();
        if !read_block(&mut self.reader, header.as_mut_bytes())? {
            return Ok(None);
        }
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The checksum counts its own field as blanks.
        let sum: u32 = bytes[..148]
            .iter()
            .chain(&bytes[156..])
            .map(|byte| u32::from(*byte))
            .sum::<u32>()
            + 8 * u32::from(b' ');
        if header.cksum().is_ok_and(|expected| expected == sum) {
            Ok(Some(header))
        } else {
            let name = header.path_bytes().into_owned();
            Err(TarError::Header(name, "its checksum is wrong"))
        }
    }

    fn extension(&mut self, size: u64, name: &[u8]) -> Result<Vec<u8>, TarError> {
        if size > MAX_EXTENSION {
            return Err(TarError::Header(name.to_vec(), "its long name is too long"));
        }
        self.remaining = size;
        self.padding = padding(size);
        let mut bytes = Vec::new();
        self.body().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn long_text(&mut self, size: u64, name: &[u8]) -> Result<Vec<u8>, TarError> {
        let mut bytes = self.extension(size, name)?;
        if bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(bytes)
    }

    fn pax(&mut self, size: u64, name: &[u8]) -> Result<PaxHeaders, TarError> {
        let bytes = self.extension(size, name)?;
        PaxHeaders::parse(&bytes)
            .ok_or_else(|| TarError::Header(name.to_vec(), "its PAX header is not valid"))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        let rest = self.remaining + self.padding;
        (self.remaining, self.padding) = (0, 0);
        if rest == 0 {
            return Ok(());
        }
        let skipped = io::copy(&mut self.reader.by_ref().take(rest), &mut io::sink())?;
        if skipped == rest {
            Ok(())
        } else {
            Err(ends_early())
        }
    }
}

fn member_kind(
    kind: EntryType,
    name: &[u8],
    link: Option<Vec<u8>>,
) -> Result<MemberKind, TarError> {
    let target =
        |link: Option<Vec<u8>>| link.ok_or(TarError::Header(name.to_vec(), "it links to nothing"));
    Ok(match kind {
        // Before POSIX a directory was a file whose name ends with a slash.
        EntryType::Regular if name.ends_with(b"/") => MemberKind::Directory,
        EntryType::Regular | EntryType::Continuous => MemberKind::File,
        EntryType::Directory => MemberKind::Directory,
        EntryType::Symlink => MemberKind::Symlink(target(link)?),
        EntryType::Link => MemberKind::HardLink(target(link)?),
        EntryType::Char => MemberKind::Other("character device"),
        EntryType::Block => MemberKind::Other("block device"),
        EntryType::Fifo => MemberKind::Other("fifo"),
        EntryType::GNUSparse => {
            return Err(TarError::Header(
                name.to_vec(),
                "sparse files are not supported",
            ));
        }
        _ => MemberKind::Other("member of a type that is not known"),
    })
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK).wrapping_sub(size)
}

fn ends_early() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the archive ends inside this entry",
    )
}

/// Readers disagree about which of two headers counts, so there may be only one.
fn set_once<T>(slot: &mut Option<T>, value: T, name: &[u8]) -> Result<(), TarError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(TarError::Header(name.to_vec(), "two headers describe it")),
    }
}

fn one_of(
    gnu: Option<Vec<u8>>,
    pax: Option<Vec<u8>>,
    name: &[u8],
) -> Result<Option<Vec<u8>>, TarError> {
    match (gnu, pax) {
        (Some(_), Some(_)) => Err(TarError::Header(name.to_vec(), "two headers describe it")),
        (gnu, pax) => Ok(gnu.or(pax)),
    }
}

/// Fills `block`; `false` if the stream ended before its first byte.
fn read_block(reader: &mut impl Read, block: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(ends_early()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The bytes of one member: exactly as many as its header says, or an error.
pub struct Body<'a, R> {
    stream: &'a mut TarStream<R>,
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stream = &mut *self.stream;
        let wanted =
            usize::try_from(stream.remaining).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        if wanted == 0 {
            return Ok(0);
        }
        match stream.reader.read(&mut buffer[..wanted])? {
            0 => Err(ends_early()),
            count => {
                stream.remaining -= count as u64;
                Ok(count)
            }
        }
    }
}

impl<R: BufRead> BufRead for Body<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let stream = &mut *self.stream;
        if stream.remaining == 0 {
            return Ok(&[]);
        }
        let bytes = stream.reader.fill_buf()?;
        if bytes.is_empty() {
            return Err(ends_early());
        }
        let count =
            usize::try_from(stream.remaining).map_or(bytes.len(), |rest| rest.min(bytes.len()));
        Ok(&bytes[..count])
    }

    fn consume(&mut self, count: usize) {
        self.stream.reader.consume(count);
        self.stream.remaining -= count as u64;
    }
}
