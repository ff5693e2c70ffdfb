//! What `keyaki diff` prints: for each address, what the new side allows that the old one does not, and the reverse.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::check::{Extent, Regions, request_json};
use crate::extract::PolicyKind;
use crate::iam::Request;

use super::json::write_json;
use super::regions::region_json;
use super::write::{Sanitised, Tint};

/// The comparison of two inputs.
#[derive(Debug, Clone, Default)]
pub struct DiffReport {
    /// The old input, as users name it.
    pub old: String,
    /// The new input.
    pub new: String,
    /// The policies of either side, by address.
    pub entries: Vec<DiffEntry>,
    /// What could not be read, recognised or parsed.
    pub errors: Vec<String>,
    /// Defects of keyaki that came up.
    pub internal: Vec<String>,
    /// Uses that are not possible; nothing was compared.
    pub usage: Vec<String>,
}

/// One address.
#[derive(Debug, Clone)]
pub struct DiffEntry {
    /// The input, where several were compared: its path within what was given.
    pub input: Option<String>,
    /// The address.
    pub address: String,
    /// What the policy is, where that is known.
    pub kind: Option<PolicyKind>,
    /// On which sides it stands.
    pub sides: Sides,
    /// What the new side allows and the old one does not.
    pub more: Difference,
    /// What the old side allows and the new one does not.
    pub less: Difference,
}

/// On which sides a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// On both.
    Both,
    /// On the old side only: compared with nothing.
    Old,
    /// On the new side only.
    New,
}

/// What one side allows and the other does not.
#[derive(Debug, Clone)]
pub enum Difference {
    /// Nothing: proved.
    Nothing,
    /// This.
    Access {
        /// Where.
        regions: Regions,
        /// One request of it, unless the policy is sensitive.
        example: Option<Box<Request>>,
    },
    /// Not decided, and why.
    Undecided(String),
}

impl DiffReport {
    /// The exit status (interface.md): 2 when nothing was compared, else by precedence 70, 3, 1, 4, 0.
    pub fn exit_status(&self) -> u8 {
        let any = |holds: fn(&DiffEntry) -> bool| self.entries.iter().any(holds);
        if !self.usage.is_empty() {
            2
        } else if !self.internal.is_empty() {
            70
        } else if !self.errors.is_empty() {
            3
        } else if any(|entry| matches!(entry.more, Difference::Access { .. })) {
            1
        } else if any(DiffEntry::is_undecided) {
            4
        } else {
            0
        }
    }

    /// Writes the comparison as JSON.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let value = json!({
            "version": 1,
            "tool": {"name": "keyaki", "version": env!("CARGO_PKG_VERSION")},
            "old": self.old,
            "new": self.new,
            "policies": self.entries.iter().map(entry_json).collect::<Vec<_>>(),
            "errors": self.errors,
            "internalErrors": self.internal,
        });
        write_json(&value, out)
    }

    /// Writes the comparison for people.
    pub fn write_text(&self, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut out = Sanitised::new(out);
        for entry in &self.entries {
            write_entry(entry, color, &mut out)?;
        }
        let count = |word: &str| self.entries.iter().filter(|entry| entry.word() == word).count();
        let counts = WORDS
            .iter()
            .map(|word| (word, count(word)))
            .filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(word, count)| format!("{count} {word}")).collect();
        let policies = match self.entries.len() {
            1 => "1 policy".to_string(),
            several => format!("{several} policies"),
        };
        let colon = if counts.is_empty() { "" } else { ": " };
        writeln!(out, "{policies}{colon}{}", counts.join(", "))?;
        out.flush()
    }
}

/// What an entry comes down to, from the worst.
const WORDS: [&str; 5] = ["more and less", "more", "undecided", "less", "equivalent"];

impl DiffEntry {
    /// Whether one of the directions is not decided.
    fn is_undecided(&self) -> bool {
        [&self.more, &self.less]
            .iter()
            .any(|side| matches!(side, Difference::Undecided(_)))
    }

    /// What it comes down to.
    fn word(&self) -> &'static str {
        use Difference::{Access, Nothing, Undecided};
        match (&self.more, &self.less) {
            (Nothing, Nothing) => "equivalent",
            (Access { .. }, Access { .. }) => "more and less",
            (Access { .. }, Nothing | Undecided(_)) => "more",
            (Undecided(_), _) | (Nothing, Undecided(_)) => "undecided",
            (Nothing, Access { .. }) => "less",
        }
    }
}

fn write_entry<W: Write>(entry: &DiffEntry, color: bool, out: &mut Sanitised<W>) -> io::Result<()> {
    let side = match entry.sides {
        Sides::Both => "",
        Sides::Old => ", only in the old input",
        Sides::New => ", only in the new input",
    };
    let kind = entry.kind.map_or("unknown", PolicyKind::word);
    let (tint, word) = match entry.word() {
        word @ ("more" | "more and less") => (Tint::Red, word),
        word @ "undecided" => (Tint::Yellow, word),
        word => (Tint::Green, word),
    };
    if let Some(input) = &entry.input {
        write!(out, "{input} ")?;
    }
    write!(out, "{} ({kind}{side}): ", entry.address)?;
    if color {
        out.tinted(tint, word)?;
    } else {
        write!(out, "{word}")?;
    }
    writeln!(out)?;
    write_difference("+", "the new side allows more", &entry.more, out)?;
    write_difference("-", "the new side allows less", &entry.less, out)
}

fn write_difference(sign: &str, what: &str, difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    match difference {
        Difference::Nothing => Ok(()),
        Difference::Undecided(why) => writeln!(out, "  ? UNDECIDED whether {what}: {why}"),
        Difference::Access { regions, example } => {
            for region in &regions.listed {
                let extent = match region.extent {
                    Extent::Exactly => "",
                    Extent::Within => "part of: ",
                };
                writeln!(out, "  {sign} {extent}{}", region.text())?;
            }
            let least = if regions.at_least { "at least " } else { "" };
            match (regions.listed.is_empty(), regions.more, example) {
                (true, _, Some(request)) => {
                    writeln!(
                        out,
                        "  {sign} for example `{}` on `{}`",
                        request.action, request.resource
                    )
                }
                (true, _, None) => writeln!(out, "  {sign} (sensitive)"),
                (false, 0, _) if !regions.at_least => Ok(()),
                (false, 0, _) => writeln!(out, "  {sign} and maybe more"),
                (false, more, _) => writeln!(out, "  {sign} and {least}{more} more"),
            }
        }
    }
}

fn entry_json(entry: &DiffEntry) -> Value {
    let sides = match entry.sides {
        Sides::Both => "both",
        Sides::Old => "old",
        Sides::New => "new",
    };
    json!({
        "input": entry.input,
        "address": entry.address,
        "kind": entry.kind.map(PolicyKind::word),
        "sides": sides,
        "result": entry.word(),
        "more": difference_json(&entry.more),
        "less": difference_json(&entry.less),
    })
}

fn difference_json(difference: &Difference) -> Value {
    match difference {
        Difference::Nothing => json!({"result": "none"}),
        Difference::Undecided(why) => json!({"result": "UNDECIDED", "reason": why}),
        Difference::Access { regions, example } => json!({
            "result": "access",
            "regions": regions.listed.iter().map(region_json).collect::<Vec<_>>(),
            "moreRegions": {"count": regions.more, "atLeast": regions.at_least},
            "example": example.as_deref().map(request_json),
        }),
    }
}
