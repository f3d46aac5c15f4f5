//! `janus dispatch matrix`, `tree` and `inspect`: what is drawn and dumped is what queries answer, and
//! damage is told, never a panic.

mod kit;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use kit::{Project, text};
use serde_json::Value;

/// The example, its tables made so that there are decision DAGs to look at.
fn built(example: &str) -> Project {
    let project = Project::copy_of(example);
    project.run(&["build", "--keep-going", "--optimizer", "dag"]);
    project
}

fn json(project: &Project, args: &[&str]) -> Value {
    let output = project.run(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)))
}

fn dispatch(project: &Project, args: &[&str]) -> String {
    let output = project.run(&[&["dispatch"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn picture(project: &Project, args: &[&str]) -> String {
    dispatch(project, &[args, &["--svg", "picture.svg"]].concat());
    std::fs::read_to_string(project.root().join("picture.svg")).expect("a picture")
}

/// Every element is closed in order, every attribute quoted, and no bare `<` or `&` is left.
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let (between, tag) = rest.split_at(at);
        for entity in between.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)),
                "{entity}"
            );
        }
        let end = tag.find('>').expect("a tag ends");
        let inside = &tag[1..end];
        assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
        let name = inside.trim_start_matches('/').split([' ', '/', '\n']).next().expect("a name");
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !inside.ends_with('/') {
            open.push(name);
        }
        rest = &tag[end + 1..];
    }
    assert_eq!((open.len(), rest.trim()), (0, ""));
}

/// Types that answer differently in nearly every pair, and one whose name XML would stumble over.
fn hundred_types() -> Project {
    let project = Project::empty();
    let mut source = String::from("module zoo;\n");
    for at in 0..100 {
        let _ = writeln!(source, "pub type K{at:02} = {{ x: int }}");
    }
    for at in 0..100 {
        let _ = writeln!(source, "pub func touch(a: K{at:02}, b: K{:02}) -> int {{ 0 }}", at * 7 % 100);
    }
    project.write("zoo.jan", source);
    project.build(&[]);
    project
}

#[test]
fn every_cell_of_a_matrix_is_what_a_query_answers() {
    let project = built("ambiguous");
    let grid = json(&project, &["dispatch", "matrix", "build/game.jdi", "asteroids::collide"]);
    let (down, across) =
        (grid["down"].as_array().expect("rows"), grid["across"].as_array().expect("columns"));
    let types = |group: &Value| -> Vec<String> {
        let names = group["types"].as_array().expect("names").iter();
        let other = (group["any_other"] == true).then(|| "any".to_owned());
        names.map(|name| name.as_str().expect("a name").to_owned()).chain(other).collect()
    };
    let mut outcomes = std::collections::BTreeSet::new();
    for (row, line) in down.iter().zip(grid["cells"].as_array().expect("cells")) {
        for (column, cell) in across.iter().zip(line.as_array().expect("a row")) {
            for (a, b) in
                types(row).iter().flat_map(|a| types(column).into_iter().map(move |b| (a.clone(), b)))
            {
                let said =
                    json(&project, &["dispatch", "query", "build/game.jdi", "asteroids::collide", &a, &b]);
                assert_eq!(said["outcome"], cell["outcome"], "{a}, {b}");
                outcomes.insert(said["outcome"].as_str().expect("a word").to_owned());
                if said["outcome"] == "method" {
                    let method = cell["methods"][0].as_u64().expect("a number") as usize;
                    assert_eq!(said["method"], grid["methods"][method], "{a}, {b}");
                }
            }
        }
    }
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["ambiguous", "method", "no-method"]);
}

