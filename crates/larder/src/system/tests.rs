use std::{error::Error, fmt, io};

use super::*;

/// An error that calls itself damage.
#[derive(Debug)]
struct Outer(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot do it")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Explain for Outer {
    fn kind(&self) -> Kind {
        Kind::Damage
    }

    fn code(&self) -> &'static str {
        "test::outer"
    }

    fn hint(&self) -> Option<String> {
        Some("its own".to_owned())
    }
}

#[test]
fn a_full_disk_under_any_error_is_the_worlds_and_says_what_helps() {
    for kind in [
        io::ErrorKind::StorageFull,
        io::ErrorKind::QuotaExceeded,
        io::ErrorKind::ReadOnlyFilesystem,
        io::ErrorKind::PermissionDenied,
    ] {
        let found = explain(&Outer(io::Error::new(kind, "deeper")));
        assert_eq!((found.kind, found.code), (Kind::World, "test::outer"));
        let hint = found.hint.unwrap();
        assert!(hint.ends_with("; its own") && hint.len() > 20, "{hint}");
    }
}

#[test]
#[cfg(unix)]
fn a_failing_disk_and_too_many_open_files_are_the_worlds() {
    for code in [5, 23, 24] {
        let found = explain(&Outer(io::Error::from_raw_os_error(code)));
        assert_eq!(found.kind, Kind::World, "{code}");
    }
}

#[test]
fn other_errors_are_explained_by_themselves() {
    let found = explain(&Outer(io::Error::new(io::ErrorKind::InvalidData, "x")));
    assert_eq!(found.kind, Kind::Damage);
    assert_eq!(found.hint.as_deref(), Some("its own"));
}
