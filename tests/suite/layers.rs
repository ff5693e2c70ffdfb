//! The layers of the code: what the table in `src/lib.rs` allows is all that modules name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::data::project;

#[test]
fn modules_name_only_the_layers_they_may() {
    let layers = layers();
    let mut offences = Vec::new();
    for (path, text) in sources() {
        let Some(layer) = layer_of(&path) else { continue };
        let allowed = layers
            .get(&layer)
            .unwrap_or_else(|| panic!("{layer} is not in the table of layers"));
        for named in named_modules(&text) {
            if layers.contains_key(&named) && named != layer && !allowed.contains(&named) {
                offences.push(format!("{}: {layer} names {named}", path.display()));
            }
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn every_module_is_a_layer() {
    let text = fs::read_to_string(project().join("src/lib.rs")).unwrap();
    let modules: BTreeSet<String> = code(&text)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    assert_eq!(modules, layers().into_keys().collect());
}

#[test]
fn crates_stay_in_their_places() {
    // What may be named, and by which files; tests beside the code too.
    let places: &[(&str, &[&str])] = &[
        ("rayon::", &["src/scan"]),
        ("std::thread", &["src/scan", "src/main"]),
        ("z3::", &["src/solve/z3"]),
        ("batsat::", &["src/solve/glob"]),
        ("std::net::Tcp", &["src/cli"]),
        ("std::process::Command", &[]),
    ];
    let forbidden: &[(&str, &[&str])] = &[
        (
            "src/iam",
            &[
                "std::fs",
                "std::io",
                "std::env",
                "std::time::SystemTime",
                "std::process",
                "println!",
            ],
        ),
        (
            "src/formula",
            &["std::fs", "std::io", "std::env", "std::process", "println!"],
        ),
        (
            "src/solve",
            &["std::fs", "std::io", "std::env", "std::time::", "std::process"],
        ),
        ("src/check", &["std::time::", "std::process", "println!"]),
    ];
    let mut offences = Vec::new();
    for (path, text) in sources() {
        let shown = path.display().to_string();
        if is_test(&path) {
            continue;
        }
        let text = without_tests(&text);
        for (name, places) in places {
            if names(&text, name) && !places.iter().any(|place| shown.starts_with(place)) {
                offences.push(format!("{shown} names {name}"));
            }
        }
        for (place, words) in forbidden {
            let named = words
                .iter()
                .filter(|word| shown.starts_with(place) && text.contains(**word));
            offences.extend(named.map(|word| format!("{shown} names {word}")));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

/// The table of layers in the documentation of the library: each layer, and those it may name.
fn layers() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(project().join("src/lib.rs")).unwrap();
    let section = text
        .split("# Layers")
        .nth(1)
        .expect("lib.rs has a section on layers");
    let table = section
        .split("```")
        .nth(1)
        .expect("the section on layers has a table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.strip_prefix("//!")?.split_whitespace().collect()))
        .filter(|words: &Vec<&str>| !words.is_empty())
        .collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    // The words after the name are layers as long as they name one above; then comes what the layer is for.
    let mut above = BTreeSet::new();
    let mut layers = BTreeMap::new();
    for row in &rows {
        let allowed = row[1..]
            .iter()
            .take_while(|word| above.contains(**word))
            .map(|word| (*word).to_owned());
        layers.insert(row[0].to_owned(), allowed.collect());
        above.insert(row[0]);
    }
    assert_eq!(layers.len(), names.len(), "a layer stands twice in the table");
    assert!(layers.len() >= 10, "the table of layers was not read: {layers:?}");
    layers
}

/// Every source file, by its path in the project.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![project().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(project()).unwrap().to_path_buf(), text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "no sources found");
    found
}

/// `iam` for `src/iam/keys.rs` and `scan` for `src/scan.rs`; none for `src/lib.rs` and `src/main.rs`.
fn layer_of(path: &Path) -> Option<String> {
    let first = path.components().nth(1)?.as_os_str().to_str()?;
    let layer = first.strip_suffix(".rs").unwrap_or(first);
    (layer != "lib" && layer != "main").then(|| layer.to_owned())
}

/// The modules named by `crate::module` or `crate::{module::…, …}`.
fn named_modules(text: &str) -> BTreeSet<String> {
    let text = code(text);
    let mut named = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => named.extend(leading_word(after)),
            Some(group) => {
                let mut depth = 0_usize;
                let mut entry = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => named.extend(leading_word(std::mem::take(&mut entry).trim())),
                        _ if depth == 0 => entry.push(c),
                        _ => {}
                    }
                }
                named.extend(leading_word(entry.trim()));
            }
        }
    }
    named
}

fn leading_word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

/// Whether the text names the crate or path at the start of a path: `z3::` but not `solve::z3::`.
fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':'))
    })
}

/// The text without comments.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The code before the tests at its end, without comments.
fn without_tests(text: &str) -> String {
    code(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(""))
}

/// Whether the file has nothing but tests.
fn is_test(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == "tests.rs" || name == "timing.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn names_are_read() {
    for (text, expected) in [
        ("use crate::iam::Glob;", vec!["iam"]),
        (
            "use crate::{iam::{Glob, Token}, formula::Formula};",
            vec!["formula", "iam"],
        ),
        ("// use crate::check::Check;", vec![]),
        ("fn f() { crate::check::check() }", vec!["check"]),
    ] {
        assert_eq!(
            named_modules(text).into_iter().collect::<Vec<_>>(),
            expected,
            "{text}"
        );
    }
    assert!(names("use z3::Config;", "z3::") && !names("use crate::solve::z3::Z3Solver;", "z3::"));
}
