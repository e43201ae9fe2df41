//! The one line that ends a start.

use std::fmt;

/// What is wrong with the settings: one line that names the file or environment variable, the key, and where
/// another file is at fault, that file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    line: String,
}

impl SettingsError {
    /// Joins the parts that are there; a part that has line ends in it becomes one line.
    pub(super) fn new(parts: &[&dyn fmt::Display]) -> Self {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| part.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|part| !part.is_empty())
            .collect();
        Self { line: parts.join(": ") }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}
