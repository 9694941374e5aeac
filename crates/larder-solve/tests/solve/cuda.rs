//! `__cuda_arch`: CEP 46.

use larder_solve::virtual_packages::Host;
use rattler_conda_types::Subdir;

use crate::virtual_packages::{admits, linux, on, shown, version, with_card};

#[test]
fn cep46_01_cuda_arch_is_detected() {
    let detected = on(Subdir::Linux64, &with_card(), &[]);
    assert!(admits(&detected.packages, "__cuda_arch >=8.0"));
    assert!(!admits(&detected.packages, "__cuda_arch >=9.0"));
}

#[test]
fn cep46_02_without_cuda_there_is_no_cuda_arch() {
    let detected = on(Subdir::Linux64, &linux(), &[("CUDA_ARCH", "9.0")]);
    assert_eq!(shown(&detected, "__cuda_arch"), None);
    assert!(
        detected.notes[0]
            .1
            .contains("CONDA_OVERRIDE_CUDA_ARCH has no effect")
    );
    let both = on(
        Subdir::Linux64,
        &linux(),
        &[("CUDA_ARCH", "9.0"), ("CUDA", "12.4")],
    );
    assert_eq!(shown(&both, "__cuda_arch").as_deref(), Some("9.0 0"));
    let removed = on(Subdir::Linux64, &with_card(), &[("CUDA", "")]);
    assert_eq!(shown(&removed, "__cuda_arch"), None);
}

#[test]
fn cep46_03_cuda_arch_is_major_and_minor() {
    let detected = on(Subdir::Linux64, &with_card(), &[]);
    assert_eq!(shown(&detected, "__cuda_arch").as_deref(), Some("8.6 0"));
}

#[test]
fn cep46_04_a_driver_without_a_card_has_no_cuda_arch() {
    let host = Host {
        cuda: version("12.4"),
        ..linux()
    };
    let detected = on(Subdir::Linux64, &host, &[]);
    assert_eq!(shown(&detected, "__cuda").as_deref(), Some("12.4 0"));
    assert_eq!(shown(&detected, "__cuda_arch"), None);
}

#[test]
fn cep46_05_cuda_arch_override_must_be_a_compute_capability() {
    let overridden = |value| {
        let detected = on(Subdir::Linux64, &with_card(), &[("CUDA_ARCH", value)]);
        (
            shown(&detected, "__cuda_arch").unwrap(),
            detected.notes.len(),
        )
    };
    assert_eq!(overridden("8.0"), ("8.0 0".to_owned(), 0));
    for value in ["9.0a", "x", "9", "9.0.1"] {
        assert_eq!(overridden(value), ("8.6 0".to_owned(), 1), "{value}");
    }
}

#[test]
fn cep46_06_an_empty_override_removes_cuda_arch() {
    let detected = on(Subdir::Linux64, &with_card(), &[("CUDA_ARCH", "")]);
    assert_eq!(shown(&detected, "__cuda").as_deref(), Some("12.4 0"));
    assert_eq!(shown(&detected, "__cuda_arch"), None);
    assert!(detected.notes.is_empty());
}
