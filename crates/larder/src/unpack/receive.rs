//! The archives of a pack on their way into the store.

use std::{io::Read, time::Instant};

use larder_digest::Checksum;
use larder_event::{Event, Phase, Reporter};
use larder_pack::{Handled, MemberKind, PackError, PackReader, PackedFile};
use larder_store::{Object, ObjectKind, Store};

use crate::transfer::{TransferFailure, transfer};

use super::{UnpackOperationError, contents::Contents};

pub(super) struct Receiver<'a> {
    pub(super) contents: &'a Contents,
    pub(super) store: &'a Store,
    pub(super) reporter: &'a dyn Reporter,
}

impl Receiver<'_> {
    /// Reads the pack to its end; says how many archives came into the store.
    pub(super) fn receive<R: Read>(
        &self,
        reader: PackReader<R>,
    ) -> Result<usize, UnpackOperationError> {
        let begun = Instant::now();
        let index = &self.contents.index;
        self.reporter.event(&Event::PhaseStarted {
            phase: Phase::Receive,
            total: index.archives().chain(index.wheels()).count() as u64,
            bytes: index
                .archives()
                .chain(index.wheels())
                .map(|file| file.size)
                .sum(),
        });
        let mut added = 0;
        reader.for_each(|file, body| {
            let handled = self.archive(file, body)?;
            added += usize::from(handled == Handled::Verified);
            Ok::<_, UnpackOperationError>(handled)
        })?;
        self.reporter.event(&Event::PhaseFinished {
            phase: Phase::Receive,
            milliseconds: crate::elapsed_milliseconds(begun),
        });
        Ok(added)
    }

    fn archive(
        &self,
        file: &PackedFile,
        body: &mut dyn Read,
    ) -> Result<Handled, UnpackOperationError> {
        let path = file.path.as_str();
        let Some(kind) = kind_of(file) else {
            return Ok(Handled::Unread);
        };
        let Some(expected) = self.contents.needed.get(path) else {
            return Ok(Handled::Unread);
        };
        if self.is_there(kind, expected, file)? {
            return Ok(Handled::Unread);
        }
        self.ingest(kind, *expected, file, body)?;
        Ok(Handled::Verified)
    }

    /// A damaged object is moved aside and comes from the pack.
    fn is_there(
        &self,
        kind: ObjectKind,
        expected: &Checksum,
        file: &PackedFile,
    ) -> Result<bool, UnpackOperationError> {
        let found = self.store.find(kind, expected);
        let found = found.map_err(|source| UnpackOperationError::Store {
            entry: file.path.to_string(),
            source,
        })?;
        let is_listed = |object: &Object| object.id.sha256 == file.sha256;
        Ok(found
            .filter(is_listed)
            .is_some_and(|object| self.store.open_verified(&object).is_ok()))
    }

    fn ingest(
        &self,
        kind: ObjectKind,
        expected: Checksum,
        file: &PackedFile,
        body: &mut dyn Read,
    ) -> Result<(), UnpackOperationError> {
        let entry = || file.path.to_string();
        let ingest = self.store.ingest(kind, Some(expected));
        let mut ingest = ingest.map_err(|source| UnpackOperationError::Store {
            entry: entry(),
            source,
        })?;
        let copied = transfer(body, &mut ingest, Phase::Receive, self.reporter);
        copied.map_err(|failure| match failure {
            TransferFailure::Read(source) => UnpackOperationError::Pack(PackError::Read {
                entry: entry(),
                source,
            }),
            TransferFailure::Write(source) => UnpackOperationError::Copy {
                entry: entry(),
                source,
            },
        })?;
        let object = ingest
            .finish()
            .map_err(|source| UnpackOperationError::Ingest {
                entry: entry(),
                source,
            })?;
        if object.id.sha256 == file.sha256 {
            return Ok(());
        }
        Err(UnpackOperationError::Pack(PackError::Damaged {
            entry: entry(),
            expected: file.sha256,
            found: object.id.sha256,
        }))
    }
}

/// A source of a wheel may have any archive's ending.
fn kind_of(file: &PackedFile) -> Option<ObjectKind> {
    let named = ObjectKind::from_file_name(file.path.as_str());
    match file.path.kind() {
        MemberKind::Archive => named,
        MemberKind::Wheel => Some(match named {
            Some(ObjectKind::Wheel) => ObjectKind::Wheel,
            _ => ObjectKind::Source,
        }),
        MemberKind::Lock | MemberKind::Aid => None,
    }
}
