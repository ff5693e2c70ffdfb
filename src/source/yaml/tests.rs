//! Reading YAML: values, tags, keys, anchors, merges, budgets and spans.

use super::super::tree::{parse_yaml, sketch};
use super::super::{FileId, Node, NodeKind};
use super::*;

fn check(text: &str, expected: &str) {
    let got = match parse_yaml(text, FileId(0), &Limits::default()) {
        Ok(node) => sketch(&node),
        Err(error) => error.to_string(),
    };
    assert_eq!(got, expected, "{:?}", text.get(..200).unwrap_or(text));
}

#[test]
fn values() {
    check("a: 012345678901", "{a:012345678901}");
    check("Version: 2012-10-17\non: yes\n", "{Version:2012-10-17,on:yes}");
    check("a: 'x''y'\nb: \"\\u0041\\/\"\n", "{a:\"x'y\",b:\"A/\"}");
    check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:\"x\\ny\\n\",b:\"x y\"}");
    check("a:\nb: ~\n", "{a:,b:~}");
    check("- a\n- - b\n  - c: d\n", "[a,[b,{c:d}]]");
    check("a:\n- b\n- c\n", "{a:[b,c]}");
    check("{a: [b, c: d], e}", "{a:[b,{c:d}],e:}");
    check("just text", "just text");
    check("---\na: b\n...\n", "{a:b}");
    check("%YAML 1.1\n---\na: b\n", "{a:b}");
    check("Null: {Null: x}", "{Null:{Null:x}}");
    check("a: b\r\nc:\r\n  - d\r\n", "{a:b,c:[d]}");
    check("a: |\n  x", "{a:\"x\"}");
    check("a: |+\n  x\n\n", "{a:\"x\\n\\n\"}");
    check("a: \"\\0\"", "{a:\"\\0\"}");
}

#[test]
fn tags() {
    check("a: !Sub x\nb: !GetAtt c.d\n", "{a:Sub!x,b:GetAtt!c.d}");
    check("a: !Sub\n  - x\n  - {y: z}\n", "{a:Sub![x,{y:z}]}");
    check(
        "a: !If [c, !Ref d, !Ref AWS::NoValue]",
        "{a:If![c,Ref!d,Ref!AWS::NoValue]}",
    );
    check("a: !Ref", "{a:Ref!}");
    check("a: !Base64\n  Fn::Sub: x\n", "{a:Base64!{Fn::Sub:x}}");
    check(
        "a: !!str 12\nb: !<tag:yaml.org,2002:str> 12\nc: ! 12",
        "{a:\"12\",b:\"12\",c:\"12\"}",
    );
    check(
        "a: !!int \"12\"\nb: !!bool yes\nc: !!null ''\nd: !!seq []\ne: !!map {}",
        "{a:12,b:yes,c:,d:[],e:{}}",
    );
    check(
        "a: !!int x",
        "1:4: this YAML tag is unknown, or does not fit its value",
    );
    check(
        "a: !!map []",
        "1:4: this YAML tag is unknown, or does not fit its value",
    );
    check(
        "a: !!python/object/apply:os.system [x]",
        "1:4: this YAML tag is unknown, or does not fit its value",
    );
    check(
        "a: !!binary eA==",
        "1:4: this YAML tag is unknown, or does not fit its value",
    );
    check("a: !<tag:example.com,2000:x> y", "1:4: this YAML tag is unknown");
    check(
        "%TAG ! tag:example.com,2000:\n---\na: !Sub y",
        "3:4: this YAML tag is unknown",
    );
    check("%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1", "{a:\"1\"}");
    check("!Ref a: b", "1:1: a key of a mapping must be a plain text");
}

#[test]
fn keys() {
    check("a: 1\nb: 2\na: 3\n", "3:1: key `a` stands twice, first at 1:1");
    check("a: 1\n\"\\x61\": 3\n", "2:1: key `a` stands twice, first at 1:1");
    check("1: x\n'1': y\n", "2:1: key `1` stands twice, first at 1:1");
    check("{a: 1, a: 2}", "1:8: key `a` stands twice, first at 1:2");
    check("? [a]\n: b\n", "1:3: a key of a mapping must be a plain text");
    check("? {a: b}\n: b\n", "1:3: a key of a mapping must be a plain text");
    check(": b\n", "1:2: a key of a mapping must be a plain text");
    check("'': b\n", "{\"\":b}");
    check("a: &k x\n*k : y\n", "{a:x,x:y}");
    check(
        "a: &k [x]\n*k : y\n",
        "2:1: a key of a mapping must be a plain text",
    );
}

#[test]
fn anchors() {
    check("a: &x {b: c}\nd: *x\ne: [*x]\n", "{a:{b:c},d:{b:c},e:[{b:c}]}");
    check("a: &x 1\nb: &x 2\nc: *x\n", "{a:1,b:2,c:2}");
    check("a: &x [*x]\n", "1:8: an alias stands inside its own anchor");
    check("&x a: *x\n", "{a:a}");
    check(
        "a: *x\n",
        "1:4: not YAML: while parsing node, found unknown anchor",
    );
    let limits = Limits {
        depth: 3,
        ..Limits::default()
    };
    let deep = parse_yaml("a: &x [[1]]\nb: [*x]\n", FileId(0), &limits).unwrap_err();
    assert!(deep.message.contains("--limit depth=N"), "{deep}");
}

