//! The queue of sources to compile: chunks of files of all packages, largest first, processed by several interpreters.
//!
//! The chunks of a package are always the same, and each is compiled from the state of a fresh interpreter. So the
//! bytecode does not depend on the other packages of a run.

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use larder_event::{Event, Reporter};
use larder_fs::PathError;

use crate::{
    Bytecode, BytecodeKey, Bytecodes, CompileEnvironment, CompileError, PackageToCompile,
    PythonSource,
    compile::read_if_shipped,
    draft::BytecodeDraft,
    worker::{CompileWorker, SourceFile},
};

/// Total size of the sources of a chunk in bytes, about a quarter of a second of work. A larger source is a chunk itself.
const CHUNK_BYTES: u64 = 256 << 10;

pub(crate) struct CompileQueue<'q> {
    bytecodes: &'q Bytecodes,
    packages: &'q [PackageToCompile<'q>],
    place: CompileEnvironment<'q>,
    reporter: &'q dyn Reporter,
    chunks: Mutex<VecDeque<SourceChunk<'q>>>,
    progress: Vec<Mutex<PackageProgress>>,
}

#[derive(Clone, Copy)]
struct SourceChunk<'q> {
    package: usize,
    sources: &'q [PythonSource<'q>],
}

/// Progress of one package.
struct PackageProgress {
    draft: Option<BytecodeDraft>,
    chunks_left: usize,
    bytecode: Option<Bytecode>,
}

