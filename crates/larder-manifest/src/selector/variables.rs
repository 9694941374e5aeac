//! The boolean variables of selectors and their values per subdir, after conda-build 25.1.
//!
//! Never knows `py`, `np` or `build_platform`: CEP 24 leaves them out.

use rattler_conda_types::Subdir;

/// What `sel(...)` may hold.
pub(crate) const DICTIONARY_VARIABLES: [&str; 4] = ["unix", "linux", "osx", "win"];

/// The value of a variable on `subdir`; None for words that are no variable.
pub(super) fn value(name: &str, subdir: Subdir) -> Option<bool> {
    let text = subdir.as_str();
    let arch = text.split_once('-').map_or("", |(_, arch)| arch);
    Some(match name {
        "linux" => subdir.is_linux(),
        "osx" => subdir.is_osx(),
        "win" => subdir.is_windows(),
        "unix" => subdir.is_linux() || subdir.is_osx() || text.starts_with("emscripten-"),
        "emscripten" => text.starts_with("emscripten-"),
        "wasi" => text.starts_with("wasi-"),
        "freebsd" => text.starts_with("freebsd-"),
        "zos" => text.starts_with("zos-"),
        "linux32" => subdir == Subdir::Linux32,
        "linux64" => subdir == Subdir::Linux64,
        "osx64" => subdir == Subdir::Osx64,
        "win32" => subdir == Subdir::Win32,
        "win64" => subdir == Subdir::Win64,
        "arm" => text.starts_with("linux-arm"),
        "x86" => matches!(arch, "32" | "64"),
        // CEP 24 explains `osx64` as `osx and x64`.
        "x86_64" | "x64" => arch == "64",
        "aarch64" | "arm64" | "armv6l" | "armv7l" | "ppc64" | "ppc64le" | "s390x" | "riscv32"
        | "riscv64" | "loongarch64" | "wasm32" => arch == name,
        _ => return None,
    })
}

/// If the word is a variable.
pub(super) fn is_known(name: &str) -> bool {
    value(name, Subdir::NoArch).is_some()
}

/// If the word is a variable of conda-build that CEP 24 leaves out.
pub(super) fn is_unsupported(name: &str) -> bool {
    let versioned = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    matches!(name, "py2k" | "py3k" | "build_platform" | "target_platform")
        || versioned("py")
        || versioned("np")
}
