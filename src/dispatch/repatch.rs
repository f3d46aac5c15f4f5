//! One method of a family changed: the new question without a walk over the graph, and its bytes by
//! way of the old ones.

use super::compile::{CompileError, CompileOptions, optimize};
use super::family::{Family, FamilyError, Method, restrict};
use super::types::TypeGraph;
use crate::format::{
    LogicalEntry, LogicalTable, ParamRef, Patched, TOP_TYPE, TableView, patch, patch_symbols,
};

/// A change of one method. No two methods of a family have the same parameter types, so these name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MethodChange {
    /// This method came.
    Add(Method),
    /// The method with these parameter types went.
    Remove(Vec<String>),
    /// The method with the same parameter types is this one now.
    Replace(Method),
}

/// What [`restrict`] gives for `family`, which is the family after the change, from the restricted
/// question before it. `graph` and the family's rule must be those of `old`.
///
/// Where the parameter types stay the same set, types and relations do, too, and only the entries
/// change: one search for a method that came or was replaced, and a look at the entries for one that
/// went. Else, and where the change does not fit `old`, the family is restricted anew.
pub fn repatch(
    graph: &TypeGraph,
    family: &Family,
    mut old: LogicalTable,
    change: &MethodChange,
) -> Result<LogicalTable, FamilyError> {
    match change_entries(&mut old, change) {
        Some(()) => Ok(old),
        None => restrict(graph, family),
    }
}

/// None, and nothing changed, where the set of parameters would not stay the same.
fn change_entries(table: &mut LogicalTable, change: &MethodChange) -> Option<()> {
    let params = match change {
        MethodChange::Add(method) | MethodChange::Replace(method) => &method.params,
        MethodChange::Remove(params) => params,
    };
    if params.len() != usize::from(table.arity) {
        return None;
    }
    let pattern: Vec<ParamRef> =
        params.iter().map(|name| param_ref(table, name)).collect::<Option<Vec<_>>>()?;
    let place = table.entries.binary_search_by(|entry| entry.pattern.cmp(&pattern));
    let entry = |method: &Method| LogicalEntry {
        pattern: pattern.clone(),
        implementation: method.implementation.clone(),
        module: method.module.clone(),
        default: method.default,
    };
    match (change, place) {
        (MethodChange::Add(method), Err(place)) => table.entries.insert(place, entry(method)),
        (MethodChange::Replace(method), Ok(place)) => *table.entries.get_mut(place)? = entry(method),
        (MethodChange::Remove(_), Ok(place)) => {
            let others = || table.entries.iter().enumerate().filter(|(at, _)| *at != place);
            let is_used = |param: &ParamRef| others().any(|(_, entry)| entry.pattern.contains(param));
            let stays = |param: &ParamRef| *param == ParamRef::TOP || is_used(param);
            if others().next().is_none() || !pattern.iter().all(stays) {
                return None;
            }
            table.entries.remove(place);
        }
        _ => return None,
    }
    Some(())
}

/// What refers to the type of this name, if it is the top type or a parameter.
fn param_ref(table: &LogicalTable, name: &str) -> Option<ParamRef> {
    if name == TOP_TYPE {
        return Some(ParamRef::TOP);
    }
    // Parameters are in name order, as the types are.
    let name_of = |local: &u32| table.types.get(*local as usize).map(|row| &*row.name);
    let ordinal = table.params.binary_search_by(|local| name_of(local).cmp(&Some(name))).ok()?;
    u16::try_from(ordinal + 1).ok().map(ParamRef)
}

/// The bytes that [`compile`](super::compile) gives for `table`, by way of the table `old`, which must
/// have been compiled with the same optimizer choice, of whatever question.
///
/// Where only symbols and modules of methods changed, nothing is optimized, since the old answers are
/// the new ones: that is most of the cost. Else the table is optimized, what comes out
/// the same is copied, and the cost is that of `compile` and a little more.
pub fn recompile(
    old: &TableView<'_>,
    table: &LogicalTable,
    options: &CompileOptions,
) -> Result<Patched, CompileError> {
    if let Some(patched) = patch_symbols(old, table, &options.calls, options.creation_timestamp)? {
        return Ok(patched);
    }
    Ok(patch(old, table, &optimize(table, options)?.plan)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::TypeDecl;

    fn table(methods: &[Method]) -> LogicalTable {
        let decls = [TypeDecl::new("A", &[]), TypeDecl::new("B", &["A"]), TypeDecl::new("C", &["B"])];
        let graph = TypeGraph::new(decls).expect("a chain");
        restrict(&graph, &Family::new("f", 2, methods.to_vec())).expect("a family")
    }

    fn names(params: &[&str]) -> Vec<String> {
        params.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_change_that_keeps_the_set_of_parameters_is_made_without_the_graph() {
        let methods = [Method::new(&["A", "any"], "f1", "m"), Method::new(&["B", "A"], "f2", "m")];
        let added = Method::new(&["A", "B"], "f3", "m");
        let mut changed = table(&methods);
        assert_eq!(change_entries(&mut changed, &MethodChange::Add(added.clone())), Some(()));
        assert_eq!(changed, table(&[methods.as_slice(), &[added]].concat()));
        assert_eq!(change_entries(&mut changed, &MethodChange::Remove(names(&["A", "B"]))), Some(()));
        assert_eq!(changed, table(&methods));
        let replaced = Method::new(&["B", "A"], "g", "other");
        assert_eq!(change_entries(&mut changed, &MethodChange::Replace(replaced.clone())), Some(()));
        assert_eq!(changed, table(&[methods[0].clone(), replaced]));
    }

    #[test]
    fn a_change_of_the_set_of_parameters_or_one_that_does_not_fit_leaves_the_table_alone() {
        let methods = [Method::new(&["A", "any"], "f1", "m"), Method::new(&["B", "A"], "f2", "m")];
        let changes = [
            MethodChange::Add(Method::new(&["C", "A"], "new parameter", "m")),
            MethodChange::Add(Method::new(&["B", "A"], "is there", "m")),
            MethodChange::Add(Method::new(&["B"], "too short", "m")),
            MethodChange::Replace(Method::new(&["A", "A"], "is not there", "m")),
            MethodChange::Remove(names(&["A", "A"])),
            MethodChange::Remove(names(&["B", "A"])),
        ];
        for change in changes {
            let mut found = table(&methods);
            assert_eq!(change_entries(&mut found, &change), None, "{change:?}");
            assert_eq!(found, table(&methods));
        }
        let mut last = table(&methods[..1]);
        assert_eq!(change_entries(&mut last, &MethodChange::Remove(names(&["A", "any"]))), None);
    }
}
