//! The JSON text of a corpus, as it stands: nothing is looked up or believed yet.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What the field `format` must hold.
pub(super) const FORMAT: &str = "dispatch-corpus/1";

/// A corpus. Types and methods keep their text, so that their places are known.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'t> {
    pub(super) format: String,
    pub(super) resolution: Resolution,
    #[serde(default)]
    pub(super) top: Top,
    #[serde(borrow)]
    pub(super) types: Vec<&'t RawValue>,
    #[serde(borrow)]
    pub(super) functions: Vec<&'t RawValue>,
}

/// The type that all types are under.
#[derive(Debug, Default)]
pub(super) enum Top {
    /// The only type without supertypes, if there is only one.
    #[default]
    Unstated,
    /// The text says `null`.
    Absent,
    /// The text names it.
    Named(String),
}

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(from)?.map_or(Self::Absent, Self::Named))
    }
}

/// How methods are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Resolution {
    Symmetric,
    Precedence,
    Levels,
}

/// A type.
#[derive(Debug, Deserialize)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) supers: Vec<String>,
    #[serde(default)]
    pub(super) precedence: Vec<String>,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) sealed: bool,
    #[serde(default)]
    pub(super) counts_as: Vec<String>,
}

/// A function and its methods, which keep their text.
#[derive(Debug, Deserialize)]
pub(super) struct Function<'t> {
    pub(super) name: String,
    pub(super) arity: usize,
    #[serde(default)]
    pub(super) argument_precedence: Vec<u64>,
    #[serde(borrow)]
    pub(super) methods: Vec<&'t RawValue>,
}

/// A method.
#[derive(Debug, Deserialize)]
pub(super) struct Method {
    pub(super) params: Vec<String>,
    pub(super) implementation: String,
    #[serde(default)]
    pub(super) module: String,
    #[serde(default)]
    pub(super) default: bool,
}

/// One line of a truth file: indexes count from 0 in the order of the corpus.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    /// The function.
    pub(super) f: usize,
    /// A type for each position.
    pub(super) args: Vec<usize>,
    /// The method; null: none applies; −1: the call is ambiguous. Without it the line is no case.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) m: Option<i64>,
}

#[cfg(test)]
mod tests {
    use serde::de::value::Error;
    use serde::de::{DeserializeOwned, Error as _, Visitor};
    use serde_json::{Map, Value, json};

    use super::*;

    const SCHEMA: &str = include_str!("../../../format-spec/corpus.schema.json");
    const SPEC: &str = include_str!("../../../format-spec/corpus.md");

    fn schema() -> Value {
        serde_json::from_str(SCHEMA).expect("the schema is JSON")
    }

    /// Told the fields that a struct is read from, and nothing more.
    struct Fields;

