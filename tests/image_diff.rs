//! What changes for callers between two images.

use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, compile, restrict};
use janus_cache::image::diff::{
    Age, ChangeKind, DiffLimits, DiffMethod, FamilyDiff, FamilyState, ImageDiff, Region, Verdict, diff,
    never_selected,
};
use janus_cache::image::{ImageContent, ImagePlace, ImageType, ImageView, encode_image};

/// Type names with their supertypes; those that end in `!` are sealed.
type Types<'a> = &'a [(&'a str, &'a [&'a str])];
/// A family's name and its patterns.
type Families<'a> = &'a [(&'a str, &'a [&'a [&'a str]])];

const ANIMALS: Types<'static> =
    &[("Animal", &[]), ("Cat", &["Animal"]), ("Dog", &["Animal"]), ("Poodle", &["Dog"]), ("Stone", &[])];

fn symbol(pattern: &[&str]) -> String {
    format!("meet({})", pattern.join(", "))
}

/// An image of these families; a method stands on the line that its pattern has in the list.
fn image(types: Types<'_>, families: Families<'_>) -> Vec<u8> {
    let is_sealed = |name: &str| name.ends_with('!');
    let decl = |(name, above): &(&str, &[&str])| {
        let decl = TypeDecl::new(name, above);
        if is_sealed(name) { decl.sealed() } else { decl }
    };
    let decls: Vec<TypeDecl> = types.iter().map(decl).collect();
    let graph = TypeGraph::new(decls).expect("acyclic");
    let tables: Vec<Vec<u8>> = families
        .iter()
        .map(|(name, patterns)| {
            let methods = patterns.iter().map(|pattern| Method::new(pattern, &symbol(pattern), "m"));
            let family = Family::new(name, patterns[0].len() as u8, methods.collect());
            let question = restrict(&graph, &family).expect("a family");
            compile(&question, &CompileOptions::default()).expect("fits").bytes
        })
        .collect();
    let content = ImageContent {
        name: "zoo",
        types: types
            .iter()
            .map(|(name, _)| ImageType { name: (*name).to_owned(), sealed: is_sealed(name) })
            .collect(),
        tables: tables.iter().map(Vec::as_slice).collect(),
        creation_timestamp: 0,
    };
    let place = |family: &str, implementation: &str| {
        let (_, patterns) = families.iter().find(|(name, _)| *name == family)?;
        let line = patterns.iter().position(|pattern| symbol(pattern) == implementation)? as u32 + 1;
        Some(ImagePlace { file: "src/zoo.jan".to_owned(), line, column: 1 })
    };
    encode_image(&content, place).expect("an image")
}

fn compared(before: &[u8], after: &[u8], limits: &DiffLimits) -> ImageDiff {
    let (before, after) = (ImageView::open(before).expect("sound"), ImageView::open(after).expect("sound"));
    diff(&before, &after, limits).expect("readable")
}

/// What differs in the one family that differs.
fn family(before: &[u8], after: &[u8]) -> FamilyDiff {
    let mut found = compared(before, after, &DiffLimits::default());
    assert_eq!(found.families.len(), 1, "{found:?}");
    found.families.remove(0)
}

fn meet<'a>(patterns: &'a [&'a [&'a str]]) -> Vec<u8> {
    image(ANIMALS, &[("meet", patterns)])
}

fn patterns<'a>(methods: impl Iterator<Item = &'a DiffMethod>) -> Vec<String> {
    methods.map(|method| method.pattern.join(",")).collect()
}

/// `Dog|*,Animal-Cat: new-ambiguity of 4`: the tops of each position, less what is left out.
fn shown(region: &Region) -> String {
    let sets = region.types.iter().map(|set| {
        let other = set.has_other.then(|| "*".to_owned());
        let except: Vec<String> = set.except.iter().map(|name| format!("-{name}")).collect();
        other.into_iter().chain(set.tops.iter().cloned()).collect::<Vec<_>>().join("|") + &except.concat()
    });
    let sets: Vec<String> = sets.collect();
    format!("{}: {} of {}", sets.join(","), region.kind().as_str(), region.tuples)
}

