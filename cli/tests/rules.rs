//! `janus dispatch matrix`, `tree` and `diff` under the rules of other languages: what they say is what
//! the rule's text says. The expected answers are worked out by hand from `format-spec/corpus.md`.

mod kit;

use std::collections::BTreeMap;

use kit::{Project, text};
use serde_json::{Value, json};

/// Two types whose lists have A and B in one order and in the other. The second argument is compared first.
fn precedence() -> Value {
    json!({"format": "dispatch-corpus/1", "resolution": "precedence", "types": [
        {"name": "T", "supers": [], "precedence": ["T"]},
        {"name": "A", "supers": ["T"], "precedence": ["A", "T"]},
        {"name": "B", "supers": ["T"], "precedence": ["B", "T"]},
        {"name": "One", "supers": ["A", "B"], "precedence": ["One", "A", "B", "T"]},
        {"name": "Two", "supers": ["A", "B"], "precedence": ["Two", "B", "A", "T"]},
    ], "functions": [{"name": "meet", "arity": 2, "argument_precedence": [1, 0], "methods": [
        {"params": ["A", "A"], "implementation": "aa"},
        {"params": ["A", "B"], "implementation": "ab"},
        {"params": ["B", "A"], "implementation": "ba"},
        {"params": ["T", "B"], "implementation": "any_b"},
    ]}]})
}

/// Who answers, by the first argument's type (a line each) and the second's.
const MEET: &str = "
    -    A   B      One    Two    any
    A    aa  ab     aa     ab     .
    B    ba  any_b  ba     any_b  .
    One  aa  ab     aa     ab     .
    Two  ba  ab     ba     ab     .
    any  .   any_b  any_b  any_b  .
";

/// Level 0: (Left, Left) and (Left, Right). Each is narrower than every method over `any`, its second
/// parameter being narrower and its first one not wider. Role counts as Cool, so that `cool` has a level of
/// its own behind the three others.
fn levels() -> Value {
    json!({"format": "dispatch-corpus/1", "resolution": "levels", "types": [
        {"name": "Any", "supers": []},
        {"name": "Cool", "supers": ["Any"]},
        {"name": "Role", "supers": ["Any"], "kind": "role"},
        {"name": "Both", "supers": ["Cool", "Role"]},
        {"name": "Left", "supers": ["Any"]},
        {"name": "Right", "supers": ["Any"]},
        {"name": "Mixed", "supers": ["Left", "Right"]},
    ], "functions": [{"name": "pick", "arity": 2, "methods": [
        {"params": ["Left", "Left"], "implementation": "left_left", "default": true},
        {"params": ["Left", "Right"], "implementation": "left_right"},
        {"params": ["Left", "Any"], "implementation": "left"},
        {"params": ["Right", "Any"], "implementation": "right"},
        {"params": ["Role", "Any"], "implementation": "role"},
        {"params": ["Cool", "Any"], "implementation": "cool"},
    ]}]})
}

/// As [`MEET`]; `#` is ambiguous.
const PICK: &str = "
    -      Both   Cool   Role   Left       Mixed      Right       any
    Both   role   role   role   role       role       role        role
    Cool   cool   cool   cool   cool       cool       cool        cool
    Role   role   role   role   role       role       role        role
    Left   left   left   left   left_left  left_left  left_right  left
    Mixed  #      #      #      left_left  left_left  left_right  #
    Right  right  right  right  right      right      right       right
    any    .      .      .      .          .          .           .
";

type Answers = BTreeMap<(String, String), String>;

/// A table above by its pairs of types.
fn by_hand(table: &str) -> Answers {
    let mut lines = table.trim().lines().map(|line| line.split_whitespace().map(str::to_owned));
    let across: Vec<String> = lines.next().expect("a heading").skip(1).collect();
    let mut answers = Answers::new();
    for mut line in lines {
        let down = line.next().expect("a type");
        answers.extend(across.iter().map(|across| (down.clone(), across.clone())).zip(line));
    }
    answers
}

/// A project with this corpus as `NAME.json`.
fn project(name: &str, corpus: &Value) -> Project {
    let project = Project::empty();
    project.write(&format!("{name}.json"), corpus.to_string());
    project
}

