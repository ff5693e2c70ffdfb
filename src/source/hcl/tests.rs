use super::super::scratch::Scratch;
use super::super::statements::Sketch;
use super::*;

const MAIN: &str = "\u{feff}# é\r\nresource \"aws_iam_role\" \"r\" {\r\n  name = \"x\"\r\n  inline_policy {\r\n    policy = jsonencode({\r\n      a = 1\r\n    })\r\n  }\r\n  inline_policy {\r\n    policy = \"{}\"\r\n  }\r\n}\r\ndata aws_iam_policy_document d {}\r\n\
    module \"near\" {\r\n  source = \"./modules/near\"\r\n}\r\nmodule \"far\" {\r\n  source = \"terraform-aws-modules/iam/aws\"\r\n}\r\n";
const NEAR: &str = "resource \"aws_sqs_queue\" \"q\" {\n  policy = <<-EOT\n    {}\n  EOT\n}\nmodule \"deep\" {\n  source = \"../deep\"\n}\nmodule \"gone\" {\n  source = \"./gone\"\n}\nmodule \"out\" {\n  source = \"../../../\"\n}\n";
const DEEP: &str =
    "resource \"aws_kms_key\" \"k\" { policy = \"{}\" }\nmodule \"up\" {\n  source = \"../../\"\n}\n";

/// A configuration, with the lookups of it.
struct Opened {
    _scratch: Scratch,
    source: TerraformSource,
    files: Vec<SourceFile>,
    notes: Vec<String>,
    root: String,
}

fn open(name: &str, files: &[(&str, &str)]) -> Opened {
    let scratch = Scratch::new(name, files);
    let mut files = Vec::new();
    let (source, notes) = TerraformSource::open(&scratch.0, &Limits::default(), &mut files).unwrap();
    let root = scratch.0.display().to_string();
    Opened {
        _scratch: scratch,
        source,
        files,
        notes,
        root,
    }
}

impl Opened {
    fn text(&self, place: Option<Place>) -> String {
        let Some(place) = place else { return "none".into() };
        let file = &self.files[place.file.0];
        let text = &file.text[place.span.start..place.span.end];
        format!("{} {text}", file.name.replace(&format!("{}/", self.root), ""))
    }

    /// `address` is `module.module.type.name`, with `data.` before the type.
    fn check(&self, address: &str, attribute: &str, expected: &str) {
        let mut parts: Vec<String> = address.split('.').map(str::to_owned).collect();
        let name = parts.pop().unwrap();
        let resource_type = parts.pop().unwrap();
        let mode = if parts.last().is_some_and(|part| part == "data") {
            "data"
        } else {
            "resource"
        };
        parts.retain(|part| part != "data");
        let block = BlockName {
            modules: &parts,
            mode,
            resource_type: &resource_type,
            name: &name,
        };
        let place = match attribute {
            "" => self.source.find(&block),
            path => self.source.find_attribute(&block, path),
        };
        assert_eq!(self.text(place), expected, "{address} {attribute}");
    }
}

#[test]
fn blocks_and_modules() {
    let opened = open(
        "hcl",
        &[
            (".git/x", ""),
            ("main.tf", MAIN),
            ("modules/near/q.tf", NEAR),
            ("modules/deep/k.tf", DEEP),
        ],
    );
    opened.check("aws_iam_role.r", "", "main.tf resource \"aws_iam_role\" \"r\"");
    opened.check(
        "data.aws_iam_policy_document.d",
        "",
        "main.tf data aws_iam_policy_document d",
    );
    opened.check("aws_iam_policy_document.d", "", "none");
    opened.check(
        "near.aws_sqs_queue.q",
        "",
        "modules/near/q.tf resource \"aws_sqs_queue\" \"q\"",
    );
    opened.check(
        "near.deep.aws_kms_key.k",
        "",
        "modules/deep/k.tf resource \"aws_kms_key\" \"k\"",
    );
    opened.check(
        "near.deep.up.aws_iam_role.r",
        "",
        "main.tf resource \"aws_iam_role\" \"r\"",
    );
    opened.check(
        "near.deep.up.near.deep.aws_kms_key.k",
        "",
        "modules/deep/k.tf resource \"aws_kms_key\" \"k\"",
    );
    opened.check("near.aws_kms_key.k", "", "none");
    opened.check("far.aws_iam_role.r", "", "main.tf module \"far\"");
    opened.check("far.inner.aws_iam_role.r", "", "main.tf module \"far\"");
    opened.check(
        "near.gone.aws_iam_role.r",
        "",
        "modules/near/q.tf module \"gone\"",
    );
    opened.check("near.out.aws_iam_role.r", "", "modules/near/q.tf module \"out\"");
    opened.check("nowhere.aws_iam_role.r", "", "none");
    let notes = [
        "module `gone`: its source directory was not found",
        "module `out`: its source is outside of the repository and was not read",
    ];
    assert_eq!(opened.notes, notes);
}

