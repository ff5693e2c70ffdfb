//! Comparing two inputs: policies are matched by address, and each pair is asked both ways. A policy of one side only is
//! compared with nothing. Of folders and cloud assemblies, inputs of the same path are compared.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::check::{self, Check, Prepared, Reference, Regions, Standard, Subject, Verdict, prepare};
use crate::extract::{Before, Extraction, Hole, Policy, PolicyKind, extract_bare_policy_as};
use crate::iam::{HoleId, PolicyDocument, Version};
use crate::report::{DiffEntry, DiffReport, Difference, ScannedInput, Sides};
use crate::source::{FileId, InputKind, SourceFile, says_state};

use super::decide::answer;
use super::read::{Gathered, parse_tree, with_id};
use super::{ScanOptions, gather, in_pool};

/// Compares the new input with the old one. `options` says how both are read and decided; its inputs are left out.
/// `kind` is what bare policies are, where they are not to be told by their elements.
pub fn diff(old: PathBuf, new: PathBuf, kind: Option<PolicyKind>, options: &ScanOptions) -> DiffReport {
    let names = [&old, &new].map(|path| path.to_string_lossy().into_owned());
    let [old_name, new_name] = names;
    let report = DiffReport {
        old: old_name,
        new: new_name,
        ..DiffReport::default()
    };
    in_pool(options, || compared(report.clone(), [old, new], kind, options)).unwrap_or_else(|message| {
        DiffReport {
            internal: vec![message],
            ..report
        }
    })
}

fn compared(
    mut report: DiffReport,
    inputs: [PathBuf; 2],
    kind: Option<PolicyKind>,
    options: &ScanOptions,
) -> DiffReport {
    let sides = inputs.map(|input| {
        let name = input.to_string_lossy().into_owned();
        let mut gathered = gather(&ScanOptions {
            inputs: vec![input],
            before: None,
            changed_only: false,
            ..options.clone()
        });
        report.usage.append(&mut gathered.usage);
        for error in std::mem::take(&mut gathered.errors) {
            // A raw state is a use that is not possible, not a bad file.
            match error.strip_suffix(" (unreadable-input)") {
                Some(message) if says_state(message) => report.usage.push(message.to_owned()),
                _ => report.errors.push(error),
            }
        }
        report.internal.append(&mut gathered.internal);
        members(gathered, &name, kind, options)
    });
    let several = sides.iter().any(|side| side.len() > 1);
    if several {
        report.usage.extend(unpaired(&report, &sides));
    }
    if !report.usage.is_empty() || !report.errors.is_empty() || !report.internal.is_empty() {
        return report;
    }
    let [olds, news] = &sides;
    for policy in olds.iter().chain(news).flat_map(|side| &side.extraction.policies) {
        if let Err(invalid) = &policy.document {
            report.errors.push(with_id(
                "invalid-policy",
                format!("{}: {invalid}", policy.origin.address),
            ));
        }
    }
    let nothing = Extraction::default();
    for (name, old, new) in pairs(olds, news, several) {
        let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
        let addresses = addresses(old, new);
        let entries: Vec<Result<DiffEntry, String>> = addresses
            .par_iter()
            .filter_map(|address| entry(address, old, new, options))
            .collect();
        for entry in entries {
            match entry {
                Ok(entry) => report.entries.push(DiffEntry {
                    input: several.then(|| name.to_owned()),
                    ..entry
                }),
                Err(message) => report.internal.push(message),
            }
        }
    }
    report
}

/// One input of a side.
struct Member {
    /// The path within what was given: what tells it from others there.
    name: String,
    extraction: Extraction,
}

fn members(gathered: Gathered, given: &str, kind: Option<PolicyKind>, options: &ScanOptions) -> Vec<Member> {
    let Gathered { files, inputs, .. } = gathered;
    let folder = given.strip_prefix("./").unwrap_or(given).trim_end_matches('/');
    let members = inputs.into_iter().map(|input| {
        let within = input
            .name
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'));
        Member {
            name: within.unwrap_or(&input.name).to_owned(),
            extraction: extraction(input, &files, kind, options),
        }
    });
    members.collect()
}

