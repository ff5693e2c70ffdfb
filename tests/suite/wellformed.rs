//! Reading reports back as what they are, strictly: what is wrong with a text as a format.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::run::text;

/// What is wrong with a text as that format, if anything.
pub fn complain(format: &str, text: &str) -> Result<(), String> {
    let steers = |c: char| {
        matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}' | '\u{202a}'..='\u{202e}')
            || matches!(
                c,
                '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}'
            )
    };
    if text.contains(steers) {
        return Err("it has a character that steers a terminal".to_owned());
    }
    for line in text.lines() {
        let command = line.trim_start().starts_with("::");
        let own = format == "github" && own_command(line);
        if (command && !own) || line.contains("##[") || line.to_lowercase().contains("##vso[") {
            return Err(format!("a line is a log command: {line}"));
        }
    }
    match format {
        "table" | "full" => last_line_has_totals(text),
        "github" => last_line_has_totals(text),
        "json" => parsed(text).map(drop),
        "jsonl" => text.lines().try_for_each(|line| parsed(line).map(drop)),
        "sarif" => sarif(&parsed(text)?),
        "gitlab" => gitlab(&parsed(text)?),
        "junit" => xml(text),
        "markdown" => markdown(text),
        _ => Err("an unknown format".to_owned()),
    }
}

/// A text as JSON.
pub fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Whether the totals come last.
pub fn last_line_has_totals(text: &str) -> Result<(), String> {
    let last = text.lines().last().unwrap_or_default();
    match last.starts_with("policies: ") && last.contains(" · results: ") {
        true => Ok(()),
        false => Err(format!("the last line is {last:?}")),
    }
}

/// `::error file=…,line=…,title=…::message`, and nothing else of that kind.
fn own_command(line: &str) -> bool {
    let level = ["::error ", "::warning ", "::notice "];
    let Some(rest) = level.iter().find_map(|level| line.strip_prefix(level)) else {
        return false;
    };
    let Some((properties, _)) = rest.split_once("::") else {
        return false;
    };
    properties.split(',').all(|property| {
        property.split_once('=').is_some_and(|(name, value)| {
            ["file", "line", "endLine", "col", "endColumn", "title"].contains(&name) && !value.contains(':')
        })
    })
}

/// What code scanning requires, and that numbers in messages have a place.
fn sarif(log: &Value) -> Result<(), String> {
    let run = &log["runs"][0];
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .ok_or("no rules")?
        .iter()
        .map(|rule| text(rule, "id"))
        .collect();
    for result in run["results"].as_array().ok_or("no results")? {
        let index = result["ruleIndex"].as_u64().ok_or("no rule index")? as usize;
        if rules.get(index) != Some(&text(result, "ruleId")) {
            return Err(format!("the rule of {result}"));
        }
        let related = result["relatedLocations"].as_array().into_iter().flatten();
        let steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|step| &step["location"]);
        let places = result["locations"].as_array().ok_or("no location")?;
        for location in places.iter().chain(related.clone()).chain(steps) {
            let physical = &location["physicalLocation"];
            let uri = text(&physical["artifactLocation"], "uri");
            let encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
            if uri.is_empty() || uri.starts_with('/') || !uri.bytes().all(encoded) {
                return Err(format!("the URI {uri}"));
            }
            for number in ["startLine", "startColumn", "endLine", "endColumn"] {
                if physical["region"][number].as_u64().unwrap_or(0) == 0 {
                    return Err(format!("the region of {location}"));
                }
            }
        }
        let ids: Vec<u64> = related.filter_map(|location| location["id"].as_u64()).collect();
        if ids != (1..=ids.len() as u64).collect::<Vec<_>>() {
            return Err(format!("the numbers {ids:?}"));
        }
        let message = text(&result["message"], "text");
        if message.is_empty() || message.replace("\\](", "").matches("](").count() != ids.len() {
            return Err(format!("the message {message}"));
        }
    }
    Ok(())
}

