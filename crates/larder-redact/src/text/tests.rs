use proptest::prelude::*;

use super::{redact_text, split_userinfo};

#[test]
fn each_place_of_a_secret_is_masked() {
    for (text, shown) in [
        ("https://u:p@h.test/t/TOK/c", "https://***@h.test/t/***/c"),
        ("https://u@h.test/c", "https://***@h.test/c"),
        ("a://u:p@h,b://u2:p2@h", "a://***@h,b://***@h"),
        (
            "https://h:80=https://u:p@m:81/x",
            "https://h:80=https://***@m:81/x",
        ),
        ("https://u:pa/ss@h/c", "https://***@h/c"),
        ("https://u:12/3@h/c", "https://***@h/c"),
        ("https://u:p@ss/word@h/c", "https://***@h/c"),
        ("https://u:p ss@h/c", "https://***@h/c"),
        ("https://u:p://x@h/c", "https://***@h/c"),
        ("https://u:p?x#y@h/c", "https://***@h/c"),
        ("https://me@corp.test:pw@h/c", "https://***@h/c"),
        ("//u:p@h/c", "//***@h/c"),
        ("user:pass@h.test/c", "***@h.test/c"),
        ("--channel=user:pass@h", "--channel=***@h"),
        ("https://h/api/repo/t/TOK/c", "https://h/api/repo/t/***/c"),
        ("https://h/t/TOK::pkg", "https://h/t/***::pkg"),
        ("https://h/t//TOK/c", "https://h/t//***/c"),
        ("https://h/t/t/TOK/c", "https://h/t/t/***/c"),
        (
            "[https://h/t/A, https://h/t/B/]",
            "[https://h/t/*** https://h/t/***/]",
        ),
        ("t/abc-45678/ch", "t/***/ch"),
        ("-ct/abc-45678/ch", "-ct/***/ch"),
        ("--channel=t/abc-45678/ch", "--channel=t/***/ch"),
        ("the channel `t/abc-45678` is", "the channel `t/***` is"),
        ("h.test/api/t/abc-45678/ch::a", "h.test/api/t/***/ch::a"),
        ("a[channel='t/abc-45678/ch']", "a[channel='t/***/ch']"),
        ("https://h/c?token=x&y", "https://h/c?***"),
        ("`https://h/c?x=1`: no", "`https://h/c?***`: no"),
        ("ch?token=x rest", "ch?*** rest"),
        (
            "tool @ git+https://h.test/r?token=x@main#egg=r",
            "tool @ git+https://h.test/r?***",
        ),
        ("git://h.test/r?token=x", "git://h.test/r?***"),
        ("git:h.test/r?token=x", "git:h.test/r?***"),
    ] {
        assert_eq!(redact_text(text), shown, "{text}");
        assert_eq!(redact_text(shown), shown, "once is enough: {text}");
    }
}

#[test]
fn long_lines_show_no_secret_and_take_no_square_of_their_length() {
    // Each part makes some rule look far back or ahead; a megabyte of it took minutes.
    for part in [
        "://",
        "t/",
        "a:",
        "@",
        "?x=",
        "//u:p@",
        "https://u:p ",
        "(",
        "-ct/",
        "a://b,",
        "u:p@h ",
    ] {
        let text = part.repeat((1 << 20) / part.len());
        assert!(redact_text(&text).len() <= text.len() + 3, "{part}");
    }
    let filler = "word ".repeat(4000);
    for secret in [
        format!("https://u:SECRET{filler}@h/c"),
        format!("{filler}https://u:SECRET@h/c"),
        format!("https://u:{filler}SECRET@h/c"),
        format!("{}https://u:SECRET@h/c", "x".repeat(8180)),
        format!("{filler}\nhttps://u:SECRET@h/c\n{filler}"),
    ] {
        assert!(
            !redact_text(&secret).contains("SECRET"),
            "{}",
            &secret[..40]
        );
    }
}

#[test]
fn ordinary_text_stays_as_it_is() {
    for text in [
        "",
        "conda-forge/linux-64::numpy >=1.26,<2",
        "create -p /usr/t/directory-x -f ./t/environment.yml",
        "--prefix=/work/t/long-directory -p/work/t/long-directory",
        "~/t/environment.yml C:\\t\\environment C:/t/environment",
        "file:///srv/t/directory/noarch",
        "t/short and unit/long-file-name",
        "https://conda.anaconda.org/conda-forge/linux-64/a-1-0.conda#0123abc",
        "http://[::1]:8080/channel, http://127.0.0.1:80: refused, mail me@h.test",
        "https://h.test/a@b/c",
        "git+https://github.com/x/y@v1.0",
        "see https://h.test/what?",
        "expected http://HOST:PORT or https://HOST:PORT",
        "python==3.12 a=b?c 12:30 a::b@c \u{e9}//\u{fc}",
    ] {
        assert_eq!(redact_text(text), text);
    }
}

