//! Modules of other packages, owned by a test.

use janus_cache::build::incremental::PackageModule;

/// A module that another package offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) path: String,
    pub(crate) package: String,
    /// A line for each function: its name and its number of parameters.
    pub(crate) interface: String,
}

impl Offered {
    pub(crate) fn new(path: &str, package: &str, interface: &str) -> Self {
        let [path, package, interface] = [path, package, interface].map(str::to_owned);
        Self { path, package, interface }
    }

    pub(crate) fn module(&self) -> PackageModule<'_> {
        let Self { path, package, interface } = self;
        PackageModule { path, package, interface: interface.as_bytes() }
    }
}
