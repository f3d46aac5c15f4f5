//! What is wrong with a corpus is said at its place, and a corpus of any size or depth is read in bounds.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use janus_cache::build::facts::{Facts, Severity};
use janus_cache::build::{Frontend as _, Registry};
use janus_cache::dispatch::{FamilyRule, restrict};
use janus_cache::frontend::CorpusFrontend;

fn read_file(path: &Path) -> Facts {
    CorpusFrontend::new(path).read(Path::new("."), &[]).expect("readable")
}

fn read(text: impl AsRef<[u8]>) -> Facts {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("c.json");
    std::fs::write(&path, text).expect("writable");
    read_file(&path)
}

/// Types begin on line 3; functions two lines after the last of them.
fn corpus(resolution: &str, types: &str, functions: &str) -> String {
    format!(
        "{{\"format\":\"dispatch-corpus/1\",\"resolution\":\"{resolution}\",\n\"types\":[\n{types}\n],\
         \n\"functions\":[\n{functions}\n]}}"
    )
}

/// Each problem as `line:column code: message`.
fn problems(facts: &Facts) -> Vec<String> {
    let told = facts.diagnostics.iter().map(|told| {
        assert_eq!((told.severity, told.place.file.as_ref()), (Severity::Error, "c.json"));
        format!("{}:{} {}: {}", told.place.line, told.place.column, told.code, told.message)
    });
    told.collect()
}

/// A type above all, `A` below it and `B` below that.
const TYPES: &str = r#"{"name":"Top","supers":[]},
{"name":"A","supers":["Top"]},
  {"name":"B","supers":["A"]}"#;
const ONE: &str = r#"{"name":"f","arity":1,"methods":[{"params":["A"],"implementation":"f1"}]}"#;

#[track_caller]
fn assert_told(text: impl AsRef<[u8]>, expected: &[&str]) -> Facts {
    let facts = read(text);
    assert_eq!(problems(&facts), expected);
    // What is left makes families: nothing that was told comes up again, in other words.
    Registry::from_facts(&facts).expect("sound types");
    facts
}

#[test]
fn a_corpus_without_problems_is_types_and_methods() {
    let facts = assert_told(corpus("symmetric", TYPES, ONE), &[]);
    let types: Vec<_> = facts.types.iter().map(|fact| (fact.name.as_str(), fact.supers.len())).collect();
    assert_eq!(types, [("A", 0), ("B", 1)], "the only type without supers is the top type");
    assert_eq!((facts.methods.len(), facts.methods[0].family.as_str()), (1, "f"));
    assert_eq!((facts.methods[0].place.line, facts.methods[0].place.column), (8, 34));
}

#[test]
fn text_that_is_no_json_is_told_at_its_line_and_column() {
    let broken = corpus("symmetric", TYPES, ONE).replace("\"functions\":", "\"functions\"=");
    assert_told(broken, &["7:12 malformed-corpus: not a corpus: expected `:`"]);
    assert_told("", &["1:1 malformed-corpus: not a corpus: EOF while parsing a value"]);
    let rest = corpus("symmetric", TYPES, ONE) + "x";
    assert_told(rest, &["9:3 malformed-corpus: not a corpus: trailing characters"]);
    let list = r#" ["dispatch-corpus/1","symmetric",null,[],[]]"#;
    assert_told(list, &["1:2 malformed-corpus: not a corpus: expected an object, found a list"]);
}

#[test]
fn a_field_of_the_wrong_kind_is_told_where_it_stands_in_the_whole_text() {
    let types = TYPES.replace("[\"A\"]", "\"A\"");
    let expected = "5:26 malformed-corpus: not a type: invalid type: string \"A\", expected a sequence";
    assert_told(corpus("symmetric", &types, ""), &[expected]);
    let functions = ONE.replace("\"arity\":1", "\"arity\":-1");
    let expected = "8:22 malformed-corpus: not a function: invalid value: integer `-1`, expected usize";
    assert_told(corpus("symmetric", TYPES, &functions), &[expected]);
    let functions = ONE.replace(",\"implementation\":\"f1\"", "");
    let expected = "8:49 malformed-corpus: not a method: missing field `implementation`";
    assert_told(corpus("symmetric", TYPES, &functions), &[expected]);
    let types = "{\"name\":\"Top\",\"supers\":[]},\n[\"A\",[\"Top\"]]";
    let expected = "4:1 malformed-corpus: not a type: expected an object, found a list";
    assert_told(corpus("symmetric", types, ""), &[expected]);
}

