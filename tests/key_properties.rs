//! A table's key is the whole question and nothing but it: random edits of a world of types change the key
//! exactly when they change what the table says, and equal keys mean equal answers, under every rule.

mod support;

use std::collections::BTreeMap;

use janus_cache::dispatch::{Selection, TypeDecl, TypeGraph, TypeId, resolve, restrict};
use janus_cache::key::{KeySettings, TableKey, Trace, table_key};
use proptest::prelude::*;
use proptest::sample::Index;
use support::{World, ruled_worlds, worlds};

/// An edit of the types. Methods stay, so no parameter type is ever removed.
#[derive(Clone, Debug)]
enum Edit {
    /// A new type, under some of the others.
    Add(Vec<Index>),
    /// A type goes; what was under it comes under its supertypes.
    Remove(Index),
    /// A type goes under other supertypes, all of them declared before it, so that no cycle appears.
    Reparent(Index, Vec<Index>),
    /// A type is sealed, or opened.
    Seal(Index),
    /// Two neighbours in a type's list of precedence change places.
    Swap(Index, Index),
    /// A type counts as being under another one that is declared before it, or no longer.
    CountAs(Index, Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let some = || prop::collection::vec(any::<Index>(), 0..3);
    let edit = prop_oneof![
        some().prop_map(Edit::Add),
        any::<Index>().prop_map(Edit::Remove),
        (any::<Index>(), some()).prop_map(|(at, supers)| Edit::Reparent(at, supers)),
        any::<Index>().prop_map(Edit::Seal),
        any::<[Index; 2]>().prop_map(|[at, from]| Edit::Swap(at, from)),
        any::<[Index; 2]>().prop_map(|[at, upper]| Edit::CountAs(at, upper)),
    ];
    prop::collection::vec(edit, 1..4)
}

/// The world after an edit, or as it was where the edit would leave no legal world. Types stay in an order
/// in which supertypes come first.
fn edited(before: &World, edit: &Edit, fresh: usize) -> World {
    let mut world = before.clone();
    let picked = |decls: &[TypeDecl], supers: &[Index]| -> Vec<String> {
        let mut names: Vec<String> = match decls.len() {
            0 => Vec::new(),
            count => supers.iter().map(|pick| decls[pick.index(count)].name.clone()).collect(),
        };
        names.sort();
        names.dedup();
        names
    };
    match edit {
        Edit::Add(supers) => {
            let supers = picked(&world.decls, supers);
            world.decls.push(TypeDecl { name: format!("m::New{fresh}"), supers, ..TypeDecl::default() });
        }
        Edit::Remove(at) => {
            let at = at.index(world.decls.len());
            let is_param = |name: &String| world.family.methods.iter().any(|one| one.params.contains(name));
            if world.decls.len() > 1 && !is_param(&world.decls[at].name) {
                let gone = world.decls.remove(at);
                for decl in &mut world.decls {
                    if decl.supers.contains(&gone.name) {
                        decl.supers.retain(|name| *name != gone.name);
                        decl.supers.extend(gone.supers.iter().cloned());
                        decl.supers.sort();
                        decl.supers.dedup();
                    }
                }
            }
        }
        Edit::Reparent(at, supers) => {
            let at = at.index(world.decls.len());
            world.decls[at].supers = picked(&world.decls[..at], supers);
        }
        Edit::Seal(at) => {
            let at = at.index(world.decls.len());
            world.decls[at].sealed ^= true;
        }
        Edit::Swap(at, from) => {
            let at = at.index(world.decls.len());
            let list = &mut world.decls[at].precedence;
            if list.len() > 1 {
                let from = from.index(list.len() - 1);
                list.swap(from, from + 1);
            }
        }
        Edit::CountAs(at, upper) => {
            let at = at.index(world.decls.len());
            if at > 0 {
                let upper = world.decls[upper.index(at)].name.clone();
                let list = &mut world.decls[at].counts_as;
                if list.contains(&upper) {
                    list.retain(|name| *name != upper);
                } else {
                    list.push(upper);
                }
            }
        }
    }
    let is_legal =
        TypeGraph::new(world.decls.clone()).is_ok_and(|graph| restrict(&graph, &world.family).is_ok());
    if is_legal { world } else { before.clone() }
}

fn key_of(world: &World) -> (TableKey, Trace) {
    let table = restrict(&world.graph(), &world.family).expect("a family");
    table_key(&table, &KeySettings::default())
}

/// What a table of the symmetric rule depends on, worked out from the definitions and not by `restrict`: the parameters above each
/// type that has some, whether it is sealed, and how the parameters are ordered among themselves. (The
/// methods are never edited here.)
#[derive(Debug, PartialEq)]
struct Meaning {
    classes: BTreeMap<String, (bool, Vec<String>)>,
    parameter_order: Vec<(String, String)>,
}

fn meaning_of(world: &World) -> Meaning {
    let above = |name: &str| -> Vec<String> {
        let mut open = vec![name.to_owned()];
        let mut found: Vec<String> = Vec::new();
        while let Some(next) = open.pop() {
            if let Some(decl) = world.decls.iter().find(|decl| decl.name == next)
                && !found.contains(&next)
            {
                open.extend(decl.supers.iter().cloned());
                found.push(next);
            }
        }
        found
    };
    let mut params: Vec<String> =
        world.family.methods.iter().flat_map(|method| method.params.clone()).collect();
    params.sort();
    params.dedup();
    let mut classes = BTreeMap::new();
    let mut parameter_order = Vec::new();
    for decl in &world.decls {
        let above = above(&decl.name);
        let of_family: Vec<String> = params.iter().filter(|param| above.contains(param)).cloned().collect();
        if params.contains(&decl.name) {
            parameter_order.extend(of_family.iter().map(|upper| (decl.name.clone(), upper.clone())));
        }
        if !of_family.is_empty() {
            classes.insert(decl.name.clone(), (decl.sealed, of_family));
        }
    }
    parameter_order.sort();
    Meaning { classes, parameter_order }
}

/// Every tuple of these types and of an unknown one, by the name of each.
fn tuples(names: &[String], arity: u8) -> Vec<Vec<Option<String>>> {
    let choices: Vec<Option<String>> = names.iter().cloned().map(Some).chain([None]).collect();
    (0..arity).fold(vec![Vec::new()], |tuples, _| {
        let longer = |tuple: &Vec<Option<String>>| -> Vec<Vec<Option<String>>> {
            choices.iter().map(|choice| [tuple.clone(), vec![choice.clone()]].concat()).collect()
        };
        tuples.iter().flat_map(longer).collect()
    })
}

/// What the definition of the rule selects; a type that is not there counts as unknown.
fn selected(world: &World, graph: &TypeGraph, tuple: &[Option<String>]) -> Selection {
    let args: Vec<Option<TypeId>> =
        tuple.iter().map(|name| name.as_ref().and_then(|name| graph.get(name))).collect();
    resolve(graph, &world.family, &args)
}

/// Whether any tuple of the types of `before` is answered otherwise in `after`.
fn a_selection_changed(before: &World, after: &World) -> bool {
    let (old, new) = (before.graph(), after.graph());
    let names: Vec<String> = before.decls.iter().map(|decl| decl.name.clone()).collect();
    tuples(&names, before.family.arity)
        .iter()
        .any(|tuple| selected(before, &old, tuple) != selected(after, &new, tuple))
}

fn edited_by_all(world: &World, edits: &[Edit]) -> World {
    edits.iter().enumerate().fold(world.clone(), |world, (fresh, edit)| edited(&world, edit, fresh))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_key_changes_exactly_when_what_the_table_says_changes(world in worlds(8, 4, 2), edits in edits()) {
        let after = edited_by_all(&world, &edits);
        let ((old_key, old_trace), (new_key, new_trace)) = (key_of(&world), key_of(&after));
        let meaning_changed = meaning_of(&world) != meaning_of(&after);
        prop_assert_eq!(old_key != new_key, meaning_changed, "{:?}", edits);
        prop_assert_eq!(!new_trace.changes_since(&old_trace).is_empty(), meaning_changed, "{:?}", edits);
        let table = |world: &World| restrict(&world.graph(), &world.family).expect("a family");
        prop_assert_eq!(table(&world) != table(&after), meaning_changed, "{:?}", edits);
    }

    #[test]
    fn a_changed_selection_changes_the_key_under_every_rule(world in ruled_worlds(8, 4, 2), edits in edits()) {
        let after = edited_by_all(&world, &edits);
        if key_of(&world).0 == key_of(&after).0 {
            prop_assert!(!a_selection_changed(&world, &after), "equal keys, other answers: {:?}", edits);
        }
    }

    #[test]
    fn an_edit_that_is_taken_back_has_the_key_of_before(world in worlds(8, 4, 2), at in any::<Index>()) {
        let twice = [Edit::Seal(at), Edit::Seal(at)];
        prop_assert_eq!(key_of(&edited_by_all(&world, &twice)).0, key_of(&world).0);
    }
}

/// The generators must reach both sides, or the properties above would hold of nothing.
#[test]
fn random_edits_change_some_keys_and_spare_others() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut changed, mut spared, mut spared_an_edit) = (0, 0, 0);
    for _ in 0..300 {
        let (world, edits) =
            (ruled_worlds(8, 4, 2), edits()).new_tree(&mut runner).expect("a value").current();
        let after = edited_by_all(&world, &edits);
        if key_of(&world).0 == key_of(&after).0 {
            spared += 1;
            spared_an_edit += usize::from(world.decls != after.decls);
        } else {
            changed += 1;
        }
    }
    assert!(changed > 30 && spared > 30 && spared_an_edit > 30, "{changed}, {spared}, {spared_an_edit}");
}
