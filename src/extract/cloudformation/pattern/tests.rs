//! What expressions tell. A part is written as its text, `{a|b}` or `<least-most CHARACTERS>`, where the characters are
//! those of a few probes that may occur.

use super::*;

const PROBES: [char; 8] = ['a', 'Z', '7', '-', '/', '*', ':', 'é'];

fn told(expression: &str, least: usize, most: Option<usize>) -> String {
    let Some(language) = Language::of(Some(expression), least, most) else {
        return "nothing".to_owned();
    };
    let part = |part: &Part| match part {
        Part::Literal(text) => text.clone(),
        Part::OneOf(texts) => format!("{{{}}}", texts.join("|")),
        Part::Some(run) => {
            let chars: String = PROBES.iter().filter(|c| run.chars.may_hold(**c)).collect();
            let most = run.most.map_or(String::new(), |most| most.to_string());
            format!("<{}-{most} {chars}>", run.least)
        }
    };
    language.parts().iter().map(part).collect()
}

const ANY: &str = "<0- aZ7-/*:é>";

#[test]
fn expressions() {
    for (expression, expected) in [
        ("^[a-z0-9-]+$", "<1- a7->"),
        ("^[0-9]{12}$", "<12-12 7>"),
        (r"\d{12}", "<12-12 7>"),
        (
            r"arn:aws:iam::\d{12}:role/.*",
            "arn:aws:iam::<12-12 7>:role/<0- aZ7-/*:é>",
        ),
        ("^(dev|test|prod)$", "{dev|prod|test}"),
        ("dev|test", "{dev|test}"),
        ("(?:dev)", "dev"),
        ("[a-zA-Z][a-zA-Z0-9-]*", "<1- aZ7->"),
        ("x?", "{|x}"),
        ("(ab){2}", "abab"),
        ("pre-(eu|us)-[0-9]+-(a|b)", "pre-{eu|us}-<1- 7>-{a|b}"),
        ("^$|^[a-z]+$", "<0- a>"),
        ("(?!aws)[a-z]+(?<!x)", "<1- a>"),
        ("[^*?:]+", "<1- aZ7-/é>"),
        (r"[^\d/]{3,5}", "<3-5 aZ-*:é>"),
        (r"[\w.\-/]+", "<1- aZ7-/>"),
        (r"[a\]]+", "<1- a>"),
        (r"[+-]*", "<0- ->"),
        (r"[\\*]*", "<0- *>"),
        (r"\*+?", "<1- *>"),
        (r"\S+", "<1- aZ7-/*:é>"),
        ("a{0}", ""),
        ("([a-z]+-)+", "<2- a->"),
        // Nothing is told by what is not understood.
        ("(?i)abc", ANY),
        ("(?<name>abc)", ANY),
        (r"(a|b)\1", ANY),
        (r"\p{Lower}+", ANY),
        (r"\Qa.b\E", ANY),
        (r"\x41", ANY),
        ("[a-z&&[^b]]", ANY),
        ("[a[bc]]", ANY),
        ("[[:alpha:]]", ANY),
        ("[]a]", ANY),
        ("[z-a]", ANY),
        ("[a-z", ANY),
        ("(a", ANY),
        ("a)", ANY),
        ("a**", ANY),
        ("*", ANY),
        ("a{2,1}", ANY),
        ("a{99999}", ANY),
        ("a{x}", ANY),
        ("a\\", ANY),
    ] {
        assert_eq!(told(expression, 0, None), expected, "{expression}");
    }
}

#[test]
fn lengths() {
    for (expression, least, most, expected) in [
        ("[0-9]*", 12, Some(12), "<12-12 7>"),
        ("[0-9]{3,20}", 1, Some(12), "<3-12 7>"),
        ("a|bb|ccc", 2, Some(2), "bb"),
        ("a|b", 2, None, "nothing"),
        (".*", 4, Some(9), "<1-9 aZ7-/*:é>"),
        ("é|bb", 2, None, "{bb|é}"),
        ("a[0-9]*", 12, Some(12), "a<0- 7>"),
    ] {
        assert_eq!(told(expression, least, most), expected, "{expression}");
    }
    assert_eq!(told(&"a".repeat(MOST_TEXT + 1), 0, None), ANY);
    assert_eq!(
        told(&format!("{}a{}", "(".repeat(99), ")".repeat(99)), 0, None),
        ANY
    );
    assert_eq!(told(&"[a-z]+x".repeat(20), 0, None), "<40- a>");
}

