//! Writing a pack: whole or not at all, hashed on the way.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    time::Instant,
};

use larder_digest::{Digests, Hasher, HashingWriter};
use larder_event::{Event, Phase, Reporter};
use larder_fs::{AtomicFile, Durability, sweep_beside};
use larder_pack::{PackError, PackWriter};
use larder_store::{Object, Store};

use crate::{MaterializeError, transfer::Counted};

use super::{
    PackOperationError,
    layout::{Body, Layout},
};

const BUFFER: usize = 256 << 10;

/// Writes the pack to `path`, replacing what is there as the last step.
pub(super) fn write(
    layout: &Layout<'_>,
    path: &Path,
    store: &Store,
    reporter: &dyn Reporter,
) -> Result<Digests, PackOperationError> {
    let begun = Instant::now();
    let members = layout.index.members();
    reporter.event(&Event::PhaseStarted {
        phase: Phase::Pack,
        total: layout.index.archives().count() as u64,
        bytes: members.iter().map(|member| member.size).sum(),
    });
    sweep_beside(path);
    let failed = |source| PackOperationError::Unfinished {
        path: path.to_owned(),
        source,
    };
    let file = BufWriter::with_capacity(BUFFER, AtomicFile::create(path)?);
    let mut writer = PackWriter::new(HashingWriter::new(file, Hasher::sha256()), &layout.index)
        .map_err(failed)?;
    for body in &layout.bodies {
        match body {
            Body::Text(bytes) => writer.append(&mut bytes.as_slice()).map_err(failed)?,
            Body::Archive(stored) => {
                let file = open(store, &stored.object, || stored.package.dist())?;
                let mut counted = counted(file, reporter);
                writer.append(&mut counted).map_err(failed)?;
            }
            Body::Wheel(wheel) => {
                let file = open(store, &wheel.object, || wheel.package.clone())?;
                let mut counted = counted(file, reporter);
                writer.append(&mut counted).map_err(failed)?;
            }
        }
    }
    let (mut file, digests) = writer.finish().map_err(failed)?.finish();
    let written = file
        .flush()
        .and_then(|()| file.into_inner().map_err(Into::into));
    let file = written.map_err(|source| {
        failed(PackError::Write {
            entry: "the end".to_owned(),
            source,
        })
    })?;
    file.commit(Durability::Flush)?;
    reporter.event(&Event::PhaseFinished {
        phase: Phase::Pack,
        milliseconds: crate::elapsed_milliseconds(begun),
    });
    Ok(digests)
}

fn open(
    store: &Store,
    object: &Object,
    package: impl Fn() -> String,
) -> Result<File, MaterializeError> {
    let verified = store.open_verified(object);
    let verified = verified.map_err(|source| MaterializeError::Object {
        package: package(),
        source,
    })?;
    Ok(verified.file)
}

fn counted(reader: File, reporter: &dyn Reporter) -> Counted<'_, File> {
    Counted {
        reader,
        phase: Phase::Pack,
        reporter,
    }
}
