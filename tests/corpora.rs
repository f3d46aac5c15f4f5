//! What running language systems selected, the bytes of our tables select: every call of every corpus,
//! whichever way a table finds its answers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use janus_cache::build::{
    BuildCacheManager, BuildRequest, Cache, ManagerOptions, SessionReport, build_project,
};
use janus_cache::dispatch::OptimizerChoice;
use janus_cache::format::{FileCodec, Optimization, Outcome};
use janus_cache::frontend::CorpusFrontend;
use janus_cache::frontend::corpus::{CheckReport, check};
use janus_cache::image::{DispatchImage, GlobalType};
use janus_cache::store::{Store, StoreOptions};
use serde::Deserialize;

/// Corpora of `tests/fixtures/corpora`, with the number of their calls.
const FIXTURES: [(&str, u64); 4] = [
    ("raku-core", 27_011),
    ("raku-core-symmetric", 27_011),
    ("clos-sbcl-base", 31_946),
    ("clos-sbcl-base-symmetric", 31_946),
];

/// A corpus beside its calls.
struct Corpus {
    dir: tempfile::TempDir,
    name: &'static str,
}

impl Corpus {
    /// One of the fixtures, decompressed.
    fn unpacked(name: &'static str) -> Self {
        let corpus = Self { dir: tempfile::tempdir().expect("a temporary folder"), name };
        for path in [corpus.json(), corpus.truth()] {
            let packed = path.file_name().expect("a name").to_str().expect("ASCII").to_owned() + ".zst";
            let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpora").join(packed);
            let packed = File::open(&packed).unwrap_or_else(|error| panic!("{}: {error}", packed.display()));
            let mut bytes = Vec::new();
            let mut decoder = zstd::Decoder::new(packed).expect("a decoder");
            decoder.read_to_end(&mut bytes).expect("sound");
            std::fs::write(path, bytes).expect("writable");
        }
        corpus
    }

    fn json(&self) -> PathBuf {
        self.dir.path().join(format!("{}.json", self.name))
    }

    fn truth(&self) -> PathBuf {
        self.dir.path().join(format!("{}.truth.jsonl", self.name))
    }
}

fn answers(json: &Path, truth: &Path, optimizer: OptimizerChoice) -> CheckReport {
    let truth = BufReader::new(File::open(truth).expect("readable"));
    check(json, truth, optimizer).unwrap_or_else(|error| panic!("{}: {error}", json.display()))
}

#[track_caller]
fn assert_agrees(report: &CheckReport, cases: u64, of: &str) {
    assert_eq!((report.cases, report.agree, report.disagree), (cases, cases, 0), "{of}: {report:#?}");
    assert_eq!(report.disagreements, BTreeMap::new(), "{of}");
}

#[track_caller]
fn assert_every_optimizer_agrees(name: &'static str) {
    let (_, cases) = FIXTURES.into_iter().find(|(fixture, _)| *fixture == name).expect("a fixture");
    let corpus = Corpus::unpacked(name);
    for choice in Optimization::ALL.map(OptimizerChoice::Force) {
        let report = answers(&corpus.json(), &corpus.truth(), choice);
        assert_agrees(&report, cases, &format!("{name}, {}", choice.as_str()));
    }
    let report = answers(&corpus.json(), &corpus.truth(), OptimizerChoice::Auto);
    assert_agrees(&report, cases, name);
    assert!(report.optimizations.len() > 1, "{name}: one way for all tables: {:?}", report.optimizations);
}

#[test]
fn rakudo_selects_by_levels_what_our_tables_select() {
    assert_every_optimizer_agrees("raku-core");
}

#[test]
fn rakudos_types_under_the_symmetric_rule_select_what_its_definition_says() {
    assert_every_optimizer_agrees("raku-core-symmetric");
}

#[test]
fn sbcl_selects_by_precedence_what_our_tables_select() {
    assert_every_optimizer_agrees("clos-sbcl-base");
}