#[test]
fn a_value_is_cut_into_its_parts() {
    for (expression, value, expected) in [
        (
            r"arn:aws:iam::\d{12}:role/.*",
            "arn:aws:iam::123456789012:role/a/b",
            Some("arn:aws:iam::,123456789012,:role/,a/b"),
        ),
        (
            r"arn:aws:iam::\d{12}:role/.*",
            "arn:aws:iam::12345678901:role/a",
            None,
        ),
        (r"arn:aws:iam::\d{12}:role/.*", "", None),
        ("[a-z]*-(x|xy)", "a-xy", Some("a,-,xy")),
        (".*-.*", "a-b-c", Some("a,-,b-c")),
        (".*", "", Some("")),
        (".+", "", None),
    ] {
        let language = Language::of(Some(expression), 0, None).unwrap();
        let texts = language.split(value);
        assert_eq!(
            texts.map(|texts| texts.join(",")).as_deref(),
            expected,
            "{expression} {value}"
        );
    }
}

/// Every text that a small reader of its own says an expression matches is in the language told of it.
#[test]
fn the_language_holds_every_value() {
    let atoms = [
        "a",
        "b",
        "[ab]",
        "[^a]",
        ".",
        "(a|bc)",
        "(ab)*",
        "b?",
        "[b*]+",
        "(?:a|)",
        "c{2}",
        "[a-c]{1,2}",
    ];
    let texts: Vec<String> = (0..4_usize)
        .flat_map(|length| (0..4_usize.pow(length as u32)).map(move |number| (length, number)))
        .map(|(length, number)| {
            let letter = |at: usize| ['a', 'b', 'c', '*'][number / 4_usize.pow(at as u32) % 4];
            (0..length).map(letter).collect()
        })
        .collect();
    let mut matched = 0;
    for one in atoms {
        for two in atoms {
            for three in atoms {
                let expression = format!("{one}{two}{three}");
                let language = Language::of(Some(&expression), 0, None).unwrap();
                for text in &texts {
                    if matches(&[one, two, three], text) {
                        matched += 1;
                        assert!(language.may_hold(text), "{expression} {text}");
                        let values = language.values();
                        assert!(
                            values.is_none_or(|values| values.contains(text)),
                            "{expression} {text}"
                        );
                    }
                }
            }
        }
    }
    assert!(matched > 10_000, "{matched}");
}

/// Whether a text is one of each atom, one after the other; the atoms are told apart by hand.
fn matches(atoms: &[&str], text: &str) -> bool {
    let Some((atom, rest)) = atoms.split_first() else {
        return text.is_empty();
    };
    (0..=text.len()).any(|end| is(atom, &text[..end]) && matches(rest, &text[end..]))
}

fn is(atom: &str, text: &str) -> bool {
    let all = |wanted: &str| text.chars().all(|c| wanted.contains(c));
    match atom {
        "a" | "b" => text == atom,
        "[ab]" => text.len() == 1 && all("ab"),
        "[^a]" => text.len() == 1 && text != "a",
        "." => text.len() == 1,
        "(a|bc)" => text == "a" || text == "bc",
        "(ab)*" => text.as_bytes().chunks(2).all(|pair| pair == b"ab"),
        "b?" => text.is_empty() || text == "b",
        "[b*]+" => !text.is_empty() && all("b*"),
        "(?:a|)" => text.is_empty() || text == "a",
        "c{2}" => text == "cc",
        "[a-c]{1,2}" => (1..=2).contains(&text.len()) && all("abc"),
        _ => panic!("{atom}"),
    }
}
