//! The seeds of the fuzz targets (`fuzz/`), replayed without a fuzzer through the very same functions.

#[path = "../../fuzz/src/lib.rs"]
mod bodies;

use std::collections::BTreeSet;
use std::fs;

use crate::data::project;

#[test]
fn seeds_of_all_targets_hold() {
    let seeds = project().join("fuzz/seeds");
    for (target, body) in bodies::TARGETS {
        let mut files: Vec<_> = fs::read_dir(seeds.join(target))
            .unwrap_or_else(|error| panic!("{target} has no seeds: {error}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(files.len() >= 3, "{target} has {} seeds", files.len());
        for file in files {
            let data = fs::read(&file).unwrap();
            let outcome = std::panic::catch_unwind(|| body(&data));
            assert!(outcome.is_ok(), "{}", file.display());
        }
    }
}

#[test]
fn every_target_has_its_file_and_every_folder_its_target() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(project().join("fuzz").join(folder)).unwrap();
        entries
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    let targets: BTreeSet<String> = bodies::TARGETS
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("seeds"), targets);
    let manifest = fs::read_to_string(project().join("fuzz/Cargo.toml")).unwrap();
    for target in &targets {
        assert!(
            manifest.contains(&format!(
                "name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\""
            )),
            "{target}"
        );
    }
}