#[test]
fn a_matrix_in_a_terminal_is_read_by_its_letters() {
    let project = built("ambiguous");
    let said = dispatch(&project, &["matrix", "build/game.jdi", "asteroids::collide"]);
    let expected = "\
asteroids::collide/2: argument 0 down, 5 types in 5 groups; argument 1 across, 5 types in 4 groups

                  1 2 3 4
1 Body +1         e b e .
2 Asteroid        a # a .
3 Fighter         e b c .
4 Tanker          e b d .
5 any other type  . . . .

a (Asteroid, Body)  src/asteroids.jan:14:10
b (Body, Asteroid)  src/asteroids.jan:15:10
c (Fighter, Tanker)  src/asteroids.jan:18:10
d (Tanker, Tanker)  src/asteroids.jan:19:10
e (Body, Body)  src/asteroids.jan:10:10
# ambiguous: 1
. no method: 11
";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn colour_is_for_terminals_and_on_request() {
    let project = built("ambiguous");
    let matrix = ["matrix", "build/game.jdi", "asteroids::collide"];
    assert!(!dispatch(&project, &matrix).contains('\x1b'));
    let always = [&matrix[..], &["--color", "always"]].concat();
    let coloured = dispatch(&project, &always);
    assert!(coloured.contains("\x1b[30;48;5;"), "{coloured}");
    // The legend has each sign as the cells have it.
    assert!(coloured.contains("\x1b[1;97;41m#\x1b[0m ambiguous: 1\n"), "{coloured}");
    assert!(coloured.contains("\x1b[90m.\x1b[0m no method: 11\n"), "{coloured}");
    let mut plain = String::new();
    for (at, part) in coloured.split('\x1b').enumerate() {
        plain += if at == 0 { part } else { part.split_once('m').expect("an end").1 };
    }
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&plain), trimmed(&dispatch(&project, &matrix)));
}

#[test]
fn pictures_are_well_formed_and_tell_more_under_the_pointer() {
    let project = built("ambiguous");
    let matrix = picture(&project, &["matrix", "build/game.jdi", "asteroids::collide"]);
    assert_well_formed(&matrix);
    assert!(matrix.contains("<title>(Asteroid, Asteroid): ambiguous between\n(Asteroid, Body)"), "{matrix}");
    assert!(matrix.contains("url(#hatch)"), "{matrix}");
    let tree = picture(&project, &["tree", "build/game.jdi", "asteroids::collide"]);
    assert_well_formed(&tree);
    assert!(tree.contains("argument 1") && tree.contains("url(#hatch)"), "{tree}");
    project.run(&["build", "--keep-going", "--optimizer", "linear", "--output", "linear.jdi"]);
    let list = picture(&project, &["tree", "linear.jdi", "salvage::approach"]);
    assert_well_formed(&list);
    assert!(list.contains("without a decision DAG"), "{list}");
}

#[test]
fn a_hundred_types_that_differ_have_a_row_and_a_column_each() {
    let project = hundred_types();
    let picture = picture(&project, &["matrix", "build/game.jdi", "touch"]);
    assert_well_formed(&picture);
    let rects = picture.matches("<rect x=").count();
    // 101 by 101 cells, with any other type, and a sample of each method and of two more.
    assert_eq!(rects, 101 * 101 + 100 + 2);
    let tree = dispatch(&project, &["tree", "build/game.jdi", "touch", "--dot"]);
    assert!(tree.starts_with("digraph") && tree.trim_end().ends_with('}'), "{tree}");
}

