//! What the author of a broken file reads, to the letter.

use larder_manifest::{Manifest, NoLookup};

fn message(text: &str) -> String {
    Manifest::parse("environment.yml", text.as_bytes(), &NoLookup)
        .expect_err("an error")
        .to_string()
}

fn bytes_message(bytes: &[u8]) -> String {
    Manifest::parse("environment.yml", bytes, &NoLookup)
        .expect_err("an error")
        .to_string()
}

#[test]
fn an_unknown_section() {
    let text = "name: a\nchannels:\n  - c\n\ndependencies:\n  - numpy\n  - npm:\n    - left-pad\n";
    assert_eq!(
        message(text),
        "environment.yml:7:5: `npm` is not a section that larder knows\n\
         \x20 7 |   - npm:\n\
         \x20   |     ^^^\n\
         \x20 expected a package spec like `numpy >=1.26`, or `pip:`"
    );
}

#[test]
fn a_colon_for_an_equals_sign() {
    assert_eq!(
        message("dependencies:\n  - python: 3.11\n"),
        "environment.yml:2:5: `python` is not a section that larder knows\n\
         \x20 2 |   - python: 3.11\n\
         \x20   |     ^^^^^^\n\
         \x20 if `python` is a package, write `python =3.11`; else expected `pip:`"
    );
}

#[test]
fn a_tab() {
    assert_eq!(
        message("dependencies:\n\t- numpy\n"),
        "environment.yml:2:1: the indentation holds a tab\n\
         \x20 2 | \t- numpy\n\
         \x20   | ^\n\
         \x20 YAML is indented with spaces: replace the tab"
    );
}

#[test]
fn credentials_in_the_line() {
    assert_eq!(
        message("dependencies: [a, 'https://u:SECRET@h.test/t/SECRET/c::pkg[', b]\n"),
        "environment.yml:1:19: `https://***@h.test/t/***/c::pkg[` is not a package spec: its brackets are not closed\n\
         \x20 1 | dependencies: [a, 'https://***@h.test/t/***/c::pkg[', b]\n\
         \x20   |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n\
         \x20 quote values with spaces, commas, `=` or brackets: `name[version='>=1,<2']`"
    );
    let shown = message("dependencies: [a, {x: 'https://u:SECRET@h.test/c'}]\n");
    assert!(!shown.contains("SECRET"), "{shown}");
}

#[test]
fn a_merge_conflict() {
    assert_eq!(
        message("dependencies:\n  - a\n<<<<<<< HEAD\n  - b\n=======\n  - c\n>>>>>>> other\n"),
        "environment.yml:3:1: the file has an unresolved merge conflict: found `<<<<<<<`\n\
         \x20 3 | <<<<<<< HEAD\n\
         \x20   | ^^^^^^^\n\
         \x20 decide which lines stay, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
    );
}

#[test]
fn a_template() {
    assert_eq!(
        message("dependencies:\n  - {{ pin }}\n"),
        "environment.yml:2:5: found the template tag `{{ pin }}`, but larder reads plain YAML\n\
         \x20 2 |   - {{ pin }}\n\
         \x20   |     ^^^^^^^^^\n\
         \x20 render the template first (cookiecutter, jinja2, conda devenv), then give larder the result"
    );
    assert!(message("{% if x %}\ndependencies: [a]\n").contains("`{% if x %}`"));
    assert!(message("name: {{ name }}-x\ndependencies: [a]\n").contains("`{{ name }}`"));
}

#[test]
fn no_yaml_at_all() {
    assert_eq!(
        message("Traceback (most recent call last):\n  File \"x.py\"\n"),
        "environment.yml:1:1: `dependencies` is missing\n\
         \x20 1 | Traceback (most recent call last):\n\
         \x20   | ^\n\
         \x20 expected `dependencies:` with a list of packages, or `dependencies: []`"
    );
    assert_eq!(
        message("numpy pandas\n"),
        "environment.yml:1:1: the file holds a text where an environment was expected\n\
         \x20 1 | numpy pandas\n\
         \x20   | ^^^^^^^^^^^^\n\
         \x20 expected keys like `channels:` and `dependencies:`"
    );
    assert_eq!(
        message("- numpy\n- pandas\n"),
        "environment.yml:1:1: the file holds a list where an environment was expected\n\
         \x20 1 | - numpy\n\
         \x20   | ^\n\
         \x20 put the list under `dependencies:`"
    );
}

