//! A patched table is the freshly built one, byte for byte, and says what it took from the old one.

mod support;

use janus_cache::dispatch::{
    CompileOptions, Family, Method, MethodChange, OptimizerChoice, TypeDecl, TypeGraph, compile, optimize,
    recompile, repatch, restrict,
};
use janus_cache::format::layout::{ENTR, STRS};
use janus_cache::format::{
    EncodeError, LogicalRule, LogicalTable, Optimization, Patched, TableView, Tag, encode, patch,
    patch_symbols, verify,
};
use proptest::prelude::*;
use support::{World, ruled_worlds};

fn optimizers() -> impl Iterator<Item = CompileOptions> {
    std::iter::once(OptimizerChoice::Auto)
        .chain(Optimization::ALL.map(OptimizerChoice::Force))
        .map(|optimizer| CompileOptions { optimizer, ..CompileOptions::default() })
}

fn restricted(world: &World) -> LogicalTable {
    restrict(&world.graph(), &world.family).expect("a family")
}

fn opened(bytes: &[u8]) -> TableView<'_> {
    TableView::open(bytes).expect("well formed")
}

/// The sections of a table, in file order.
fn sections(bytes: &[u8]) -> Vec<(Tag, &[u8])> {
    let rows = opened(bytes).section_rows();
    let section = |start: u32, len: u32| &bytes[start as usize..][..len as usize];
    rows.iter().map(|row| (Tag(row.tag), section(row.offset.get(), row.len.get()))).collect()
}

/// By the definition: the sections of `new` that `old` has with the same bytes, and the others.
fn reused_and_rewritten(old: &[u8], new: &[u8]) -> (Vec<Tag>, Vec<Tag>) {
    let old = sections(old);
    let (reused, rewritten): (Vec<_>, Vec<_>) =
        sections(new).into_iter().partition(|section| old.contains(section));
    let tags = |sections: Vec<(Tag, &[u8])>| sections.into_iter().map(|(tag, _)| tag).collect();
    (tags(reused), tags(rewritten))
}

/// Holds a patch against the bytes that it had to give.
fn check(old: &[u8], fresh: &[u8], patched: &Patched) -> Result<(), TestCaseError> {
    prop_assert!(patched.bytes == fresh, "other bytes than the fresh ones");
    prop_assert_eq!(verify(&patched.bytes), Ok(()));
    let (reused, rewritten) = reused_and_rewritten(old, fresh);
    let reused_bytes: usize =
        sections(fresh).iter().filter(|(tag, _)| reused.contains(tag)).map(|(_, bytes)| bytes.len()).sum();
    prop_assert!(patched.copied_bytes >= reused_bytes as u64);
    prop_assert_eq!((&patched.reused_sections, &patched.rewritten), (&reused, &rewritten));
    Ok(())
}

