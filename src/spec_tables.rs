//! Reads the layout tables of a written specification, so that a test can hold them against the
//! structs of the code.
//!
//! A table begins at a heading ``### Struct `Name` (N bytes)``; its rows are
//! ``| offset | size | `field` | meaning |`` until the next heading.

/// One struct as the text describes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SpecStruct {
    pub(crate) size_bytes: usize,
    /// Offset, size and name of each field, in the order of the text.
    pub(crate) fields: Vec<(usize, usize, String)>,
}

/// The table of the struct `name`, or what is wrong with the text.
pub(crate) fn read(text: &str, name: &str) -> Result<SpecStruct, String> {
    let heading = format!("### Struct `{name}` (");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&heading));
    let first = lines.next().ok_or_else(|| format!("no heading `{heading}...`"))?;
    let size = first.strip_prefix(&heading).and_then(|rest| rest.strip_suffix(" bytes)"));
    let size_bytes =
        size.and_then(|size| size.parse().ok()).ok_or_else(|| format!("no size in `{first}`"))?;
    let mut fields = Vec::new();
    for line in lines.take_while(|line| !line.starts_with('#')) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if let ["", offset, size, field, _meaning, ..] = cells.as_slice()
            && let (Ok(offset), Ok(size)) = (offset.parse(), size.parse())
        {
            fields.push((offset, size, field.trim_matches('`').to_owned()));
        }
    }
    Ok(SpecStruct { size_bytes, fields })
}

/// The size of the field that `get` borrows.
pub(crate) const fn size_of_field<S, F>(_get: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

/// Asserts that the table of a struct has exactly the fields, offsets and sizes of the code, in its
/// order, and that all fields together fill the struct.
macro_rules! assert_spec {
    ($text:expr, $name:ident { $($field:ident),+ $(,)? }) => {{
        let expected = $crate::spec_tables::SpecStruct {
            size_bytes: size_of::<$name>(),
            fields: vec![$((
                std::mem::offset_of!($name, $field),
                $crate::spec_tables::size_of_field(|it: &$name| &it.$field),
                stringify!($field).to_owned(),
            )),+],
        };
        let sum: usize = expected.fields.iter().map(|(_, size, _)| size).sum();
        assert_eq!(sum, expected.size_bytes, "the fields of `{}` leave a gap", stringify!($name));
        assert_eq!($crate::spec_tables::read($text, stringify!($name)), Ok(expected));
    }};
}

pub(crate) use assert_spec;

#[test]
fn a_table_is_read_up_to_the_next_heading() {
    let text = "\
### Struct `A` (6 bytes)

| offset | size | field | meaning |
|---:|---:|---|---|
| 0 | 4 | `x` | first |
| 4 | 2 | `y` | second |

### Struct `B` (1 bytes)
| 0 | 1 | `z` | other |
";
    let found = read(text, "A").expect("sound");
    let fields = vec![(0, 4, "x".to_owned()), (4, 2, "y".to_owned())];
    assert_eq!(found, SpecStruct { size_bytes: 6, fields });
    assert!(read(text, "C").is_err());
}
