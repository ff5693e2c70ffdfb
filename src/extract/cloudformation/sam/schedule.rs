//! Schedules of EventBridge Scheduler: a role that may start what is scheduled.

use super::events::{Event, Target, dead_letter_queue};
use super::pen::Pen;
use super::role::Role;
use super::writer::Writer;

/// Writes the role of a schedule; false when the event is none.
pub(super) fn schedule(event: &Event<'_>, target: &Target<'_>, action: &str, writer: &mut Writer) -> bool {
    if event.kind != "ScheduleV2" {
        return false;
    }
    let pen = Pen(event.span);
    let queue = dead_letter_queue(event, target.of, None, writer);
    if event.get("RoleArn").is_some() {
        return true;
    }
    let condition = target.of.condition.clone();
    let mut role = Role::new(
        format!("{}Role", event.id),
        event.span,
        condition,
        "scheduler.amazonaws.com",
    );
    role.document(pen.document(None, vec![pen.allow(&[action], target.arn.clone())]));
    if let Some(queue) = queue {
        role.document(pen.document(None, vec![pen.allow(&["sqs:SendMessage"], queue)]));
    }
    role.set(
        "PermissionsBoundary",
        event.get("PermissionsBoundary").map(|arn| writer.copy(arn)),
    );
    role.write(target.of, writer);
    true
}