fn build(project: &Project, name: &str, optimizer: &str, image: &str) {
    let output =
        project.run(&["build", &format!("{name}.json"), "--optimizer", optimizer, "--output", image]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

fn said(project: &Project, args: &[&str]) -> String {
    let output = project.run(&[&["dispatch"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// What the matrix says of every pair.
fn by_matrix(project: &Project, function: &str) -> Answers {
    let grid = said(project, &["matrix", "some.jdi", function, "--format", "json"]);
    let grid: Value = serde_json::from_str(&grid).expect("JSON");
    let types = |group: &Value| -> Vec<String> {
        let names = group["types"].as_array().expect("a list").iter();
        let names = names.map(|name| name.as_str().expect("a name").to_owned());
        names.chain((group["any_other"] == true).then(|| "any".to_owned())).collect()
    };
    let mut answers = Answers::new();
    for (row, line) in
        grid["down"].as_array().expect("rows").iter().zip(grid["cells"].as_array().expect("cells"))
    {
        for (column, cell) in
            grid["across"].as_array().expect("columns").iter().zip(line.as_array().expect("a row"))
        {
            let answer = match cell["outcome"].as_str().expect("a word") {
                "method" => {
                    let method = &grid["methods"][cell["methods"][0].as_u64().expect("a number") as usize];
                    method["implementation"].as_str().expect("a symbol").to_owned()
                }
                "ambiguous" => "#".to_owned(),
                _ => ".".to_owned(),
            };
            for (down, across) in types(row)
                .iter()
                .flat_map(|down| types(column).into_iter().map(move |across| (down.clone(), across)))
            {
                answers.insert((down, across), answer.clone());
            }
        }
    }
    answers
}

/// A position, and its branches with where they lead.
type Question<'a> = (usize, Vec<(&'a str, &'a str)>);

/// What the tree says, walked as a reader walks it. `places` is the line of each symbol.
fn by_tree(project: &Project, function: &str, expected: &Answers, places: &[(&str, u32)]) -> Answers {
    let tree = said(project, &["tree", "some.jdi", function]);
    let questions: BTreeMap<&str, Question<'_>> = tree
        .split("\nq")
        .skip(1)
        .map(|part| {
            let mut lines = part.lines();
            let (number, title) =
                lines.next().expect("a title").split_once(": argument ").expect("a question");
            let branches = lines.map(|line| line.split_once("->").expect("a branch"));
            let branches = branches.map(|(label, target)| (label.trim(), target.trim())).collect();
            (number, (title.parse().expect("a position"), branches))
        })
        .collect();
    let walk = |pair: &(String, String)| -> String {
        let mut next = "0";
        loop {
            let (position, branches) = &questions[next];
            let asked = if *position == 0 { &pair.0 } else { &pair.1 };
            let asked = if asked == "any" { "any other type" } else { asked };
            let holds = |label: &&(&str, &str)| label.0.split(", ").any(|name| name == asked);
            let other = branches.iter().find(|(label, _)| label.contains("any"));
            let (_, target) = branches.iter().find(holds).or(other).expect("a branch");
            match target.strip_prefix('q') {
                Some(question) => next = question,
                None => break (*target).to_owned(),
            }
        }
    };
    let symbol = |target: String| match target.as_str() {
        "no method" => ".".to_owned(),
        "ambiguous" => "#".to_owned(),
        method => {
            let line = method.split(".json:").nth(1).and_then(|place| place.split(':').next());
            let line: u32 = line.expect("a place").parse().expect("a line");
            places.iter().find(|(_, known)| *known == line).expect("a method").0.to_owned()
        }
    };
    expected.keys().map(|pair| (pair.clone(), symbol(walk(pair)))).collect()
}

/// The corpus with each method on a line of its own, and these lines.
fn spread<'a>(corpus: &Value, symbols: &[&'a str]) -> (String, Vec<(&'a str, u32)>) {
    let mut text = corpus.to_string();
    for symbol in symbols {
        let method = text.find(&format!("{{\"implementation\":\"{symbol}\"")).or_else(|| {
            text.find(&format!("\"implementation\":\"{symbol}\"")).and_then(|at| text[..at].rfind('{'))
        });
        text.insert(method.expect("a method"), '\n');
    }
    let line = |symbol: &str| {
        let at = text.find(&format!("\"{symbol}\"")).expect("a symbol");
        text[..at].matches('\n').count() as u32 + 1
    };
    let places = symbols.iter().map(|symbol| (*symbol, line(symbol))).collect();
    (text, places)
}

#[test]
fn a_matrix_under_precedence_goes_by_the_lists_of_the_arguments_types() {
    let project = project("some", &precedence());
    for optimizer in ["linear", "dag", "matrix", "hash"] {
        build(&project, "some", optimizer, "some.jdi");
        assert_eq!(by_matrix(&project, "meet"), by_hand(MEET), "{optimizer}");
    }
}

#[test]
fn a_matrix_under_levels_goes_by_levels_and_default_marks() {
    let project = project("some", &levels());
    for optimizer in ["linear", "dag", "matrix", "hash"] {
        build(&project, "some", optimizer, "some.jdi");
        assert_eq!(by_matrix(&project, "pick"), by_hand(PICK), "{optimizer}");
    }
}

#[test]
fn a_group_is_called_by_the_type_that_a_method_names() {
    let project = project("some", &levels());
    build(&project, "some", "dag", "some.jdi");
    let told = said(&project, &["matrix", "some.jdi", "pick"]);
    assert!(told.contains("\n2 Role +1         e e e\n"), "{told}");
}

#[test]
fn a_tree_walked_by_hand_gives_what_the_rule_says() {
    for (corpus, function, expected, symbols) in [
        (precedence(), "meet", MEET, &["aa", "ab", "ba", "any_b"][..]),
        (levels(), "pick", PICK, &["left_left", "left_right", "left", "right", "role", "cool"]),
    ] {
        let (corpus, places) = spread(&corpus, symbols);
        let project = Project::empty();
        project.write("some.json", corpus);
        build(&project, "some", "dag", "some.jdi");
        let expected = by_hand(expected);
        assert_eq!(by_tree(&project, function, &expected, &places), expected);
    }
}

#[test]
fn a_list_of_methods_says_how_its_rule_chooses() {
    let project = project("some", &precedence());
    build(&project, "some", "linear", "some.jdi");
    let told = said(&project, &["tree", "some.jdi", "meet"]);
    // (Two, One) is answered by (B, A), though (A, A) and (A, B) stand before it and apply.
    let expected = "
chosen by the lists of the arguments' types, argument 1 before 0
  (A, A)        -> ";
    assert!(told.contains(expected), "{told}");
    project.write("some.json", levels().to_string());
    build(&project, "some", "matrix", "some.jdi");
    let told = said(&project, &["tree", "some.jdi", "pick"]);
    for line in
        ["\nlevel by level\n", "\n  level 0: (Left, Left), default  -> ", "\n  level 2: (Cool, any)  "]
    {
        assert!(told.contains(line), "{told}");
    }
}

/// The changed pairs by what was said and is said, from all regions.
fn changes(project: &Project, before: &Value, after: &Value) -> (Value, BTreeMap<(String, String), String>) {
    for (name, corpus) in [("old", before), ("new", after)] {
        project.write(&format!("{name}.json"), corpus.to_string());
        build(project, name, "auto", &format!("{name}.jdi"));
    }
    let told = said(project, &["diff", "old.jdi", "new.jdi", "--format", "json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let answer = |verdict: &Value| -> String {
        let symbols = verdict["methods"].as_array().expect("a list").iter();
        let mut symbols: Vec<&str> =
            symbols.map(|method| method["implementation"].as_str().expect("one")).collect();
        symbols.sort_unstable();
        symbols.join("|")
    };
    let mut changes = BTreeMap::new();
    let none = Vec::new();
    for region in told["families"][0]["regions"].as_array().unwrap_or(&none) {
        let types = |position: usize| -> Vec<String> {
            let Some(set) = region["types"].get(position) else { return vec!["-".to_owned()] };
            let names = set["types"].as_array().expect("a list").iter();
            let names = names.map(|name| name.as_str().expect("a name").to_owned());
            names.chain((set["any_other"] == true).then(|| "any".to_owned())).collect()
        };
        let change = format!("{} -> {}", answer(&region["before"]), answer(&region["after"]));
        for down in types(0) {
            for across in types(1) {
                let again = changes.insert((down.clone(), across), change.clone());
                assert_eq!(again, None, "each pair is in one region");
            }
        }
    }
    (told, changes)
}

fn expected(rows: &[(&str, &str, &str)]) -> BTreeMap<(String, String), String> {
    let row = |(down, across, change): &(&str, &str, &str)| {
        (((*down).to_owned(), (*across).to_owned()), (*change).to_owned())
    };
    rows.iter().map(row).collect()
}

#[test]
fn another_order_of_the_arguments_changes_the_pairs_whose_lists_disagree() {
    let mut after = precedence();
    after["functions"][0]["argument_precedence"] = json!([0, 1]);
    let project = Project::empty();
    let (told, changes) = changes(&project, &precedence(), &after);
    // By its first argument's list B is nearer than A, or than the top type.
    assert_eq!(changes, expected(&[("B", "Two", "any_b -> ba"), ("Two", "Two", "ab -> ba")]));
    let family = &told["families"][0];
    assert_eq!((&family["changed_tuples"], &family["rules"]), (&json!(2), &Value::Null));
    assert_eq!((&family["methods_added"], &family["unreachable"]), (&json!([]), &json!([])));
}

#[test]
fn another_list_of_a_type_changes_its_own_calls_only() {
    let mut after = precedence();
    after["types"][3]["precedence"] = json!(["One", "B", "A", "T"]);
    let (_, changes) = changes(&Project::empty(), &precedence(), &after);
    let rows = [
        ("A", "One", "aa -> ab"),
        ("B", "One", "ba -> any_b"),
        ("One", "One", "aa -> ab"),
        ("Two", "One", "ba -> ab"),
        ("One", "A", "aa -> ba"),
    ];
    assert_eq!(changes, expected(&rows));
}

#[test]
fn a_default_mark_that_goes_leaves_ambiguities_behind() {
    let mut after = levels();
    after["functions"][0]["methods"][0]["default"] = json!(false);
    let (told, changes) = changes(&Project::empty(), &levels(), &after);
    let rows = ["Left", "Mixed"].map(|down| (down, "Mixed", "left_left -> left_left|left_right"));
    assert_eq!(changes, expected(&rows));
    assert_eq!(told["families"][0]["regions"][0]["kind"], "new-ambiguity");
    assert_eq!(told["families"][0]["methods_added"], json!([]), "the methods are the same");
}

#[test]
fn a_type_that_no_longer_counts_as_another_moves_its_methods_to_its_level() {
    let mut after = levels();
    after["types"][2]["kind"] = json!("class");
    let (told, changes) = changes(&Project::empty(), &levels(), &after);
    let of_both = ["Both", "Cool", "Role", "Left", "Mixed", "Right", "any"];
    let rows = of_both.map(|across| ("Both", across, "role -> cool|role"));
    assert_eq!(changes, expected(&rows));
    assert_eq!(told["families"][0]["changed_tuples"], 7);
}

#[test]
fn a_rule_that_changes_is_named_and_its_calls_are_told() {
    let mut after = precedence();
    after["resolution"] = json!("symmetric");
    let (told, changes) = changes(&Project::empty(), &precedence(), &after);
    assert_eq!(told["families"][0]["rules"], json!(["precedence", "symmetric"]));
    // Under `symmetric` nothing is nearer but what is below: each with several that are not.
    let rows = [
        ("A", "One", "aa -> aa|ab"),
        ("A", "Two", "ab -> aa|ab"),
        ("B", "One", "ba -> any_b|ba"),
        ("B", "Two", "any_b -> any_b|ba"),
        ("One", "A", "aa -> aa|ba"),
        ("Two", "A", "ba -> aa|ba"),
        ("One", "One", "aa -> aa|ab|ba"),
        ("One", "Two", "ab -> aa|ab|ba"),
        ("Two", "One", "ba -> aa|ab|ba"),
        ("Two", "Two", "ab -> aa|ab|ba"),
    ];
    assert_eq!(changes, expected(&rows));
}

#[test]
fn a_sealed_class_of_another_language_has_calls_of_its_own() {
    for rule in ["precedence", "levels"] {
        let corpus = |implementation: &str| {
            json!({"format": "dispatch-corpus/1", "resolution": rule, "types": [
                {"name": "T", "supers": [], "precedence": ["T"]},
                {"name": "Shape", "supers": ["T"], "precedence": ["Shape", "T"], "sealed": true},
                {"name": "Box", "supers": ["Shape"], "precedence": ["Box", "Shape", "T"]},
            ], "functions": [{"name": "draw", "arity": 1, "methods": [
                {"params": ["Shape"], "implementation": implementation},
                {"params": ["Box"], "implementation": "box"},
            ]}]})
        };
        let (told, changes) = changes(&Project::empty(), &corpus("plain"), &corpus("fancy"));
        assert_eq!(changes, expected(&[("Shape", "-", "plain -> fancy")]), "{rule}");
        assert_eq!(told["families"][0]["unreachable"], json!([]), "{rule}");
    }
}

#[test]
fn a_query_says_by_which_rule_the_others_lost() {
    for (corpus, question, expected) in [
        (
            precedence(),
            ["meet", "One", "One"],
            &[
                "less near in argument 1: A comes before B in its type's list",
                "less near in argument 0: A comes before B in its type's list",
            ][..],
        ),
        (levels(), ["pick", "Mixed", "Left"], &["on level 1, the first that applies is 0"]),
        (levels(), ["pick", "Both", "Left"], &["on level 2, the first that applies is 1"]),
    ] {
        let project = project("some", &corpus);
        build(&project, "some", "auto", "some.jdi");
        let told = text(&project.run(&[&["dispatch", "query", "some.jdi"], &question[..]].concat()).stdout);
        for line in expected {
            assert!(told.contains(line), "{line} is not in\n{told}");
        }
    }
}
