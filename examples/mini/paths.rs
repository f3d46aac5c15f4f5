//! Which files an import may mean.

/// The root-relative paths that `import`, written in the file `importer`, may mean: beside the
/// importing file first, then below the root. The first that exists is meant.
///
/// `importer` is root-relative with `/` between its parts. The results are, too, and have no `.` or
/// `..` parts. None leaves the root: such a candidate is left out, so the list may be empty.
pub(crate) fn candidates(importer: &str, import: &str) -> Vec<String> {
    let folder = importer.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut paths: Vec<String> =
        [normalised(folder, import), normalised("", import)].into_iter().flatten().collect();
    paths.dedup();
    paths
}

/// `import`, as seen from `folder`, if it names something inside the root.
fn normalised(folder: &str, import: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            // An absolute path has an empty first part. Elsewhere than on Unix, the forbidden
            // characters can lead out of the root.
            "" => return None,
            _ if part.contains(|c: char| c == '\\' || c == ':' || c.is_control()) => return None,
            _ => parts.push(part),
        }
    }
    // `lib/..` names a folder, as does a path that ends in `.`.
    let names_file = !matches!(import.rsplit('/').next(), Some("." | ".."));
    (names_file && !parts.is_empty()).then(|| parts.join("/"))
}
