//! Bundled facts: AWS managed policies and the service authorization reference (advisory; see data/NOTICE.md).

/// The JSON text of an AWS managed policy, by its ARN; any partition (`arn:aws-cn:…` finds the `aws` document).
/// `None` when the catalog does not hold it.
pub fn managed_policy(arn: &str) -> Option<&'static str> {
    let _ = arn;
    todo!()
}

/// The ARN of an AWS managed policy by its name.
pub fn managed_policy_arn(name: &str) -> Option<&'static str> {
    let _ = name;
    todo!()
}

/// An action of the service authorization reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFacts {
    /// `s3:GetObject`, in AWS's spelling.
    pub name: &'static str,
    /// ARN formats of the resource types it takes (`arn:${Partition}:s3:::${BucketName}/${ObjectName}`); empty when it
    /// takes only `*`.
    pub resources: Vec<&'static str>,
}

/// The facts of an action, found without case.
pub fn action(name: &str) -> Option<ActionFacts> {
    let _ = name;
    todo!()
}

/// All actions of a service prefix, in AWS's spelling, sorted.
pub fn actions_of(service: &str) -> Vec<&'static str> {
    let _ = service;
    todo!()
}

/// All service prefixes, sorted.
pub fn services() -> Vec<&'static str> {
    todo!()
}
