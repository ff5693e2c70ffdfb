//! A template that a walk finds by itself and that another input nests is told once: as nested, with the parameters that
//! it is given there.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::Extraction;
use crate::report::Remark;
use crate::source::{Company, FileId, Input, SourceFile};

use super::nested::Surroundings;
use super::read::{Lost, remark};

type Read = (Input, Result<Extraction, Lost>);

/// Takes out what is told within others, and says so. Where templates hold each other in a circle, the first one stays.
pub(super) fn once(results: &mut Vec<Read>, files: &[SourceFile], around: &Surroundings) -> Vec<Remark> {
    let held: BTreeMap<FileId, &[FileId]> = results
        .iter()
        .filter_map(|(input, result)| Some((input.file, result.as_ref().ok()?.nested.as_slice())))
        .filter(|(_, nested)| !nested.is_empty())
        .collect();
    if held.is_empty() {
        return Vec::new();
    }
    let walked = |file: FileId| {
        around
            .place(file)
            .is_some_and(|place| place.company == Company::Walked)
    };
    let all_held: BTreeSet<FileId> = held.values().flat_map(|nested| nested.iter().copied()).collect();
    let is_outermost = |file: &FileId| !walked(*file) || !all_held.contains(file);
    let inputs = results.iter().map(|(input, _)| input.file);
    let (outermost, others): (Vec<FileId>, Vec<FileId>) = inputs.partition(is_outermost);
    // The files that are left out, each with one that stays and holds it, directly or not.
    let mut within: BTreeMap<FileId, FileId> = BTreeMap::new();
    let mut covered: BTreeMap<FileId, FileId> = BTreeMap::new();
    for file in outermost.into_iter().chain(others) {
        match covered.get(&file).filter(|_| walked(file)) {
            Some(holder) => {
                within.insert(file, *holder);
            }
            None => {
                for nested in held.get(&file).copied().unwrap_or_default() {
                    covered.entry(*nested).or_insert(file);
                }
            }
        }
    }
    drop(held);
    results.retain(|(input, _)| !within.contains_key(&input.file));
    let name = |FileId(at): FileId| files.get(at).map_or("", |file| file.name.as_str());
    let told = within.iter().map(|(file, holder)| {
        let message = format!(
            "`{}` is a nested stack of `{}` and is told there, with its parameters: name the file to check it by itself too",
            name(*file),
            name(*holder)
        );
        remark("input", "", message)
    });
    told.collect()
}
