//! Room `frontend`.
/// TEMP
#[derive(Debug, Default)]
pub struct JanusFrontend;
impl crate::build::Frontend for JanusFrontend {
    fn language(&self) -> &str {
        "janus"
    }
    fn version(&self) -> &str {
        "0"
    }
    fn read(
        &self,
        _: &std::path::Path,
        _: &[&std::path::Path],
    ) -> Result<crate::build::facts::Facts, crate::build::FrontendError> {
        Err(crate::build::FrontendError::NoSources { path: String::new(), extension: "*.jan".into() })
    }
}
