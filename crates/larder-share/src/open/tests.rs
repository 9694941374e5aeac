use super::{Layout, layout_of};

#[test]
fn the_layout_is_taken_off_and_nothing_else() {
    for (url, rest, layout) in [
        ("/srv/what?", "/srv/what?", Layout::Objects),
        ("file:///srv/x?layout=packs", "file:///srv/x", Layout::Packs),
        (
            "s3://b/p?region=r&layout=objects&endpoint=e",
            "s3://b/p?region=r&endpoint=e",
            Layout::Objects,
        ),
        ("s3://b/p?region=r", "s3://b/p?region=r", Layout::Objects),
        ("ghac:", "ghac:", Layout::Packs),
        ("ghac://team?layout=objects", "ghac://team", Layout::Objects),
    ] {
        assert_eq!(layout_of(url).unwrap(), (rest.to_owned(), layout), "{url}");
    }
}

#[test]
fn another_layout_is_refused_without_telling_a_password() {
    let error = layout_of("s3://me:hunter2@b/p?layout=boxes")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("layout") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn a_layout_behind_a_path_is_no_part_of_its_name() {
    let error = layout_of("./srv?layout=packs").unwrap_err().to_string();
    assert!(error.contains("file:///PATH?layout=packs"), "{error}");
}
