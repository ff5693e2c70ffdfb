//! From paths to extractions: loads the inputs and reads each by its kind.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::check::standards::Ignore;
use crate::extract::{self, Extraction, extract_bare_policy, extract_plan, extract_state, extract_template};
use crate::report::{Remark, ScannedInput, Unchanged};
use crate::source::{
    FileId, Input, InputKind, Limits, LoadError, Loaded, Node, ParseError, SourceFile, TemplatePlace,
    TerraformSource, load, parse_json, parse_yaml,
};

use super::ScanOptions;
use super::before::Earlier;
use super::nested::Surroundings;
use super::scope::ignored;

/// Everything that was read, and what went wrong.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The files.
    pub(super) files: Vec<SourceFile>,
    /// The Terraform code, if given.
    pub(super) source: Option<TerraformSource>,
    /// The inputs that could be read, in order.
    pub(super) inputs: Vec<ScannedInput>,
    /// Remarks.
    pub(super) notes: Vec<Remark>,
    /// What could not be read.
    pub(super) errors: Vec<String>,
    /// Inputs that were lost to a defect of keyaki.
    pub(super) internal: Vec<String>,
    /// Uses that are not possible.
    pub(super) usage: Vec<String>,
    /// Where the templates are.
    pub(super) places: BTreeMap<FileId, TemplatePlace>,
}

/// Why an input could not be read.
#[derive(Debug)]
pub(super) enum Lost {
    /// It is not what it seems; the message names the file.
    Unreadable(String),
    /// A defect of keyaki.
    Defect(String),
}

/// Loads inputs and Terraform code.
pub(super) fn open(options: &ScanOptions) -> (Gathered, Vec<Input>) {
    let mut gathered = Gathered::default();
    let Loaded {
        files,
        inputs,
        errors,
        notes,
        places,
    } = load(&options.inputs, &options.limits);
    gathered.files = files;
    gathered.places = places;
    gathered
        .notes
        .extend(notes.into_iter().map(|message| remark("input", "", message)));
    if inputs.is_empty() && errors.is_empty() {
        gathered
            .errors
            .push("none of the inputs is a plan, a template or a policy (no-input)".to_string());
    }
    for error in &errors {
        gathered.refuse(error);
    }
    if let Some(directory) = &options.source {
        match TerraformSource::open(directory, &options.limits, &mut gathered.files) {
            Ok((source, notes)) => {
                gathered.source = Some(source);
                gathered
                    .notes
                    .extend(notes.into_iter().map(|message| remark("source", "", message)));
            }
            Err(error) => gathered.refuse(&error),
        }
    }
    (gathered, inputs)
}

impl Gathered {
    pub(super) fn refuse(&mut self, error: &LoadError) {
        if error.usage {
            self.usage.push(error.to_string());
        } else {
            // What is wrong at a line and column is wrong with the text.
            let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<usize>().is_ok());
            let mut parts = error.file.rsplit(':');
            let placed = number(parts.next()) && number(parts.next());
            let id = if placed {
                "broken-input"
            } else {
                "unreadable-input"
            };
            self.errors.push(with_id(id, error.to_string()));
        }
    }

    /// Takes what came of an input.
    pub(super) fn take(&mut self, input: Input, result: Result<Extraction, Lost>) {
        let name = self.name(input.file);
        match result {
            Ok(mut extraction) => {
                extraction
                    .policies
                    .iter_mut()
                    .filter(|policy| policy.sensitive)
                    .for_each(hide);
                self.notes.extend(remarks(&name, &extraction));
                self.inputs.push(ScannedInput {
                    name,
                    kind: input.kind,
                    extraction,
                    ignored: 0,
                    unchanged: Unchanged::default(),
                });
            }
            Err(Lost::Unreadable(message)) => self.errors.push(with_id("broken-input", message)),
            Err(Lost::Defect(message)) => self.internal.push(message),
        }
    }

    fn name(&self, FileId(position): FileId) -> String {
        self.files
            .get(position)
            .map(|file| file.name.clone())
            .unwrap_or_default()
    }

    /// Leaves out what the `ignore` entries name.
    pub(super) fn leave_out(&mut self, entries: &[Ignore]) {
        let mut used = vec![false; entries.len()];
        let notes = &mut self.notes;
        for ScannedInput {
            extraction,
            ignored: count,
            ..
        } in &mut self.inputs
        {
            let mut keep = |origin: &extract::Origin, counts: usize| match ignored(entries, origin) {
                None => true,
                Some((position, entry)) => {
                    if let Some(used) = used.get_mut(position) {
                        *used = true;
                    }
                    *count += counts;
                    notes.push(remark(
                        "ignored",
                        &origin.address,
                        format!("ignored: {}", entry.reason),
                    ));
                    false
                }
            };
            extraction.policies.retain(|policy| keep(&policy.origin, 1));
            extraction.gaps.retain(|gap| keep(&gap.origin, 1));
            extraction.changes.retain(|change| keep(&change.origin, 0));
            extraction
                .principals
                .retain(|principal| keep(&principal.origin, 0));
        }
        for (entry, _) in entries.iter().zip(&used).filter(|(_, used)| !**used) {
            let named = [entry.resource_type.as_deref(), entry.address.as_deref()];
            let named: Vec<&str> = named.into_iter().flatten().collect();
            notes.push(remark(
                "unused-ignore",
                "",
                format!("an `ignore` entry matches nothing: {}", named.join(" ")),
            ));
        }
    }
}

