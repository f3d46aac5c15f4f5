//! Questions by name, so that a damaged file and the undamaged one can be asked the same.

use janus_cache::format::{AccessError, EntryInfo, LocalType, Outcome, Rule, TableView, verify};
use janus_cache::image::{GlobalType, ImageView};

/// A name that no vector lists.
const UNLISTED: &str = "no::Such";
/// A question for each family and tuple, as far as there are not more.
const MOST_TUPLES: usize = 150;

/// One question: family, arity and the arguments' types.
type Question = (String, u8, Vec<String>);

pub(crate) struct Answers {
    asked: Vec<Question>,
    /// For each question the method that is selected, or what there is instead; or the error value.
    pub(crate) given: Vec<Result<String, AccessError>>,
    /// Whether the deep proof takes the file.
    pub(crate) is_proved: bool,
}

/// Asks an undamaged table all there is to ask.
pub(crate) fn table_questions(table: &TableView<'_>) -> Answers {
    let names = (0..table.type_count()).map(|local| table.type_info(LocalType(local)));
    let mut names: Vec<String> =
        names.map(|info| info.expect("readable").expect("listed").0.to_owned()).collect();
    names.push(UNLISTED.to_owned());
    let asked = tuples(&names, table.header().arity)
        .map(|tuple| (String::new(), table.header().arity, tuple))
        .collect::<Vec<_>>();
    let given = asked.iter().map(|(_, _, tuple)| table_answer(table, tuple)).collect();
    Answers { asked, given, is_proved: true }
}

/// Asks an undamaged image all there is to ask.
pub(crate) fn image_questions(image: &ImageView<'_>) -> Answers {
    let names = (0..image.type_count()).map(|global| image.type_info(GlobalType(global)));
    let mut names: Vec<String> = names.map(|info| info.expect("readable").0.to_owned()).collect();
    names.push(UNLISTED.to_owned());
    let mut asked = Vec::new();
    for index in 0..image.family_count() {
        let family = image.family_at(index).expect("readable");
        let (name, arity) = (family.name().expect("readable").to_owned(), family.arity());
        asked.extend(tuples(&names, arity).map(|tuple| (name.clone(), arity, tuple)));
    }
    let given = asked.iter().map(|question| image_answer(image, question)).collect();
    Answers { asked, given, is_proved: true }
}

/// The answers of a damaged table to the questions of `right`; none where it does not open.
pub(crate) fn table_answers(bytes: &[u8], right: &Answers) -> Option<Answers> {
    let table = TableView::open(bytes).ok()?;
    let given = right.asked.iter().map(|(_, _, tuple)| table_answer(&table, tuple)).collect();
    // Of a custom rule only its owner could prove the answers.
    let is_proved = verify(bytes).is_ok() && table.rule() != Rule::Custom;
    Some(Answers { asked: Vec::new(), given, is_proved })
}

/// The answers of a damaged image to the questions of `right`; none where it does not open.
pub(crate) fn image_answers(bytes: &[u8], right: &Answers) -> Option<Answers> {
    let image = ImageView::open(bytes).ok()?;
    let given = right.asked.iter().map(|question| image_answer(&image, question)).collect();
    Some(Answers { asked: Vec::new(), given, is_proved: image.verify().is_ok() })
}

/// Tuples of these names, in mixed radix.
fn tuples(names: &[String], arity: u8) -> impl Iterator<Item = Vec<String>> {
    let all = (0..arity).fold(1_usize, |all, _| all.saturating_mul(names.len()));
    // A step without a common factor with small sides meets every name at every position.
    let step = if all > MOST_TUPLES { (all / MOST_TUPLES) | 1 } else { 1 };
    (0..all).step_by(step).map(move |mut number| {
        let digit = |_| {
            let name = names[number % names.len()].clone();
            number /= names.len();
            name
        };
        (0..arity).map(digit).collect()
    })
}

/// What identifies a method; profile and specificity only sort.
fn shown(entry: &EntryInfo<'_>) -> String {
    format!("{} in {}", entry.implementation, entry.module)
}

fn table_answer(table: &TableView<'_>, names: &[String]) -> Result<String, AccessError> {
    let locals: Vec<LocalType> = names.iter().map(|name| table.local_type(name)).collect::<Result<_, _>>()?;
    match table.dispatch(&locals)? {
        Outcome::Method(entry) => Ok(shown(&table.entry(entry)?)),
        other => Ok(format!("{other:?}")),
    }
}

fn image_answer(image: &ImageView<'_>, question: &Question) -> Result<String, AccessError> {
    let (name, arity, tuple) = question;
    let Some(family) = image.family(name, *arity)? else { return Ok("no such family".to_owned()) };
    let mut globals = Vec::new();
    for name in tuple {
        globals.push(image.type_id(name)?.unwrap_or(GlobalType::OTHER));
    }
    match family.dispatch(&globals)? {
        Outcome::Method(entry) => {
            // A place may be damaged without a wrong answer, but reading it ends.
            let _ = family.place(entry);
            Ok(shown(&family.entry(entry)?))
        }
        other => Ok(format!("{other:?}")),
    }
}
