//! Methods that no call selects: section `LEFT`, as far as it goes.

use super::dump::LeftOutDump;
use super::family::param_name;
use super::read::{Notes, Part};
use crate::format::layout::{ENTRY_DEFAULT, LEFT};

/// Each method takes bytes, so a short section cannot promise many.
pub(super) fn read(section: Part<'_>, arity: u8, params: &[String], notes: &mut Notes) -> Vec<LeftOutDump> {
    let mut methods = Vec::new();
    let mut rest = section;
    while !rest.bytes.is_empty() && notes.take(1 + usize::from(arity)) == 1 + usize::from(arity) {
        let Some((method, behind)) = next(rest, arity, params, notes) else {
            let there = rest.bytes.len();
            let what =
                format!("{LEFT}: method {} does not end in the {there} bytes that are left", methods.len());
            notes.problem(rest.at_bytes, what);
            break;
        };
        methods.push(method);
        rest = behind;
    }
    methods
}

fn next<'a>(
    rest: Part<'a>,
    arity: u8,
    params: &[String],
    notes: &mut Notes,
) -> Option<(LeftOutDump, Part<'a>)> {
    let flags_at = 2 * usize::from(arity);
    let flags = rest.u32(flags_at)?;
    let text = |at: usize| -> Option<(Part<'a>, usize)> {
        let (start, len) = (at + 4, rest.u32(at)? as usize);
        let text = rest.slice(start, len);
        (text.bytes.len() == len).then_some((text, start + len))
    };
    let (implementation, module_at) = text(flags_at + 4)?;
    let (module, end) = text(module_at)?;
    let mut pattern = Vec::with_capacity(usize::from(arity));
    for at in (0..flags_at).step_by(2) {
        pattern.push(param_name(rest.u16(at)?, params, (LEFT, rest.at_bytes + at as u64), notes));
    }
    let method = LeftOutDump {
        pattern,
        implementation: notes.utf8(implementation, "LEFT: a symbol"),
        module: notes.utf8(module, "LEFT: a module"),
        default: flags & ENTRY_DEFAULT != 0,
    };
    Some((method, rest.slice(end, rest.bytes.len() - end)))
}
