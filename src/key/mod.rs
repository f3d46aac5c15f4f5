//! What enters a key, in one place, with a printable trace.
//!
//! A key is the whole question, so invalidation is never a guess about files: a table is rebuilt
//! exactly when a line of its trace differs.
//!
//! | input | in the key | why |
//! |---|---|---|
//! | methods: parameter types, implementation, module, default mark | yes | they decide the entries |
//! | types under a parameter: name, sealedness, this family's parameters above | yes | they decide the answers |
//! | types known only under the top type | no | they are one class, "everything else" |
//! | bodies, comments, places | no | the answer does not depend on them; the image holds places |
//! | file names and times | no | a checkout changes them, the meaning stays |
//! | optimizer, profile, codec, format, compiler, configuration | yes | they change the bytes |
//! | a package's sources, flags, platform, and the keys of its dependencies | in its own key | they decide its outputs |
//! | a file's path and content, a function's inputs, the combined hash of all that an entry reaches | in the keys of units | they decide a unit's output |
//! | namespace | yes | those who do not share a namespace share no entry |

mod package;
mod table;
mod trace;
mod unit;

pub use package::{PackageDependency, PackageInputs, PackageKey, package_key};
pub use table::{KeySettings, TableKey, table_key};
pub use trace::{InputChange, InputGroup, Trace, TraceLine};
pub use unit::{UnitKey, UnitKeys, UnitSettings, file_key, function_key, output_key};
