//! The arguments as clap reads them. Options of the interface that are not there yet are read too, so that they can be
//! refused by name; they are hidden.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::check::standards::nearest;
use crate::check::{Engine, Severity};
use crate::extract::PolicyKind;
use crate::formula::Axioms;
use crate::report::Format;

use super::limits::Limit;
use super::parameters::Parameter;
use super::words::OneOf;

/// Proves what the IAM policies in a Terraform plan or CloudFormation template allow, before they are deployed
#[derive(Debug, Parser)]
#[command(name = "keyaki", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scan plans, templates and policies against standards
    Check(Box<CheckArgs>),
    /// Tell what a new input allows that an old one does not, and the reverse
    Diff(Box<DiffArgs>),
    /// Print the policies found, as JSON
    Extract(Box<ExtractArgs>),
    /// Answer questions: JSON Lines on standard input, JSON Lines on standard output
    Batch(BatchArgs),
    /// Say what a rule, a note, a check, a standard, a reason or an error means, and what to do
    Explain(ExplainArgs),
    /// Print what a shell reads to complete commands and options
    Completions(CompletionsArgs),
    /// Print a manual page: `keyaki man | man -l -`
    Man(ManArgs),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) scan: ScanArgs,
    #[command(flatten)]
    pub(super) engine: EngineArgs,
    /// What to print on standard output: table, full, json, jsonl, sarif, markdown, junit, gitlab or github
    #[arg(long, value_name = "F", default_value = "table", hide_possible_values = true, value_parser = OneOf { parse: format, words: FORMATS })]
    pub(super) format: Format,
    /// Also write a report to a file, whole or not at all; repeatable
    #[arg(long, value_name = "F=PATH", value_parser = output)]
    pub(super) output: Vec<Output>,
    /// The lowest severity that makes the exit status 1: low, medium, high or critical
    #[arg(long, value_name = "SEVERITY", default_value = "low", hide_possible_values = true, value_parser = OneOf { parse: severity, words: &["low", "medium", "high", "critical"] })]
    pub(super) fail_on: Severity,
    /// The deployed version of the input, for standards with `reference: before`: an earlier template, plan or state; a
    /// plan tells its own
    #[arg(long, value_name = "FILE")]
    pub(super) before: Option<PathBuf>,
    /// Check only what changes
    #[arg(long)]
    pub(super) changed_only: bool,
    /// Let what could not be decided pass
    #[arg(long)]
    pub(super) allow_undecided: bool,
    /// Fail when an input holds no policy
    #[arg(long)]
    pub(super) require_policies: bool,
    /// Add a change that mends each violating policy and is proved to; `full` has it for the 100 most severe
    #[arg(long)]
    pub(super) suggest: bool,
    /// Exit with status 0 whatever was found, but for unreadable inputs and internal errors
    #[arg(long)]
    pub(super) exit_zero: bool,
    #[command(flatten)]
    pub(super) not_yet: NotYetArgs,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The old policy, plan or template, or a folder of them, which are compared by their paths in it
    #[arg(value_name = "OLD")]
    pub(super) old: PathBuf,
    /// The new one
    #[arg(value_name = "NEW")]
    pub(super) new: PathBuf,
    /// What bare policies are: identity, resource, trust, boundary, session, scp, rcp or endpoint; default: told by their
    /// elements
    #[arg(long, value_name = "KIND", hide_possible_values = true, value_parser = OneOf { parse: kind, words: KINDS })]
    pub(super) kind: Option<PolicyKind>,
    /// What to print on standard output: table or json
    #[arg(long, value_name = "F", default_value = "table", hide_possible_values = true, value_parser = OneOf { parse: diff_format, words: &["table", "json"] })]
    pub(super) format: DiffFormat,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    #[command(flatten)]
    pub(super) engine: EngineArgs,
}

/// How two inputs that are compared are read.
#[derive(Debug, Args)]
pub(super) struct ReadingArgs {
    /// CloudFormation parameters of both sides; repeatable
    #[arg(long, value_name = "FILE|K=V", value_parser = super::parameters::parameter)]
    parameters: Vec<Parameter>,
    /// Take the defaults of CloudFormation parameters as given
    #[arg(long)]
    assume_defaults: bool,
    /// Known exports of other stacks, for Fn::ImportValue: the output of `aws cloudformation list-exports`
    #[arg(long, value_name = "FILE")]
    exports: Option<PathBuf>,
    /// The account the inputs are for, when they do not tell
    #[arg(long, value_name = "ID", value_parser = crate::check::elements::account_id)]
    account: Option<String>,
    /// The region the inputs are for, when they do not tell
    #[arg(long, value_name = "R", value_parser = region)]
    region: Option<String>,
    /// The partition the inputs are for, when they do not tell
    #[arg(long, value_name = "P", value_parser = partition)]
    partition: Option<String>,
    /// How many threads to use; default: one a core
    #[arg(long, value_name = "N", value_parser = jobs)]
    jobs: Option<usize>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

impl ReadingArgs {
    /// As the arguments of a scan, without inputs.
    pub(super) fn into_scan(self) -> ScanArgs {
        ScanArgs {
            inputs: Vec::new(),
            standards: None,
            source: None,
            parameters: self.parameters,
            assume_defaults: self.assume_defaults,
            exports: self.exports,
            account: self.account,
            region: self.region,
            partition: self.partition,
            jobs: self.jobs,
            limits: self.limits,
            talk: self.talk,
        }
    }
}

/// A format of `keyaki diff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiffFormat {
    Table,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    #[command(flatten)]
    pub(super) scan: ScanArgs,
}

