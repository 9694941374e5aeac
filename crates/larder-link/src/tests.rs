//! Rules that are easier to see from inside.

use std::path::Path;

use url::Url;

use crate::{apply::Site, channel, history};

#[test]
fn urls_lose_user_password_and_token() {
    let cleaned = |url: &str| channel::clean(&Url::parse(url).unwrap()).to_string();
    let plain = "https://host.example/conda-forge/linux-64/a-1-0.conda";
    assert_eq!(
        cleaned("https://me:secret@host.example/conda-forge/linux-64/a-1-0.conda"),
        plain
    );
    assert_eq!(
        cleaned("https://host.example/t/tk-123/conda-forge/linux-64/a-1-0.conda"),
        plain
    );
    assert_eq!(
        cleaned("https://host.example/t/tk-123/conda-forge/t/tk-456/linux-64/a-1-0.conda?k=v"),
        plain
    );
    let file = "file:///srv/t/x/linux-64/a-1-0.conda";
    assert_eq!(cleaned(file), file, "a directory called t holds no token");
}

#[test]
fn a_staging_name_fits_one_prefix_only() {
    let (short, long) = (
        Site::new(Path::new("/e/foo"), &crate::JournalKey::default()),
        Site::new(Path::new("/e/foo-abcdefgh"), &crate::JournalKey::default()),
    );
    assert!(short.is_staging_name(".larder-foo-abcdefgh"));
    assert!(!long.is_staging_name(".larder-foo-abcdefgh"));
    assert!(long.is_staging_name(".larder-foo-abcdefgh-12345678"));
    assert!(!short.is_staging_name(".larder-foo-abcdefgh-12345678"));
    assert!(!short.is_staging_name(".larder-foo.lock"));
    let own = short.new_staging_path();
    assert!(short.is_staging_name(own.file_name().unwrap().to_str().unwrap()));
}

#[test]
fn specs_are_python_literals() {
    assert_eq!(history::quoted("numpy >=1"), "'numpy >=1'");
    assert_eq!(history::quoted("a[version='1']"), "\"a[version='1']\"");
    assert_eq!(history::quoted("it's \"x\"\\"), "'it\\'s \"x\"\\\\'");
}