#[test]
fn attributes() {
    let opened = open(
        "hcl-attributes",
        &[
            ("main.tf", MAIN),
            ("modules/near/q.tf", NEAR),
            ("modules/deep/k.tf", DEEP),
        ],
    );
    opened.check("aws_iam_role.r", "name", "main.tf name = \"x\"");
    // Which of two the plan means cannot be told by position.
    for path in [
        "inline_policy[0].policy",
        "inline_policy.policy",
        "inline_policy[1]",
        "inline_policy[2].policy",
        "policy",
    ] {
        opened.check("aws_iam_role.r", path, "none");
    }
    opened.check(
        "near.aws_sqs_queue.q",
        "policy",
        "modules/near/q.tf policy = <<-EOT\n    {}\n  EOT",
    );
    opened.check("far.aws_iam_role.r", "name", "none");
    let nested = |body: &str| format!("resource \"a\" \"b\" {{\n{body}}}\n");
    let (dynamic, fixed) = (
        "  dynamic \"p\" {\n    for_each = []\n    content {}\n  }\n",
        "  p {\n    q = 1\n  }\n",
    );
    for (name, body, expected) in [
        ("dynamic", dynamic.to_owned(), "a.tf dynamic \"p\""),
        ("fixed", fixed.to_owned(), "a.tf q = 1"),
        ("both", format!("{fixed}{dynamic}"), "none"),
        ("twice", format!("{dynamic}{dynamic}"), "none"),
    ] {
        let opened = open(&format!("hcl-nested-{name}"), &[("a.tf", &nested(&body))]);
        opened.check("a.b", "p[0].q", expected);
        opened.check("a.b", "p.q", expected);
    }
    let one_line = open(
        "hcl-line",
        &[("a.tf", "resource \"a\" \"b\" { policy = \"{}\" }\n")],
    );
    one_line.check("a.b", "policy", "a.tf policy = \"{}\"");
}

#[test]
fn overrides_and_broken_files() {
    let opened = open(
        "hcl-override",
        &[
            (
                "a_override.tf",
                "resource \"a\" \"b\" {\n  x = 2\n  n {\n    v = 2\n  }\n}\n",
            ),
            (
                "main.tf",
                "resource \"a\" \"b\" {\n  x = 1\n  y = 1\n  n {\n    v = 1\n  }\n  n {}\n}\n",
            ),
            ("broken.tf", "resource \"a\" \"c\" {\n  x = = 1\n}\n"),
            (".hidden.tf", "resource \"a\" \"d\" {}\n"),
            ("z.tf.json", "{\"resource\": {\"a\": {\"j\": {\"x\": 1}}}}"),
            ("y.tf.json", "{,}"),
            ("t.tf", "resource \"a\" \"t\" {}\nresource \"a\" \"u\" {}\n"),
            ("t.tofu", "resource \"a\" \"t\" {}\n"),
        ],
    );
    opened.check("a.b", "", "main.tf resource \"a\" \"b\"");
    opened.check("a.b", "x", "a_override.tf x = 2");
    opened.check("a.b", "y", "main.tf y = 1");
    opened.check("a.b", "n[0].v", "a_override.tf v = 2");
    opened.check("a.c", "", "none");
    opened.check("a.d", "", "none");
    opened.check("a.j", "", "z.tf.json \"j\"");
    opened.check("a.j", "x", "z.tf.json \"x\": 1");
    // Terraform reads one of the files, OpenTofu the other.
    opened.check("a.t", "", "none");
    opened.check("a.u", "", "t.tf resource \"a\" \"u\"");
    let notes = opened.notes.join("\n");
    assert!(notes.contains("broken.tf:2:7`: not understood"), "{notes}");
    assert!(notes.contains("y.tf.json:1:2`: not understood"), "{notes}");
}

/// The statement of `a.p` at an index of a document of so many.
fn statement(opened: &Opened, (index, count): (usize, usize), sid: Option<&str>) -> String {
    let block = BlockName {
        modules: &[],
        mode: "resource",
        resource_type: "a",
        name: "p",
    };
    let wanted = Wanted {
        index,
        count: Some(count),
        sketch: Sketch {
            sid: Some(sid.map(str::to_owned)),
            ..Sketch::default()
        },
    };
    opened.text(opened.source.find_statement(&block, "policy", &wanted))
}

