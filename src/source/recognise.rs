//! Telling inputs apart by content. Names do not count: a plan may be called `out.txt`, and a template `plan.json`.

use std::collections::BTreeSet;

use super::FileId;
use super::json::{Fault, JsonEvent, JsonReader};
use super::load::{InputKind, Limits};
use super::tree::{
    DEEPEST, NodeKind, ParseError, located, looks_like_json, parse_json, parse_yaml, quoted_key,
};

/// Why a text is no input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// 1-based line and column, where known.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what to do.
    pub message: String,
    /// Which sort it is.
    pub reason: Reason,
}

/// The sorts of [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Neither JSON nor YAML, or beyond a limit.
    Malformed,
    /// A known kind of file that is not read, such as a state.
    Unsupported,
    /// Anything else.
    Unknown,
}

/// What a text is. A template or policy is parsed whole here, so that a malformed one is refused; of a plan only the
/// syntax is checked and the sections are looked up, as plans can be large.
pub(super) fn recognise(text: &str, limits: &Limits) -> Result<InputKind, Refusal> {
    let kind = if looks_like_json(text) {
        json(text, limits)
    } else {
        yaml(text, limits)
    };
    kind.map_err(|refusal| match (refusal.reason, start_of_plan(text)) {
        (Reason::Unknown, Some(_)) if refusal.message.ends_with(PLANS) => refusal,
        (Reason::Malformed | Reason::Unknown, Some(place)) => Refusal {
            place: Some(place),
            message: "a plan starts here, but other text was printed before it: keep only the output of `terraform show -json` \
                      (for the action `setup-terraform`: `terraform_wrapper: false`)"
                .to_owned(),
            reason: Reason::Malformed,
        },
        (_, _) => refusal,
    })
}

/// Whether a text that is no valid input looks like one that was meant to be.
pub(super) fn looks_relevant(text: &str) -> bool {
    const WORDS: [&str; 5] = [
        "\"Statement\"",
        "AWSTemplateFormatVersion",
        "\"Resources\"",
        "\"resource_changes\"",
        "\"planned_values\"",
    ];
    const LINES: [&str; 2] = ["Resources:", "Statement:"];
    WORDS.iter().any(|word| text.contains(word))
        || text
            .lines()
            .any(|line| LINES.iter().any(|start| line.starts_with(start)))
}

