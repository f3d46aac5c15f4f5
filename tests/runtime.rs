//! An image in a running process: own type ids, inline caches, and newer images while threads run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
use janus_cache::format::{AccessError, Outcome};
use janus_cache::image::{
    BindError, BoundFamily, CallCounts, DispatchImage, GlobalType, ImageContent, ImageHandle, ImageOpenError,
    ImageType, InlineCache, OwnType, Reloaded, SharedInlineCache, encode_image,
};

/// A base type and 20 below it.
fn names() -> Vec<String> {
    std::iter::once("m::Base".to_owned()).chain((0..20).map(|at| format!("m::T{at:02}"))).collect()
}

/// An image with `m::meet/2` over these pairs of types, and `m::wide/9`. A method is called as the
/// `version` and its pair.
fn image(version: &str, pairs: &[(&str, &str)]) -> Vec<u8> {
    let decl = |name: &String| {
        let supers: &[&str] = if name == "m::Base" { &[] } else { &["m::Base"] };
        TypeDecl::new(name, supers)
    };
    let graph = TypeGraph::new(names().iter().map(decl)).expect("acyclic");
    let method = |(a, b): &(&str, &str)| Method::new(&[*a, *b], &format!("{version}({a}, {b})"), "m");
    let meet = Family::new("m::meet", 2, pairs.iter().map(method).collect());
    let wide = Family::new("m::wide", 9, vec![Method::new(&["m::Base"; 9], "nine", "m")]);
    let tables = [meet, wide].map(|family| {
        let logical = restrict(&graph, &family).expect("a family");
        compile(&logical, &CompileOptions::default()).expect("fits").bytes
    });
    let types = names().into_iter().map(|name| ImageType { name, sealed: false }).collect();
    let tables = tables.iter().map(Vec::as_slice).collect();
    let content = ImageContent { name: "run", types, tables, creation_timestamp: 0 };
    encode_image(&content, |_, _| None).expect("an image")
}

const PAIRS: [(&str, &str); 4] =
    [("m::Base", "m::Base"), ("m::T03", "m::Base"), ("m::Base", "m::T05"), ("any", "m::T07")];

/// Puts `bytes` in the place of the file as builds do: as a whole, by renaming.
fn replace(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes).expect("written");
    std::fs::rename(&beside, path).expect("renamed");
}

fn file_of(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("run.jdi");
    replace(&path, bytes);
    (dir, path)
}

fn opened(bytes: &[u8]) -> DispatchImage {
    let (_dir, path) = file_of(bytes);
    DispatchImage::open(&path).expect("opens")
}

fn meet<'b>(binding: &'b janus_cache::image::TypeBinding<'b>) -> BoundFamily<'b> {
    binding.family("m::meet", 2).expect("readable").expect("the image has the family")
}

/// What `m::meet` answers by names, without any binding.
fn expected(image: &DispatchImage, first: &str, second: &str) -> Outcome {
    let view = image.view().expect("opens");
    let global = |name| view.type_id(name).expect("readable").unwrap_or(GlobalType::OTHER);
    let family = view.family("m::meet", 2).expect("readable").expect("is there");
    family.dispatch(&[global(first), global(second)]).expect("answers")
}

#[test]
fn a_bound_family_answers_every_pair_as_the_image_does_in_whatever_order_types_were_loaded() {
    let image = opened(&image("v1", &PAIRS));
    let mut order = names();
    order.reverse();
    order.insert(4, "plugin::Unheard".to_owned());
    let binding = image.bind(order.iter().map(String::as_str)).expect("readable");
    let family = meet(&binding);
    for (first, name_of_first) in (0..).zip(&order) {
        for (second, name_of_second) in (0..).zip(&order) {
            let found = family.dispatch(&[OwnType(first), OwnType(second)]);
            assert_eq!(found, Ok(expected(&image, name_of_first, name_of_second)));
        }
    }
}