fn gitlab(issues: &Value) -> Result<(), String> {
    let mut fingerprints = BTreeSet::new();
    for issue in issues.as_array().ok_or("no list")? {
        for name in ["description", "check_name", "fingerprint", "severity"] {
            if text(issue, name).is_empty() {
                return Err(format!("no {name} in {issue}"));
            }
        }
        if !fingerprints.insert(text(issue, "fingerprint")) {
            return Err(format!("the fingerprint of {issue} is not its own"));
        }
        let severities = ["info", "minor", "major", "critical", "blocker"];
        let line = issue["location"]["lines"]["begin"].as_u64();
        if !severities.contains(&text(issue, "severity")) || line.is_none_or(|line| line == 0) {
            return Err(issue.to_string());
        }
        text(&issue["location"], "path");
    }
    Ok(())
}

/// Whether the text is well-formed XML of elements, attributes and text, with no other entities than the five.
fn xml(text: &str) -> Result<(), String> {
    let (declaration, mut rest) = text.split_once("?>\n").ok_or("no declaration")?;
    if declaration != "<?xml version=\"1.0\" encoding=\"UTF-8\"" {
        return Err(declaration.to_owned());
    }
    let mut open: Vec<&str> = Vec::new();
    while let Some((between, tag)) = rest.split_once('<') {
        character_data(between)?;
        let (tag, after) = tag.split_once('>').ok_or("a tag without end")?;
        rest = after;
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(name) => return Err(format!("</{name}> closes nothing")),
            None => {
                let (inner, empty) = match tag.strip_suffix('/') {
                    Some(inner) => (inner, true),
                    None => (tag, false),
                };
                let name = attributes(inner)?;
                if !empty {
                    open.push(name);
                }
            }
        }
    }
    match open.is_empty() && rest.trim().is_empty() {
        true => Ok(()),
        false => Err(format!("not closed: {open:?}, {rest:?}")),
    }
}

/// The name of an element, when its attributes are well-formed.
fn attributes(tag: &str) -> Result<&str, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let named = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut seen = BTreeSet::new();
    while !rest.is_empty() {
        let (attribute, value) = rest.split_once("=\"").ok_or_else(|| rest.to_owned())?;
        let (value, after) = value.split_once('"').ok_or("a value without end")?;
        if !named(attribute.trim_start()) || !seen.insert(attribute.trim_start()) {
            return Err(format!("the attribute {attribute}"));
        }
        character_data(value)?;
        rest = after;
    }
    match named(name) {
        true => Ok(name),
        false => Err(format!("the element {name}")),
    }
}

fn character_data(text: &str) -> Result<(), String> {
    let entities = text.split('&').skip(1);
    for entity in entities {
        let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
        if !known.iter().any(|known| entity.starts_with(known)) {
            return Err(format!("the entity &{entity}"));
        }
    }
    match text.contains(['<', '>', '\u{fffe}', '\u{ffff}']) {
        true => Err(format!("the text {text}")),
        false => Ok(()),
    }
}

/// Whether all structure is ours: outside of fences and code there is no tag but ours, no mention, no link but to lines,
/// and each row of the table has its six cells.
fn markdown(text: &str) -> Result<(), String> {
    let mut fenced = false;
    let mut depth = 0_i32;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        if line.starts_with('|') && line.matches('|').count() != 7 {
            return Err(format!("the row {line}"));
        }
        let outside: String = line.split('`').step_by(2).collect();
        if line.matches('`').count() % 2 != 0 {
            return Err(format!("an open code span: {line}"));
        }
        depth += line.matches("<details>").count() as i32 - line.matches("</details>").count() as i32;
        let mut bare = outside.clone();
        for tag in [
            "<details>",
            "</details>",
            "<summary>",
            "</summary>",
            "<code>",
            "</code>",
        ] {
            bare = bare.replace(tag, "");
        }
        let mut words = String::new();
        let mut rest = bare.as_str();
        while let Some((before, after)) = rest.split_once("](") {
            let (target, after) = after.split_once(')').ok_or_else(|| line.to_owned())?;
            let (path, number) = target.rsplit_once("#L").ok_or_else(|| line.to_owned())?;
            if path.contains(':') || number.parse::<usize>().is_err() {
                return Err(format!("the link {target}"));
            }
            words.push_str(before);
            rest = after;
        }
        words.push_str(rest);
        if words.contains(['<', '>', '@', '\\', '*', '_', '~', '$']) {
            return Err(format!("markup that is not ours: {line}"));
        }
    }
    match (fenced, depth) {
        (false, 0) => Ok(()),
        _ => Err("a block is not closed".to_owned()),
    }
}