/// What a set of top-level keys makes a file.
enum Verdict {
    Input(InputKind),
    Unsupported(&'static str),
    Unknown,
}

const EVENTS: &str = "this is the event stream of `terraform plan -json`, not a plan: run `terraform plan -out=tfplan`, \
                      then give the output of `terraform show -json tfplan`";
const PROVIDERS: &str =
    "these are provider schemas, not a plan: give the output of `terraform show -json PLANFILE`";
const RAW_STATE: &str = "this is a raw Terraform state: give the output of `terraform show -json STATEFILE`, \
                         or, to see what a plan would change, of `terraform show -json PLANFILE`";
const CDK: &str = "this is the manifest of a `cdk.out` directory: give the directory";
const TWO_KINDS: &str =
    "the file has sections of more than one of plan, template and policy: it can be one only";
const PLAN_IN_YAML: &str =
    "a Terraform plan or state must be JSON: give the output of `terraform show -json PLANFILE`";

/// Whether a message says that the file is a raw state.
pub fn says_state(message: &str) -> bool {
    message.ends_with(RAW_STATE)
}

const PLANS: &str = "the file is a list that holds a plan: give each plan in a file of its own";
const AFTER: &str = "a plan ends before it: keep only the output of `terraform show -json` (for the action \
                     `setup-terraform`: `terraform_wrapper: false`)";

/// The first row whose condition holds decides.
fn verdict(keys: &BTreeSet<String>) -> Verdict {
    let has = |key: &str| keys.contains(key);
    let planned = has("resource_changes") || has("planned_values");
    let template = has("AWSTemplateFormatVersion") || has("Resources") || has("Transform");
    let policy = has("Statement");
    let state = has("lineage") || has("serial") || has("terraform_version");
    // Of an empty state nothing else is shown.
    let empty = keys
        .iter()
        .all(|key| matches!(key.as_str(), "format_version" | "terraform_version"));
    let rows = [
        (has("@level") || has("@message"), Verdict::Unsupported(EVENTS)),
        (
            (planned || has("format_version")) && (template || policy),
            Verdict::Unsupported(TWO_KINDS),
        ),
        (template && policy, Verdict::Unsupported(TWO_KINDS)),
        (planned, Verdict::Input(InputKind::TerraformPlan)),
        (has("provider_schemas"), Verdict::Unsupported(PROVIDERS)),
        (
            has("format_version") && (has("values") || empty),
            Verdict::Input(InputKind::TerraformState),
        ),
        // The extractor says what such a plan lacks.
        (has("format_version"), Verdict::Input(InputKind::TerraformPlan)),
        (template, Verdict::Input(InputKind::Template)),
        (policy, Verdict::Input(InputKind::Policy)),
        (has("version") && state, Verdict::Unsupported(RAW_STATE)),
        (has("version") && has("artifacts"), Verdict::Unsupported(CDK)),
    ];
    rows.into_iter()
        .find(|(holds, _)| *holds)
        .map_or(Verdict::Unknown, |(_, verdict)| verdict)
}

fn json(text: &str, limits: &Limits) -> Result<InputKind, Refusal> {
    let outline = outline(text, limits);
    let kind = match (&outline.keys, &outline.fault) {
        (Some(keys), Some(fault)) if outline.ended && keys.contains("format_version") => {
            let refusal = malformed(text, fault);
            return Err(Refusal {
                message: format!("{}: {AFTER}", refusal.message),
                ..refusal
            });
        }
        // Told first, as the stream is many JSON values and so never valid.
        (Some(keys), _) if keys.contains("@level") || keys.contains("@message") => {
            return Err(unsupported(EVENTS));
        }
        (_, Some(fault)) => return Err(malformed(text, fault)),
        (None, None) if outline.holds_plan.is_some() => {
            return Err(unknown(
                "the file is a list that holds a plan: give each plan in a file of its own",
            ));
        }
        (None, None) => return Err(unknown("the file is a JSON list or a lone value")),
        (Some(keys), None) => match (kind(keys), &outline.holds_plan) {
            (Err(refusal), Some(key)) if refusal.reason == Reason::Unknown => {
                let key = quoted_key(key);
                return Err(unknown(&format!(
                    "a plan stands in it under {key}: give that alone, as `terraform show -json PLANFILE` prints it"
                )));
            }
            (kind, _) => kind?,
        },
    };
    match kind {
        InputKind::TerraformPlan | InputKind::TerraformState => {}
        InputKind::Template | InputKind::Policy => {
            check_size(text, limits)?;
            parse_json(text, FileId(0), limits).map_err(syntax)?;
        }
    }
    Ok(kind)
}

fn yaml(text: &str, limits: &Limits) -> Result<InputKind, Refusal> {
    check_size(text, limits)?;
    let tree = parse_yaml(text, FileId(0), limits).map_err(syntax)?;
    let keys = match &tree.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .filter_map(|(key, _)| key.as_scalar().map(str::to_owned))
            .collect(),
        NodeKind::List(_) => return Err(unknown("the file is a YAML list")),
        NodeKind::Scalar(..) => return Err(unknown("the file is a lone text or value")),
    };
    match kind(&keys)? {
        InputKind::TerraformPlan | InputKind::TerraformState => Err(unsupported(PLAN_IN_YAML)),
        kind @ (InputKind::Template | InputKind::Policy) => Ok(kind),
    }
}

fn kind(keys: &BTreeSet<String>) -> Result<InputKind, Refusal> {
    match verdict(keys) {
        Verdict::Input(kind) => Ok(kind),
        Verdict::Unsupported(message) => Err(unsupported(message)),
        Verdict::Unknown => {
            let near = ["Statement", "Resources"]
                .into_iter()
                .find(|name| keys.iter().any(|key| key.eq_ignore_ascii_case(name)));
            Err(match near {
                Some(name) => unknown(&format!("case matters, and the key is spelt `{name}`")),
                None => unknown("it has none of their top-level keys"),
            })
        }
    }
}

fn check_size(text: &str, limits: &Limits) -> Result<(), Refusal> {
    if text.len() <= limits.template_bytes {
        return Ok(());
    }
    let message = format!(
        "larger than {} bytes, the limit for templates and policies: raise with `--limit template-bytes=N`",
        limits.template_bytes
    );
    Err(Refusal {
        place: None,
        message,
        reason: Reason::Malformed,
    })
}

fn malformed(text: &str, fault: &Fault) -> Refusal {
    syntax(located(text, fault))
}

fn syntax(error: ParseError) -> Refusal {
    Refusal {
        place: Some((error.line, error.column)),
        message: error.message,
        reason: Reason::Malformed,
    }
}