fn winner<'a>(family: &'a FamilyDiff, verdict: &Verdict) -> &'a DiffMethod {
    let Verdict::Method(number) = verdict else { panic!("{verdict:?} is no method") };
    family.method(*number).expect("numbered")
}

#[test]
fn equal_images_differ_in_nothing() {
    let one = meet(&[&["Animal", "any"], &["Cat", "Dog"]]);
    let found = compared(&one, &one, &DiffLimits::default());
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(found.same_families, 1);
}

#[test]
fn a_moved_method_is_no_difference() {
    let before = meet(&[&["Animal", "any"], &["Cat", "Dog"]]);
    let after = meet(&[&["Cat", "Dog"], &["Animal", "any"]]);
    assert_ne!(before, after);
    assert!(compared(&before, &after, &DiffLimits::default()).is_empty());
}

#[test]
fn a_region_is_every_tuple_whose_winner_changes_and_no_other() {
    let before = meet(&[&["Animal", "Animal"], &["Dog", "Cat"]]);
    let after = meet(&[&["Animal", "Animal"], &["Dog", "Cat"], &["Dog", "Dog"]]);
    let found = family(&before, &after);
    assert_eq!(found.state, FamilyState::Changed);
    assert_eq!(patterns(found.added()), ["Dog,Dog"]);
    assert_eq!(patterns(found.removed()), [""; 0]);
    // Dog and Poodle, each with each.
    assert_eq!(found.regions.iter().map(shown).collect::<Vec<_>>(), ["Dog,Dog: winner of 4"]);
    let region = &found.regions[0];
    assert_eq!(region.types[0].types, ["Dog", "Poodle"]);
    assert_eq!(winner(&found, &region.before).pattern, ["Animal", "Animal"]);
    let after = winner(&found, &region.after);
    assert_eq!(
        (after.pattern.join(","), after.place.as_ref().map(|place| place.line)),
        ("Dog,Dog".into(), Some(3))
    );
    assert_eq!(found.changed_tuples, 4);
    assert!(!found.truncated);
}

#[test]
fn a_method_with_another_pattern_is_another_method() {
    let before = meet(&[&["Animal", "any"], &["Poodle", "Cat"]]);
    let after = meet(&[&["Animal", "any"], &["Dog", "Cat"]]);
    let found = family(&before, &after);
    assert_eq!(
        (patterns(found.added()), patterns(found.removed())),
        (vec!["Dog,Cat".into()], vec!["Poodle,Cat".into()])
    );
    let regions: Vec<String> = found.regions.iter().map(shown).collect();
    assert_eq!(regions, ["Poodle,Cat: winner of 1", "Dog-Poodle,Cat: winner of 1"]);
}

#[test]
fn a_new_ambiguity_stands_first_with_its_candidates() {
    let before = meet(&[&["Animal", "Animal"], &["Dog", "Animal"]]);
    let after = meet(&[&["Animal", "Animal"], &["Dog", "Animal"], &["Animal", "Dog"]]);
    let found = family(&before, &after);
    let regions: Vec<String> = found.regions.iter().map(shown).collect();
    assert_eq!(regions, ["Dog,Dog: new-ambiguity of 4", "Animal-Dog,Dog: winner of 4"]);
    let Verdict::Ambiguous(candidates) = &found.regions[0].after else { panic!("{:?}", found.regions[0]) };
    let candidates = candidates.iter().filter_map(|number| found.method(*number));
    assert_eq!(patterns(candidates), ["Dog,Animal", "Animal,Dog"]);
    assert_eq!(found.new_ambiguities().count(), 1);
}