#[test]
fn types_loaded_after_a_family_was_bound_are_answered_too() {
    let image = opened(&image("v1", &PAIRS));
    let binding = image.bind(["m::Base"]).expect("readable");
    let family = meet(&binding);
    let mut bound = vec!["m::Base".to_owned()];
    // Enough for several chunks: the names go round.
    for name in names().into_iter().cycle().take(300) {
        assert_eq!(binding.push(&name), Ok(OwnType(bound.len() as u32)));
        bound.push(name);
        let last = OwnType(bound.len() as u32 - 1);
        for (own, name) in (0..).zip(&bound) {
            let found = family.dispatch(&[last, OwnType(own)]);
            assert_eq!(found, Ok(expected(&image, bound.last().expect("one"), name)));
        }
    }
    assert_eq!(binding.bound_count(), 301);
}

#[test]
fn a_name_that_the_image_does_not_know_is_other_and_a_number_never_given_away_is_an_error() {
    let image = opened(&image("v1", &PAIRS));
    let binding = image.bind(["plugin::Unheard", "m::T07"]).expect("readable");
    let family = meet(&binding);
    let (unheard, t07) = (OwnType(0), OwnType(1));
    assert_eq!(binding.global(unheard), Some(GlobalType::OTHER));
    assert_eq!(family.dispatch(&[unheard, unheard]), Ok(Outcome::NoMethod));
    let Ok(Outcome::Method(entry)) = family.dispatch(&[unheard, t07]) else { panic!("`any` covers it") };
    assert_eq!(family.family().entry(entry).expect("readable").implementation, "v1(any, m::T07)");
    for own in [2, 66, u32::MAX] {
        let error = BindError::Unbound { own, bound_count: 2 };
        assert_eq!(family.dispatch(&[t07, OwnType(own)]), Err(error));
        let mut site = InlineCache::<2>::new();
        assert_eq!(site.dispatch(&family, &[t07, OwnType(own)]), Err(error));
        assert_eq!(site.counts(), CallCounts::default(), "an error is not kept");
    }
    assert_eq!(binding.push("m::T07"), Ok(OwnType(2)));
    assert_eq!(family.dispatch(&[unheard, OwnType(2)]), Ok(Outcome::Method(entry)), "the error was not kept");
}

#[test]
fn families_of_many_positions_and_wrong_numbers_of_arguments_are_answered() {
    let image = opened(&image("v1", &PAIRS));
    let binding = image.bind(["m::T01", "plugin::Unheard"]).expect("readable");
    let wide = binding.family("m::wide", 9).expect("readable").expect("is there");
    let mut args = [OwnType(0); 9];
    assert!(matches!(wide.dispatch(&args), Ok(Outcome::Method(_))));
    args[8] = OwnType(1);
    assert_eq!(wide.dispatch(&args), Ok(Outcome::NoMethod));
    for found in [0, 1, 2, 3, 8, 10, 256] {
        let error = BindError::Access(AccessError::ArgumentCount { expected: 9, found });
        assert_eq!(wide.dispatch(&vec![OwnType(0); found]), Err(error));
    }
    assert!(binding.family("m::wide", 2).expect("readable").is_none());
}

#[test]
fn threads_load_types_and_call_on_them_at_once() {
    let image = opened(&image("v1", &PAIRS));
    let binding = image.bind(["m::Base"]).expect("readable");
    let family = meet(&binding);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for name in names().iter().cycle().take(400) {
                    let own = binding.push(name).expect("readable");
                    let found = family.dispatch(&[own, OwnType(0)]);
                    assert_eq!(found, Ok(expected(&image, name, "m::Base")));
                }
            });
        }
    });
    assert_eq!(binding.bound_count(), 1601);
}

#[test]
fn an_inline_cache_goes_from_one_tuple_to_eight_and_then_asks_the_table() {
    let image = opened(&image("v1", &PAIRS));
    let names = names();
    let binding = image.bind(names.iter().map(String::as_str)).expect("readable");
    let family = meet(&binding);
    let mut site = InlineCache::<2>::new();
    let ask = |site: &mut InlineCache<2>, at: usize| {
        let found = site.dispatch(&family, &[OwnType(at as u32), OwnType(5)]);
        assert_eq!(found, Ok(expected(&image, &names[at], &names[5])));
    };
    for _ in 0..3 {
        ask(&mut site, 4);
    }
    assert_eq!(site.counts(), CallCounts { hits: 2, misses: 1, megamorphic: 0 });
    for _ in 0..2 {
        (0..8).for_each(|at| ask(&mut site, at));
    }
    assert_eq!(site.counts(), CallCounts { hits: 2 + 1 + 8, misses: 8, megamorphic: 0 });
    assert!(!site.is_megamorphic());
    ask(&mut site, 8);
    ask(&mut site, 4);
    assert!(site.is_megamorphic());
    assert_eq!(site.counts(), CallCounts { hits: 11, misses: 8, megamorphic: 2 });
}