/// The extractions to compare, by name: those of the new side in order, then those that are gone. Where each side has one,
/// these are compared whatever their names.
fn pairs<'m>(
    olds: &'m [Member],
    news: &'m [Member],
    several: bool,
) -> Vec<(&'m str, Option<&'m Extraction>, Option<&'m Extraction>)> {
    let named = |side: &'m [Member], name: &str| side.iter().find(|member| member.name == name || !several);
    let mut pairs = Vec::new();
    for new in news {
        let old = named(olds, &new.name).map(|old| &old.extraction);
        pairs.push((new.name.as_str(), old, Some(&new.extraction)));
    }
    for old in olds.iter().filter(|old| named(news, &old.name).is_none()) {
        pairs.push((old.name.as_str(), Some(&old.extraction), None));
    }
    pairs
}

/// Why inputs cannot be paired by name, if they cannot.
fn unpaired(report: &DiffReport, [olds, news]: &[Vec<Member>; 2]) -> Option<String> {
    let one_by_one = "compare the files one by one: `keyaki diff OLD-FILE NEW-FILE`";
    for (given, side) in [(&report.old, olds), (&report.new, news)] {
        let names: BTreeSet<&str> = side.iter().map(|member| member.name.as_str()).collect();
        if names.len() < side.len() {
            return Some(format!(
                "`{given}` holds several stacks of one file, which cannot be told apart: {one_by_one}"
            ));
        }
    }
    let is_shared = |old: &Member| news.iter().any(|new| new.name == old.name);
    (!olds.iter().any(is_shared)).then(|| {
        format!(
            "`{}` holds {} inputs and `{}` {}, and no two are named alike: give folders in which they have the same \
             paths, or {one_by_one}",
            report.old,
            olds.len(),
            report.new,
            news.len()
        )
    })
}

/// What was extracted of an input.
fn extraction(
    input: ScannedInput,
    files: &[SourceFile],
    kind: Option<PolicyKind>,
    options: &ScanOptions,
) -> Extraction {
    let place = input
        .extraction
        .policies
        .first()
        .map(|policy| policy.origin.place.file);
    match (input.kind, kind, place) {
        (InputKind::Policy, Some(_), Some(FileId(at))) => {
            let tree = files
                .get(at)
                .map(|file| parse_tree(file, FileId(at), &options.limits));
            match tree {
                Some(Ok(tree)) => extract_bare_policy_as(&tree, FileId(at), kind),
                Some(Err(_)) | None => input.extraction,
            }
        }
        _ => input.extraction,
    }
}

/// The addresses of both sides, in the order of the new one, then those that are gone.
fn addresses(old: &Extraction, new: &Extraction) -> Vec<String> {
    let of = |side: &Extraction| -> Vec<String> {
        let policies = side.policies.iter().map(|policy| policy.origin.address.clone());
        let gaps = side.gaps.iter().map(|gap| gap.origin.address.clone());
        policies.chain(gaps).collect()
    };
    let mut seen = BTreeSet::new();
    let mut all = of(new);
    all.extend(of(old));
    all.retain(|address| seen.insert(address.clone()));
    all
}

/// One address; nothing where a document is not valid, which is told elsewhere.
fn entry(
    address: &str,
    old: &Extraction,
    new: &Extraction,
    options: &ScanOptions,
) -> Option<Result<DiffEntry, String>> {
    let of = |side: &'_ Extraction| -> Vec<Policy> {
        let own = side
            .policies
            .iter()
            .filter(|policy| policy.origin.address == address);
        own.cloned().collect()
    };
    let (olds, news) = (of(old), of(new));
    let gap = old
        .gaps
        .iter()
        .chain(&new.gaps)
        .find(|gap| gap.origin.address == address);
    let there = |policies: &[Policy], side: &Extraction| {
        !policies.is_empty() || side.gaps.iter().any(|gap| gap.origin.address == address)
    };
    let sides = match (there(&olds, old), there(&news, new)) {
        (true, false) => Sides::Old,
        (false, true) => Sides::New,
        _ => Sides::Both,
    };
    let kind = news.first().or(olds.first()).map(|policy| policy.kind);
    let undecided = |why: String| {
        Some(Ok(DiffEntry {
            input: None,
            address: address.to_owned(),
            kind: kind.or_else(|| gap.and_then(|gap| gap.kind)),
            sides,
            more: Difference::Undecided(why.clone()),
            less: Difference::Undecided(why),
        }))
    };
    if let Some(gap) = gap {
        return undecided(crate::report::gap_reason(&gap.reason));
    }
    if olds.len() > 1 || news.len() > 1 {
        return undecided("the address stands for several policies on one side".to_owned());
    }
    let (old, new) = (olds.into_iter().next(), news.into_iter().next());
    if let (Some(old), Some(new)) = (&old, &new)
        && old.kind != new.kind
    {
        return undecided(format!(
            "it is {} policy on the old side and {} policy on the new one{}",
            with_article(old.kind),
            with_article(new.kind),
            if new.origin.resource_type.is_empty() {
                " (say which with `--kind`)"
            } else {
                ""
            },
        ));
    }
    if [&old, &new]
        .into_iter()
        .flatten()
        .any(|policy| policy.document.is_err())
    {
        return None;
    }
    let more = direction(new.as_ref(), old.as_ref(), " (old)", options);
    let less = direction(old.as_ref(), new.as_ref(), " (new)", options);
    Some(match (more, less) {
        (Ok(more), Ok(less)) => Ok(DiffEntry {
            input: None,
            address: address.to_owned(),
            kind,
            sides,
            more,
            less,
        }),
        (Err(message), _) | (_, Err(message)) => Err(format!("{address}: {message}")),
    })
}

