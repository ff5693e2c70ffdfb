//! The pipeline: load, extract, check, report. The only file that names rayon. Nothing here fails: what goes wrong is in
//! the report, and a panic loses one input or one answer, never the rest.

mod before;
mod changed;
mod decide;
mod denied;
mod diff;
mod guarded;
mod imports;
mod nested;
mod noted;
mod once;
mod principals;
mod read;
mod same;
mod scope;
mod suggested;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use rayon::prelude::*;

use crate::catalog;
use crate::check::lint::Linted;
use crate::check::standards::StandardsFile;
use crate::check::{self, Verdict};
use crate::extract::{Environment, Extraction};
use crate::report::{ExtractReport, Report, Run};
use crate::source::{Input, InputKind, Limits};

use before::Earlier;
use decide::{answer, grouped, misuse, outcomes, prepared, questions};
use imports::imports;
use noted::{linted, mere_notes, noted};
use principals::{answers, firsts, principal_outcomes, principal_questions};
use read::{Gathered, Lost, extract_input, in_parallel, open, remark, with_id};
use suggested::{at_first, suggest};

pub use diff::diff;

/// Stack of a worker: engines recurse over formulas.
const STACK: usize = 256 << 20;

/// What is scanned, and how.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// The inputs: files, directories, `-`.
    pub inputs: Vec<PathBuf>,
    /// The standards.
    pub standards: StandardsFile,
    /// Where the Terraform code of the plans is.
    pub source: Option<PathBuf>,
    /// How many threads; as many as there are processors when not given.
    pub jobs: Option<usize>,
    /// How questions are decided.
    pub engine: check::Options,
    /// For how many violations a change is looked for, the most severe first, where changes are asked for; for all when
    /// not given.
    pub changes: Option<usize>,
    /// The deployed version of the input.
    pub before: Option<PathBuf>,
    /// Whether only what changes is checked.
    pub changed_only: bool,
    /// CloudFormation parameters.
    pub parameters: BTreeMap<String, String>,
    /// Whether parameters that are not given take their defaults.
    pub assume_defaults: bool,
    /// Values of exports of other stacks, by name.
    pub exports: BTreeMap<String, String>,
    /// Account, region and partition where the input does not tell.
    pub environment: Environment,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Whether progress is shown.
    pub progress: Progress,
}

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// Not.
    #[default]
    Off,
    /// On standard error, if that is a terminal.
    Stderr,
}

/// Checks the inputs against the standards.
pub fn scan(options: &ScanOptions) -> Report {
    in_pool(options, || {
        // Lint asks for names sooner or later.
        let (mut gathered, ()) = rayon::join(|| gather(options), catalog::unpack);
        gathered.leave_out(&options.standards.ignore);
        let notes = options
            .standards
            .warnings
            .iter()
            .map(|warning| remark("standards", "", warning.clone()));
        gathered.notes.splice(0..0, notes);
        check_all(options, &gathered)
    })
    .unwrap_or_else(|message| Report {
        internal: vec![message],
        ..Report::default()
    })
}

/// Extracts the policies of the inputs, and checks nothing.
pub fn extract(options: &ScanOptions) -> ExtractReport {
    in_pool(options, || {
        ExtractReport::new(&run(
            &gather(options),
            &options.standards,
            &current_directory(),
            &[],
            0,
        ))
    })
    .unwrap_or_else(ExtractReport::defect)
}

/// Runs in threads of our own, with a stack of our own size. A panic outside of inputs and answers ends the run.
fn in_pool<T: Send>(options: &ScanOptions, work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let mut builder = rayon::ThreadPoolBuilder::new().stack_size(STACK);
    if let Some(jobs) = options.jobs {
        builder = builder.num_threads(jobs.max(1));
    }
    let pool = builder
        .build()
        .map_err(|error| format!("threads cannot be started: {error}"))?;
    pool.install(|| catch_unwind(AssertUnwindSafe(work)))
        .map_err(|_| "the scan panicked".to_string())
}

/// Loads and extracts. Nothing is extracted when the use itself is wrong.
fn gather(options: &ScanOptions) -> Gathered {
    let (mut gathered, inputs) = open(options);
    let before = before::open(options, &inputs, &mut gathered);
    if !gathered.usage.is_empty() || before.is_none() && options.before.is_some() {
        return gathered;
    }
    let places = std::mem::take(&mut gathered.places);
    let templates: Vec<Input> = inputs.iter().copied().chain(before).collect();
    let around = nested::follow(&templates, places, &mut gathered.files, &options.limits);
    let imports = imports(&inputs, &gathered.files, &around, options);
    let around = around.importing(imports);
    if options.assume_defaults && inputs.iter().any(|input| input.kind == InputKind::Template) {
        let message = "parameters that are not given take their defaults (`--assume-defaults`): what passes, passes for \
                       those values";
        gathered
            .notes
            .push(read::remark("defaults-assumed", "", message.to_owned()));
    }
    let (files, source) = (&gathered.files, gathered.source.as_ref());
    let earlier = before.map(|before| Earlier::read(before, files, &around, options));
    let earlier = match earlier.transpose() {
        Ok(earlier) => earlier,
        Err(message) => {
            gathered.errors.push(with_id("unreadable-before", message));
            return gathered;
        }
    };
    let mut results: Vec<(Input, Result<Extraction, Lost>)> = inputs
        .into_par_iter()
        .map(|input| {
            (
                input,
                extract_input(input, earlier.as_ref(), files, (source, &around), options),
            )
        })
        .collect();
    drop(earlier);
    let told_within = once::once(&mut results, files, &around);
    gathered.notes.extend(told_within);
    for (input, result) in results {
        gathered.take(input, result);
    }
    if options.changed_only {
        let remarks: Vec<_> = gathered
            .inputs
            .iter_mut()
            .filter_map(changed::leave_out)
            .collect();
        gathered.notes.extend(remarks);
    }
    gathered
}