#[test]
fn sbcls_types_under_the_symmetric_rule_select_what_its_definition_says() {
    assert_every_optimizer_agrees("clos-sbcl-base-symmetric");
}

/// A corpus as a stranger reads it: only what its calls need.
#[derive(Deserialize)]
struct Names {
    types: Vec<Name>,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    arity: u8,
    methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Method {
    implementation: String,
}

#[derive(Deserialize)]
struct Call {
    f: usize,
    args: Vec<usize>,
    m: Option<i64>,
}

fn build(corpus: &Corpus, image: &Path) -> SessionReport {
    let store = Store::open(StoreOptions::new(corpus.dir.path().join("cache"))).expect("opens");
    let manager = BuildCacheManager::new(Cache::of_store(store), ManagerOptions::default());
    let request = BuildRequest {
        root: corpus.dir.path(),
        frontend: &CorpusFrontend::new(corpus.json()),
        name: corpus.name,
        image,
        excluded: &[],
        codec: FileCodec::None,
        plan_only: false,
        explain: false,
        deny: &[],
        keep_going: false,
    };
    let outcome = build_project(&request, &manager).expect("a build");
    assert!(!outcome.has_errors(), "{:#?}", outcome.diagnostics);
    assert!(outcome.image.is_some());
    outcome.session
}

#[test]
fn an_image_of_rakudos_core_answers_every_call_by_the_names_of_its_types() {
    let corpus = Corpus::unpacked("raku-core");
    let path = corpus.dir.path().join("core.jdi");
    build(&corpus, &path);
    let image = DispatchImage::open(&path).expect("opens");
    let image = image.view().expect("sound");
    let names: Names =
        serde_json::from_slice(&std::fs::read(corpus.json()).expect("readable")).expect("JSON");
    let truth = std::fs::read_to_string(corpus.truth()).expect("readable");
    let mut calls = 0;
    for line in truth.lines() {
        let call: Call = serde_json::from_str(line).expect("a call");
        let function = &names.functions[call.f];
        let family = image.family(&function.name, function.arity).expect("readable").expect("it has one");
        // A type that the image does not list is known to no method: it counts as any other.
        let global = |at: &usize| image.type_id(&names.types[*at].name).expect("readable");
        let args: Vec<GlobalType> =
            call.args.iter().map(|at| global(at).unwrap_or(GlobalType::OTHER)).collect();
        let found = match family.dispatch(&args).expect("readable") {
            Outcome::Method(entry) => family.entry(entry).expect("readable").implementation,
            Outcome::NoMethod => "no method",
            Outcome::Ambiguous => "ambiguous",
        };
        let expected = match call.m {
            None => "no method",
            Some(-1) => "ambiguous",
            Some(method) => &function.methods[usize::try_from(method).expect("an index")].implementation,
        };
        assert_eq!(found, expected, "{line}");
        calls += 1;
    }
    assert_eq!(calls, 27_011);
}

#[test]
fn a_second_build_of_a_corpus_takes_every_table_from_the_cache() {
    let corpus = Corpus::unpacked("raku-core");
    let image = corpus.dir.path().join("core.jdi");
    let first = build(&corpus, &image).metrics;
    assert_eq!((first.tables_built, first.tables_from_cache), (316, 0));
    let bytes = std::fs::read(&image).expect("readable");
    let second = build(&corpus, &image).metrics;
    assert_eq!((second.tables_built, second.tables_from_cache), (0, 316));
    assert_eq!(std::fs::read(&image).expect("readable"), bytes);
}

/// Too large to keep here: SBCL with sixty libraries. It is asked where it lies beside the project.
#[test]
fn sbcl_with_its_libraries_selects_what_our_tables_select() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let (json, truth) = (dir.join("clos-sbcl-libs.json"), dir.join("clos-sbcl-libs.truth.jsonl"));
    if !json.exists() || !truth.exists() {
        println!("skipped: there is no {}", json.display());
        return;
    }
    let report = answers(&json, &truth, OptimizerChoice::Auto);
    assert_agrees(&report, 157_548, "clos-sbcl-libs");
}