fn with_article(kind: PolicyKind) -> String {
    match kind {
        PolicyKind::Identity | PolicyKind::Endpoint | PolicyKind::Scp | PolicyKind::Rcp => {
            format!("an {}", kind.word())
        }
        PolicyKind::Resource
        | PolicyKind::Trust
        | PolicyKind::Grant
        | PolicyKind::Boundary
        | PolicyKind::Session => format!("a {}", kind.word()),
    }
}

/// What one policy allows and the other does not. What is unknown in the other one is unknown on its own: a parameter
/// may be given two values.
fn direction(
    policy: Option<&Policy>,
    other: Option<&Policy>,
    suffix: &str,
    options: &ScanOptions,
) -> Result<Difference, String> {
    let Some(policy) = policy else {
        return Ok(Difference::Nothing);
    };
    let Ok(document) = &policy.document else {
        return Ok(Difference::Nothing);
    };
    let kind = policy.kind.document_kind();
    let same_value = |hole: &HoleId| {
        let stable = |holes: &[Hole]| holes.iter().any(|own| own.id == hole.value() && own.stable);
        hole.0.starts_with("AWS::") && stable(&policy.holes) && other.is_none_or(|other| stable(&other.holes))
    };
    let reference = match other.map(|other| &other.document) {
        Some(Ok(other)) => other.renaming_unknowns(kind, same_value, suffix),
        Some(Err(_)) | None => PolicyDocument {
            version: Version::V2012,
            statements: [].into(),
        },
    };
    let mut holes = policy.holes.clone();
    holes.extend(other.iter().flat_map(|other| &other.holes).map(|hole| Hole {
        id: HoleId::new(&format!("{}{suffix}", hole.id.0)),
        default: None,
        ..hole.clone()
    }));
    let subject = Subject {
        document,
        kind: policy.kind,
        resource_type: None,
        holes: &holes,
        before: &Before::NotTold,
        default_facts: &policy.default_facts,
        account: None,
        whole: None,
    };
    let check = Check::NoNewAccess {
        reference: Reference::Document(Arc::new(reference)),
    };
    Ok(match asked(&prepare(subject), check, options) {
        Verdict::Pass(_) => Difference::Nothing,
        Verdict::Fail(_) if policy.sensitive => Difference::Access {
            regions: Regions::default(),
            example: None,
        },
        Verdict::Fail(finding) => Difference::Access {
            regions: finding.regions.unwrap_or_default(),
            example: Some(Box::new(finding.counterexample)),
        },
        Verdict::Undecided(_) if policy.sensitive => Difference::Undecided("(sensitive)".to_owned()),
        Verdict::Undecided(undecided) => Difference::Undecided(undecided.message),
        Verdict::Error(invalid) => Difference::Undecided(invalid.message),
        Verdict::Internal(message) => return Err(message),
        Verdict::Noted(_) => return Err("lint was not asked for".to_owned()),
    })
}

/// The answer, with its regions; a panic is an internal error.
fn asked(prepared: &Prepared<'_>, check: Check, options: &ScanOptions) -> Verdict {
    let standard = Standard {
        id: "diff".to_owned(),
        description: String::new(),
        severity: check::Severity::Medium,
        check,
        on: check::Unit::Policy,
        scope: check::Scope::default(),
    };
    let options = check::Options {
        explain: check::Explain::Regions,
        ..options.engine
    };
    answer(Some(prepared), &standard, &options)
}
