//! A place in JSON, as `.user.id` or `.items[0]` has it.

/// Members by name, items by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    text: String,
    names: Vec<String>,
}

impl JsonPath {
    /// Reads one; `None` where it does not begin with a dot.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let names = text.strip_prefix('.')?;
        let names = names.split(['.', '[']).map(|name| name.strip_suffix(']').unwrap_or(name).to_owned());
        Some(Self { text: text.to_owned(), names: names.filter(|name| !name.is_empty()).collect() })
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names and numbers on the way.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
