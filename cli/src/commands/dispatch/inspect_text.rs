//! What stands in a file, for people.

use std::fmt::Write as _;

use janus_cache::image::inspect::{
    FamilyDump, Field, HashDump, Inspection, MatrixDump, MatrixRow, OutcomeCount, ParamList, Problem,
    RankDump, RuleDump,
};
use janus_cache::store::PackInspection;

use crate::human;

fn fields(text: &mut String, title: &str, fields: &[Field]) {
    let width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    let _ = writeln!(text, "\n{title}");
    for Field { name, at_bytes, value } in fields {
        let value = value.as_deref().unwrap_or("missing");
        let _ = writeln!(text, "  {at_bytes:>6}  {name:<width$}  {value}");
    }
}

/// What is wrong, first of all: a dump may be long.
fn verdict(text: &mut String, problems: &[Problem], more: usize) {
    if problems.is_empty() {
        text.push_str("sound\n");
        return;
    }
    let count = human::count(problems.len() + more, "problem", "problems");
    let _ = writeln!(text, "damaged: {count}");
    for Problem { at_bytes, what } in problems {
        let _ = writeln!(text, "  at byte {at_bytes}: {}", printable(what));
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
}

/// Text of a damaged file must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn listed(names: &[String]) -> String {
    printable(&names.join(", "))
}

/// A table or an image.
pub(super) fn file(found: &Inspection) -> String {
    let mut text = format!("{}, {} bytes: ", found.kind.as_str(), found.len_bytes);
    verdict(&mut text, &found.problems, found.more_problems);
    if let (Some(codec), Some(decoded)) = (&found.codec, found.decoded_bytes) {
        let _ = writeln!(
            text,
            "in codec {codec}: header and checksums are of the file, the rest is of the {decoded} bytes that it decodes to"
        );
    }
    fields(&mut text, "header", &found.fields);
    text.push_str("\nchecksums\n");
    for checksum in &found.checksums {
        let said = match checksum.computed {
            Some(_) if checksum.is_right() => "right".to_owned(),
            Some(computed) => format!("wrong, the bytes have {computed:08x}"),
            None => "not comparable, bytes are missing".to_owned(),
        };
        let _ = writeln!(text, "  {:<8}  {:08x}  {said}", checksum.what, checksum.stored);
    }
    text.push_str("\nsections\n  tag     offset     length  flags\n");
    for section in &found.sections {
        let _ = write!(
            text,
            "  {:<4} {:>9} {:>10}  {:x}",
            section.tag, section.offset_bytes, section.len_bytes, section.flags
        );
        if section.present_bytes < section.len_bytes {
            let _ = write!(text, "  only {} bytes are there", section.present_bytes);
        }
        text.push('\n');
    }
    if !found.types.is_empty() {
        text.push_str("\ntypes\n");
        for (at, row) in found.types.iter().enumerate() {
            let sealed = if row.sealed { "  sealed" } else { "" };
            let _ = writeln!(text, "  {at:>4}  {}{sealed}", printable(&row.name));
        }
    }
    for dump in &found.families {
        family(&mut text, dump);
    }
    if found.truncated {
        text.push_str("\nthere are more rows than are shown\n");
    }
    text
}

fn family(text: &mut String, family: &FamilyDump) {
    let (name, arity) = (printable(&family.name), family.arity);
    let ambiguous = if family.flags & 1 == 1 { ", may be ambiguous" } else { "" };
    let _ = writeln!(text, "\nfamily {name}/{arity}");
    let _ = writeln!(text, "  rule {}, optimization {}{ambiguous}", family.rule, family.optimization);
    let _ = writeln!(text, "  table hash {:016x}", family.table_hash);
    for (at, row) in family.types.iter().enumerate() {
        let sealed = if row.sealed { ", sealed" } else { "" };
        let _ = writeln!(text, "  type {at}: {}{sealed}, under {}", printable(&row.name), listed(&row.under));
    }
    for (at, entry) in family.entries.iter().enumerate() {
        let place = entry.place.as_ref().map_or_else(String::new, |place| format!("  {}", printable(place)));
        let default = if entry.default { ", default" } else { "" };
        let _ = writeln!(text, "  entry {at}: ({}){place}", listed(&entry.pattern));
        let _ = writeln!(
            text,
            "    {} in module {}, specificity {}, {} calls{default}",
            printable(&entry.implementation),
            printable(&entry.module),
            entry.specificity,
            entry.call_frequency
        );
    }
    for row in &family.classes {
        let _ = writeln!(text, "  argument {}, class {}: {}", row.position, row.class, listed(&row.types));
    }
    if let Some(root) = &family.root {
        let _ = writeln!(text, "  root: {root}");
    }
    for node in &family.nodes {
        let _ = writeln!(
            text,
            "  node {}: argument {} -> {}",
            node.word,
            node.position,
            node.children.join(", ")
        );
    }
    if let Some(dump) = &family.rule_data {
        rule(text, dump);
    }
    if let Some(dump) = &family.matrix {
        matrix(text, dump, family.arity);
    }
    if let Some(HashDump { buckets, slots, occupied, outcomes }) = &family.hash {
        let (buckets, slots) = (counted(u64::from(*buckets), "bucket"), counted(u64::from(*slots), "slot"));
        let _ = writeln!(text, "  hash: {buckets}, {slots}, {occupied} of them occupied");
        counts(text, outcomes);
    }
    for method in &family.left_out {
        let default = if method.default { ", default" } else { "" };
        let _ = writeln!(text, "  left out: ({})", listed(&method.pattern));
        let (symbol, module) = (printable(&method.implementation), printable(&method.module));
        let _ = writeln!(text, "    {symbol} in module {module}{default}");
    }
    for piece in &family.pieces {
        let _ = writeln!(
            text,
            "  piece {}: {} bytes at {} of BLOB",
            piece.tag, piece.len_bytes, piece.offset_bytes
        );
    }
}