#[test]
fn an_inline_cache_never_answers_for_another_family_or_binding() {
    let (old, new) = (opened(&image("v1", &PAIRS)), opened(&image("v2", &PAIRS[..1])));
    let (old_binding, new_binding) = (
        old.bind(["m::T03", "m::T07"]).expect("readable"),
        new.bind(["m::T07", "m::T03"]).expect("readable"),
    );
    let (old, new) = (meet(&old_binding), meet(&new_binding));
    let args = [OwnType(0), OwnType(1)];
    assert_ne!(old.dispatch(&args), new.dispatch(&args), "else this test shows nothing");
    let (mut site, shared) = (InlineCache::<2>::new(), SharedInlineCache::<2>::new());
    for family in [&old, &old, &new, &new, &old] {
        assert_eq!(site.dispatch(family, &args), family.dispatch(&args));
        assert_eq!(shared.dispatch(family, &args), family.dispatch(&args));
    }
    assert_eq!(site.counts(), CallCounts { hits: 2, misses: 3, megamorphic: 0 });
    assert_eq!(shared.misses(), 3, "the newer binding keeps its place");
    let again = meet(&new_binding);
    shared.dispatch(&again, &args).expect("answers");
    assert_eq!(shared.misses(), 3, "a family bound twice from one binding is the same");
}

#[test]
fn a_site_becomes_useful_again_when_a_newer_family_is_asked() {
    let image = opened(&image("v1", &PAIRS));
    let names = names();
    let bindings = [0, 1].map(|_| image.bind(names.iter().map(String::as_str)).expect("readable"));
    let (mut site, shared) = (InlineCache::<2, 2>::new(), SharedInlineCache::<2, 2>::new());
    for binding in &bindings {
        let family = meet(binding);
        for round in 0..5 {
            for own in 0..3 {
                let args = [OwnType(own), OwnType(round)];
                assert_eq!(site.dispatch(&family, &args), family.dispatch(&args));
                assert_eq!(shared.dispatch(&family, &args), family.dispatch(&args));
            }
        }
        assert!(site.is_megamorphic() && shared.is_megamorphic(&family));
    }
    assert_eq!(site.counts(), CallCounts { hits: 0, misses: 4, megamorphic: 26 });
}

#[test]
fn a_shared_site_answers_many_threads_of_two_generations_rightly() {
    let (old, new) = (opened(&image("v1", &PAIRS)), opened(&image("v2", &PAIRS[..2])));
    let names = names();
    let bindings = [&old, &new].map(|image| image.bind(names.iter().map(String::as_str)).expect("readable"));
    let families = bindings.each_ref().map(meet);
    let site = SharedInlineCache::<2, 4>::new();
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (site, family) = (&site, &families[thread as usize % 2]);
            scope.spawn(move || {
                for call in 0..20_000_u32 {
                    let args = [OwnType(3 + call % 3), OwnType(5)];
                    assert_eq!(site.dispatch(family, &args), family.dispatch(&args));
                }
            });
        }
    });
    assert!(!site.is_megamorphic(&families[1]), "three tuples have place among four");
}

#[test]
fn a_file_that_did_not_change_is_not_swapped() {
    let bytes = image("v1", &PAIRS);
    let (_dir, path) = file_of(&bytes);
    let handle = ImageHandle::open(&path).expect("opens");
    assert_eq!(handle.reload().expect("is there"), Reloaded::Unchanged);
    // Another file with the same content.
    replace(&path, &bytes);
    assert_eq!(handle.reload().expect("is there"), Reloaded::Unchanged);
    assert_eq!(handle.generation(), 1);
}

