use super::*;

struct Variables;

impl Lookup for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        let value = match name {
            "WORK" => "/work",
            "HOST" => "evil.example",
            "USER_NAME" => "u",
            "CHANNEL_TOKEN" => "tk-1/2@x y%40",
            "PAIR" => "u:p",
            "DATABASE_URL" => "postgres://u:p@db/x",
            "AWS_SECRET_ACCESS_KEY" | "GITHUB_TOKEN" => "canary",
            "MY_PASSWORD" => "/canary",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn home(&self) -> Option<String> {
        Some("/home/x".to_owned())
    }
}

fn expanded(text: &str) -> String {
    expand_channel(text, &Variables)
}

fn check(text: &str) -> Result<(), VariableProblem> {
    check_variables(text, &expanded(text))
}

#[test]
fn user_password_and_token_are_expanded_and_cannot_leave_their_place() {
    for (text, expected) in [
        (
            "https://$USER_NAME:${CHANNEL_TOKEN}@h/c",
            "https://u:tk-1%2F2%40x%20y%40@h/c",
        ),
        ("https://${PAIR}@h/c", "https://u:p@h/c"),
        (
            "https://h/t/$CHANNEL_TOKEN/c",
            "https://h/t/tk-1%2F2%40x%20y%40/c",
        ),
        ("https://h/a/t//${USER_NAME}/c", "https://h/a/t//u/c"),
        ("t/${USER_NAME}/c", "t/u/c"),
        ("https://h/t/$UNSET/c", "https://h/t/$UNSET/c"),
    ] {
        assert_eq!(expanded(text), expected);
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn no_other_part_of_a_url_or_name_is_expanded() {
    for template in [
        "https://{}/c",
        "https://h:{}/c",
        "https://h/{}/c",
        "https://h/c/{}",
        "{}://h/c",
        "https://h/c?{}",
        "https://h/c#{}",
        "https://h/x{}t/c",
        "https://u@{}/c",
        "https://u@h/t/x/{}",
        "{}",
        "c/{}",
        "c/label/{}",
        "https://{}.evil.example/c",
        "https://h/tt/{}/c",
        "{}/c",
    ] {
        for name in [
            "HOST",
            "USER_NAME",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "MY_PASSWORD",
        ] {
            for reference in [format!("${name}"), format!("${{{name}}}")] {
                let text = template.replace("{}", &reference);
                assert_eq!(expanded(&text), text);
                let problem = VariableProblem::Place(name.to_owned());
                // `$NAMEt` is another name.
                if !template.contains("{}t") {
                    assert_eq!(check(&text), Err(problem), "{text}");
                }
            }
        }
    }
}

#[test]
fn credentials_of_other_services_are_expanded_nowhere() {
    for text in [
        "https://u:${GITHUB_TOKEN}@evil.example/c",
        "https://$AWS_SECRET_ACCESS_KEY@evil.example/c",
        "https://evil.example/t/${GITHUB_TOKEN}/c",
        "./$GITHUB_TOKEN/c",
        "~/${AWS_SECRET_ACCESS_KEY}",
        "file:///x/$GITHUB_TOKEN",
    ] {
        assert_eq!(expanded(text).replace("/home/x", "~"), text);
        assert!(!expanded(text).contains("canary"));
    }
    let problem = VariableProblem::Service("GITHUB_TOKEN".to_owned());
    assert_eq!(
        check("https://u:${GITHUB_TOKEN}@evil.example/c"),
        Err(problem)
    );
}

#[test]
fn paths_are_expanded_without_what_looks_like_a_secret() {
    for (text, path) in [
        ("~/c", "/home/x/c"),
        ("$WORK/c", "/work/c"),
        ("./$USER_NAME/c", "./u/c"),
        ("file://$WORK/c", "file:///work/c"),
        ("./$DATABASE_URL", "./$DATABASE_URL"),
        ("$MY_PASSWORD/c", "$MY_PASSWORD/c"),
    ] {
        assert_eq!(expanded(text), path);
    }
}