fn unsupported(message: &str) -> Refusal {
    Refusal {
        place: None,
        message: message.to_owned(),
        reason: Reason::Unsupported,
    }
}

fn unknown(why: &str) -> Refusal {
    Refusal {
        place: None,
        message: format!("not a Terraform plan, template or policy: {why}"),
        reason: Reason::Unknown,
    }
}

/// The top of a JSON text.
struct Outline {
    /// The keys of the root object as far as it could be read; `None` when the root is something else.
    keys: Option<BTreeSet<String>>,
    /// What is wrong anywhere in the text.
    fault: Option<Fault>,
    /// Whether the root value is whole, and what is wrong comes after it.
    ended: bool,
    /// The key of the root object under which a plan stands, as an object or as text; an empty one in a list.
    holds_plan: Option<String>,
}

/// Reads a JSON text to its end without building a tree.
fn outline(text: &str, limits: &Limits) -> Outline {
    // The deepest texts looked at are the keys of what stands under a key of the whole.
    let mut reader = JsonReader::outline(text, limits.depth.min(DEEPEST), 2);
    let mut outline = Outline {
        keys: None,
        fault: None,
        ended: false,
        holds_plan: None,
    };
    let mut under = String::new();
    let mut depth = 0_usize;
    outline.fault = loop {
        match reader.next_event() {
            Ok(Some(JsonEvent::MapStart(_))) => {
                if depth == 0 {
                    outline.keys = Some(BTreeSet::new());
                }
                depth += 1;
            }
            Ok(Some(JsonEvent::ListStart(_))) => depth += 1,
            Ok(Some(JsonEvent::End(_))) => {
                depth = depth.saturating_sub(1);
                outline.ended |= depth == 0;
            }
            Ok(Some(JsonEvent::Key(name, _))) => match (depth, &mut outline.keys) {
                (1, Some(keys)) => {
                    under = name.clone().into_owned();
                    keys.insert(name.into_owned());
                }
                (2, _) if PLANNED.contains(&name.as_ref()) => outline.holds_plan = Some(under.clone()),
                _ => {}
            },
            Ok(Some(JsonEvent::Scalar(value, ..))) => {
                if depth == 1 && value.trim_start().starts_with('{') && value.contains("\"format_version\"") {
                    outline.holds_plan = Some(under.clone());
                }
            }
            Ok(None) => break reader.finish().err(),
            Err(fault) => break Some(fault),
        }
    };
    outline
}

/// Sections that only plans have.
const PLANNED: [&str; 2] = ["resource_changes", "planned_values"];