#[test]
fn an_ambiguity_that_is_gone_or_has_other_candidates_is_told() {
    let two: &[&[&str]] = &[&["Dog", "Animal"], &["Animal", "Dog"]];
    let resolved = family(&meet(two), &meet(&[two[0], two[1], &["Dog", "Dog"]]));
    assert_eq!(resolved.regions.iter().map(shown).collect::<Vec<_>>(), ["Dog,Dog: resolved of 4"]);
    let moved = family(&meet(two), &meet(&[&["Dog", "any"], two[1]]));
    let candidates = moved.regions.iter().filter(|region| region.kind() == ChangeKind::Candidates);
    assert_eq!(candidates.map(shown).collect::<Vec<_>>(), ["Dog,Dog: candidates of 4"]);
}

/// A sum: every value of it is a circle or a square.
fn shapes(patterns: &[&[&str]]) -> Vec<u8> {
    let types: Types<'_> = &[("Shape!", &[]), ("Circle", &["Shape!"]), ("Square", &["Shape!"])];
    image(types, &[("area", patterns)])
}

#[test]
fn a_method_for_a_sum_is_unreachable_once_each_alternative_has_its_own() {
    let before = shapes(&[&["Shape!"], &["Circle"]]);
    let after = shapes(&[&["Shape!"], &["Circle"], &["Square"]]);
    let found = family(&before, &after);
    let unreachable = found.unreachable.iter().filter_map(|number| found.method(*number));
    assert_eq!(patterns(unreachable), ["Shape!"]);
    assert_eq!(found.reachable, []);
    let back = family(&after, &before);
    let reachable = back.reachable.iter().filter_map(|number| back.method(*number));
    assert_eq!(patterns(reachable), ["Shape!"]);
    assert_eq!(back.unreachable, []);
}

/// The patterns of the only family's methods that no call selects.
fn never(image: &[u8], limits: &DiffLimits) -> Option<Vec<String>> {
    let image = ImageView::open(image).expect("sound");
    let family = image.family_at(0).expect("one");
    let pattern = |entry| family.pattern_names(entry).expect("readable").join(", ");
    let found = never_selected(&image, &family, limits).expect("readable");
    found.map(|entries| entries.into_iter().map(pattern).collect())
}

#[test]
fn what_no_call_selects_is_found_in_one_image() {
    let limits = DiffLimits::default();
    let open = never(&shapes(&[&["Shape!"], &["Circle"]]), &limits);
    assert_eq!(open, Some(Vec::new()), "squares select the method for shapes");
    let closed = shapes(&[&["Shape!"], &["Circle"], &["Square"]]);
    assert_eq!(never(&closed, &limits), Some(vec!["Shape!".to_owned()]));
    let lost: &[&[&str]] = &[&["Shape!", "Circle"], &["Circle", "any"], &["Square", "Shape!"]];
    assert_eq!(never(&shapes(lost), &limits), Some(vec!["Shape!, Circle".to_owned()]));
}

#[test]
fn what_no_call_selects_is_unknown_where_there_are_more_tuples_than_the_limit() {
    // Any other type and the sum are one class each, the alternatives, too.
    let image = shapes(&[&["Shape!"], &["Circle"], &["Square"]]);
    let limits = |tuples| DiffLimits { tuples, ..DiffLimits::default() };
    assert_eq!(never(&image, &limits(3)), None);
    assert_eq!(never(&image, &limits(4)), Some(vec!["Shape!".to_owned()]));
}

#[test]
fn a_new_family_tells_its_methods_its_ambiguities_and_what_is_never_selected() {
    let before = meet(&[&["Animal", "any"]]);
    let both: Families<'_> =
        &[("meet", &[&["Animal", "any"]]), ("sniff", &[&["Dog", "Animal"], &["Animal", "Dog"]])];
    let after = image(ANIMALS, both);
    let found = family(&before, &after);
    assert_eq!((found.name.as_str(), found.state), ("sniff", FamilyState::Added));
    assert_eq!(found.added().count(), 2);
    assert_eq!(found.regions.iter().map(shown).collect::<Vec<_>>(), ["Dog,Dog: new-ambiguity of 4"]);
    let gone = family(&after, &before);
    assert_eq!((gone.state, gone.removed().count(), gone.regions.len()), (FamilyState::Removed, 2, 0));
}

