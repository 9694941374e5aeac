//! Explanations: in the user's lines, bounded, with what would help.

use larder_solve::{Explanation, SolveError};
use rattler_conda_types::Subdir;

use crate::support::{Lab, channel_of, package, provides};

fn explanation(lab: &Lab, url: &str, specs: &[&str]) -> Explanation {
    match lab.solve(&[url.to_owned()], specs) {
        Err(SolveError::Unsolvable(explanation)) => *explanation,
        other => panic!("{other:?}"),
    }
}

fn conflicts(explanation: &Explanation) -> Vec<String> {
    let conflicts = explanation.conflicts.iter();
    conflicts.map(|conflict| conflict.text.clone()).collect()
}

#[test]
fn an_unknown_name_is_named_with_what_it_may_have_been() {
    let lab = Lab::new();
    let url = lab
        .channel(
            "c",
            channel_of([package("numpy", "1"), package("scipy", "1")]),
        )
        .url();
    let explanation = explanation(&lab, &url, &["nmpy", "scipy"]);
    assert_eq!(
        explanation.to_string(),
        format!(
            "no packages for linux-64 meet environment.yml:4:5: `nmpy`\n  \
             no package `nmpy` in {url} (linux-64, noarch); did you mean `numpy`?"
        )
    );
}

#[test]
fn a_version_that_is_not_there_is_told_with_those_that_are() {
    let lab = Lab::new();
    let packages = ["1.0", "1.10", "1.9", "1.2"].map(|version| package("numpy", version));
    let url = lab.channel("c", channel_of(packages)).url();
    let text = explanation(&lab, &url, &["numpy >=2"]).to_string();
    assert!(text.contains("environment.yml:4:5: `numpy >=2`"), "{text}");
    assert!(text.contains("there is 1.10, 1.9, 1.2, 1.0"), "{text}");
}

#[test]
fn a_build_that_is_not_there_is_told_with_those_of_the_version() {
    let lab = Lab::new();
    let url = lab
        .channel("c", channel_of([package("p", "1"), package("p", "2")]))
        .url();
    let text = explanation(&lab, &url, &["p 1 mkl_*"]).to_string();
    assert!(text.contains("fits `p 1 mkl_*`; there is 1 0"), "{text}");
}

#[test]
fn only_the_lines_that_conflict_are_shown() {
    let lab = Lab::new();
    let packages = [
        package("a", "1").depends("shared <2"),
        package("b", "1").depends("shared >=2"),
        package("innocent", "1").depends("shared"),
        package("shared", "1"),
        package("shared", "2"),
    ];
    let url = lab.channel("c", channel_of(packages)).url();
    let explanation = explanation(&lab, &url, &["innocent", "a", "b >=1"]);
    assert_eq!(conflicts(&explanation), ["a", "b >=1"]);
    let text = explanation.to_string();
    assert!(text.contains("  environment.yml:5:5: `a`\n"), "{text}");
    assert!(text.contains("  environment.yml:6:5: `b >=1`\n"), "{text}");
    assert!(
        text.contains("shared <2") && text.contains("shared >=2"),
        "{text}"
    );
    assert!(!text.contains("innocent"), "{text}");
}

#[test]
fn a_missing_virtual_package_comes_with_the_override_that_would_allow_it() {
    let mut lab = Lab::new();
    let packages = [
        package("gpu", "1").depends("__cuda >=12.1"),
        package("mac", "1").depends("__osx >=11.0"),
        package("deep", "1").depends("gpu"),
    ];
    let url = lab.channel("c", channel_of(packages)).url();
    for specs in [["gpu"], ["deep"]] {
        let text = explanation(&lab, &url, &specs).to_string();
        assert!(text.contains("CONDA_OVERRIDE_CUDA=12.1"), "{text}");
        assert!(text.contains("no __cuda"), "{text}");
    }
    let text = explanation(&lab, &url, &["mac"]).to_string();
    assert!(
        !text.contains("CONDA_OVERRIDE"),
        "no override puts macOS into Linux: {text}"
    );
    lab.virtual_packages = vec![provides("__cuda", "11.8", "0")];
    let text = explanation(&lab, &url, &["deep"]).to_string();
    assert!(
        text.contains("__cuda 11.8") && text.contains("CONDA_OVERRIDE_CUDA=12.1"),
        "{text}"
    );
}

#[test]
fn cep30_17_the_override_for_macos_is_named_where_it_would_help() {
    let lab = Lab {
        subdir: Subdir::OsxArm64,
        virtual_packages: vec![provides("__osx", "10.15", "0")],
        ..Lab::new()
    };
    let mac = package("mac", "1")
        .subdir("osx-arm64")
        .depends("__osx >=11.0");
    let url = lab.channel("c", channel_of([mac])).url();
    let text = explanation(&lab, &url, &["mac"]).to_string();
    assert!(text.contains("CONDA_OVERRIDE_OSX=11.0"), "{text}");
}

#[test]
fn a_virtual_package_may_be_asked_for_directly() {
    let mut lab = Lab::new();
    let url = lab.channel("c", channel_of([package("a", "1")])).url();
    let text = explanation(&lab, &url, &["a", "__glibc >=2.28"]).to_string();
    assert!(text.contains("has no `__glibc`"), "{text}");
    assert!(text.contains("CONDA_OVERRIDE_GLIBC=2.28"), "{text}");
    lab.virtual_packages = vec![provides("__glibc", "2.36", "0")];
    assert_eq!(lab.dists(&[url], &["a", "__glibc >=2.28"]), ["a-1-0"]);
}

#[test]
fn a_dependency_that_no_channel_has_is_told() {
    let lab = Lab::new();
    let url = lab
        .channel("c", channel_of([package("a", "1").depends("nowhere")]))
        .url();
    let text = explanation(&lab, &url, &["a"]).to_string();
    assert!(text.contains("`a`") && text.contains("nowhere"), "{text}");
}

#[test]
fn explanations_are_bounded() {
    let lab = Lab::new();
    let mut packages = Vec::new();
    for number in 0..60 {
        let version = number.to_string();
        packages.push(package("a", &version).depends(&format!("b {number}.*")));
        packages.push(package("b", &format!("{number}.1")).depends(&format!("d{number} 1")));
        packages.push(package("c", &version).depends(&format!("b {}.*", number + 100)));
    }
    let url = lab.channel("c", channel_of(packages)).url();
    let names: Vec<String> = (0..60).map(|number| format!("missing{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for specs in [vec!["a", "c"], names] {
        let text = explanation(&lab, &url, &specs).to_string();
        assert!(
            text.lines().count() <= 40,
            "{} lines:\n{text}",
            text.lines().count()
        );
    }
}

#[test]
fn without_channels_the_reason_is_that() {
    let lab = Lab::new();
    let error = lab.error(&[], &["a"]);
    assert!(error.contains("no channel is configured"), "{error}");
}