/// Reads one input, compared with what was before if that is given. A panic is caught: it loses this input and no other.
pub(super) fn extract_input<'f>(
    input: Input,
    earlier: Option<&Earlier<'f>>,
    files: &'f [SourceFile],
    (source, around): (Option<&'f TerraformSource>, &Surroundings),
    options: &ScanOptions,
) -> Result<Extraction, Lost> {
    let FileId(position) = input.file;
    let Some(file) = files.get(position) else {
        return Err(Lost::Defect("an input has no file".to_string()));
    };
    let named = |message: &dyn std::fmt::Display| Lost::Unreadable(format!("{}: {message}", file.name));
    let placed = |error: &ParseError| Lost::Unreadable(format!("{}:{error}", file.name));
    let in_text = |message: String| Lost::Unreadable(in_file(&file.name, &message));
    let extra = &options.standards.policy_attributes;
    let alone = || match input.kind {
        InputKind::TerraformPlan => {
            extract_plan(&file.text, input.file, extra, source, &in_parallel).map_err(in_text)
        }
        InputKind::TerraformState => {
            extract_state(&file.text, input.file, extra, None, &in_parallel).map_err(in_text)
        }
        InputKind::Template => {
            let tree = parse_tree(file, input.file, &options.limits).map_err(|error| placed(&error))?;
            let options = around.template_options(input.file, options);
            extract_template(&tree, input.file, &options).map_err(|message| named(&message))
        }
        InputKind::Policy => {
            let tree = parse_tree(file, input.file, &options.limits).map_err(|error| placed(&error))?;
            Ok(extract_bare_policy(&tree, input.file))
        }
    };
    let read = || match earlier {
        Some(earlier) => earlier
            .extract(input, file, (source, around), options)
            .map_err(in_text),
        None => alone(),
    };
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(Lost::Defect(format!("{}: reading the input panicked", file.name))))
}

/// Runs tasks on all threads of the run.
pub(super) fn in_parallel(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    (0..tasks).into_par_iter().for_each(task);
}

/// A message with the id under which `keyaki explain` says more.
pub(super) fn with_id(id: &'static str, message: String) -> String {
    format!("{message} ({id})")
}

/// A message with the name of its file; it begins with line and column where they are known.
pub(super) fn in_file(name: &str, message: &str) -> String {
    if message.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{name}:{message}")
    } else {
        format!("{name}: {message}")
    }
}

/// JSON where the text is an object or list in JSON, else YAML. A text that begins like JSON and is named as YAML gets a
/// second chance: flow mappings begin alike.
pub(super) fn parse_tree(file: &SourceFile, id: FileId, limits: &Limits) -> Result<Node, ParseError> {
    if !file.text.trim_start().starts_with(['{', '[']) {
        return parse_yaml(&file.text, id, limits);
    }
    let extension = file
        .name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase();
    match parse_json(&file.text, id, limits) {
        Err(_) if extension == "yaml" || extension == "yml" => parse_yaml(&file.text, id, limits),
        result => result,
    }
}