#[test]
fn a_new_type_is_told_apart_from_changed_answers_of_old_ones() {
    let patterns: &[&[&str]] = &[&["Animal", "any"], &["Dog", "any"]];
    let before = image(&ANIMALS[..3], &[("meet", patterns)]);
    let after = image(&ANIMALS[..4], &[("meet", patterns)]);
    let found = compared(&before, &after, &DiffLimits::default());
    assert_eq!((found.types_added.as_slice(), found.types_removed.len()), (&["Poodle".to_owned()][..], 0));
    let [family] = &found.families[..] else { panic!("{found:?}") };
    let [region] = &family.regions[..] else { panic!("{family:?}") };
    assert_eq!(region.age, Age::Added);
    assert_eq!(shown(region), "Poodle,*|Animal: gained of 5");
    assert!(region.types[1].is_all);
    assert_eq!(winner(family, &region.after).pattern, ["Dog", "any"]);
    let back = compared(&after, &before, &DiffLimits::default());
    assert_eq!((back.types_removed.len(), back.families[0].regions[0].age), (1, Age::Removed));
}

#[test]
fn a_type_that_no_family_looks_at_changes_no_answer() {
    let before = image(&ANIMALS[..4], &[("meet", &[&["Animal", "any"]])]);
    let after = image(ANIMALS, &[("meet", &[&["Animal", "any"]])]);
    let found = compared(&before, &after, &DiffLimits::default());
    assert_eq!((found.types_added.len(), found.families.len(), found.same_families), (1, 0, 1));
    assert!(!found.is_empty());
}

#[test]
fn a_thousand_types_are_compared_by_their_classes() {
    let names: Vec<String> = (0..1000).map(|at| format!("T{at:03}")).collect();
    let types: Vec<(&str, &[&str])> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (name.as_str(), if at % 2 == 0 { &["Even"][..] } else { &["Odd"][..] }))
        .chain([("Even", &[][..]), ("Odd", &[][..])])
        .collect();
    let before = image(&types, &[("meet", &[&["Even", "Odd"]])]);
    let after = image(&types, &[("meet", &[&["Even", "Odd"], &["Odd", "any"]])]);
    let few = DiffLimits { tuples: 9, ..DiffLimits::default() };
    let found = compared(&before, &after, &few);
    assert!(!found.families[0].truncated);
    assert_eq!(
        found.families[0].regions.iter().map(shown).collect::<Vec<_>>(),
        ["Odd,*|Even|Odd: gained of 502503"]
    );
}

#[test]
fn what_a_limit_cut_off_is_told() {
    let before = meet(&[&["Animal", "Animal"]]);
    let after = meet(&[&["Animal", "Animal"], &["Dog", "Cat"], &["Cat", "Dog"], &["Stone", "any"]]);
    let cut = |limits: DiffLimits| compared(&before, &after, &limits).families.remove(0);
    let whole = cut(DiffLimits::default());
    assert_eq!((whole.truncated, whole.regions.len()), (false, 3));
    for limits in [
        DiffLimits { tuples: 4, ..DiffLimits::default() },
        DiffLimits { changed_tuples: 1, ..DiffLimits::default() },
        DiffLimits { regions: 2, ..DiffLimits::default() },
    ] {
        let found = cut(limits);
        assert!(found.truncated, "{limits:?}");
        assert!(found.regions.len() < 3, "{limits:?}");
    }
    assert_eq!(cut(DiffLimits { regions: 1, ..DiffLimits::default() }).changed_tuples, whole.changed_tuples);
}
