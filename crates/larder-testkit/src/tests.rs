//! The parts of the kit that no test of the public API reaches on its own.

use proptest::prelude::*;

use crate::paths_json::{contains, replace};
use crate::server::percent_decode;
use crate::{Method, ZipMember, base64, zip};

#[test]
fn base64_pads_as_rfc_4648_does() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foobar", "Zm9vYmFy"),
    ];
    for (plain, encoded) in vectors {
        assert_eq!(base64::encode(plain.as_bytes()), encoded);
    }
}

#[test]
fn crc32_has_its_check_value() {
    assert_eq!(crate::zipfile::crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn a_deflated_member_says_so_and_holds_literal_blocks() {
    let file = zip(&[ZipMember::deflated("a", "xyz")]);
    assert_eq!(file[8..10], [8, 0], "the method of the local header");
    let data = b"\x00\x03\x00\xfc\xffxyz\x01\x00\x00\xff\xff";
    assert!(
        contains(&file, data),
        "a literal block and an empty last one"
    );
    assert_eq!(ZipMember::stored("a", "xyz").method, Method::Stored);
}

proptest! {
    #[test]
    fn replacing_is_what_str_replace_does(text in "[ab{}P]{0,40}", to in "[a-z]{0,9}") {
        let replaced = replace(text.as_bytes(), b"{P}", to.as_bytes());
        prop_assert_eq!(replaced, text.replace("{P}", &to).into_bytes());
    }

    #[test]
    fn percent_decoding_undoes_encoding(text in "\\PC{0,20}") {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        prop_assert_eq!(percent_decode(&encoded), Some(text));
    }

    #[test]
    fn percent_decoding_never_panics(text in "[%0-9a-fé]{0,12}") {
        let _ = percent_decode(&text);
    }
}
