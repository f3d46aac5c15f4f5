//! Questions for Graphviz: `janus dispatch tree --dot … | dot -Tpng -o tree.png`.

use std::fmt::Write as _;

use super::flow::{Flow, Target};
use super::grid::Cell;
use super::palette::hex;
use super::svg::escape;

/// The graph. `methods` says what the results are called.
pub(crate) fn dot(flow: &Flow, title: &str, methods: &[String]) -> String {
    let mut text = String::from(
        "digraph dispatch {\n  rankdir=LR;\n  node [shape=plaintext, fontname=\"sans-serif\"];\n",
    );
    let _ = writeln!(text, "  label={};\n  labelloc=t;", quoted(title));
    for (at, question) in flow.questions.iter().enumerate() {
        let _ = write!(
            text,
            "  q{at} [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\"><tr><td><b>{}</b></td></tr>",
            escape(&question.title)
        );
        for (port, branch) in question.branches.iter().enumerate() {
            let (fill, result) = match &branch.target {
                Target::Question(_) => ("#ffffff".to_owned(), String::new()),
                Target::Result(Cell::Method(method)) => {
                    (hex(*method), methods.get(*method).cloned().unwrap_or_default())
                }
                Target::Result(Cell::NoMethod) => ("#eeeeee".to_owned(), "no method".to_owned()),
                Target::Result(Cell::Ambiguous(_)) => ("#ff9999".to_owned(), "ambiguous".to_owned()),
            };
            let label = escape(&branch.label);
            let result = if result.is_empty() { String::new() } else { format!(": {}", escape(&result)) };
            let _ = write!(
                text,
                "<tr><td port=\"b{port}\" align=\"left\" bgcolor=\"{fill}\">{label}{result}</td></tr>"
            );
        }
        text.push_str("</table>>];\n");
    }
    for (at, question) in flow.questions.iter().enumerate() {
        for (port, branch) in question.branches.iter().enumerate() {
            if let Target::Question(next) = branch.target {
                let _ = writeln!(text, "  q{at}:b{port}:e -> q{next}:w;");
            }
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "))
}
