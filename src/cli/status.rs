//! Exit statuses (interface.md, Exit status), and what a panic may say.

use std::io::Write;
use std::panic;

/// All that was found was checked and passes.
pub(super) const OK: u8 = 0;
/// Bad usage or standards file; nothing was scanned.
pub(super) const USAGE: u8 = 2;
/// An output could not be written, or the input stream broke.
pub const OUTPUT_FAILED: u8 = 3;
/// Internal error.
pub const INTERNAL: u8 = 70;

/// From the worst: 70, 3, 1, 4, 0.
const PRECEDENCE: &[u8] = &[INTERNAL, OUTPUT_FAILED, 1, 4, OK];

/// The worse of two exit statuses of a scan.
pub(super) fn worse(left: u8, right: u8) -> u8 {
    let rank = |status: u8| PRECEDENCE.iter().position(|known| *known == status).unwrap_or(0);
    if rank(left) <= rank(right) { left } else { right }
}

/// Makes panics say where they happened and nothing else: their messages may quote the input.
pub fn silence_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|at| format!(" at {}:{}", at.file(), at.line()))
            .unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: internal error{place}; this is a defect of keyaki"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence() {
        for (left, right, expected) in [
            (0, 0, 0),
            (0, 4, 4),
            (4, 1, 1),
            (1, 3, 3),
            (3, 70, 70),
            (70, 1, 70),
            (0, 99, 99),
            (1, 0, 1),
        ] {
            assert_eq!(worse(left, right), expected, "{left} {right}");
        }
    }
}
