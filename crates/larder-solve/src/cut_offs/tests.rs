use super::is_like;

#[test]
fn patterns_of_channels_match_whole_addresses() {
    let channel = "https://repo.test/team/label/dev";
    for (pattern, expected) in [
        (channel, true),
        ("https://repo.test/team", false),
        ("https://repo.test/*", true),
        ("*", true),
        ("https://*/team*dev", true),
        ("https://repo.test/team/label/de?", true),
        ("https://repo.test/team/label/?", false),
        ("http://repo.test/*", false),
        ("*team", false),
        ("", false),
    ] {
        assert_eq!(is_like(pattern, channel), expected, "{pattern}");
    }
    // A pattern of many stars must not take for ever.
    let stars = "*a".repeat(200);
    assert!(!is_like(&stars, &"a".repeat(199)));
    assert!(is_like(&stars, &"a".repeat(10_000)));
}