/// A world's family after a change of one method, and the change; none where no method would be left.
fn changed(world: &World, kind: u8, pick: usize, params: &[usize]) -> Option<(World, MethodChange)> {
    let mut after = world.clone();
    let methods = &mut after.family.methods;
    let pick = pick % methods.len();
    let change = match kind {
        0 if methods.len() > 1 => MethodChange::Remove(methods.remove(pick).params),
        0 => return None,
        1 => {
            "a::renamed".clone_into(&mut methods[pick].implementation);
            MethodChange::Replace(methods[pick].clone())
        }
        2 => {
            methods[pick].default = !methods[pick].default;
            let symbol = methods[0].implementation.clone();
            methods[pick].module = symbol;
            MethodChange::Replace(methods[pick].clone())
        }
        _ => {
            let names: Vec<&str> = world.decls.iter().map(|decl| decl.name.as_str()).chain(["any"]).collect();
            let params: Vec<&str> = params[..usize::from(world.family.arity)]
                .iter()
                .map(|param| names[param % names.len()])
                .collect();
            if methods.iter().any(|method| method.params == params) {
                return None;
            }
            let method = Method { default: pick.is_multiple_of(3), ..Method::new(&params, "added", "m") };
            methods.insert(pick, method.clone());
            MethodChange::Add(method)
        }
    };
    Some((after, change))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_table_patched_for_one_method_is_the_fresh_one_under_every_optimizer(
        world in ruled_worlds(9, 7, 3),
        kind in 0..5_u8,
        pick in 0..64_usize,
        params in prop::array::uniform3(0..64_usize),
    ) {
        let Some((after, change)) = changed(&world, kind, pick, &params) else { return Ok(()) };
        let (before, table) = (restricted(&world), restricted(&after));
        prop_assert_eq!(&repatch(&world.graph(), &after.family, before.clone(), &change), &Ok(table.clone()));
        for options in optimizers() {
            let old = compile(&before, &options).expect("fits").bytes;
            let fresh = compile(&table, &options).expect("fits").bytes;
            let plan = optimize(&table, &options).expect("fits").plan;
            check(&old, &fresh, &patch(&opened(&old), &table, &plan).expect("fits"))?;
            check(&old, &fresh, &recompile(&opened(&old), &table, &options).expect("fits"))?;
            if let Some(patched) = patch_symbols(&opened(&old), &table, &[], 0).expect("fits") {
                prop_assert!(kind == 1 || kind == 2);
                check(&old, &fresh, &patched)?;
            }
        }
    }

    #[test]
    fn another_symbol_rewrites_strings_and_entries_alone_and_optimizes_nothing(
        world in ruled_worlds(9, 7, 3),
        pick in 0..64_usize,
    ) {
        let Some((after, _)) = changed(&world, 1, pick, &[]) else { return Ok(()) };
        let (before, table) = (restricted(&world), restricted(&after));
        for options in optimizers() {
            let old = compile(&before, &options).expect("fits").bytes;
            let patched = patch_symbols(&opened(&old), &table, &[], 0).expect("fits").expect("only symbols");
            prop_assert!(patched.rewritten.iter().all(|tag| [STRS, ENTR].contains(tag)), "{:?}", patched.rewritten);
            prop_assert!(patched.rewritten.contains(&STRS));
            check(&old, &compile(&table, &options).expect("fits").bytes, &patched)?;
        }
    }

    #[test]
    fn where_nothing_changed_every_section_is_the_old_one(world in ruled_worlds(9, 7, 3)) {
        let table = restricted(&world);
        for options in optimizers() {
            let old = compile(&table, &options).expect("fits").bytes;
            let plan = optimize(&table, &options).expect("fits").plan;
            let by_plan = patch(&opened(&old), &table, &plan).expect("fits");
            let by_symbols = patch_symbols(&opened(&old), &table, &[], 0).expect("fits").expect("only symbols");
            let section_bytes: usize = sections(&old).iter().map(|(_, bytes)| bytes.len()).sum();
            for patched in [by_plan, by_symbols] {
                prop_assert_eq!(&patched.rewritten, &[]);
                prop_assert_eq!(patched.copied_bytes, section_bytes as u64);
                prop_assert!(patched.bytes == old);
            }
        }
    }

    #[test]
    fn the_old_table_may_be_of_any_other_family(one in ruled_worlds(9, 7, 3), other in ruled_worlds(9, 7, 3)) {
        let (before, table) = (restricted(&one), restricted(&other));
        for options in optimizers() {
            let old = compile(&before, &options).expect("fits").bytes;
            let fresh = compile(&table, &options).expect("fits").bytes;
            check(&old, &fresh, &recompile(&opened(&old), &table, &options).expect("fits"))?;
        }
    }

    #[test]
    fn damaged_old_bytes_never_panic(
        world in ruled_worlds(8, 6, 2),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let table = restricted(&world);
        for options in optimizers() {
            let plan = optimize(&table, &options).expect("fits").plan;
            let mut old = encode(&table, &plan).expect("fits");
            for (at, byte) in &damage {
                let at = at.index(old.len());
                old[at] = *byte;
            }
            // Whoever skips the checksums gets bytes or an error, as good as what he gave.
            if let Ok(view) = TableView::open_proved(&old) {
                let _ = patch(&view, &table, &plan);
                let _ = patch_symbols(&view, &table, &[], 0);
            }
        }
    }
}