#[test]
fn another_format_and_another_resolution_are_refused() {
    let other = corpus("symmetric", TYPES, ONE).replace("corpus/1", "corpus/9");
    let expected =
        "1:1 unknown-format: expected the format \"dispatch-corpus/1\", found \"dispatch-corpus/9\"";
    assert_told(other, &[expected]);
    let expected = "1:49 malformed-corpus: not a corpus: unknown variant `best`, \
                    expected one of `symmetric`, `precedence`, `levels`";
    assert_told(corpus("best", TYPES, ONE), &[expected]);
}

#[test]
fn bytes_that_are_no_utf_8_are_told_at_the_first_of_them() {
    let mut bytes = corpus("symmetric", TYPES, ONE).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'B').expect("there");
    bytes[at] = 0xFF;
    assert_told(bytes, &["5:12 not-utf8: this byte is not UTF-8 text"]);
}

#[test]
fn types_that_are_their_own_supertypes_are_named_one_below_the_other() {
    let types = TYPES.replace("[\"Top\"]", "[\"Top\",\"C\"]")
        + ",\n{\"name\":\"C\",\"supers\":[\"B\"]},\n{\"name\":\"D\",\"supers\":[\"C\"]}";
    let expected = "4:1 cyclic-types: types are their own supertypes: A is below C is below B is below A";
    let facts = assert_told(corpus("symmetric", &types, ONE), &[expected]);
    assert_eq!((facts.types.len(), facts.methods.len()), (0, 0), "no table is made of doubtful types");
    let alone = "{\"name\":\"Top\",\"supers\":[]},\n{\"name\":\"A\",\"supers\":[\"A\"]}";
    let expected = "4:1 cyclic-types: types are their own supertypes: A is below A";
    assert_told(corpus("symmetric", alone, ""), &[expected]);
}

#[test]
fn what_is_there_twice_is_told_with_the_place_of_the_first() {
    let types = format!("{TYPES},\n{{\"name\":\"A\",\"supers\":[]}}");
    let facts = assert_told(corpus("symmetric", &types, ""), &["6:1 duplicate-type: type A is there twice"]);
    let (place, note) = &facts.diagnostics[0].notes[0];
    assert_eq!((place.line, place.column, note.as_str()), (4, 1, "the first one is here"));

    let again = ONE.replace("f1", "f2");
    let expected = "9:1 duplicate-function: function f/1 is there twice";
    assert_told(corpus("symmetric", TYPES, &format!("{ONE},\n{again}")), &[expected]);
    let other_arity = r#"{"name":"f","arity":0,"methods":[{"params":[],"implementation":"f0"}]}"#;
    assert_told(corpus("symmetric", TYPES, &format!("{ONE},\n{other_arity}")), &[]);

    let other = ONE.replace("\"f\"", "\"g\"");
    let expected = "9:34 duplicate-implementation: implementation f1 is there twice";
    assert_told(corpus("symmetric", TYPES, &format!("{ONE},\n{other}")), &[expected]);

    let twice = ONE.replace("}]}", "},\n{\"params\":[\"A\"],\"implementation\":\"f2\"}]}");
    let expected = "9:1 duplicate-method: function f/1 with the parameters (A) is there twice";
    assert_told(corpus("symmetric", TYPES, &twice), &[expected]);
}

