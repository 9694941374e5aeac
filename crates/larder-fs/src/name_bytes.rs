//! Names of files as bytes, which is what archives have.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
};

/// A name as bytes; `None` if it has no such form here. A name may be any bytes where the system has
/// it so; elsewhere it must be Unicode.
pub fn bytes_of_name(name: &OsStr) -> Option<Cow<'_, [u8]>> {
    platform::bytes(name)
}

/// The name that these bytes are; `None` if the system has no such name.
pub fn name_of_bytes(bytes: &[u8]) -> Option<OsString> {
    platform::name(bytes)
}

#[cfg(unix)]
mod platform {
    use std::{
        borrow::Cow,
        ffi::{OsStr, OsString},
        os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    };

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn bytes(name: &OsStr) -> Option<Cow<'_, [u8]>> {
        Some(Cow::Borrowed(name.as_bytes()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    pub(super) fn name(bytes: &[u8]) -> Option<OsString> {
        Some(OsString::from_vec(bytes.to_vec()))
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{
        borrow::Cow,
        ffi::{OsStr, OsString},
    };

    pub(super) fn bytes(name: &OsStr) -> Option<Cow<'_, [u8]>> {
        let name = name.to_str()?;
        Some(Cow::Owned(name.replace('\\', "/").into_bytes()))
    }

    pub(super) fn name(bytes: &[u8]) -> Option<OsString> {
        let name = std::str::from_utf8(bytes).ok()?;
        (!name.contains(['\\', ':'])).then(|| name.into())
    }
}