#[test]
fn other_arguments_are_fixed_on_request() {
    let project = Project::empty();
    project.write(
        "three.jan",
        "module three;\npub type A = { x: int }\npub type B = { x: int }\n\
         pub func f(a: A, b: A, c: A) -> int { 0 }\npub func f(a: A, b: B, c: any) -> int { 0 }\n",
    );
    project.build(&[]);
    let outcomes = |args: &[&str]| {
        let grid = json(&project, &[&["dispatch", "matrix", "build/game.jdi", "f"], args].concat());
        let cells = grid["cells"].as_array().expect("rows").clone();
        cells
            .iter()
            .flat_map(|row| row.as_array().expect("cells").clone())
            .filter(|cell| cell["outcome"] == "method")
            .count()
    };
    assert_eq!(outcomes(&[]), 1);
    assert_eq!(outcomes(&["--fixed", "2=A"]), 2);
    assert_eq!(outcomes(&["--positions", "2,0", "--fixed", "1=A"]), 1);
    for wrong in [
        &["--positions", "0,0"][..],
        &["--positions", "0,3"],
        &["--fixed", "0=A"],
        &["--fixed", "9=A"],
        &["--fixed", "A"],
    ] {
        let output = project.run(&[&["dispatch", "matrix", "build/game.jdi", "f"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_tree_walked_by_hand_gives_what_a_query_answers() {
    let project = built("arcade");
    let said = dispatch(&project, &["tree", "build/game.jdi", "physics::collide"]);
    let branch = |question: &str, label: &str| -> String {
        let lines = said.lines().skip_while(|line| !line.starts_with(&format!("{question}: ")));
        let found = lines.skip(1).find_map(|line| {
            let (names, target) = line.trim().split_once("->")?;
            names.trim().split(", ").any(|name| name == label).then(|| target.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("{question} has no {label}:\n{said}"))
    };
    let next = branch("q0", "Boss");
    assert_eq!(branch(&next, "Wall"), "(Boss, Wall) src/entities/boss.jan:31:10");
    assert_eq!(branch("q0", "any other type"), "no method");
}

fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../format-spec/vectors").join(name)
}

/// `inspect` on these bytes, under a name that tells what they should be.
fn inspected(project: &Project, extension: &str, bytes: &[u8]) -> (Value, Option<i32>) {
    let name = format!("some.{extension}");
    project.write(&name, bytes);
    let output = project.run(&["dispatch", "inspect", &name, "--format", "json"]);
    let json = serde_json::from_slice(&output.stdout);
    (json.unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr))), output.status.code())
}

#[test]
fn a_sound_table_is_dumped_with_every_row() {
    let project = Project::empty();
    let (dump, code) = inspected(&project, "jdt", &std::fs::read(vector("dag.jdt")).expect("readable"));
    assert_eq!((code, &dump["sound"]), (Some(0), &Value::Bool(true)));
    let value = |name: &str| {
        let header = dump["header"].as_array().expect("fields");
        header.iter().find(|field| field["name"] == name).expect("a field")["value"].clone()
    };
    assert_eq!((value("optimization"), value("total_len")), ("3 (dag)".into(), "748".into()));
    let family = &dump["families"][0];
    assert_eq!(
        (&family["name"], family["entries"].as_array().map(Vec::len)),
        (&"geo::collide".into(), Some(4))
    );
    assert_eq!(family["entries"][1]["pattern"], serde_json::json!(["geo::Circle", "geo::Circle"]));
    assert_eq!(family["types"][3]["under"], serde_json::json!(["geo::Box", "geo::Shape"]));
    // The nodes that the specification lists.
    assert_eq!(
        family["nodes"][0]["children"],
        serde_json::json!(["no method", "node 16", "node 11", "node 6"])
    );
    assert_eq!(dump["sections"].as_array().map(Vec::len), Some(10));
}

#[test]
fn the_text_of_a_dump_draws_a_small_matrix_and_names_what_is_left_out() {
    let project = Project::empty();
    let said = dispatch(&project, &["inspect", vector("left-out.jdt").to_str().expect("UTF-8")]);
    let expected = "
  matrix: 10 cells of 3 bits
    no method: 3
    ambiguous: 3
    entry 0: 1
    entry 1: 1
    entry 2: 1
    entry 3: 1
    classes of argument 1 across; a number is an entry, `#` ambiguous, `.` no method
    class 0: . .
    class 1: 0 #
    class 2: 1 #
    class 3: 2 #
    class 4: . 3
  left out: (sum::Round, any)
    round in module geo, default
  left out: (sum::Shape, any)
    shape in module geo
";
    assert!(said.ends_with(expected), "{said}");
    let said = dispatch(&project, &["inspect", vector("columnar.jdt").to_str().expect("UTF-8")]);
    assert!(said.contains("\nin codec 3 (columnar): header and checksums are of the file, "), "{said}");
}

#[test]
fn an_image_is_dumped_with_its_places() {
    let project = built("ambiguous");
    let (dump, code) = inspected(&project, "jdi", &std::fs::read(project.image()).expect("readable"));
    assert_eq!((code, &dump["kind"]), (Some(0), &"image".into()));
    let families = dump["families"].as_array().expect("families");
    let collide = families.iter().find(|family| family["name"] == "asteroids::collide").expect("there");
    assert_eq!(collide["entries"][0]["place"], "src/asteroids.jan:14:10");
}

#[test]
fn a_table_cut_anywhere_is_dumped_as_far_as_it_goes() {
    let project = Project::empty();
    for name in ["dag.jdt", "ambiguous.jdt"] {
        let whole = std::fs::read(vector(name)).expect("readable");
        for len in (0..whole.len()).step_by(3) {
            let (dump, code) = inspected(&project, "jdt", &whole[..len]);
            assert_eq!(code, Some(3), "{name} cut at {len}");
            assert_eq!(dump["bytes"], len, "{name} cut at {len}");
            assert!(!dump["problems"].as_array().expect("a list").is_empty(), "{name} cut at {len}");
        }
    }
    let whole = std::fs::read(vector("dag.jdt")).expect("readable");
    let (dump, _) = inspected(&project, "jdt", &whole[..650]);
    assert_eq!(dump["families"][0]["entries"].as_array().map(Vec::len), Some(4));
    assert_eq!(dump["families"][0]["nodes"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_changed_byte_is_named_and_the_rest_is_dumped() {
    let project = Project::empty();
    let mut bytes = std::fs::read(vector("dag.jdt")).expect("readable");
    bytes[545] = 0xff;
    let (dump, code) = inspected(&project, "jdt", &bytes);
    assert_eq!(code, Some(3));
    let problems = dump["problems"].as_array().expect("a list");
    assert!(problems.iter().any(|problem| problem["at_bytes"] == 544), "{problems:?}");
    assert!(dump["checksums"][1]["right"] == false && dump["checksums"][0]["right"] == true, "{dump}");
    assert_eq!(dump["families"][0]["entries"][0]["pattern"], serde_json::json!(["?", "geo::Box"]));
    assert_eq!(
        dump["families"][0]["entries"][1]["pattern"],
        serde_json::json!(["geo::Circle", "geo::Circle"])
    );
}

#[test]
fn a_pack_is_dumped_and_a_damaged_one_loses_only_what_is_damaged() {
    let project = built("ambiguous");
    let packs = std::fs::read_dir(project.cache().join("v1/packs")).expect("packs");
    let path = packs.map(|pack| pack.expect("readable").path()).next().expect("a pack");
    let whole = std::fs::read(&path).expect("readable");
    // The name of a pack is its identity; under another name the header's is taken.
    let (dump, code) = inspected(&project, "pack", &whole);
    assert_eq!((code, &dump["sound"], &dump["kind"]), (Some(0), &Value::Bool(true), &"pack".into()));
    let entries = dump["entries"].as_array().expect("entries").clone();
    assert_eq!(entries.len(), 15);
    assert!(
        entries.iter().any(|entry| entry["content"] == "asteroids::collide/2, 5 methods, dag"),
        "{entries:?}"
    );
    assert!(entries[0]["trace"].as_str().expect("a trace").contains("method"), "{}", entries[0]);
    let mut damaged = whole.clone();
    let second = entries[1]["at_bytes"].as_u64().expect("a place") as usize;
    damaged[second + 110] ^= 1;
    let (dump, code) = inspected(&project, "pack", &damaged);
    assert_eq!((code, dump["entries"].as_array().map(Vec::len)), (Some(3), Some(14)));
    assert_eq!(dump["problems"][0]["at_bytes"], second);
    for len in (0..whole.len()).step_by(whole.len() / 60) {
        let (dump, code) = inspected(&project, "pack", &whole[..len]);
        assert_eq!((code, &dump["sound"]), (Some(3), &Value::Bool(false)), "cut at {len}");
    }
}

#[test]
fn a_file_that_is_none_of_them_is_refused() {
    let project = built("ambiguous");
    let output = project.run(&["dispatch", "inspect", "src/asteroids.jan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is no table, image or pack"), "{}", text(&output.stderr));
    assert_eq!(project.run(&["dispatch", "inspect", "nowhere.jdt"]).status.code(), Some(2));
}

#[test]
fn the_dump_of_a_damaged_file_does_not_steer_the_terminal() {
    let project = Project::empty();
    let mut bytes = std::fs::read(vector("single.jdt")).expect("readable");
    let at = bytes.windows(5).position(|five| five == b"area_").expect("a name");
    bytes[at] = 0x1b;
    project.write("some.jdt", &bytes);
    let output = project.run(&["dispatch", "inspect", "some.jdt"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!output.stdout.contains(&0x1b));
}