    impl<'de> Deserializer<'de> for Fields {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("no struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Error> {
            Err(Error::custom(fields.join(" ")))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    /// The fields that the reader knows, in name order.
    fn read_by<'de, T: Deserialize<'de>>() -> Vec<String> {
        let told = T::deserialize(Fields).err().expect("it never reads").to_string();
        let mut fields: Vec<String> = told.split(' ').map(str::to_owned).collect();
        fields.sort();
        fields
    }

    /// The fields of an object of the schema, without those that are for people.
    fn described(object: &Value, for_people: &[&str]) -> Vec<String> {
        let mut fields: Vec<String> =
            object["properties"].as_object().expect("an object").keys().cloned().collect();
        assert!(for_people.iter().all(|field| fields.iter().any(|one| one == field)), "{fields:?}");
        fields.retain(|field| !for_people.contains(&field.as_str()));
        fields.sort();
        fields
    }

    #[test]
    fn the_schema_has_the_fields_that_are_read() {
        let schema = schema();
        let of = |name: &str| &schema["$defs"][name];
        assert_eq!(described(&schema, &["name", "source"]), read_by::<Document<'_>>());
        assert_eq!(described(of("type"), &[]), read_by::<Type>());
        assert_eq!(described(of("function"), &["partial", "aliases"]), read_by::<Function<'_>>());
        assert_eq!(described(of("method"), &[]), read_by::<Method>());
        assert_eq!(described(of("case"), &[]), read_by::<Case>());
    }

    /// Fails unless `whole` is read, and is not read any more exactly where a needed field goes.
    fn check_needed<T: DeserializeOwned>(object: &Value, whole: &Value) {
        let reads =
            |fields: &Map<String, Value>| serde_json::from_value::<T>(Value::Object(fields.clone())).is_ok();
        let whole = whole.as_object().expect("an object");
        assert!(reads(whole), "{whole:?}");
        let known: Vec<&String> = object["properties"].as_object().expect("an object").keys().collect();
        assert_eq!(whole.keys().collect::<Vec<_>>(), known, "the sample has every field");
        for field in known {
            let mut rest = whole.clone();
            rest.remove(field);
            let needed = object["required"].as_array().expect("a list");
            assert_eq!(!reads(&rest), needed.iter().any(|one| one == field), "without {field}");
        }
    }

    #[test]
    fn the_schema_needs_the_fields_that_the_reader_needs() {
        let schema = schema();
        let of = |name: &str| &schema["$defs"][name];
        let row = json!({"name": "A", "supers": [], "precedence": ["A"], "counts_as": [], "kind": "class",
            "sealed": true});
        check_needed::<Type>(of("type"), &row);
        let method = json!({"params": ["A"], "implementation": "f1", "module": "m", "default": true});
        check_needed::<Method>(of("method"), &method);
        check_needed::<Case>(of("case"), &json!({"f": 0, "args": [0], "m": null}));
        // These two borrow from their text.
        for (name, object, whole) in [
            (
                "function",
                of("function"),
                json!({"name": "f", "arity": 1, "methods": [], "argument_precedence": [0], "partial": true,
                    "aliases": []}),
            ),
            (
                "corpus",
                &schema,
                json!({"format": FORMAT, "resolution": "levels", "types": [], "functions": [], "top": null,
                    "name": "c", "source": "s"}),
            ),
        ] {
            let fields = object["properties"].as_object().expect("an object");
            for field in fields.keys() {
                let mut rest = whole.clone();
                rest.as_object_mut().expect("an object").remove(field).expect("the sample has every field");
                let text = rest.to_string();
                let reads = if name == "corpus" {
                    serde_json::from_str::<Document<'_>>(&text).is_ok()
                } else {
                    serde_json::from_str::<Function<'_>>(&text).is_ok()
                };
                let is_needed = object["required"].as_array().expect("a list").iter().any(|one| one == field);
                assert_eq!(reads, !is_needed, "{name} without {field}");
            }
        }
    }

    #[test]
    fn the_specification_names_the_fields_of_the_schema_and_says_which_are_needed() {
        let schema = schema();
        let of = |name: &str| &schema["$defs"][name];
        for (heading, object) in [
            ("## The corpus", &schema),
            ("## A type", of("type")),
            ("## A function", of("function")),
            ("## A method", of("method")),
            ("## Truth", of("case")),
        ] {
            let (_, section) = SPEC.split_once(&format!("\n{heading}\n")).expect("the section is there");
            let section = section.split("\n## ").next().unwrap_or(section);
            let rows: Vec<(&str, bool)> = section
                .lines()
                .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
                .map(|(name, rest)| {
                    (name, rest.split('|').nth(1).is_some_and(|need| need.trim() == "needed"))
                })
                .collect();
            let needed = object["required"].as_array().expect("a list");
            let fields = object["properties"].as_object().expect("an object").keys();
            let mut expected: Vec<(&str, bool)> =
                fields.map(|field| (field.as_str(), needed.iter().any(|one| one == field))).collect();
            let mut rows = rows;
            rows.sort_unstable();
            expected.sort_unstable();
            assert_eq!(rows, expected, "{heading}");
        }
    }

    #[test]
    fn the_words_of_the_schema_are_those_of_the_reader() {
        let schema = schema();
        assert_eq!(schema["properties"]["format"]["const"], FORMAT);
        for word in schema["properties"]["resolution"]["enum"].as_array().expect("a list") {
            serde_json::from_value::<Resolution>(word.clone()).expect("a resolution");
        }
        assert!(serde_json::from_value::<Resolution>(json!("best")).is_err());
    }
}