fn check_all(options: &ScanOptions, gathered: &Gathered) -> Report {
    let standards = &options.standards.standards;
    let root = current_directory();
    let questions = questions(
        &gathered.inputs,
        standards,
        options.environment.account.as_deref(),
    );
    let account = options.environment.account.as_deref();
    let of_principals = principal_questions(&gathered.inputs, standards, account);
    let misuse = misuse(&questions, &of_principals, &gathered.inputs, standards);
    if !misuse.is_empty() || !gathered.usage.is_empty() {
        let usage = gathered.usage.iter().cloned().chain(misuse).collect();
        return Report {
            usage,
            ..Report::default()
        };
    }
    let keys: Vec<u64> = questions.par_iter().map(|question| question.key()).collect();
    let (groups, of_question) = grouped(&questions, &keys);
    let firsts = firsts(&of_principals);
    let distinct_principals: BTreeSet<usize> = firsts.iter().copied().collect();
    let bar = bar(options.progress, groups.len() + distinct_principals.len());
    let engine = at_first(options);
    let (mut answered, lint): (Vec<BTreeMap<usize, Verdict>>, Vec<Option<Linted>>) = groups
        .par_iter()
        .map(|group| {
            let prepared = questions.get(group.first).and_then(prepared);
            let noted = linted(prepared.as_ref());
            let answer = |position: &usize| {
                let standard = standards.get(*position).filter(|standard| !is_lint(standard))?;
                Some((*position, answer(prepared.as_ref(), standard, &engine)))
            };
            let verdicts = group.standards.par_iter().filter_map(answer).collect();
            bar.inc(1);
            (verdicts, noted)
        })
        .unzip();
    let of_distinct: BTreeMap<usize, BTreeMap<usize, Verdict>> = distinct_principals
        .par_iter()
        .filter_map(|at| {
            let answered = answers(of_principals.get(*at)?, standards, &options.engine);
            bar.inc(1);
            Some((*at, answered))
        })
        .collect();
    let cut = suggest(&mut answered, &groups, &questions, options);
    bar.finish_and_clear();
    let groups_by_policy: BTreeMap<(usize, usize), usize> = questions
        .iter()
        .zip(&of_question)
        .map(|(question, group)| ((question.input, question.position), *group))
        .collect();
    let noted = noted(&gathered.inputs, |policy| {
        lint.get(*groups_by_policy.get(&policy)?)?.as_ref()
    });
    let by_policy = groups_by_policy
        .into_iter()
        .filter_map(|(policy, group)| Some((policy, answered.get(group)?)))
        .collect();
    let distinct = groups.iter().filter(|group| !group.standards.is_empty()).count();
    let of_principals = principal_outcomes(&of_principals, &firsts, &of_distinct);
    let outcomes = outcomes(&gathered.inputs, standards, &by_policy, &noted, of_principals);
    let mere = mere_notes(&gathered.inputs, &noted, standards, &outcomes);
    // The outcomes have what they need: of a large input this is much.
    drop((by_policy, noted));
    drop((answered, of_distinct, lint));
    let notes: Vec<_> = gathered.notes.iter().cloned().chain(cut).collect();
    let run = Run {
        noted: &mere,
        notes: &notes,
        ..run(gathered, &options.standards, &root, &outcomes, distinct)
    };
    Report::new(&run, &in_parallel)
}

/// Whether a standard asks for notes, which are there already.
fn is_lint(standard: &check::Standard) -> bool {
    matches!(standard.check, check::Check::Lint { .. })
}

fn run<'a>(
    gathered: &'a Gathered,
    standards: &'a StandardsFile,
    root: &'a Path,
    outcomes: &'a [crate::report::Outcome],
    distinct: usize,
) -> Run<'a> {
    Run {
        standards,
        files: &gathered.files,
        source: gathered.source.as_ref(),
        root,
        inputs: &gathered.inputs,
        outcomes,
        notes: &gathered.notes,
        noted: &[],
        errors: &gathered.errors,
        internal: &gathered.internal,
        usage: &gathered.usage,
        distinct,
    }
}

/// The directory that URIs are relative to. Where it cannot be told, absolute paths lose their root.
fn current_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

fn bar(progress: Progress, length: usize) -> ProgressBar {
    match progress {
        Progress::Off => ProgressBar::hidden(),
        // Draws nothing when standard error is no terminal.
        Progress::Stderr => ProgressBar::new(length as u64),
    }
}