fn table(arity: u8, methods: Vec<Method>) -> LogicalTable {
    let decls = [TypeDecl::new("A", &[]), TypeDecl::new("B", &[]), TypeDecl::new("C", &["A"])];
    let graph = TypeGraph::new(decls).expect("acyclic");
    restrict(&graph, &Family::new("f", arity, methods)).expect("a family")
}

/// Two methods that are equally specific.
fn two_methods(first: &str, second: &str) -> LogicalTable {
    table(1, vec![Method::new(&["A"], first, "m"), Method::new(&["B"], second, "m")])
}

#[test]
fn the_same_patterns_cut_in_another_number_of_positions_have_another_signature() {
    let pair = table(2, vec![Method::new(&["A", "B"], "one", "m")]);
    let options = CompileOptions::default();
    let old = compile(&pair, &options).expect("fits").bytes;
    let wanted = two_methods("one", "two");
    let patched = recompile(&opened(&old), &wanted, &options).expect("fits");
    assert_eq!(opened(&patched.bytes).type_signature(), Ok("A\tB\n"));
    assert_eq!(patched.bytes, compile(&wanted, &options).expect("fits").bytes);
}

#[test]
fn other_counts_of_calls_are_more_than_another_symbol() {
    let options = |calls: &[u32]| CompileOptions { calls: calls.to_vec(), ..CompileOptions::default() };
    let old = compile(&two_methods("one", "two"), &options(&[1, 2])).expect("fits").bytes;
    let renamed = two_methods("one", "three");
    let symbols = |calls: &[u32]| patch_symbols(&opened(&old), &renamed, calls, 0).expect("fits");
    for calls in [&[][..], &[2, 1], &[1], &[1, 2, 3]] {
        assert_eq!(symbols(calls), None, "{calls:?}");
    }
    assert!(symbols(&[1, 2]).is_some());
    for calls in [&[1, 2][..], &[2, 1], &[]] {
        let patched = recompile(&opened(&old), &renamed, &options(calls)).expect("fits");
        assert!(patched.bytes == compile(&renamed, &options(calls)).expect("fits").bytes, "{calls:?}");
    }
}

#[test]
fn under_a_compilers_own_rule_a_symbol_may_change_the_answers() {
    let dag = CompileOptions {
        optimizer: OptimizerChoice::Force(Optimization::DecisionDag),
        ..CompileOptions::default()
    };
    let mut own = two_methods("one", "two");
    let plan = optimize(&own, &dag).expect("fits").plan;
    own.rule = LogicalRule::Custom { name: "last-named-1".to_owned() };
    let old = encode(&own, &plan).expect("fits");
    assert_eq!(patch_symbols(&opened(&old), &own, &[], 0), Ok(None));
    assert_eq!(patch(&opened(&old), &own, &plan).expect("fits").bytes, old);
}

#[test]
fn a_new_time_stamp_is_in_the_new_header() {
    let table = two_methods("one", "two");
    let old = compile(&table, &CompileOptions::default()).expect("fits").bytes;
    let later = CompileOptions { creation_timestamp: 7, ..CompileOptions::default() };
    let patched = recompile(&opened(&old), &table, &later).expect("fits");
    assert_eq!(patched.bytes, compile(&table, &later).expect("fits").bytes);
    assert_ne!(patched.bytes, old);
}

#[test]
fn what_has_no_bytes_has_no_patch_either() {
    let table = two_methods("one", "two");
    let mut plan = optimize(&table, &CompileOptions::default()).expect("fits").plan;
    let old = encode(&table, &plan).expect("fits");
    plan.order.pop();
    let refused = patch(&opened(&old), &table, &plan).expect_err("the order leaves a method out");
    assert_eq!(Err(refused), encode(&table, &plan));
    let mut unnamable = table.clone();
    unnamable.name.push('\n');
    let refused = patch_symbols(&opened(&old), &unnamable, &[], 0);
    assert_eq!(refused, Err(EncodeError::ControlCharacter { name: unnamable.name.clone() }));
}
