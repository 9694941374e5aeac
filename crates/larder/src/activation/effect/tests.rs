use std::ffi::OsString;

use super::{CODE_PAGE, list_variables_in_cmd, read_variables};

#[test]
fn cmd_puts_the_code_page_back_and_ends_well_whatever_scripts_left_in_errorlevel() {
    let text = list_variables_in_cmd(b"\"C:\\t\\variables\"");
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    let place = |start: &str| {
        lines
            .iter()
            .position(|line| line.starts_with(start))
            .unwrap()
    };
    let restored = format!("@CHCP %{CODE_PAGE}%");
    let order = [
        place("@FOR"),
        place("@CHCP 65001"),
        place("@SET > \"C:\\t\\variables\""),
        place(&restored),
        place("@EXIT 0"),
    ];
    assert_eq!(order, [0, 1, 2, 3, 4], "{text}");
}

#[test]
fn what_larder_keeps_in_the_shell_is_no_change_of_the_environment() {
    let listed = format!("{CODE_PAGE}= 850\nX=1\n");
    let outside: [(OsString, OsString); 0] = [];
    let inside = read_variables(listed.as_bytes(), &outside.into_iter().collect());
    assert!(inside.get(CODE_PAGE).is_none());
    assert_eq!(inside.get("X").unwrap(), "1");
}

#[cfg(windows)]
#[test]
fn a_script_that_leaves_an_errorlevel_activates_and_one_that_ends_the_shell_does_not() {
    use super::{EffectError, Plan, Step, applied};

    let place = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for (name, script, is_active) in [
        ("left.bat", "@SET X=1\r\n@CMD /D /C EXIT 3\r\n", true),
        ("ended.bat", "@SET X=1\r\n@EXIT 3\r\n", false),
    ] {
        let path = place.path().join(name);
        std::fs::write(&path, script).unwrap();
        let plan = Plan {
            steps: vec![Step::Run(path)],
            ..Plan::default()
        };
        let outside = std::env::vars_os().collect();
        let result = runtime.block_on(applied(&plan, &outside));
        match result {
            Ok(inside) => assert!(is_active && inside.get("X").unwrap() == "1", "{name}"),
            Err(error) => assert!(
                !is_active && matches!(error, EffectError::Ended { .. }),
                "{error}"
            ),
        }
    }
}
