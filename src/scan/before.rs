//! What is deployed, where the input does not tell it or another version is to count: the file of `--before`.

use crate::extract::{
    Before, EarlierTemplate, EarlierTerraform, Extraction, extract_bare_policy, extract_bare_policy_as,
    extract_plan_since, extract_state, extract_template_since,
};
use crate::source::{FileId, Input, InputKind, Limits, Loaded, Node, SourceFile, TerraformSource, load};

use super::ScanOptions;
use super::nested::Surroundings;
use super::read::{Gathered, in_file, in_parallel, parse_tree, with_id};

/// The file of `--before`, read.
pub(super) struct Earlier<'f> {
    /// How users name it.
    name: &'f str,
    what: What<'f>,
}

enum What<'f> {
    Terraform(EarlierTerraform<'f>),
    Template(Box<EarlierTemplate>),
    Policy(Node),
}

/// Loads the file of `--before`, if there is one, behind the other files. It is compared with one input.
pub(super) fn open(options: &ScanOptions, inputs: &[Input], gathered: &mut Gathered) -> Option<Input> {
    let path = options.before.as_ref()?;
    let mut refuse = |message: String| gathered.usage.push(message);
    if path.as_os_str() == "-" && options.inputs.iter().any(|input| input.as_os_str() == "-") {
        refuse("standard input is the input already: give a file to `--before`".to_owned());
        return None;
    }
    if inputs.len() > 1 {
        let many = inputs.len();
        refuse(format!(
            "`--before` is the deployed version of one input, and there are {many}: check them one by one"
        ));
        return None;
    }
    let Loaded {
        files,
        inputs: loaded,
        errors,
        places,
        ..
    } = load(std::slice::from_ref(path), &options.limits);
    for error in &errors {
        match error.usage {
            true => gathered.refuse(error),
            false => gathered
                .errors
                .push(with_id("unreadable-before", error.to_string())),
        }
    }
    let before = match loaded.as_slice() {
        [one] => *one,
        [] if errors.is_empty() => {
            let message = "holds no plan, state, template or policy, so it cannot be what is deployed";
            let message = format!("{}: {message}", path.display());
            gathered.errors.push(with_id("unreadable-before", message));
            return None;
        }
        [] => return None,
        many => {
            let message = format!(
                "`--before`: {} holds {} inputs: give one",
                path.display(),
                many.len()
            );
            gathered.usage.push(message);
            return None;
        }
    };
    let input = inputs.first()?;
    if family(input.kind) != family(before.kind) {
        let message = format!(
            "`--before`: {} cannot be the deployed version of {}",
            family(before.kind),
            family(input.kind)
        );
        gathered.usage.push(message);
        return None;
    }
    let FileId(position) = before.file;
    let file = FileId(position + gathered.files.len());
    let shift = gathered.files.len();
    let places = places
        .into_iter()
        .map(|(FileId(at), place)| (FileId(at + shift), place));
    gathered.places.extend(places);
    gathered.files.extend(files);
    Some(Input { file, ..before })
}

/// What can be compared with each other.
fn family(kind: InputKind) -> &'static str {
    match kind {
        InputKind::TerraformPlan | InputKind::TerraformState => "a Terraform plan or state",
        InputKind::Template => "a template",
        InputKind::Policy => "a policy",
    }
}

impl<'f> Earlier<'f> {
    /// Reads it. `Err` names the file.
    pub(super) fn read(
        before: Input,
        files: &'f [SourceFile],
        around: &Surroundings,
        options: &ScanOptions,
    ) -> Result<Earlier<'f>, String> {
        let FileId(position) = before.file;
        let file = files.get(position).ok_or("`--before` has no file")?;
        let named = |message: String| in_file(&file.name, &message);
        let tree = || {
            let tree = parse_tree(file, before.file, &options.limits);
            tree.map_err(|error| named(error.to_string()))
        };
        let what = match before.kind {
            kind @ (InputKind::TerraformPlan | InputKind::TerraformState) => What::Terraform(
                EarlierTerraform::read(&file.text, kind, &options.standards.policy_attributes)
                    .map_err(named)?,
            ),
            InputKind::Template => {
                let template = EarlierTemplate::read(
                    tree()?,
                    before.file,
                    &around.template_options(before.file, options),
                );
                What::Template(Box::new(template.map_err(named)?))
            }
            InputKind::Policy => What::Policy(tree()?),
        };
        Ok(Earlier {
            name: &file.name,
            what,
        })
    }

    /// Extracts an input and tells its policies what they were. `Err` says what is wrong with the input.
    pub(super) fn extract(
        &self,
        input: Input,
        file: &'f SourceFile,
        (source, around): (Option<&'f TerraformSource>, &Surroundings),
        options: &ScanOptions,
    ) -> Result<Extraction, String> {
        let extra = &options.standards.policy_attributes;
        let tree = |limits: &Limits| parse_tree(file, input.file, limits).map_err(|error| error.to_string());
        match (&self.what, input.kind) {
            (What::Terraform(earlier), InputKind::TerraformPlan) => {
                extract_plan_since(&file.text, input.file, extra, source, earlier, &in_parallel)
            }
            (What::Terraform(earlier), InputKind::TerraformState) => {
                extract_state(&file.text, input.file, extra, Some(earlier), &in_parallel)
            }
            (What::Template(earlier), InputKind::Template) => {
                let tree = tree(&options.limits)?;
                let options = around.template_options(input.file, options);
                extract_template_since(&tree, input.file, &options, earlier)
            }
            (What::Policy(earlier), InputKind::Policy) => {
                let extraction = extract_bare_policy(&tree(&options.limits)?, input.file);
                Ok(with_policy(extraction, earlier, input.file))
            }
            (What::Terraform(_) | What::Template(_) | What::Policy(_), _) => {
                Err(format!("`{}` is of another kind", self.name))
            }
        }
    }
}

/// A bare policy is one document, and so was the earlier one.
fn with_policy(mut extraction: Extraction, earlier: &Node, file: FileId) -> Extraction {
    for policy in &mut extraction.policies {
        let was = extract_bare_policy_as(earlier, file, Some(policy.kind)).policies;
        let was = was.into_iter().next().map(|was| was.document);
        policy.before = match was {
            Some(Ok(document)) => Before::Document(document),
            Some(Err(invalid)) => Before::Unreadable(invalid.to_string()),
            None => Before::Unreadable("there is no document in it".to_owned()),
        };
    }
    extraction
}
