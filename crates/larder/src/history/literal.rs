//! The lists of specs in a history: Python's lists of strings, and what conda wrote before 4.5.

/// The specs of a list; what is no text ends it.
pub(super) fn specs(text: &str) -> Vec<String> {
    let specs = match text.strip_prefix('[') {
        Some(rest) => strings(rest),
        None if text.contains('[') => Vec::new(),
        None => before_4_5(text),
    };
    // conda marks features so.
    let is_spec = |spec: &String| !spec.is_empty() && !spec.ends_with('@');
    specs.into_iter().filter(is_spec).collect()
}

/// String literals up to the end of a list.
fn strings(text: &str) -> Vec<String> {
    let mut characters = text.chars();
    let mut strings = Vec::new();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' => strings.push(string(&mut characters, character)),
            'u' | ',' | ' ' => {}
            _ => break,
        }
    }
    strings
}

fn string(characters: &mut std::str::Chars<'_>, quote: char) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next().map(|escaped| match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            })),
            character if character == quote => break,
            character => text.push(character),
        }
    }
    text
}

/// `python >=3.5.1,jupyter >=1,<2,matplotlib`: what begins with an operator goes on with the spec before it.
fn before_4_5(text: &str) -> Vec<String> {
    let mut specs: Vec<String> = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        match specs.last_mut() {
            Some(last) if part.starts_with(['=', '<', '>', '!', '~']) => {
                last.push(',');
                last.push_str(part);
            }
            _ => specs.push(part.to_owned()),
        }
    }
    specs
}