/// Takes what messages quote of a policy out of them, if its values must not be shown.
fn hide(policy: &mut extract::Policy) {
    if let Err(invalid) = &mut policy.document {
        invalid.message = unquoted(&invalid.message);
    }
    if let extract::Before::Unreadable(message) = &mut policy.before {
        *message = unquoted(message);
    }
    for note in &mut policy.notes {
        note.message = unquoted(&note.message);
    }
}

/// A message whose quotations are left out, but for the words of the policy language.
pub(super) fn unquoted(message: &str) -> String {
    const WORDS: [&str; 14] = [
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Allow",
        "Deny",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let parts = message.split('`').enumerate().map(|(at, part)| match at % 2 {
        1 if !WORDS.contains(&part) => "(sensitive)",
        _ => part,
    });
    parts.collect::<Vec<_>>().join("`")
}

/// The remarks of an extraction on its input.
fn remarks(name: &str, extraction: &Extraction) -> Vec<Remark> {
    let remarks = extraction.notes.iter().map(|note| {
        let address = if note.address.is_empty() {
            name
        } else {
            &note.address
        };
        remark(note.id, address, note.message.clone())
    });
    remarks.collect()
}

pub(super) fn remark(id: &str, address: &str, message: String) -> Remark {
    Remark {
        id: id.to_string(),
        address: address.to_string(),
        message,
        about: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Gap, GapReason, Origin};
    use crate::source::{Place, Span};

    fn gap(address: &str, resource_type: &str) -> Gap {
        let place = Place {
            file: FileId(0),
            span: Span { start: 0, end: 0 },
        };
        let (address, resource_type) = (address.to_string(), resource_type.to_string());
        let origin = Origin {
            address,
            resource_type,
            place,
            statements: vec![],
            block: None,
            rebuilt: None,
        };
        Gap {
            origin,
            reason: GapReason::Unsupported("x".to_string()),
            kind: None,
        }
    }

    #[test]
    fn quotations_are_left_out() {
        for (message, expected) in [
            (
                "statement 0: `secret` is not an element",
                "statement 0: `(sensitive)` is not an element",
            ),
            (
                "`Effect` must be `Allow` or `Deny`",
                "`Effect` must be `Allow` or `Deny`",
            ),
            ("a `b", "a `(sensitive)"),
        ] {
            assert_eq!(unquoted(message), expected);
        }
    }

    #[test]
    fn what_is_left_out_is_counted_and_told() {
        let gaps = vec![
            gap("aws_ses_identity_policy.a", "aws_ses_identity_policy"),
            gap("corp.b", "corp"),
        ];
        let extraction = Extraction {
            gaps,
            ..Extraction::default()
        };
        let input = ScannedInput {
            name: "p".to_string(),
            kind: InputKind::TerraformPlan,
            extraction,
            ignored: 0,
            unchanged: Unchanged::default(),
        };
        let mut gathered = Gathered {
            inputs: vec![input],
            ..Gathered::default()
        };
        let entry = |resource_type: &str| Ignore {
            resource_type: Some(resource_type.to_string()),
            address: None,
            reason: "reviewed by hand".to_string(),
        };
        gathered.leave_out(&[entry("aws_ses_*"), entry("aws_sqs_*")]);
        let [input] = gathered.inputs.as_slice() else {
            panic!("one input")
        };
        assert_eq!((input.ignored, input.extraction.gaps.len()), (1, 1));
        let notes: Vec<(&str, &str)> = gathered
            .notes
            .iter()
            .map(|note| (note.id.as_str(), note.message.as_str()))
            .collect();
        assert_eq!(
            notes,
            [
                ("ignored", "ignored: reviewed by hand"),
                ("unused-ignore", "an `ignore` entry matches nothing: aws_sqs_*"),
            ]
        );
    }
}
