//! `--limit NAME=N`: the bounds on what is read and decided, by name.

use crate::check::{Explain, Options};
use crate::source::Limits;

use super::arguments::{EngineArgs, LimitArgs};

/// Steps of the glob engine for one question, and Z3's units, when nothing else is said: counted, never timed, so that
/// every machine gives the same answer.
const STEPS: u64 = 20_000_000;
const RLIMIT: u32 = 3_000_000;

/// The tree is walked by recursion: beyond this depth the stack would be the limit.
const DEEPEST: u64 = 1024;

/// One limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    name: Name,
    value: u64,
}

#[derive(Debug, Clone, Copy)]
enum Name {
    Depth,
    Nodes,
    TemplateBytes,
    PlanBytes,
    Steps,
    Rlimit,
}

/// The limits by name, with the largest value of each.
const NAMES: &[(&str, Name, u64)] = &[
    ("depth", Name::Depth, DEEPEST),
    ("nodes", Name::Nodes, u32::MAX as u64),
    ("template-bytes", Name::TemplateBytes, 1 << 40),
    ("plan-bytes", Name::PlanBytes, 1 << 40),
    ("steps", Name::Steps, u64::MAX),
    ("rlimit", Name::Rlimit, u32::MAX as u64),
];

/// Reads `NAME=N`.
pub(super) fn limit(text: &str) -> Result<Limit, String> {
    let (word, number) = text
        .split_once('=')
        .ok_or("write it as NAME=N, for example steps=1000000")?;
    let names = || NAMES.iter().map(|(name, _, _)| *name);
    let (_, name, most) = NAMES
        .iter()
        .find(|(name, _, _)| *name == word)
        .ok_or_else(|| format!("one of {}", names().collect::<Vec<_>>().join(", ")))?;
    let value = number
        .parse::<u64>()
        .ok()
        .filter(|value| (1..=*most).contains(value));
    let value = value.ok_or_else(|| format!("a number between 1 and {most}"))?;
    Ok(Limit { name: *name, value })
}

/// The limits on reading and the options of deciding, with what was given.
pub(super) fn limits_and_options(limits: &LimitArgs, engine: Option<&EngineArgs>) -> (Limits, Options) {
    let mut reading = Limits::default();
    let mut options = Options {
        engine: engine.map(|args| args.solver).unwrap_or_default(),
        axioms: engine.map(|args| args.axioms).unwrap_or_default(),
        steps: STEPS,
        rlimit: RLIMIT,
        explain: Explain::Nothing,
    };
    for limit in &limits.limit {
        let size = usize::try_from(limit.value).unwrap_or(usize::MAX);
        match limit.name {
            Name::Depth => reading.depth = size,
            Name::Nodes => reading.nodes = size,
            Name::TemplateBytes => reading.template_bytes = size,
            Name::PlanBytes => reading.plan_bytes = size,
            Name::Steps => options.steps = limit.value,
            Name::Rlimit => options.rlimit = u32::try_from(limit.value).unwrap_or(u32::MAX),
        }
    }
    (reading, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_by_name() {
        for good in [
            "depth=200",
            "nodes=1",
            "template-bytes=1",
            "plan-bytes=99999999999",
            "steps=1",
            "rlimit=1",
        ] {
            assert!(limit(good).is_ok(), "{good}");
        }
        for bad in [
            "depth",
            "depth=",
            "depth=0",
            "depth=-1",
            "depth=100000",
            "step=1",
            "rlimit=99999999999",
            "=1",
        ] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }
}
