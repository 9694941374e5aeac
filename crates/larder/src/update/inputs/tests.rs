use super::reads_other_files;

#[test]
fn a_section_that_names_files_is_read_each_time() {
    for line in [
        "-r requirements.txt",
        "-rrequirements.txt",
        "-c constraints.txt",
        "-e .",
        ".",
        "./packages/one",
        "one @ file:///srv/one.whl",
        "git+https://host/one@main",
        "\"-r requirements.txt\"",
    ] {
        let manifest = format!("dependencies:\n  - pip:\n    - {line}\n");
        assert!(reads_other_files(manifest.as_bytes()), "{line}");
    }
}

#[test]
fn a_section_of_names_and_a_manifest_without_one_are_what_they_say() {
    for manifest in [
        "channels: [./channel]\ndependencies: [python, pip]\n",
        "dependencies:\n  - python\n  - pip:\n    - rich >=13\n    - einops\n",
    ] {
        assert!(!reads_other_files(manifest.as_bytes()), "{manifest}");
    }
}