/// Where a plan starts in a text that starts with something else.
fn start_of_plan(text: &str) -> Option<(usize, usize)> {
    if text.trim_start().starts_with('{') {
        return None;
    }
    let at = text.find("\"format_version\"")?;
    let before = text.get(..at)?.trim_end().strip_suffix('{')?;
    let fault = Fault::new(before.len(), "");
    let error = located(text, &fault);
    Some((error.line, error.column))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = match recognise(text, &Limits::default()) {
            Ok(kind) => format!("{kind:?}"),
            Err(refusal) => {
                let place = refusal
                    .place
                    .map_or(String::new(), |(line, column)| format!("{line}:{column} "));
                format!("{:?} {place}{}", refusal.reason, refusal.message)
            }
        };
        assert!(got.starts_with(expected), "{text:?}: {got}");
    }

    #[test]
    fn inputs() {
        check(
            r#"{"format_version":"1.2","resource_changes":[]}"#,
            "TerraformPlan",
        );
        check(
            r#"{"format_version":"1.2","planned_values":{},"values":{}}"#,
            "TerraformPlan",
        );
        check(r#"{"format_version":"1.2","prior_state":{}}"#, "TerraformPlan");
        check(
            r#"{"resource_changes":[],"resource_changes":[]}"#,
            "TerraformPlan",
        );
        check(r#"{"Resources":{}}"#, "Template");
        check("Resources:\n  a: {Type: x}\n", "Template");
        check("{Resources: {}}", "Template");
        check("AWSTemplateFormatVersion: 2010-09-09\n", "Template");
        check("Transform: AWS::Serverless-2016-10-31\n", "Template");
        check(r#"{"Version":"2012-10-17","Statement":[]}"#, "Policy");
        check("Version: 2012-10-17\nStatement: []\n", "Policy");
    }

    #[test]
    fn unsupported_files() {
        check(
            r#"{"format_version":"1.0","terraform_version":"1.9","values":{}}"#,
            "TerraformState",
        );
        check(r#"{"format_version":"1.0"}"#, "TerraformState");
        check(
            r#"{"version":4,"terraform_version":"1.9","serial":1,"lineage":""}"#,
            "Unsupported this is a raw",
        );
        check(
            r#"{"format_version":"1.0","provider_schemas":{}}"#,
            "Unsupported these are provider",
        );
        check(
            "{\"@level\":\"info\"}\n{\"@level\":\"info\"}\n",
            "Unsupported this is the event stream",
        );
        check("{\"@level\":\"info\"}\nx", "Unsupported this is the event stream");
        check(
            r#"{"format_version":"1.2","resource_changes":[],"Statement":[]}"#,
            "Unsupported the file has sections",
        );
        check(
            r#"{"Resources":{},"Statement":[]}"#,
            "Unsupported the file has sections",
        );
        check(
            "format_version: 1\nresource_changes: []\n",
            "Unsupported a Terraform plan or state must be JSON",
        );
        check(
            r#"{"version":"38","artifacts":{}}"#,
            "Unsupported this is the manifest",
        );
    }

    #[test]
    fn unknown_files() {
        check(
            "null",
            "Unknown not a Terraform plan, template or policy: the file is a lone",
        );
        check(
            "[]",
            "Unknown not a Terraform plan, template or policy: the file is a JSON list",
        );
        check(
            "- a",
            "Unknown not a Terraform plan, template or policy: the file is a YAML list",
        );
        check(
            "hello",
            "Unknown not a Terraform plan, template or policy: the file is a lone",
        );
        check(
            "{}",
            "Unknown not a Terraform plan, template or policy: it has none",
        );
        check(
            r#"{"statement":[]}"#,
            "Unknown not a Terraform plan, template or policy: case matters",
        );
        for wrapped in [
            r#"{"id": 1, "plan":{"format_version":"1.2","resource_changes":[]}}"#,
            r#"{"plan":{"planned_values":{}}}"#,
            r#"{"plan":"{\"format_version\":\"1.2\",\"resource_changes\":[]}"}"#,
        ] {
            check(
                wrapped,
                "Unknown not a Terraform plan, template or policy: a plan stands in it under key `plan`: give that alone",
            );
        }
        check(
            r#"[{"format_version":"1.2","resource_changes":[]}]"#,
            "Unknown not a Terraform plan, template or policy: the file is a list that holds a plan",
        );
        check(
            r#"{"a":{"format_version":1}}"#,
            "Unknown not a Terraform plan, template or policy: it has none",
        );
    }

    #[test]
    fn malformed_files() {
        check("", "Malformed 1:1 the file is empty");
        check(
            r#"{"format_version":"1.2","resource_changes":["#,
            "Malformed 1:45 the text ends too early",
        );
        check(
            r#"{"format_version":"1.2","resource_changes":[]} {}"#,
            "Malformed 1:48 there is more text",
        );
        check(
            "{\"format_version\":\"1.2\",\"resource_changes\":[]}\n\n::debug::Terraform exited with code 0.\n",
            "Malformed 3:1 there is more text",
        );
        check(
            r#"{"Resources":{"a":1,"a":2}}"#,
            "Malformed 1:21 key `a` stands twice",
        );
        check(r#"{"Resources":{"a":1,}}"#, "Malformed 1:21 a comma before");
        check(
            "Resources:\n  a: 1\n  a: 2\n",
            "Malformed 3:3 key `a` stands twice",
        );
        check(
            "[command]/bin/terraform show\n{\"format_version\":\"1.2\"}\n",
            "Malformed 2:1 a plan starts here",
        );
        check(
            "\u{1b}[0m{\n \"format_version\":\"1.2\"}\n",
            "Malformed 1:5 a plan starts here",
        );
        check(
            "Loading\n{\"format_version\":\"1.2\"}\n",
            "Malformed 2:1 a plan starts here",
        );
        let limits = Limits {
            template_bytes: 10,
            ..Limits::default()
        };
        for text in [r#"{"Resources":{}}"#, "Resources: {}"] {
            assert!(
                recognise(text, &limits)
                    .unwrap_err()
                    .message
                    .contains("--limit template-bytes=N")
            );
        }
        assert!(recognise(r#"{"format_version":"1","planned_values":{}}"#, &limits).is_ok());
    }
}
