//! The recipes of the book's page on CI name inputs, parameters and templates that exist.

use serde_json::Value;

use super::yaml::{parse, repository, text, yaml};

const PAGE: &str = "book/src/ci.md";

/// The YAML blocks of the services that have a template or an action; those of Docker and others come after them.
fn recipes() -> Vec<Value> {
    let page = text(PAGE);
    let section = page.split("\n## Docker\n").next().unwrap();
    let blocks = section.split("```yaml\n").skip(1);
    blocks
        .map(|block| parse(block.split("```").next().unwrap()))
        .collect()
}

#[test]
fn the_three_recipes_use_the_action_and_the_templates_as_they_are() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 3, "GitHub, Azure, GitLab");
    let github = &recipes[0][0];
    assert!(
        github["uses"]
            .as_str()
            .unwrap()
            .starts_with("larder-dev/larder@")
    );
    let action = yaml("action.yml");
    for input in github["with"].as_object().unwrap().keys() {
        assert!(
            action["inputs"].get(input).is_some(),
            "the action has no input {input}"
        );
    }
    let azure = &recipes[1];
    let file = azure["steps"][0]["template"].as_str().unwrap();
    let file = file.split('@').next().unwrap();
    let template = yaml(file);
    let parameters = template["parameters"].as_array().unwrap();
    for given in azure["steps"][0]["parameters"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let is_there = parameters
            .iter()
            .any(|parameter| parameter["name"] == given.0[..]);
        assert!(is_there, "{file} has no parameter {}", given.0);
    }
    let gitlab = &recipes[2];
    let file = gitlab["include"][0]["file"].as_str().unwrap();
    assert!(repository(file.trim_start_matches('/')).is_file(), "{file}");
    let extends = gitlab["test"]["extends"].as_str().unwrap();
    assert!(
        yaml(file.trim_start_matches('/')).get(extends).is_some(),
        "{extends}"
    );
}

#[test]
fn every_template_is_named() {
    let page = text(PAGE);
    for entry in std::fs::read_dir(repository("ci/templates"))
        .unwrap()
        .flatten()
    {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        assert!(
            page.contains(&format!("ci/templates/{name}")),
            "{PAGE} says nothing of {name}"
        );
    }
}
