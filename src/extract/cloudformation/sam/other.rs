//! The serverless resources that bring few policies or none.

use crate::source::Node;

use super::super::syntax::View;
use super::constructs::Construct;
use super::pen::Pen;
use super::role::Role;
use super::writer::Writer;

/// The type, and the type that the transform makes of it.
const PLAIN: &[(&str, &str)] = &[
    ("CapacityProvider", "AWS::Lambda::CapacityProvider"),
    ("LayerVersion", "AWS::Lambda::LayerVersion"),
    ("SimpleTable", "AWS::DynamoDB::Table"),
];

/// Writes a resource of one of these types.
pub(super) fn plain_resource(of: &Construct<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    if of.kind.name == "Application" {
        return application(of, writer);
    }
    if of.kind.name == "CapacityProvider" && of.get("OperatorRole").is_none() {
        let id = format!("{}OperatorRole", of.id);
        let mut role = Role::new(id, of.span, of.condition.clone(), "lambda.amazonaws.com");
        role.implied("AWSLambdaManagedEC2ResourceOperator", of.span);
        role.write(of, writer);
    }
    let Some((_, resource_type)) = PLAIN.iter().find(|(name, _)| *name == of.kind.name) else {
        return;
    };
    let mut properties: Vec<(String, Node)> = Vec::new();
    if let Some(name) = of.get("TableName") {
        properties.push(("TableName".to_owned(), writer.copy(name)));
    }
    for (name, value) in of.passed() {
        let value = writer.copy(View::of(value));
        properties.push((name.to_owned(), value));
    }
    writer.resource(of, of.id.clone(), resource_type, pen.map(properties));
}

/// An application is a nested stack: its template is elsewhere.
fn application(of: &Construct<'_>, writer: &mut Writer) {
    let pen = Pen(of.span);
    let location = of.get("Location").map(|location| writer.copy(location));
    let location = location.unwrap_or_else(|| pen.text(""));
    let mut properties = vec![("TemplateURL".to_owned(), location)];
    if let Some(parameters) = of.get("Parameters") {
        properties.push(("Parameters".to_owned(), writer.copy(parameters)));
    }
    let properties = pen.map(properties);
    writer.resource(of, of.id.clone(), "AWS::CloudFormation::Stack", properties);
}