#[test]
fn a_user_alone_hides_no_path() {
    assert_eq!(
        redact_text("git+ssh://git@github.com/x/y@v1"),
        "git+ssh://***@github.com/x/y@v1"
    );
}

#[test]
fn user_and_password_come_apart_by_the_rules_of_urls() {
    for (address, parts) in [
        ("h/c", ("", "h/c")),
        ("u:p@h/c", ("u:p", "h/c")),
        ("u@x:p@h/c@d", ("u@x:p", "h/c@d")),
        ("h:80/c@d", ("", "h:80/c@d")),
        ("h/c@d", ("", "h/c@d")),
        ("u:pa/ss@h/c", ("u:pa/ss", "h/c")),
        ("[::1]:80/c@d", ("", "[::1]:80/c@d")),
    ] {
        assert_eq!(split_userinfo(address), parts, "{address}");
    }
}

/// Where a secret may stand, with what stands around it.
fn places() -> impl Strategy<Value = String> {
    let password = "S3CR3T[!-~]{8,20}";
    let token = "S3CR3T[A-Za-z0-9_.~%+-]{2,20}";
    prop_oneof![
        password.prop_map(|secret| format!("https://user:{secret}@host/c")),
        password.prop_map(|secret| format!("--channel=https://user:{secret}@host:80/c::a")),
        password.prop_map(|secret| format!("see https://h:80,http://a@b:{secret}@host/c, then")),
        "S3CR3T[ -~]{8,20}".prop_map(|secret| format!("-c https://user:{secret}@host/c")),
        token.prop_map(|secret| format!("https://{secret}@host/c")),
        token.prop_map(|secret| format!("`https://host/a/t/{secret}`: no")),
        token.prop_map(|secret| format!("https://host/t/{secret}/c::pkg")),
        token.prop_map(|secret| format!("t/{secret}/c")),
        token.prop_map(|secret| format!("-ct/{secret}")),
        token.prop_map(|secret| format!("--channel=api/t/{secret}/c")),
        token.prop_map(|secret| format!("user:{secret}@host/c")),
        token.prop_map(|secret| format!("https://host/c?x=1&token={secret}")),
        token.prop_map(|secret| format!("ch?token={secret}")),
    ]
}

#[test]
fn a_url_behind_an_odd_address_is_masked_as_well() {
    for text in [
        "file://[::1/[x:y /a https://user:S3CR3T@host/t/S3CR3T/c",
        "x://[:::0]:a)C\u{c}[::2]*/x https://user:S3CR3T@host/t/S3CR3T/c",
        "file://a:b/c https://host/t/S3CR3T/c",
    ] {
        let shown = redact_text(text);
        assert!(!shown.contains("S3CR3T"), "{shown}");
    }
}

#[test]
fn what_stands_around_a_well_formed_url_changes_nothing() {
    let marks = [
        "", "\0", "file://", "x://[", "]", ":", "@", "//", "/t/", "?", "#", "'", "\\c", " ",
        "\u{b}", "1:", "[::",
    ];
    for (a, b) in marks.iter().flat_map(|a| marks.map(|b| (a, b))) {
        for c in marks {
            let url = "https://user:S3CR3T@host/t/S3CR3T/c?S3CR3T";
            for text in [
                format!("{a}{b}{c}{url}"),
                format!("{a}{b}{url}{c}"),
                format!("{a} {url} {b}{c}"),
            ] {
                let shown = redact_text(&text);
                assert!(!shown.contains("S3CR3T"), "{text:?}: {shown:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn a_secret_is_never_shown(text in places(), before in "[a-z ]{0,8}", after in "[a-z ]{0,8}") {
        let shown = redact_text(&format!("{before} {text} {after}"));
        prop_assert!(!shown.contains("S3CR3T"), "{shown}");
    }

    #[test]
    fn nothing_panics(text in "([a-z:/@?=t,' é]|://|/t/){0,30}") {
        redact_text(&text);
        split_userinfo(&text);
    }

    #[test]
    fn words_without_marks_stay(text in "[A-Za-z0-9 ._<>=,*!-]{0,60}") {
        prop_assert_eq!(redact_text(&text), text);
    }
}
