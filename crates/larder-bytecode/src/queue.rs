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
    Bytecode, Bytecodes, CompileError, Key, Package, Place, Source,
    compile::read,
    draft::Draft,
    worker::{File, Worker},
};

/// Total size of the sources of a chunk in bytes, about a quarter of a second of work. A larger source is a chunk itself.
const CHUNK: u64 = 256 << 10;

pub(crate) struct Queue<'q> {
    bytecodes: &'q Bytecodes,
    packages: &'q [Package<'q>],
    place: Place<'q>,
    reporter: &'q dyn Reporter,
    chunks: Mutex<VecDeque<Chunk<'q>>>,
    progress: Vec<Mutex<Progress>>,
}

#[derive(Clone, Copy)]
struct Chunk<'q> {
    package: usize,
    sources: &'q [Source<'q>],
}

/// Progress of one package.
struct Progress {
    draft: Option<Draft>,
    chunks_left: usize,
    bytecode: Option<Bytecode>,
}

impl<'q> Queue<'q> {
    pub(crate) fn new(
        bytecodes: &'q Bytecodes,
        packages: &'q [Package<'q>],
        place: Place<'q>,
        reporter: &'q dyn Reporter,
    ) -> Self {
        let mut chunks: Vec<Chunk<'q>> = Vec::new();
        let mut progress = Vec::with_capacity(packages.len());
        for (package, sources) in packages.iter().map(|package| &package.sources).enumerate() {
            let before = chunks.len();
            let mut rest = sources.as_slice();
            while !rest.is_empty() {
                let (sources, later) = rest.split_at(chunk_length(rest));
                chunks.push(Chunk { package, sources });
                rest = later;
            }
            progress.push(Mutex::new(Progress {
                draft: None,
                chunks_left: chunks.len() - before,
                bytecode: None,
            }));
        }
        // The sort is stable, so the chunks of a package mostly stay together.
        chunks.sort_by_key(|chunk| std::cmp::Reverse(size(chunk.sources)));
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
    pub(crate) fn work_off(&self) -> Option<CompileError> {
        let count = lock(&self.chunks).len();
        let problem = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..self.place.threads.max(1).min(count) {
                scope.spawn(|| {
                    if let Err(error) = self.work() {
                        lock(&self.chunks).clear();
                        lock(&problem).get_or_insert(error);
                    }
                });
            }
        });
        problem.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn finish(self) -> Vec<Option<Bytecode>> {
        let bytecode = |progress: Mutex<Progress>| {
            let progress = progress
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner);
            progress.bytecode
        };
        self.progress.into_iter().map(bytecode).collect()
    }

    fn work(&self) -> Result<(), CompileError> {
        let mut worker = None;
        while let Some(chunk) = self.next() {
            self.compile(&mut worker, chunk)
                .map_err(|problem| self.named(problem, chunk))?;
        }
        Ok(())
    }

    fn next(&self) -> Option<Chunk<'q>> {
        lock(&self.chunks).pop_front()
    }

    fn named(&self, problem: Problem, chunk: Chunk<'_>) -> CompileError {
        match problem {
            Problem::Interpreter(error) => error,
            Problem::Keep(source) => CompileError::Keep {
                package: self.packages[chunk.package].dist.clone(),
                source,
            },
        }
    }

    fn compile(&self, worker: &mut Option<Worker>, chunk: Chunk<'_>) -> Result<(), Problem> {
        let mut readable = Vec::with_capacity(chunk.sources.len());
        for source in chunk.sources {
            match read(self.place.root, source) {
                Ok(Some(bytes)) => readable.push((source, bytes)),
                Ok(None) => tracing::debug!(source.place, "is not what the package ships"),
                Err(error) => tracing::debug!(%error, "source cannot be read"),
            }
        }
        let files: Vec<File<'_>> = readable
            .iter()
            .map(|(source, bytes)| File {
                name: source.path.as_str(),
                source: bytes,
            })
            .collect();
        let package = &self.packages[chunk.package];
        let pycs = self.ask(worker, &files, package.is_checked)?;
        let tag = match worker {
            Some(worker) => worker.tag.clone(),
            None => self.start(worker)?.tag.clone(),
        };
        let mut progress = lock(&self.progress[chunk.package]);
        let draft = match &mut progress.draft {
            Some(draft) => draft,
            empty => empty.insert(self.bytecodes.draft(&tag)?),
        };
        for ((source, _), pyc) in readable.iter().zip(&pycs) {
            match pyc {
                Some(pyc) => draft.add(source.path, pyc)?,
                None => draft.skip(source.path),
            }
        }
        progress.chunks_left -= 1;
        if progress.chunks_left == 0 {
            self.publish(&package.key, package, &mut progress)?;
        }
        Ok(())
    }

    /// Compiles files. If the interpreter dies, compiles each file alone; a file that kills it alone counts as one that
    /// does not compile.
    fn ask(
        &self,
        worker: &mut Option<Worker>,
        files: &[File<'_>],
        is_checked: bool,
    ) -> Result<Vec<Option<Vec<u8>>>, Problem> {
        if let Ok(pycs) = self.try_to(worker, files, is_checked)? {
            return Ok(pycs);
        }
        let mut pycs = Vec::with_capacity(files.len());
        for file in files {
            let alone = self.try_to(worker, std::slice::from_ref(file), is_checked)?;
            pycs.push(alone.ok().and_then(|mut pycs| pycs.pop()).flatten());
        }
        Ok(pycs)
    }

    fn try_to(
        &self,
        worker: &mut Option<Worker>,
        files: &[File<'_>],
        is_checked: bool,
    ) -> Result<io::Result<Vec<Option<Vec<u8>>>>, Problem> {
        if files.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let answer = match worker {
            Some(worker) if worker.is_reusable() => worker.compile(files, is_checked),
            _ => self.start(worker)?.compile(files, is_checked),
        };
        if answer.is_err() {
            *worker = None;
        }
        Ok(answer)
    }

    fn start<'w>(&self, worker: &'w mut Option<Worker>) -> Result<&'w mut Worker, Problem> {
        Ok(worker.insert(Worker::start(
            self.place.program,
            &self.bytecodes.temporary_root(),
        )?))
    }

    fn publish(
        &self,
        key: &Key,
        package: &Package<'_>,
        progress: &mut Progress,
    ) -> Result<(), Problem> {
        let Some(draft) = progress.draft.take() else {
            return Ok(());
        };
        let bytecode = self.bytecodes.publish(key, draft.finish()?)?;
        if let Some(bundles) = &self.bytecodes.options.bundles {
            bundles.write(key, &bytecode, self.reporter);
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
enum Problem {
    Interpreter(CompileError),
    Keep(PathError),
}

impl From<CompileError> for Problem {
    fn from(error: CompileError) -> Self {
        Self::Interpreter(error)
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        Self::Keep(error)
    }
}

fn chunk_length(sources: &[Source<'_>]) -> usize {
    let mut bytes = 0;
    let fits = |source: &&Source<'_>| {
        bytes += source.size;
        bytes <= CHUNK
    };
    sources.iter().take_while(fits).count().max(1)
}

fn size(sources: &[Source<'_>]) -> u64 {
    sources.iter().map(|source| source.size).sum()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
