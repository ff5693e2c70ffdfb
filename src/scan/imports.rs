//! What the stacks of a run import from each other: those of one cloud assembly, and templates that are named together.
//! Templates that merely lie in one folder need not be deployed together, so nothing flows between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::extract::{Environment, Imported, exports_of};
use crate::source::{Company, FileId, Input, InputKind, SourceFile};

use super::ScanOptions;
use super::nested::Surroundings;
use super::read::parse_tree;

/// The values that the templates import, by name of the export, for each template.
pub(super) type Imports = BTreeMap<FileId, Arc<BTreeMap<String, Imported>>>;

/// A stack that may export something.
struct Stack<'a> {
    file: FileId,
    company: &'a Company,
    environment: Environment,
    exports: Vec<(String, Option<Imported>)>,
}

/// What each of the inputs imports from others. An export stands for an import only if no other stack beside it exports
/// that name, and both are deployed to the same account and region as far as these are told.
pub(super) fn imports(
    inputs: &[Input],
    files: &[SourceFile],
    around: &Surroundings,
    options: &ScanOptions,
) -> Imports {
    if !files.iter().any(|file| file.text.contains("ImportValue")) {
        return Imports::new();
    }
    let templates = inputs.iter().filter(|input| input.kind == InputKind::Template);
    let members: Vec<(FileId, &Company)> = templates
        .filter_map(|input| Some((input.file, &around.place(input.file)?.company)))
        .filter(|(_, company)| **company != Company::Walked)
        .collect();
    let names = names(&members, files, around);
    let stacks: Vec<Stack<'_>> = members
        .par_iter()
        .zip(&names)
        .filter_map(|((file, company), name)| {
            let read = || {
                parse_tree(files.get(file.0)?, *file, &options.limits)
                    .ok()
                    .map(Arc::new)
            };
            // That it cannot be read is told where it is extracted.
            let tree = around.tree(*file).or_else(read)?;
            let own = around.template_options(*file, options);
            Some(Stack {
                file: *file,
                company,
                exports: exports_of(&tree, *file, &own, name),
                environment: own.environment,
            })
        })
        .collect();
    let imports = stacks
        .iter()
        .map(|stack| (stack.file, Arc::new(imported(stack, &stacks))));
    imports.collect()
}

/// A name for each stack that no other one has.
fn names(members: &[(FileId, &Company)], files: &[SourceFile], around: &Surroundings) -> Vec<String> {
    let plain = |file: FileId| {
        let told = around.place(file).and_then(|place| place.facts.name.clone());
        let of_file = || files.get(file.0).map(|file| file.name.clone());
        told.or_else(of_file).unwrap_or_default()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let names = members.iter().map(|(file, _)| {
        let name = plain(*file);
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        match count {
            1 => name,
            count => format!("{name} ({count})"),
        }
    });
    names.collect()
}

fn imported(importer: &Stack<'_>, stacks: &[Stack<'_>]) -> BTreeMap<String, Imported> {
    let mut found: BTreeMap<&str, Option<&Imported>> = BTreeMap::new();
    for stack in stacks.iter().filter(|stack| stack.company == importer.company) {
        let (there, here) = (&stack.environment, &importer.environment);
        if differ(&there.account, &here.account) || differ(&there.region, &here.region) {
            continue;
        }
        for (name, value) in &stack.exports {
            let value = value.as_ref().filter(|_| there == here);
            // A second export of that name leaves both out.
            let known = found.entry(name);
            known.and_modify(|known| *known = None).or_insert(value);
        }
    }
    let told = found
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
    told.collect()
}

/// Whether two facts are told and are not the same.
fn differ(one: &Option<String>, other: &Option<String>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}
