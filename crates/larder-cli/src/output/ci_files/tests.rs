use std::path::Path;

use super::{AzureCommand, dotenv_line, github_assignment, github_path, markdown};

const HOSTILE: &str = "a]b;c%0A%\r\n##vso[task.setvariable variable=X]1\nLARDER_END_0\nY=2";

#[test]
fn azure_gets_one_command_whatever_the_value() {
    let command = AzureCommand::new("task.setvariable", &[("variable", HOSTILE)], HOSTILE);
    assert_eq!(command.as_line().lines().count(), 1);
    let inside = command.as_line().strip_prefix("##vso[").unwrap();
    let (properties, message) = inside.split_once(']').unwrap();
    assert!(!properties.contains(';'), "{properties}");
    assert!(
        message.starts_with("a]b;c%AZP250A%AZP25%0D%0A##vso["),
        "{message}"
    );
    assert_eq!(
        AzureCommand::new("task.prependpath", &[], "/bin").as_line(),
        "##vso[task.prependpath]/bin\n"
    );
}

#[test]
fn github_reads_back_the_value_and_nothing_else() {
    assert_eq!(github_assignment("a", "b=c"), "a=b=c\n");
    let text = github_assignment("a", HOSTILE);
    let end = text.lines().next().unwrap().split_once("<<").unwrap().1;
    assert_eq!(text, format!("a<<{end}\n{HOSTILE}\n{end}\n"));
    assert!(!HOSTILE.lines().any(|line| line == end));
    assert_eq!(github_path(Path::new("/a\nb")), None);
    assert_eq!(dotenv_line("a", "b\rc"), None);
    assert_eq!(dotenv_line("a", "b"), Some("a=b\n".to_owned()));
}

#[test]
fn a_summary_has_no_mark_up_of_a_value() {
    let text = markdown("<img src=x>\n[a](b) `c` ##vso[d]\u{1b}");
    assert_eq!(
        text,
        "&lt;img src=x&gt;\\\\n\\[a\\](b) \\`c\\` \\# \\#vso\\[d\\]\\\\u{1b}"
    );
}