#[test]
fn names_that_no_type_has_are_told_where_they_are_used() {
    for (field, place) in [("supers", "3:1"), ("counts_as", "3:1"), ("precedence", "3:1")] {
        let types = format!("{{\"name\":\"A\",\"supers\":[],\"{field}\":[\"Z\"]}}")
            .replace("\"supers\":[],\"supers\"", "\"supers\"");
        let expected = format!("{place} unknown-type: type A names Z, which is not among the types");
        assert_told(corpus("symmetric", &types, ""), &[&expected]);
    }
    let expected = "8:34 unknown-type: f1 has a parameter of type Z, which is not among the types";
    assert_told(corpus("symmetric", TYPES, &ONE.replace("\"A\"", "\"Z\"")), &[expected]);
    let top = corpus("symmetric", TYPES, ONE).replacen('{', "{\"top\":\"Z\",", 1);
    assert_told(top, &["1:1 unknown-type: the top type Z is not among the types"]);
}

#[test]
fn a_method_has_as_many_parameters_as_its_function_has_positions() {
    let expected = "8:34 parameter-count: f1 has 1 parameters, its function has 2";
    assert_told(corpus("symmetric", TYPES, &ONE.replace("\"arity\":1", "\"arity\":2")), &[expected]);
}

#[test]
fn a_function_has_at_most_255_positions_and_may_have_none() {
    let of = |arity: usize| {
        let params = vec!["\"A\""; arity].join(",");
        let function = format!(
            "{{\"name\":\"f\",\"arity\":{arity},\"methods\":[{{\"params\":[{params}],\"implementation\":\"f1\"}}]}}"
        );
        corpus("symmetric", TYPES, &function)
    };
    let facts = assert_told(of(0), &[]);
    let registry = Registry::from_facts(&facts).expect("sound");
    let table = restrict(registry.graph(), registry.family("f", 0).expect("it is there")).expect("a table");
    assert_eq!((table.entries.len(), table.types.len()), (1, 0));
    assert_eq!(assert_told(of(255), &[]).methods.len(), 1);
    let expected = "8:1 too-many-positions: function f/256: at most 255 positions are possible";
    assert_eq!(assert_told(of(256), &[expected]).methods.len(), 0);
}

#[test]
fn a_function_without_methods_is_told() {
    let function = r#"{"name":"f","arity":1,"methods":[]}"#;
    assert_told(corpus("symmetric", TYPES, function), &["8:1 empty-function: function f/1 has no method"]);
}

/// The same types with the lists that rule `precedence` compares by.
const LISTED: &str = r#"{"name":"Top","supers":[],"precedence":["Top"]},
{"name":"A","supers":["Top"],"precedence":["A","Top"]},
{"name":"B","supers":["A"],"precedence":["B","A","Top"]}"#;

#[test]
fn an_order_of_positions_names_each_of_them_once() {
    let of = |order: &str| {
        let methods = r#"[{"params":["A","B"],"implementation":"f1"}]"#;
        let function =
            format!("{{\"name\":\"f\",\"arity\":2,\"argument_precedence\":{order},\"methods\":{methods}}}");
        corpus("precedence", LISTED, &function)
    };
    let facts = assert_told(of("[1,0]"), &[]);
    assert_eq!(facts.argument_orders[0].order, [1, 0]);
    assert_eq!(facts.rule, FamilyRule::Precedence { argument_order: Vec::new() });
    for order in ["[0]", "[0, 0]", "[0, 2]", "[0, 1, 2]"] {
        let expected = format!(
            "8:1 argument-precedence: function f/2: argument_precedence {order} does not name each position once"
        );
        assert_told(of(order), &[&expected]);
    }
}