/// `1 slot`, `3 slots`.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn rule(text: &mut String, rule: &RuleDump) {
    let mut lists = |lists: &[ParamList], says: &str| {
        for ParamList { name, params } in lists {
            let _ = writeln!(text, "  {} {says} {}", printable(name), listed(params));
        }
    };
    match rule {
        RuleDump::Precedence { argument_order, ranks, lists: own } => {
            lists(own, "has the list");
            let order: Vec<String> = argument_order.iter().map(u8::to_string).collect();
            let _ = writeln!(text, "  arguments are compared in the order {}", order.join(", "));
            for RankDump { param, rank } in ranks {
                let _ = writeln!(text, "  rank {rank}: {}", printable(param));
            }
        }
        RuleDump::Levels(counts_as) => lists(counts_as, "counts as"),
        RuleDump::Custom(name) => {
            let _ = writeln!(text, "  the rule's name is {}", printable(name));
        }
    }
}

fn counts(text: &mut String, outcomes: &[OutcomeCount]) {
    for OutcomeCount { outcome, count } in outcomes {
        let _ = writeln!(text, "    {outcome}: {count}");
    }
}

fn matrix(text: &mut String, matrix: &MatrixDump, arity: u8) {
    let MatrixDump { cell_bits, cells, outcomes, rows } = matrix;
    let _ =
        writeln!(text, "  matrix: {} of {}", counted(*cells, "cell"), counted(u64::from(*cell_bits), "bit"));
    counts(text, outcomes);
    if rows.is_empty() {
        return;
    }
    if let Some(last) = arity.checked_sub(1) {
        let _ = writeln!(
            text,
            "    classes of argument {last} across; a number is an entry, `#` ambiguous, `.` no method"
        );
    }
    // As narrow as can be read: a row has a cell for each class.
    let sign = |outcome: &String| match outcome.as_str() {
        "no method" => ".".to_owned(),
        "ambiguous" => "#".to_owned(),
        other => other.strip_prefix("entry ").unwrap_or(other).to_owned(),
    };
    let cells = |row: &MatrixRow| row.outcomes.iter().map(sign).collect::<Vec<_>>();
    let width = rows.iter().flat_map(cells).map(|cell| cell.len()).max().unwrap_or(1);
    let label = |row: &MatrixRow| match &row.classes[..] {
        [] => String::new(),
        [class] => format!("class {class}:"),
        classes => {
            let classes: Vec<String> = classes.iter().map(u32::to_string).collect();
            format!("classes {}:", classes.join(", "))
        }
    };
    let labels = rows.iter().map(|row| label(row).len()).max().unwrap_or(0);
    for row in rows {
        let cells: Vec<String> = cells(row).iter().map(|cell| format!("{cell:>width$}")).collect();
        let line = format!("{:<labels$} {}", label(row), cells.join(" "));
        let _ = writeln!(text, "    {}", line.trim_start());
    }
}

/// A pack.
pub(super) fn pack(found: &PackInspection) -> String {
    let mut text = format!("pack, {} bytes: ", found.len_bytes);
    verdict(&mut text, &found.problems, 0);
    fields(&mut text, "header", &found.header);
    if found.footer.is_empty() {
        text.push_str("\nfooter\n  none\n");
    } else {
        fields(&mut text, "footer", &found.footer);
    }
    for entry in &found.entries {
        let _ = writeln!(text, "\nentry at byte {}: {} {}", entry.at_bytes, entry.kind, entry.key);
        if let Some(content) = &entry.content {
            let _ = writeln!(text, "  {}", printable(content));
        }
        let place = match entry {
            _ if entry.is_loose => ", in a file of its own",
            _ if entry.is_shared => ", shared with an earlier entry",
            _ => "",
        };
        let (stored, decoded) = (entry.stored_bytes, entry.decoded_bytes);
        let _ = writeln!(text, "  {decoded} bytes, {stored} stored as {}{place}", entry.codec);
        let cost = human::time_ns(entry.rebuild_cost_ns);
        let _ = writeln!(text, "  made in {cost}, at {} seconds of the Unix epoch", entry.created_unix_s);
        let (project, language) = (printable(&entry.project), printable(&entry.language));
        let _ = writeln!(
            text,
            "  project {project:?}, language {language:?}, producer {:?}",
            printable(&entry.producer)
        );
        if let Some(trace) = &entry.trace {
            let _ = writeln!(text, "  trace of {}", human::count(trace.lines().count(), "line", "lines"));
        }
    }
    text
}
