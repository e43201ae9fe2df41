//! The error of every parser in this crate: which field, and what is wrong with it.

use std::fmt;

/// A value that cannot be used: the field it stood in (a path such as `wearer.residence`, empty when it
/// belongs to no field) and what is wrong with it, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// Path of the field within its document.
    pub field: String,
    /// What is wrong, without the field's name.
    pub problem: String,
}

impl Invalid {
    /// An error about one field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }

    /// The same error, seen from the document that holds this one under `parent`.
    #[must_use]
    pub fn within(self, parent: &str) -> Self {
        let field = match (parent, self.field.as_str()) {
            (parent, "") => parent.to_owned(),
            ("", field) => field.to_owned(),
            // A list's element: `features[0]`, not `features.[0]`.
            (parent, field) if field.starts_with('[') => format!("{parent}{field}"),
            (parent, field) => format!("{parent}.{field}"),
        };
        Self { field, ..self }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.field, self.problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_it_stands_in_the_document() {
        let error = Invalid::new("radius_m", "is missing").within("[0]").within("features").within("");
        assert_eq!(error.to_string(), "features[0].radius_m: is missing");
        assert_eq!(Invalid::new("", "is no order").within("[3]").to_string(), "[3]: is no order");
    }
}