#[derive(Debug, Args)]
pub(super) struct BatchArgs {
    #[command(flatten)]
    pub(super) engine: EngineArgs,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The id, as reports name it, or that of a standard; without one, all ids are listed
    #[arg(value_name = "ID")]
    pub(super) id: Option<String>,
    /// The standards file, for ids of standards; default: the nearest keyaki.yaml up to the repository root
    #[arg(long, value_name = "FILE")]
    pub(super) standards: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell: bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true, value_parser = OneOf { parse: shell, words: &["bash", "elvish", "fish", "powershell", "zsh"] })]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command the page is about; without one, the page is about keyaki
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
}

/// What is read, and how.
#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// Terraform plans as JSON, CloudFormation templates, IAM policies, directories, or `-`
    #[arg(value_name = "INPUT", required = true)]
    pub(super) inputs: Vec<PathBuf>,
    /// The standards file; default: the nearest keyaki.yaml up to the repository root
    #[arg(long, value_name = "FILE")]
    pub(super) standards: Option<PathBuf>,
    /// Where the plan's .tf code is: a saved plan file or a directory
    #[arg(long, value_name = "PATH")]
    pub(super) source: Option<PathBuf>,
    /// CloudFormation parameters; repeatable
    #[arg(long, value_name = "FILE|K=V", value_parser = super::parameters::parameter)]
    pub(super) parameters: Vec<Parameter>,
    /// Take the defaults of CloudFormation parameters as given
    #[arg(long)]
    pub(super) assume_defaults: bool,
    /// Known exports of other stacks, for Fn::ImportValue: the output of `aws cloudformation list-exports`
    #[arg(long, value_name = "FILE")]
    pub(super) exports: Option<PathBuf>,
    /// The account the input is for, when it does not tell
    #[arg(long, value_name = "ID", value_parser = crate::check::elements::account_id)]
    pub(super) account: Option<String>,
    /// The region the input is for, when it does not tell
    #[arg(long, value_name = "R", value_parser = region)]
    pub(super) region: Option<String>,
    /// The partition the input is for, when it does not tell
    #[arg(long, value_name = "P", value_parser = partition)]
    pub(super) partition: Option<String>,
    /// How many threads to use; default: one a core
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(super) jobs: Option<usize>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

/// How questions are decided.
#[derive(Debug, Args)]
pub(super) struct EngineArgs {
    /// Which engine decides: auto, glob, z3 or both
    #[arg(long, value_name = "ENGINE", default_value = "auto", hide_possible_values = true, value_parser = OneOf { parse: solver, words: &["auto", "glob", "z3", "both"] })]
    pub(super) solver: Engine,
    /// What is assumed of requests: high or none (only to compare with AWS)
    #[arg(long, value_name = "AXIOMS", default_value = "high", hide_possible_values = true, value_parser = OneOf { parse: axioms, words: &["high", "none"] })]
    pub(super) axioms: Axioms,
}

/// Limits.
#[derive(Debug, Args)]
pub(super) struct LimitArgs {
    /// Raise or lower a limit: depth, nodes, template-bytes, plan-bytes, steps or rlimit; repeatable
    #[arg(long, value_name = "NAME=N", value_parser = super::limits::limit)]
    pub(super) limit: Vec<Limit>,
}

/// How much is said, and how.
#[derive(Debug, Args)]
pub(super) struct TalkArgs {
    /// Say less: tables of findings and totals only, and nothing on standard error but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more on standard error
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Colours: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, value_parser = OneOf { parse: color, words: &["auto", "always", "never"] })]
    pub(super) color: Color,
    /// Show no progress
    #[arg(long)]
    pub(super) no_progress: bool,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

/// One `--output`.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) path: PathBuf,
}

