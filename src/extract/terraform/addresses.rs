//! Terraform addresses and references, split with their quoting: an instance key may hold dots and brackets.

use std::collections::BTreeSet;
use std::ops::Bound;

/// One step of an address: a name and the instance key after it, as written between the brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub name: String,
    pub key: Option<String>,
}

/// The steps of `module.m["prod.eu"].aws_iam_role.r[0].arn`. `None` if brackets or quotes do not match.
pub(super) fn steps(address: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut step = Step {
        name: String::new(),
        key: None,
    };
    let mut rest = address.chars();
    while let Some(next) = rest.next() {
        match next {
            '.' => steps.push(std::mem::replace(
                &mut step,
                Step {
                    name: String::new(),
                    key: None,
                },
            )),
            '[' => step.key = Some(key(&mut rest)?),
            _ => step.name.push(next),
        }
    }
    steps.push(step);
    steps.iter().all(|step| !step.name.is_empty()).then_some(steps)
}

/// Names of the module calls of a module address, without instance keys; empty for the root module.
pub(super) fn module_names(module_address: &str) -> Vec<String> {
    let steps = steps(module_address).unwrap_or_default();
    let names = steps.iter().skip(1).step_by(2);
    names.map(|step| step.name.clone()).collect()
}

/// References without those that only repeat the start of another (`a.b` beside `a.b.arn`), in order, each once.
pub(super) fn longest(references: &[String]) -> Vec<&str> {
    let all: BTreeSet<&str> = references.iter().map(String::as_str).collect();
    let is_continued = |reference: &str| {
        ['.', '['].into_iter().any(|next| {
            let longer = format!("{reference}{next}");
            let mut from = all.range::<str, _>((Bound::Included(longer.as_str()), Bound::Unbounded));
            from.next().is_some_and(|other| other.starts_with(&longer))
        })
    };
    let mut kept = BTreeSet::new();
    let longest = references.iter().map(String::as_str);
    longest
        .filter(|reference| !is_continued(reference) && kept.insert(*reference))
        .collect()
}

/// The text up to the bracket that closes an instance key.
fn key(rest: &mut std::str::Chars<'_>) -> Option<String> {
    let mut key = String::new();
    let mut quoted = false;
    loop {
        let next = rest.next()?;
        match next {
            ']' if !quoted => return Some(key),
            '"' => quoted = !quoted,
            '\\' if quoted => {
                key.push(next);
                key.push(rest.next()?);
                continue;
            }
            _ => {}
        }
        key.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named() {
        for (address, names) in [
            ("", &[][..]),
            ("module.m", &["m"]),
            ("module.m[\"prod.eu\"].module.n[0]", &["m", "n"]),
            ("module.m[\"a\\\"].module.x\"].module.n", &["m", "n"]),
        ] {
            assert_eq!(module_names(address), names, "{address}");
        }
    }

    #[test]
    fn references_are_split() {
        let names =
            |text| steps(text).map(|steps| steps.into_iter().map(|step| step.name).collect::<Vec<_>>());
        assert_eq!(
            names("aws_iam_policy.p[\"a.b\"].arn"),
            Some(vec!["aws_iam_policy".into(), "p".into(), "arn".into()])
        );
        assert_eq!(names("a[\"b"), None);
        assert_eq!(names("a..b"), None);
    }

    #[test]
    fn shorter_references_are_dropped() {
        let references = ["a.b.arn", "a.b", "a.bc", "a.b.arn", "m[0].x", "m"].map(String::from);
        assert_eq!(longest(&references), ["a.b.arn", "a.bc", "m[0].x"]);
    }
}