#[test]
fn an_empty_file() {
    assert_eq!(
        message(""),
        "environment.yml:1:1: the file is empty\n\
         \x20 expected at least `dependencies:` with a list of packages"
    );
    assert!(message("---\n").contains("the file is empty"));
    assert!(message("# only this\n").contains("the file is empty"));
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(
        bytes_message(b"name: a\ndependencies:\n  - b\xE4r\n"),
        "environment.yml:3:6: the file is not text: found the byte 0xe4, which is not UTF-8\n\
         \x20 expected UTF-8, or UTF-16 with a byte order mark; is this the file that you meant?"
    );
    assert!(bytes_message(b"PK\x03\x04\0\0").contains("a zero byte"));
    assert!(bytes_message(b"\xFF\xFEa").contains("half a UTF-16 character"));
    assert!(bytes_message(b"\xFF\xFE\x00\xD8a\x00").contains("half a UTF-16 character"));
}

#[test]
fn specs_say_what_to_write() {
    let table = [
        (
            "foo @mkl",
            "use a build string or a variant package, like `foo * *mkl*`",
        ),
        ("foo(optional=True)", "write `foo`, without parentheses"),
        (
            "foo >=1.2 <2",
            "join the parts of a version by commas: `name >=1.2,<2`",
        ),
        (
            "foo 1.*.2",
            "a `*` inside a version cannot be solved: write a range like `>=1.2,<1.3`",
        ),
        ("foo*", "name the package"),
        (
            "foo[version=1][build=0]",
            "put all keys into one pair of brackets at the end: `name[version='>=1', build=py_0]`",
        ),
    ];
    for (text, expected) in table {
        let message = message(&format!("dependencies:\n  - '{text}'\n"));
        assert_eq!(
            message.lines().last().map(str::trim),
            Some(expected),
            "{message}"
        );
    }
}

#[test]
fn an_item_that_goes_on() {
    assert_eq!(
        message("dependencies:\n  - pip\n    - six\n"),
        "environment.yml:2:5: `pip - six` is not a package spec: unable to parse version spec: - six\n\
         \x20 2 |   - pip\n\
         \x20   |     ^^^\n\
         \x20 the item goes on to line 3: is a `-` there indented too far?"
    );
}

#[test]
fn the_command_line() {
    let error =
        Manifest::from_specs(&["numpy".to_owned(), "foo @x".to_owned()]).expect_err("error");
    assert_eq!(
        error.to_string(),
        "<command line>:2:1: `foo @x` is not a package spec: `@x` asks for a feature, which conda channels no longer have\n\
         \x20 2 | foo @x\n\
         \x20   | ^^^^^^\n\
         \x20 use a build string or a variant package, like `foo * *x*`"
    );
}

#[test]
fn other_mistakes_of_yaml() {
    let table = [
        (
            "dependencies: [a]\n---\ndependencies: [b]\n",
            "manifest::documents",
        ),
        ("dependencies: [a\n", "manifest::syntax"),
        ("dependencies:\n  - a\n - b\n", "manifest::syntax"),
        ("dependencies: &a [*a]\n", "manifest::syntax"),
        (
            "dependencies: [a]\ndependencies: [b]\n",
            "manifest::duplicate-key",
        ),
        ("dependencies:\n- - a\n", "manifest::type"),
        ("dependencies: a\n", "manifest::type"),
        ("channels: c\ndependencies: []\n", "manifest::type"),
        ("name: [a]\ndependencies: []\n", "manifest::type"),
        ("variables: [A=b]\ndependencies: []\n", "manifest::type"),
        ("platforms: linux-64\ndependencies: []\n", "manifest::type"),
    ];
    for (text, code) in table {
        let error = Manifest::parse("e.yml", text.as_bytes(), &NoLookup).expect_err(text);
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn depth_and_long_comments_are_no_danger() {
    for open in ["[", "{a: ", "- ", "? "] {
        let text = format!("x: {}\n", open.repeat(5000));
        assert!(
            Manifest::parse("e.yml", text.as_bytes(), &NoLookup).is_err(),
            "{open}"
        );
    }
    let comments = "  # one more\n".repeat(1000);
    let text = format!("dependencies:\n  - a\n{comments}  - b\n{comments}");
    let manifest = Manifest::parse("e.yml", text.as_bytes(), &NoLookup).expect("read");
    assert_eq!(manifest.dependencies.len(), 2);
}

#[test]
fn a_bomb_of_aliases_is_defused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        let list = vec![before; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    assert!(message(&text).contains("more than 100000 values"));
}