#[test]
fn statements_across_files() {
    const LOCALS: &str = "locals {\n  more = [{ Sid = \"B\" }]\n  text = jsonencode(local.whole)\n  whole = { Statement = concat([{ Sid = \"A\" }], local.more) }\n  loop = local.pool\n  pool = local.loop\n}\n";
    let of = |name: &str, files: &[(&str, &str)]| open(&format!("hcl-statements-{name}"), files);
    let text = "resource \"a\" \"p\" {\n  policy = local.text\n}\n";
    let opened = of("locals", &[("main.tf", text), ("locals.tf", LOCALS)]);
    assert_eq!(statement(&opened, (0, 2), Some("A")), "locals.tf { Sid = \"A\" }");
    assert_eq!(statement(&opened, (1, 2), Some("B")), "locals.tf { Sid = \"B\" }");
    assert_eq!(statement(&opened, (1, 3), None), "none");
    let other = "locals {\n  more = [{ Sid = \"C\" }]\n}\n";
    let opened = of(
        "override",
        &[("main.tf", text), ("locals.tf", LOCALS), ("x_override.tf", other)],
    );
    assert_eq!(
        statement(&opened, (1, 2), Some("C")),
        "x_override.tf { Sid = \"C\" }"
    );
    let opened = of(
        "twice",
        &[("main.tf", text), ("locals.tf", LOCALS), ("more.tf", other)],
    );
    assert_eq!(statement(&opened, (0, 2), Some("A")), "locals.tf { Sid = \"A\" }");
    assert_eq!(statement(&opened, (1, 2), Some("C")), "none");
    let circle = "resource \"a\" \"p\" {\n  policy = jsonencode({ Statement = local.loop })\n}\n";
    let opened = of("circle", &[("main.tf", circle), ("locals.tf", LOCALS)]);
    assert_eq!(statement(&opened, (0, 1), None), "none");
}

#[test]
fn statements_of_overridden_documents() {
    const MAIN: &str = "resource \"a\" \"p\" {\n  policy = data.aws_iam_policy_document.d[each.key].json\n}\ndata \"aws_iam_policy_document\" \"d\" {\n  statement {\n    sid = \"A\"\n  }\n  statement {}\n}\n";
    let of = |name: &str, other: &str| {
        open(
            &format!("hcl-documents-{name}"),
            &[("main.tf", MAIN), ("main_override.tf", other)],
        )
    };
    let document = |body: &str| format!("data \"aws_iam_policy_document\" \"d\" {{\n{body}\n}}\n");
    let opened = of("none", "");
    assert_eq!(statement(&opened, (1, 2), None), "main.tf statement {}");
    let opened = of("statements", &document("  statement {\n  }"));
    assert_eq!(
        statement(&opened, (0, 1), None),
        "main_override.tf statement {\n  }"
    );
    let opened = of("merges", &document("  override_policy_documents = [var.x]"));
    assert_eq!(statement(&opened, (0, 2), Some("A")), "none");
    assert_eq!(statement(&opened, (1, 2), None), "main.tf statement {}");
    let opened = of("merges-none", &document("  override_policy_documents = []"));
    assert_eq!(
        statement(&opened, (0, 2), Some("A")),
        "main.tf statement {\n    sid = \"A\"\n  }"
    );
    let policy = "resource \"a\" \"p\" {\n  policy = jsonencode({ Statement = [{ Sid = \"Z\" }] })\n}\n";
    let opened = of("policy", policy);
    assert_eq!(
        statement(&opened, (0, 1), Some("Z")),
        "main_override.tf { Sid = \"Z\" }"
    );
    let opened = of("unread", "resource \"a\" \"p\" {\n  policy = var.x\n}\n");
    assert_eq!(statement(&opened, (0, 2), Some("A")), "none");
}

#[test]
fn what_is_no_code() {
    let scratch = Scratch::new(
        "hcl-none",
        &[("a.tf", ""), ("encrypted", "{\"encrypted_data\": \"\"}")],
    );
    for path in ["missing", "a.tf", "encrypted"] {
        let opened = TerraformSource::open(&scratch.0.join(path), &Limits::default(), &mut Vec::new());
        let error = opened.unwrap_err();
        assert!(error.usage && error.file.ends_with(path), "{error}");
    }
}

#[test]
#[cfg(unix)]
fn links_that_leave_the_repository() {
    let scratch = Scratch::new(
        "hcl-links",
        &[
            ("repo/.git/x", ""),
            (
                "repo/main.tf",
                "module \"m\" {\n  source = \"./m\"\n}\nresource \"a\" \"b\" {}\n",
            ),
            ("outside/main.tf", "resource \"a\" \"c\" {}\n"),
        ],
    );
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(scratch.0.join(target), scratch.0.join("repo").join(name)).unwrap();
    };
    link("outside", "m");
    link("outside/main.tf", "linked.tf");
    link("nowhere", "dangling.tf");
    let mut files = Vec::new();
    let (_, notes) = TerraformSource::open(&scratch.0.join("repo"), &Limits::default(), &mut files).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert!(
        names.len() == 1 && names[0].ends_with("repo/main.tf"),
        "{names:?}"
    );
    let notes = notes.join("\n");
    for said in [
        "linked.tf`: a link that leads out of the repository",
        "module `m`: its source is outside of the repository",
        "dangling.tf`: no such file",
    ] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
}
