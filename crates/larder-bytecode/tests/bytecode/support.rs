//! A directory of sources, a Python, and a place for bytecode.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use larder_bytecode::{
    Bytecode, BytecodeKey, Bytecodes, BytecodesOptions, CompileEnvironment, CompileOutcome,
    PackageToCompile, PythonSource,
};
use larder_digest::{Hasher, Sha256};
use larder_event::{EventRecorder, Reporter};
use larder_fs::Dir;
use larder_testkit::RealPython;
use larder_unpack::RelPath;
use tempfile::TempDir;

pub(crate) struct Kit {
    directory: TempDir,
    pub(crate) python: RealPython,
    pub(crate) recorder: EventRecorder,
}

/// A package whose sources are written already.
pub(crate) struct Written {
    key: BytecodeKey,
    name: String,
    sources: Vec<(RelPath, String)>,
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn kit() -> Option<Kit> {
    let python = RealPython::find();
    if python.is_none() {
        eprintln!("skipped: there is no python3");
    }
    Some(Kit {
        directory: TempDir::new().unwrap(),
        python: python?,
        recorder: EventRecorder::default(),
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut hasher = Hasher::sha256();
    hasher.update(bytes);
    hasher.finish().sha256
}

impl Kit {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn open(&self, name: &str) -> Bytecodes {
        self.open_with(name, BytecodesOptions::default())
    }

    pub(crate) fn open_with(&self, name: &str, options: BytecodesOptions) -> Bytecodes {
        Bytecodes::open(&self.path(name), options).unwrap()
    }

    /// Writes sources below `site-packages/NAME`.
    pub(crate) fn package(&self, name: &str, sources: &[(&str, &str)]) -> Written {
        let mut written = Written {
            key: BytecodeKey {
                package: sha256(name.as_bytes()),
                python: sha256(b"python"),
            },
            name: name.to_owned(),
            sources: Vec::new(),
        };
        for (file, text) in sources {
            let path = format!("site-packages/{name}/{file}");
            let place = self.path("env").join(&path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
            let path = RelPath::try_from(path.as_str()).unwrap();
            written.sources.push((path, (*text).to_owned()));
        }
        written.sources.sort();
        written
    }

    pub(crate) fn compile(&self, bytecodes: &Bytecodes, packages: &[&Written]) -> Vec<Bytecode> {
        let compiled = self.compile_by(&self.python.program, bytecodes, packages);
        assert!(compiled.problem.is_none(), "{:?}", compiled.problem);
        compiled.packages.into_iter().map(Option::unwrap).collect()
    }

    pub(crate) fn compile_by(
        &self,
        program: &Path,
        bytecodes: &Bytecodes,
        packages: &[&Written],
    ) -> CompileOutcome {
        let root = Dir::open(self.path("env")).unwrap();
        let place = CompileEnvironment {
            root: &root,
            program,
            threads: 2,
        };
        let packages: Vec<_> = packages.iter().map(|written| written.package()).collect();
        bytecodes.compile(&packages, place, self.reporter())
    }

    pub(crate) fn reporter(&self) -> &dyn Reporter {
        &self.recorder
    }

    pub(crate) fn get(&self, bytecodes: &Bytecodes, written: &Written) -> Option<Bytecode> {
        bytecodes.get(&written.key, self.reporter()).unwrap()
    }
}

impl Written {
    pub(crate) fn key(&self) -> BytecodeKey {
        self.key
    }

    pub(crate) fn package(&self) -> PackageToCompile<'_> {
        let source = |(path, text): &'_ (RelPath, String)| PythonSource {
            path: self.path_of(path),
            place: path.to_string(),
            sha256: Some(sha256(text.as_bytes())),
            size: text.len() as u64,
        };
        PackageToCompile {
            key: self.key,
            dist: self.name.clone(),
            sources: self.sources.iter().map(source).collect(),
            is_checked: false,
        }
    }

    fn path_of(&self, path: &RelPath) -> &RelPath {
        let found = self.sources.iter().find(|(known, _)| known == path);
        &found.unwrap().0
    }
}

/// Every pyc with its bytes, by its path in the package.
pub(crate) fn bytes_of(bytecode: &Bytecode) -> BTreeMap<String, Vec<u8>> {
    let read = |file| {
        let path = bytecode.pyc_path_of(file);
        let bytes = fs::read(bytecode.root.join(&path)).unwrap();
        (path, bytes)
    };
    bytecode.files.iter().map(read).collect()
}
