//! The writer of tables: checks, then every name into the canonical serialization, then from there into
//! the sections.

use super::builder::{
    EncodeError, HeaderFacts, HeaderLengths, TablePlan, filled, header, put_above, put_types, too_long,
};
use super::canonical::Canonical;
use super::core::above_stride_bytes;
use super::envelope::FileWriter;
use super::interned::{StringMemory, TableStrings};
use super::layout::{
    ABOV, CLAS, ENTR, LEFT, NAME, PARM, PATT, RULE, SECTION_REQUIRED, SIGN, STRS, TYPE, TableHeader, TypeRow,
};
use super::left_out::left_section;
use super::logical::LogicalTable;
use super::methods::Methods;
use super::rule_data::rule_section;
use super::sections::{answers_len, classes_len, put_answers, put_classes, put_words};
use super::shape::{check_limits, check_patterns, check_shape};

/// Encodes tables one after the other, in memory that it keeps between them.
///
/// The bytes are those of [`encode`], whatever was encoded before, also where that failed. It keeps about
/// as many bytes as the largest table had; drop it to give them back.
///
/// ```
/// use janus_cache::dispatch::{CompileOptions, Family, Method, TypeDecl, TypeGraph, optimize, restrict};
/// use janus_cache::format::{Encoder, encode};
///
/// let graph = TypeGraph::new([TypeDecl::new("Shape", &[]), TypeDecl::new("Circle", &["Shape"])])?;
/// let mut encoder = Encoder::default();
/// for name in ["area", "draw"] {
///     let family = Family::new(name, 1, vec![Method::new(&["Shape"], "of(Shape)", "geometry")]);
///     let table = restrict(&graph, &family)?;
///     let plan = optimize(&table, &CompileOptions::default())?.plan;
///     assert_eq!(encoder.encode(&table, &plan)?, encode(&table, &plan)?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Encoder {
    canonical: Canonical,
    strings: StringMemory,
    methods: Methods,
}

/// The bytes of a table.
///
/// Cost: ten to twenty times that of copying the bytes and summing them up; less with an [`Encoder`]. Types must stand in name order, as [`LogicalTable`] says; else equal strings may be
/// stored twice, which the deep proof refuses.
pub fn encode(table: &LogicalTable, plan: &TablePlan) -> Result<Vec<u8>, EncodeError> {
    Encoder::default().encode(table, plan)
}

impl Encoder {
    /// As [`encode`].
    pub fn encode(&mut self, table: &LogicalTable, plan: &TablePlan) -> Result<Vec<u8>, EncodeError> {
        let Self { canonical, strings, methods } = self;
        check_limits(table)?;
        check_shape(table, plan)?;
        let rule = rule_section(table);
        canonical.make(table, rule.as_deref());
        check_patterns(table, canonical.patterns())?;
        let (entries, text_bytes) = (table.entries.len(), canonical.methods_len());
        let mut strings = TableStrings::new(&table.types, entries, text_bytes, strings);
        methods.place(table, plan, canonical, &mut strings)?;
        let left_out = left_section(table, &plan.left_out);
        let answers = plan.strategy.classes().zip(plan.strategy.optimization().section());
        let is_hot = plan.is_hot();

        let types = table.types.len();
        let content_bytes = table.name.len()
            + methods.signature.len()
            + strings.section_len()
            + size_of::<TypeRow>() * types
            + 4 * table.params.len()
            + above_stride_bytes(table.params.len() as u32) * types
            + methods.patterns.len()
            + methods.rows.len()
            + rule.as_ref().map_or(0, Vec::len)
            + left_out.as_ref().map_or(0, Vec::len)
            + answers.map_or(0, |(classes, _)| {
                classes_len(classes, is_hot) + answers_len(&plan.strategy, plan.order.len())
            });
        let section_count = 8
            + usize::from(rule.is_some())
            + 2 * usize::from(answers.is_some())
            + usize::from(left_out.is_some());
        let mut file = FileWriter::new(size_of::<TableHeader>(), section_count, content_bytes);
        file.section(NAME, SECTION_REQUIRED, |section| section.extend_from_slice(table.name.as_bytes()));
        file.section(SIGN, SECTION_REQUIRED, |section| {
            section.extend_from_slice(methods.signature.as_bytes());
        });
        file.section(STRS, SECTION_REQUIRED, |section| strings.put(section));
        file.section(TYPE, SECTION_REQUIRED, |section| put_types(section, table));
        file.section(PARM, SECTION_REQUIRED, |section| put_words(section, &table.params));
        file.section(ABOV, SECTION_REQUIRED, |section| put_above(section, table));
        file.section(PATT, SECTION_REQUIRED, |section| section.extend_from_slice(&methods.patterns));
        file.section(ENTR, SECTION_REQUIRED, |section| section.extend_from_slice(&methods.rows));
        if let Some(rule) = &rule {
            file.section(RULE, SECTION_REQUIRED, |section| section.extend_from_slice(rule));
        }
        if let Some((classes, tag)) = answers {
            file.section(CLAS, 0, |section| put_classes(section, classes, is_hot));
            let mut done = Ok(());
            file.section(tag, 0, |section| done = put_answers(section, &plan.strategy, None));
            done?;
        }
        if let Some(left_out) = &left_out {
            file.section(LEFT, 0, |section| section.extend_from_slice(left_out));
        }
        let total = u32::try_from(file.len()).map_err(|_| too_long(file.len() as u64))?;
        let lengths = HeaderLengths { name: table.name.len(), signature: methods.signature.len(), total };
        let header = header(table, HeaderFacts::of(plan), lengths, canonical.hash());
        Ok(file.finish(|totals| filled(header, totals)))
    }
}