#[test]
fn a_newer_file_is_swapped_in_and_who_has_the_old_image_keeps_it() {
    let (_dir, path) = file_of(&image("v1", &PAIRS));
    let handle = ImageHandle::open(&path).expect("opens");
    let old = handle.current();
    let binding = old.bind(["m::T03", "m::T05"]).expect("readable");
    let family = meet(&binding);
    let mut site = InlineCache::<2>::new();
    let args = [OwnType(0), OwnType(1)];
    assert_eq!(site.dispatch(&family, &args), Ok(Outcome::Ambiguous));
    replace(&path, &image("v2", &PAIRS[..2]));
    assert_eq!(handle.reload().expect("sound"), Reloaded::Swapped { generation: 2 });
    assert_eq!(handle.generation(), 2);
    let new = handle.current();
    let new_binding = new.bind(["m::T03", "m::T05"]).expect("readable");
    let new_family = meet(&new_binding);
    let Ok(Outcome::Method(entry)) = site.dispatch(&new_family, &args) else { panic!("one applies") };
    let info = new_family.family().entry(entry).expect("readable");
    assert_eq!(info.implementation, "v2(m::T03, m::Base)");
    assert_eq!(family.dispatch(&args), Ok(Outcome::Ambiguous), "the old one still answers");
    assert_eq!(handle.reload().expect("sound"), Reloaded::Unchanged);
}

#[test]
fn a_damaged_or_missing_newer_file_is_an_error_value_and_the_old_image_stays() {
    let (old, mut damaged) = (image("v1", &PAIRS), image("v2", &PAIRS));
    let (_dir, path) = file_of(&old);
    let handle = ImageHandle::open(&path).expect("opens");
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    replace(&path, &damaged);
    for _ in 0..2 {
        let error = handle.reload().expect_err("damaged, each time it is asked");
        assert!(matches!(error, ImageOpenError::Unsound { .. }), "{error}");
    }
    std::fs::remove_file(&path).expect("removed");
    let error = handle.reload().expect_err("missing");
    assert!(matches!(error, ImageOpenError::Unreadable { .. }), "{error}");
    assert_eq!((handle.generation(), handle.current().bytes()), (1, old.as_slice()));
    replace(&path, &image("v2", &PAIRS));
    assert_eq!(handle.reload().expect("sound"), Reloaded::Swapped { generation: 2 });
}

#[test]
fn while_images_are_swapped_each_answer_of_four_threads_is_that_of_the_image_they_hold() {
    let versions = [image("v0", &PAIRS), image("v1", &PAIRS[..2])];
    let (_dir, path) = file_of(&versions[0]);
    let handle = ImageHandle::open(&path).expect("opens");
    let (is_over, rebound) = (AtomicBool::new(false), AtomicUsize::new(0));
    let site = SharedInlineCache::<2>::new();
    // (T03, T05) is ambiguous in v0; in v1 one method is left.
    let work = || {
        let mut own_site = InlineCache::<2>::new();
        while !is_over.load(Ordering::Relaxed) {
            let generation = handle.generation();
            let image = handle.current();
            let is_v0 = image.bytes() == versions[0];
            assert!(is_v0 || image.bytes() == versions[1], "half of an image");
            let binding = image.bind(["m::T03", "m::T05"]).expect("readable");
            let family = meet(&binding);
            rebound.fetch_add(1, Ordering::Relaxed);
            while handle.generation() == generation && !is_over.load(Ordering::Relaxed) {
                let args = [OwnType(0), OwnType(1)];
                let answers = [
                    family.dispatch(&args),
                    own_site.dispatch(&family, &args),
                    site.dispatch(&family, &args),
                ];
                for outcome in answers {
                    assert_eq!(outcome == Ok(Outcome::Ambiguous), is_v0, "{outcome:?}");
                    assert!(is_v0 || matches!(outcome, Ok(Outcome::Method(_))), "{outcome:?}");
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
        for round in 1..=60 {
            replace(&path, &versions[round % 2]);
            let generation = round as u64 + 1;
            assert_eq!(handle.reload().expect("sound"), Reloaded::Swapped { generation });
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(rebound.load(Ordering::Relaxed) > 4, "the threads saw more than one image");
}
