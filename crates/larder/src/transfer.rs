//! Bytes from one place to another, telling which of the two failed.

use std::io::{self, Read, Write};

use larder_event::{Event, Phase, Reporter};

const BUFFER: usize = 256 << 10;

/// Which side failed.
pub(crate) enum TransferFailure {
    /// The source.
    Read(io::Error),
    /// The target.
    Write(io::Error),
}

/// Copies everything, telling of the bytes as they pass.
pub(crate) fn transfer(
    from: &mut dyn Read,
    to: &mut dyn Write,
    phase: Phase,
    reporter: &dyn Reporter,
) -> Result<(), TransferFailure> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&buffer[..count])
                    .map_err(TransferFailure::Write)?;
                reporter.event(&Event::Progressed {
                    phase,
                    bytes: count as u64,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(TransferFailure::Read(error)),
        }
    }
}

/// Tells of the bytes that are read through it.
pub(crate) struct Counted<'a, R> {
    pub(crate) reader: R,
    pub(crate) phase: Phase,
    pub(crate) reporter: &'a dyn Reporter,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.reporter.event(&Event::Progressed {
            phase: self.phase,
            bytes: count as u64,
        });
        Ok(count)
    }
}