/// Options of the interface that are not there yet.
#[derive(Debug, Args)]
pub(super) struct NotYetArgs {
    #[arg(long, hide = true, num_args = 0..=1)]
    baseline: Option<Option<OsString>>,
    #[arg(long, hide = true)]
    no_waivers: bool,
    #[arg(long, hide = true, num_args = 0..=1)]
    today: Option<Option<OsString>>,
    #[arg(long, hide = true, num_args = 0..=1)]
    dump_query: Option<Option<OsString>>,
}

impl NotYetArgs {
    /// The options that were given.
    pub(super) fn given(&self) -> Vec<&'static str> {
        [
            ("--baseline", self.baseline.is_some()),
            ("--no-waivers", self.no_waivers),
            ("--today", self.today.is_some()),
            ("--dump-query", self.dump_query.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect()
    }
}

/// The formats there are.
const FORMATS: &[&str] = &[
    "table", "full", "json", "jsonl", "sarif", "markdown", "junit", "gitlab", "github",
];

/// The kinds of documents.
const KINDS: &[&str] = &[
    "identity", "resource", "trust", "boundary", "session", "scp", "rcp", "endpoint",
];

/// Formats of the interface that are not there yet.
const FORMATS_NOT_YET: &[&str] = &["html"];

fn format(text: &str) -> Result<Format, String> {
    match Format::from_word(text) {
        Some(format) => Ok(format),
        None if FORMATS_NOT_YET.contains(&text) => Err("this format is not supported yet".to_owned()),
        None => Err(unknown(text, &Format::words().collect::<Vec<_>>())),
    }
}

fn output(text: &str) -> Result<Output, String> {
    match text.split_once('=') {
        Some((word, path)) if !path.is_empty() => Ok(Output {
            format: format(word)?,
            path: PathBuf::from(path),
        }),
        Some(_) | None => Err("write it as F=PATH, for example sarif=keyaki.sarif".to_owned()),
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    one_of(text, &Severity::ALL.map(|severity| (severity.word(), severity)))
}

fn solver(text: &str) -> Result<Engine, String> {
    const WORDS: &[(&str, Engine)] = &[
        ("auto", Engine::Auto),
        ("glob", Engine::Glob),
        ("z3", Engine::Z3),
        ("both", Engine::Both),
    ];
    let engine = one_of(text, WORDS)?;
    if matches!(engine, Engine::Z3 | Engine::Both) && !cfg!(feature = "z3") {
        return Err("this keyaki was built without Z3; build it with `cargo build --features z3`".to_owned());
    }
    Ok(engine)
}

fn axioms(text: &str) -> Result<Axioms, String> {
    one_of(text, &[("high", Axioms::High), ("none", Axioms::None)])
}

fn kind(text: &str) -> Result<PolicyKind, String> {
    let documents = PolicyKind::ALL
        .into_iter()
        .filter(|kind| *kind != PolicyKind::Grant);
    one_of(
        text,
        &documents.map(|kind| (kind.word(), kind)).collect::<Vec<_>>(),
    )
}

fn diff_format(text: &str) -> Result<DiffFormat, String> {
    one_of(text, &[("table", DiffFormat::Table), ("json", DiffFormat::Json)])
}

fn color(text: &str) -> Result<Color, String> {
    one_of(
        text,
        &[
            ("auto", Color::Auto),
            ("always", Color::Always),
            ("never", Color::Never),
        ],
    )
}

fn shell(text: &str) -> Result<Shell, String> {
    one_of(
        text,
        &[
            ("bash", Shell::Bash),
            ("elvish", Shell::Elvish),
            ("fish", Shell::Fish),
            ("powershell", Shell::PowerShell),
            ("zsh", Shell::Zsh),
        ],
    )
}

fn jobs(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1024).contains(number));
    number.ok_or_else(|| "a number of threads is between 1 and 1024".to_owned())
}

fn region(text: &str) -> Result<String, String> {
    code(text, "a region is a code such as eu-west-1")
}

fn partition(text: &str) -> Result<String, String> {
    const FORM: &str = "a partition is aws, aws-cn, aws-us-gov or the like";
    let known = code(text, FORM)?;
    let well_formed = known == "aws" || known.starts_with("aws-");
    well_formed.then_some(known).ok_or_else(|| FORM.to_owned())
}

fn code(text: &str, message: &str) -> Result<String, String> {
    let in_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let well_formed = !text.is_empty() && text.bytes().all(in_code);
    well_formed
        .then(|| text.to_owned())
        .ok_or_else(|| message.to_owned())
}

fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value);
    found.ok_or_else(|| unknown(text, &words.iter().map(|(word, _)| *word).collect::<Vec<_>>()))
}

fn unknown(text: &str, words: &[&str]) -> String {
    match nearest(text, words.iter().copied()) {
        Some(known) => format!("did you mean `{known}`? (one of {})", words.join(", ")),
        None => format!("one of {}", words.join(", ")),
    }
}