impl<'q> CompileQueue<'q> {
    pub(crate) fn new(
        bytecodes: &'q Bytecodes,
        packages: &'q [PackageToCompile<'q>],
        place: CompileEnvironment<'q>,
        reporter: &'q dyn Reporter,
    ) -> Self {
        let mut chunks: Vec<SourceChunk<'q>> = Vec::new();
        let mut progress = Vec::with_capacity(packages.len());
        for (package, sources) in packages.iter().map(|package| &package.sources).enumerate() {
            let before = chunks.len();
            let mut rest = sources.as_slice();
            while !rest.is_empty() {
                let (sources, later) = rest.split_at(chunk_length(rest));
                chunks.push(SourceChunk { package, sources });
                rest = later;
            }
            progress.push(Mutex::new(PackageProgress {
                draft: None,
                chunks_left: chunks.len() - before,
                bytecode: None,
            }));
        }
        // The sort is stable, so the chunks of a package mostly stay together.
        chunks.sort_by_key(|chunk| std::cmp::Reverse(total_size(chunk.sources)));
        Self {
            bytecodes,
            packages,
            place,
            reporter,
            chunks: Mutex::new(chunks.into()),
            progress,
        }
    }

    /// Compiles all chunks. Stops at the first error and returns it.
    pub(crate) fn compile_all(&self) -> Option<CompileError> {
        let count = lock_ignoring_poison(&self.chunks).len();
        let problem = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..self.place.threads.max(1).min(count) {
                scope.spawn(|| {
                    if let Err(error) = self.compile_chunks() {
                        lock_ignoring_poison(&self.chunks).clear();
                        lock_ignoring_poison(&problem).get_or_insert(error);
                    }
                });
            }
        });
        problem.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn finish(self) -> Vec<Option<Bytecode>> {
        let bytecode = |progress: Mutex<PackageProgress>| {
            let progress = progress
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner);
            progress.bytecode
        };
        self.progress.into_iter().map(bytecode).collect()
    }

    fn compile_chunks(&self) -> Result<(), CompileError> {
        let mut worker = None;
        while let Some(chunk) = self.take_chunk() {
            self.compile_chunk(&mut worker, chunk)
                .map_err(|problem| self.to_compile_error(problem, chunk))?;
        }
        Ok(())
    }

    fn take_chunk(&self) -> Option<SourceChunk<'q>> {
        lock_ignoring_poison(&self.chunks).pop_front()
    }

    fn to_compile_error(&self, problem: CompileProblem, chunk: SourceChunk<'_>) -> CompileError {
        match problem {
            CompileProblem::Interpreter(error) => error,
            CompileProblem::Keep(source) => CompileError::Keep {
                package: self.packages[chunk.package].dist.clone(),
                source,
            },
        }
    }

    fn compile_chunk(
        &self,
        worker: &mut Option<CompileWorker>,
        chunk: SourceChunk<'_>,
    ) -> Result<(), CompileProblem> {
        let mut readable = Vec::with_capacity(chunk.sources.len());
        for source in chunk.sources {
            match read_if_shipped(self.place.root, source) {
                Ok(Some(bytes)) => readable.push((source, bytes)),
                Ok(None) => tracing::debug!(source.place, "is not what the package ships"),
                Err(error) => tracing::debug!(%error, "source cannot be read"),
            }
        }
        let files: Vec<SourceFile<'_>> = readable
            .iter()
            .map(|(source, bytes)| SourceFile {
                name: source.path.as_str(),
                source: bytes,
            })
            .collect();
        let package = &self.packages[chunk.package];
        let pycs = self.compile_files(worker, &files, package.is_checked)?;
        let tag = match worker {
            Some(worker) => worker.tag.clone(),
            None => self.start_worker(worker)?.tag.clone(),
        };
        let mut progress = lock_ignoring_poison(&self.progress[chunk.package]);
        let draft = match &mut progress.draft {
            Some(draft) => draft,
            empty => empty.insert(self.bytecodes.create_draft(&tag)?),
        };
        for ((source, _), pyc) in readable.iter().zip(&pycs) {
            match pyc {
                Some(pyc) => draft.add_pyc(source.path, pyc)?,
                None => draft.add_skipped(source.path),
            }
        }
        progress.chunks_left -= 1;
        if progress.chunks_left == 0 {
            self.publish_package(&package.key, package, &mut progress)?;
        }
        Ok(())
    }

    /// Compiles files. If the interpreter dies, compiles each file alone; a file that kills it alone counts as one that
    /// does not compile.
    fn compile_files(
        &self,
        worker: &mut Option<CompileWorker>,
        files: &[SourceFile<'_>],
        is_checked: bool,
    ) -> Result<Vec<Option<Vec<u8>>>, CompileProblem> {
        if let Ok(pycs) = self.try_compile_files(worker, files, is_checked)? {
            return Ok(pycs);
        }
        let mut pycs = Vec::with_capacity(files.len());
        for file in files {
            let alone = self.try_compile_files(worker, std::slice::from_ref(file), is_checked)?;
            pycs.push(alone.ok().and_then(|mut pycs| pycs.pop()).flatten());
        }
        Ok(pycs)
    }

    fn try_compile_files(
        &self,
        worker: &mut Option<CompileWorker>,
        files: &[SourceFile<'_>],
        is_checked: bool,
    ) -> Result<io::Result<Vec<Option<Vec<u8>>>>, CompileProblem> {
        if files.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let answer = match worker {
            Some(worker) if worker.is_reusable() => worker.compile(files, is_checked),
            _ => self.start_worker(worker)?.compile(files, is_checked),
        };
        if answer.is_err() {
            *worker = None;
        }
        Ok(answer)
    }

    fn start_worker<'w>(
        &self,
        worker: &'w mut Option<CompileWorker>,
    ) -> Result<&'w mut CompileWorker, CompileProblem> {
        Ok(worker.insert(CompileWorker::start(
            self.place.program,
            &self.bytecodes.temporary_root(),
        )?))
    }

    fn publish_package(
        &self,
        key: &BytecodeKey,
        package: &PackageToCompile<'_>,
        progress: &mut PackageProgress,
    ) -> Result<(), CompileProblem> {
        let Some(draft) = progress.draft.take() else {
            return Ok(());
        };
        let bytecode = self.bytecodes.publish(key, draft.finish()?)?;
        if let Some(bundles) = &self.bytecodes.options.bundles {
            bundles.write_bundle(key, &bytecode, self.reporter);
        }
        self.reporter.event(&Event::Compiled {
            package: package.dist.clone(),
            files: bytecode.files.len() as u64,
        });
        progress.bytecode = Some(bytecode);
        Ok(())
    }
}

/// An error that stops the queue.
enum CompileProblem {
    Interpreter(CompileError),
    Keep(PathError),
}

impl From<CompileError> for CompileProblem {
    fn from(error: CompileError) -> Self {
        Self::Interpreter(error)
    }
}

impl From<PathError> for CompileProblem {
    fn from(error: PathError) -> Self {
        Self::Keep(error)
    }
}

fn chunk_length(sources: &[PythonSource<'_>]) -> usize {
    let mut bytes = 0;
    let fits = |source: &&PythonSource<'_>| {
        bytes += source.size;
        bytes <= CHUNK_BYTES
    };
    sources.iter().take_while(fits).count().max(1)
}

fn total_size(sources: &[PythonSource<'_>]) -> u64 {
    sources.iter().map(|source| source.size).sum()
}

fn lock_ignoring_poison<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