#[test]
fn merges() {
    check(
        "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n",
        "{a:{b:1,c:2},d:{c:3,b:1}}",
    );
    check("d: {<<: [{a: 1}, {a: 2, b: 3}]}", "{d:{a:1,b:3}}");
    check("d: {<<: {a: 1}, a: 2}", "{d:{a:2}}");
    check(
        "a: &x {b: 1}\nc: &y {<<: *x, d: 2}\ne: {<<: *y}",
        "{a:{b:1},c:{d:2,b:1},e:{d:2,b:1}}",
    );
    check(
        "d: {<<: 1}",
        "1:9: `<<` merges a mapping or a list of mappings only",
    );
    check(
        "d: {<<: [1]}",
        "1:10: `<<` merges a mapping or a list of mappings only",
    );
    check(
        "d: {<<: !Foo {a: 1}}",
        "1:9: `<<` merges a mapping or a list of mappings only",
    );
    check(
        "d: {<<: {a: 1}, <<: {b: 1}}",
        "1:17: a second `<<` in one mapping: use one with a list",
    );
    check(
        "d: {'<<': {a: 1}}",
        "1:5: a quoted `<<` key is read differently by different tools",
    );
}

#[test]
fn documents() {
    check("", "1:1: the file is empty or holds comments only");
    check("# c\n\n# d\n", "1:1: the file is empty or holds comments only");
    check("---\n", "1:1: the file is empty or holds comments only");
    check(
        "a: b\n---\nc: d\n",
        "2:1: a second YAML document starts here: one is expected",
    );
    check(
        "a: b\n...\nc: d\n",
        "3:1: a second YAML document starts here: one is expected",
    );
    check("a: b\n\0c: d", "2:1: a NUL character: is this a binary file?");
    check(
        "# x\u{2028}c: d",
        "1:4: character U+2028 breaks a line in YAML 1.1 only: write it as an escape",
    );
    check(
        "a:\n\t- b\n",
        "2:2: not YAML: tabs disallowed within this context (block indentation)",
    );
}

#[test]
fn budgets() {
    check(
        &"[".repeat(100_000),
        "1:256: brackets nested deeper than 255 levels",
    );
    check(
        &format!("{}1{}", "[".repeat(200), "]".repeat(200)),
        "1:129: nested deeper than 128 levels: raise with `--limit depth=N`",
    );
    check(
        &"- ".repeat(100_000),
        "1:257: nested deeper than 128 levels: raise with `--limit depth=N`",
    );
    check(
        &"{a: ".repeat(100_000),
        "1:1021: brackets nested deeper than 255 levels",
    );
    check(
        &"? ".repeat(100_000),
        "1:257: nested deeper than 128 levels: raise with `--limit depth=N`",
    );
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    check(
        &bomb,
        "1:10: more than 250000 nodes, aliases expanded: raise with `--limit nodes=N`",
    );
    let flat = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(2_000), "*a,".repeat(20_000));
    let error = parse_yaml(&flat, FileId(0), &Limits::default()).unwrap_err();
    assert!(error.message.contains("--limit nodes=N"), "{error}");
    let merges = format!(
        "a: &a {{x: [{}]}}\nb: [{}]\n",
        "x,".repeat(2_000),
        "{<<: *a, x: 1},".repeat(20_000)
    );
    let error = parse_yaml(&merges, FileId(0), &Limits::default()).unwrap_err();
    assert!(error.message.contains("--limit nodes=N"), "{error}");
}

/// Every node's text, from its span.
fn slices(text: &str, node: &Node, into: &mut Vec<String>) {
    into.push(text[node.span.start..node.span.end].to_owned());
    match &node.kind {
        NodeKind::Scalar(..) => {}
        NodeKind::List(items) => items.iter().for_each(|item| slices(text, item, into)),
        NodeKind::Map(entries) => entries.iter().for_each(|(key, value)| {
            slices(text, key, into);
            slices(text, value, into);
        }),
    }
}

fn check_spans(text: &str, expected: &[&str]) {
    let node = parse_yaml(text, FileId(0), &Limits::default()).unwrap();
    let mut got = Vec::new();
    slices(text, &node, &mut got);
    assert_eq!(got, expected, "{text:?}");
}

#[test]
fn spans() {
    check_spans(
        "# é日\r\na: é # 日本\r\nb:\r\n  - 'x'\r\n\r\n# 😀\r\n  - !Sub y  \r\nc: z\r\n",
        &[
            "a: é # 日本\r\nb:\r\n  - 'x'\r\n\r\n# 😀\r\n  - !Sub y  \r\nc: z",
            "a",
            "é",
            "b",
            "- 'x'\r\n\r\n# 😀\r\n  - !Sub y",
            "'x'",
            "!Sub y",
            "c",
            "z",
        ],
    );
    check_spans(
        "a: {b: [1, 2] , c: }\nd: |\n  é\n\ne:\n- f\n- g\nh:\n",
        &[
            "a: {b: [1, 2] , c: }\nd: |\n  é\n\ne:\n- f\n- g\nh:",
            "a",
            "{b: [1, 2] , c: }",
            "b",
            "[1, 2]",
            "1",
            "2",
            "c",
            "",
            "d",
            "é",
            "e",
            "f\n- g",
            "f",
            "g",
            "h",
            "",
        ],
    );
    check_spans(
        "a: &x\n  b: c\nd: *x\n",
        &[
            "a: &x\n  b: c\nd: *x",
            "a",
            "&x\n  b: c",
            "b",
            "c",
            "d",
            "&x\n  b: c",
            "b",
            "c",
        ],
    );
    check_spans(
        "a: x\n  y\n  z\nb: \"q\n  r\"\n",
        &[
            "a: x\n  y\n  z\nb: \"q\n  r\"",
            "a",
            "x\n  y\n  z",
            "b",
            "\"q\n  r\"",
        ],
    );
}
