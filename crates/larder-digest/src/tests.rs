use std::io::{Read as _, Write as _};

use crate::{Checksum, Hasher, HashingReader, HashingWriter, Md5, Sha256};

const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ABC_MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

#[test]
fn text_and_bytes_are_the_same_digest() {
    let digest: Sha256 = ABC_SHA256.parse().unwrap();
    assert_eq!(digest.to_string(), ABC_SHA256);
    assert_eq!(Sha256::from_slice(digest.as_bytes()).unwrap(), digest);
    assert_eq!(ABC_SHA256.to_uppercase().parse::<Sha256>().unwrap(), digest);
}

#[test]
fn text_of_another_length_or_alphabet_is_refused_with_the_text() {
    for text in [
        "",
        "00",
        ABC_MD5,
        &ABC_SHA256.replace('a', "g"),
        &format!("{ABC_SHA256}0"),
    ] {
        let error = text.parse::<Sha256>().unwrap_err();
        assert_eq!(error.text, text);
        assert!(error.to_string().contains("64 hexadecimal digits"));
    }
    assert!(Md5::from_slice(&[0; 31]).is_err());
}

#[test]
fn streams_hash_what_passes() {
    let mut reader = HashingReader::new(&b"abc"[..], Hasher::both());
    std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    let (_, digests) = reader.finish();
    assert_eq!(
        (digests.sha256.to_hex(), digests.md5, digests.size),
        (ABC_SHA256.into(), Some(ABC_MD5.parse().unwrap()), 3)
    );

    let mut writer = HashingWriter::new(Vec::new(), Hasher::sha256());
    writer.write_all(b"abc").unwrap();
    let (written, digests) = writer.finish();
    assert_eq!(
        (written, digests.sha256.to_hex(), digests.md5),
        (b"abc".to_vec(), ABC_SHA256.into(), None)
    );
}

#[test]
fn an_unread_stream_has_the_digest_of_nothing() {
    let reader = HashingReader::new(std::io::empty().take(0), Hasher::sha256());
    assert_eq!(reader.finish().1.sha256.to_hex(), EMPTY_SHA256);
}

#[test]
fn cep32_29_sha256_is_preferred_and_a_right_md5_does_not_help_a_wrong_sha256() {
    let md5: Md5 = ABC_MD5.parse().unwrap();
    let wrong: Sha256 = EMPTY_SHA256.parse().unwrap();
    let mut hasher = Hasher::both();
    hasher.update(b"abc");
    let digests = hasher.finish();

    assert!(
        Checksum::strongest(None, Some(md5))
            .unwrap()
            .check(&digests)
            .is_ok()
    );
    let error = Checksum::strongest(Some(wrong), Some(md5))
        .unwrap()
        .check(&digests)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("expected sha256:{EMPTY_SHA256}, found sha256:{ABC_SHA256}")
    );
    assert_eq!(Checksum::strongest(None, None), None);
}

#[test]
fn an_md5_that_was_not_computed_is_neither_right_nor_said_to_be_found() {
    let md5 = Checksum::Md5(Md5::of(b"abc"));
    let digests = |mut hasher: Hasher| {
        hasher.update(b"abc");
        hasher.finish()
    };
    assert!(
        md5.check(&digests(Hasher::for_checksum(Some(&md5))))
            .is_ok()
    );
    let error = md5.check(&digests(Hasher::sha256())).unwrap_err();
    assert_eq!(error.found, Checksum::Sha256(ABC_SHA256.parse().unwrap()));
}