#[test]
fn under_rule_precedence_every_type_has_its_whole_list() {
    let types = LISTED.replace(",\"precedence\":[\"A\",\"Top\"]", "");
    let expected =
        "4:1 missing-precedence: type A has no `precedence` list, by which this resolution compares";
    assert_told(corpus("precedence", &types, ONE), &[expected]);
    let wrong = "5:1 precedence-list: the precedence list of type B is not itself first and then each of its \
                 supertypes once";
    for list in [r#"["B","Top"]"#, r#"["A","B","Top"]"#, r#"["B","A","A","Top"]"#] {
        let types = LISTED.replace(r#"["B","A","Top"]"#, list);
        assert_told(corpus("precedence", &types, ONE), &[wrong]);
    }
}

#[test]
fn a_list_of_precedence_adds_the_supertypes_that_it_alone_names() {
    let types = LISTED.replace("\"supers\":[\"A\"]", "\"supers\":[\"Top\"]");
    let facts = assert_told(corpus("precedence", &types, ONE), &[]);
    assert_eq!(
        (facts.types[1].name.as_str(), facts.types[1].supers.as_slice()),
        ("B", &["A".to_owned()][..])
    );
    let types = types.replace("[\"A\",\"Top\"]", "[\"A\",\"B\",\"Top\"]");
    let expected = "4:1 cyclic-types: types are their own supertypes: A is below B is below A";
    assert_told(corpus("precedence", &types, ONE), &[expected]);
}

#[test]
fn the_name_any_is_that_of_the_top_type() {
    let types = format!("{TYPES},\n{{\"name\":\"any\",\"supers\":[\"A\"]}}");
    let expected = "6:1 reserved-name: the name `any` means the top type";
    assert_told(corpus("symmetric", &types, ONE), &[expected]);
    let top = TYPES.replace("Top", "any");
    assert_eq!(assert_told(corpus("symmetric", &top, ONE), &[]).types.len(), 2);
}

#[test]
fn names_are_not_empty_and_hold_no_control_characters() {
    let types = TYPES.replace("\"B\"", "\"B\\n\"");
    let expected = "5:3 control-character: the name \"B\\n\" of this type holds a control character";
    assert_told(corpus("symmetric", &types, ONE), &[expected]);
    for (field, what, place) in [
        ("\"name\":\"f", "function", "8:1"),
        ("\"implementation\":\"f1", "implementation", "8:34"),
        ("\"module\":\"m", "module", "8:34"),
    ] {
        let function = ONE.replace("{\"params\"", "{\"module\":\"m\",\"params\"");
        let named = field.rsplit('"').next().expect("a name");
        let expected = format!(
            "{place} control-character: the name \"{named}\\t\" of this {what} holds a control character"
        );
        assert_told(
            corpus("symmetric", TYPES, &function.replace(field, &format!("{field}\\t"))),
            &[&expected],
        );
    }
    let expected = "8:34 empty-name: the name of this implementation is empty";
    assert_told(corpus("symmetric", TYPES, &ONE.replace("f1", "")), &[expected]);
}

#[test]
fn of_several_types_without_supertypes_none_is_the_top_type_unless_the_text_names_it() {
    let types = format!("{TYPES},\n{{\"name\":\"Other\",\"supers\":[]}}");
    let text = corpus("symmetric", &types, ONE);
    assert_eq!(assert_told(&text, &[]).types.len(), 4);
    let facts = assert_told(text.replacen('{', "{\"top\":\"Top\",", 1), &[]);
    let names: Vec<&str> = facts.types.iter().map(|fact| fact.name.as_str()).collect();
    assert_eq!(names, ["A", "B", "Other"]);
    let absent = corpus("symmetric", TYPES, ONE).replacen('{', "{\"top\":null,", 1);
    let facts = assert_told(absent, &[]);
    assert_eq!(facts.types.len(), 3, "the only root is a type like any other");
    assert_eq!(facts.methods[0].params, ["A"]);
    let below = text.replacen('{', "{\"top\":\"B\",", 1);
    assert_told(below, &["5:3 top-type: the top type B has the supertype A"]);
}

#[test]
fn under_levels_a_role_counts_as_being_under_cool() {
    let types =
        TYPES.replace("\"A\"", "\"Cool\"") + ",\n{\"name\":\"R\",\"supers\":[\"Top\"],\"kind\":\"role\"}";
    let counts = |resolution: &str| {
        let facts = assert_told(corpus(resolution, &types, ""), &[]);
        facts.types.iter().find(|fact| fact.name == "R").expect("it is there").counts_as.clone()
    };
    assert_eq!(counts("levels"), ["Cool"]);
    assert_eq!(counts("symmetric"), [""; 0]);
}

#[test]
fn json_that_is_nested_without_end_is_refused_and_no_crash() {
    const DEPTH: usize = 1 << 20;
    let nested = "[".repeat(DEPTH);
    let text = format!("{{\"format\":\"dispatch-corpus/1\",\"resolution\":\"levels\",\"types\":[{nested}");
    let facts = read(text);
    assert_eq!((facts.diagnostics.len(), facts.diagnostics[0].code), (1, "malformed-corpus"));
    let (open, close) = ("{\"a\":[".repeat(DEPTH), "]}".repeat(DEPTH));
    let whole = corpus("symmetric", &format!("{{\"name\":\"A\",\"supers\":[],\"more\":{open}{close}}}"), "");
    assert_told(whole, &[]);
    let row = corpus("symmetric", &format!("{{\"name\":\"A\",\"supers\":{open}{close}}}"), "");
    assert_eq!(read(row).diagnostics.len(), 1);
}

#[test]
fn a_corpus_of_a_hundred_megabytes_is_read_in_bounded_time() {
    const BYTES: usize = 100 << 20;
    /// Some seconds in a build without optimization; a quadratic step would take hours.
    const LONGEST: Duration = Duration::from_secs(60);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("c.json");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("writable"));
    let begin = "{\"format\":\"dispatch-corpus/1\",\"resolution\":\"symmetric\",\"types\":[{\"name\":\"T0\",\"supers\":[]}";
    file.write_all(begin.as_bytes()).expect("written");
    let mut written = begin.len();
    let mut types = 1_usize;
    while written < BYTES / 2 {
        let text = format!(",{{\"name\":\"lib::module::T{types}\",\"supers\":[\"T0\"],\"kind\":\"class\"}}");
        file.write_all(text.as_bytes()).expect("written");
        (written, types) = (written + text.len(), types + 1);
    }
    file.write_all(b"],\"functions\":[{\"name\":\"f0\",\"arity\":0,\"methods\":[{\"params\":[],\"implementation\":\"i0\"}]}")
        .expect("written");
    let mut functions = 1_usize;
    while written < BYTES {
        let param = functions % (types - 1) + 1;
        let text = format!(
            ",{{\"name\":\"lib::f{functions}\",\"arity\":1,\"methods\":[{{\"params\":[\"lib::module::T{param}\"],\
             \"implementation\":\"lib::f{functions}(T{param})\",\"module\":\"lib\"}}]}}"
        );
        file.write_all(text.as_bytes()).expect("written");
        (written, functions) = (written + text.len(), functions + 1);
    }
    file.write_all(b"]}").expect("written");
    file.into_inner().expect("flushed");
    let started = Instant::now();
    let facts = read_file(&path);
    let elapsed = started.elapsed();
    assert_eq!(problems(&facts), [""; 0]);
    assert_eq!((facts.types.len(), facts.methods.len()), (types - 1, functions));
    assert!(elapsed < LONGEST, "{written} bytes took {elapsed:?}");
    println!("{written} bytes, {types} types, {functions} functions: {elapsed:?}");
}

/// The block of the specification that is a corpus.
#[test]
fn the_example_of_the_specification_is_a_corpus_and_its_codes_are_those_that_are_told() {
    let spec = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/corpus.md"));
    let spec = spec.expect("readable");
    let (_, example) = spec.split_once("## Example\n\n```json\n").expect("there is an example");
    let (example, _) = example.split_once("```").expect("it ends");
    let facts = assert_told(example, &[]);
    assert_eq!((facts.types.len(), facts.methods.len()), (2, 2));

    let (_, errors) = spec.split_once("\n## Errors\n").expect("there is a table");
    let errors = errors.split("\n## ").next().unwrap_or(errors);
    let codes = errors.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let codes: BTreeSet<&str> = codes.map(|(code, _)| code).collect();
    // Each code stands in a test of this file, beside a place.
    let tests = include_str!("frontend_corpus.rs");
    let told: BTreeSet<&str> =
        codes.iter().copied().filter(|code| tests.contains(&format!(" {code}: "))).collect();
    assert_eq!(told, codes);
}
