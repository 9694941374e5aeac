use std::path::PathBuf;

use super::{ChangedVariables, Unsaid, azure_commands, github_files, gitlab_dotenv, prepended};
use crate::activation::Effect;

fn changed(set: &[(&str, &str)]) -> ChangedVariables {
    let pair = |(name, value): &(&str, &str)| (name.into(), value.into());
    ChangedVariables {
        effect: Effect {
            set: set.iter().map(pair).collect(),
            unset: vec!["GONE".into()],
        },
        prepended: Some(vec![PathBuf::from("/e/bin"), PathBuf::from("/e/more")]),
        ignored: Vec::new(),
    }
}

fn names(unsaid: &[Unsaid]) -> Vec<&str> {
    unsaid.iter().map(|unsaid| unsaid.name.as_str()).collect()
}

/// The runner takes both kinds of line ends.
fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

#[test]
fn github_reads_back_values_made_of_its_own_words() {
    let words = [
        "\n",
        "LARDER_END_0",
        "LARDER_END_1",
        "\r\n",
        "X<<LARDER_END_0",
        "=",
        "é",
        "\r",
    ];
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..2000 {
        let length = next(8);
        let value: String = (0..length).map(|_| words[next(words.len())]).collect();
        let files = github_files(&changed(&[("V", &value), ("AFTER", "x")]));
        let mut expected = vec![("AFTER".to_owned(), "x".to_owned())];
        if !value.ends_with('\r') {
            expected.insert(0, ("V".to_owned(), value));
        }
        assert_eq!(read_github(&files.env), expected, "{:?}", files.env);
    }
}

/// As GitHub's runner reads its file.
fn read_github(text: &str) -> Vec<(String, String)> {
    let mut lines = text.split_inclusive('\n');
    let mut read = Vec::new();
    while let Some(line) = lines.next() {
        let (name, end) = without_end(line).split_once("<<").unwrap();
        let value: String = lines
            .by_ref()
            .take_while(|line| without_end(line) != end)
            .collect();
        let value = value.strip_suffix('\n').unwrap();
        read.push((name.to_owned(), value.to_owned()));
    }
    read
}

#[test]
fn github_reads_back_every_value() {
    let nasty = "LARDER_END_0\nX=1\n\nLARDER_END_1\nB<<EOF";
    let set = [
        ("A", "plain"),
        ("EMPTY", ""),
        ("NASTY", nasty),
        ("PATH", "/e/bin:/e/more:/bin"),
        ("Z", "ends\n"),
    ];
    let files = github_files(&changed(&set));
    let expected: Vec<(String, String)> = set
        .iter()
        .filter(|(name, _)| *name != "PATH")
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(read_github(&files.env), expected);
    // The runner puts each line in front of PATH.
    assert_eq!(files.path, "/e/more\n/e/bin\n");
    assert_eq!(names(&files.unsaid), ["GONE"]);
}

#[test]
fn what_github_refuses_is_named() {
    let set = [
        ("NODE_OPTIONS", "x"),
        ("GITHUB_SHA", "x"),
        ("RUNNER_OS", "x"),
        ("A<<B", "x"),
        ("CR", "x\r"),
    ];
    let files = github_files(&changed(&set));
    assert_eq!(files.env, "");
    assert_eq!(
        names(&files.unsaid),
        [
            "GONE",
            "NODE_OPTIONS",
            "GITHUB_SHA",
            "RUNNER_OS",
            "A<<B",
            "CR"
        ]
    );
}

#[test]
fn azure_gets_escaped_commands() {
    let set = [
        ("A;B]", "50% of\r\ntwo;lines]"),
        ("lower", "x"),
        ("INPUT_X", "x"),
    ];
    let (text, unsaid) = azure_commands(&changed(&set));
    assert_eq!(
        text,
        "##vso[task.setvariable variable=A%3BB%5D]50%AZP25 of%0D%0Atwo;lines]\n\
         ##vso[task.prependpath]/e/more\n##vso[task.prependpath]/e/bin\n"
    );
    assert_eq!(names(&unsaid), ["GONE", "lower", "INPUT_X"]);
}

#[test]
fn gitlab_gets_lines_and_the_rest_is_named() {
    let set = [
        ("A", "x = \"y\""),
        ("B", "two\nlines"),
        ("C", " padded"),
        ("D", "$HOME"),
        ("E-F", "x"),
        ("PATH", "/e/bin:/bin"),
    ];
    let (text, unsaid) = gitlab_dotenv(&changed(&set));
    assert_eq!(text, "A=x = \"y\"\nPATH=/e/bin:/bin\n");
    assert_eq!(names(&unsaid), ["GONE", "B", "C", "D", "E-F"]);
}

#[test]
#[cfg(unix)]
fn only_what_stands_in_front_of_the_old_path_is_prepended() {
    let new = |old: Option<&str>, new: &str| prepended(old.map(str::as_ref), Some(new.as_ref()));
    let front = Some(vec![PathBuf::from("/e")]);
    assert_eq!(new(Some("/a:/b"), "/e:/a:/b"), front);
    assert_eq!(new(None, "/e"), front);
    assert_eq!(new(Some("/a:/b"), "/e:/b"), None);
    assert_eq!(new(Some("/a:/b"), "/a:/b:/e"), None);
}
