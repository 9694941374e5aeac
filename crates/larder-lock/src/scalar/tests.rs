//! Every text is read back as it was written, by readers of YAML 1.1 and 1.2 alike.

use proptest::prelude::*;

use super::scalar;

fn read(text: &str) -> Result<String, String> {
    let document = format!("key: {}\nnext: 1\n", scalar(text));
    let map: std::collections::BTreeMap<String, String> =
        serde_saphyr::from_str(&document).map_err(|error| format!("{error}\n{document}"))?;
    Ok(map["key"].clone())
}

/// Separated by spaces.
const QUOTED: &str = r##"
~ null Null y N yes No on OFF true False 1 1.10 3.0 0.1 1e5 12e03 0x1f 0o17 0b11 017 1_000
190:20:30 2001-12-14 2001-12-14t21:59:43.10-05:00 .5 .inf .NaN - -1 +1 = << !x &x *x @x `x %x #x
a: [a] {a} a,b >=1.2 | ? ' " 1. 1..2 --- ... nan inf _1 _
"##;

/// Separated by spaces.
const PLAIN: &str = "
numpy _libgcc_mutex 2025.10.5 1.2.3a0 2023c linux-64 py311h1_0
https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda
85fcb6906b8686fe6341db89b4e6fc2631ad69ee6eab2f4823bfd64ae0b20ac8 larder:linux-64/x
";

#[test]
fn what_could_be_something_else_is_quoted() {
    for text in QUOTED
        .split_whitespace()
        .chain(["", " ", "a #b", "a: b", "e: "])
    {
        let written = scalar(text);
        assert!(
            written.starts_with(['\'', '"']),
            "{text} is written {written}"
        );
        assert_eq!(read(text).as_deref(), Ok(text));
    }
}

#[test]
fn what_is_clear_is_plain() {
    for text in PLAIN.split_whitespace() {
        assert_eq!(scalar(text), text);
        assert_eq!(read(text).as_deref(), Ok(text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_survives(text in any::<String>()) {
        prop_assert_eq!(read(&text), Ok(text));
    }

    #[test]
    fn any_text_of_yaml_characters_survives(text in "[0-9a-fxo_.:+eE~ \t\n'\"#,&*!|>%@`{}\\[\\]-]{0,12}") {
        prop_assert_eq!(read(&text), Ok(text));
    }
}
