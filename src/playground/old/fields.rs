//! A request as these servers cut it up: at line ends, then at a colon with a space behind it. Names are compared letter
//! for letter.

/// The lines of a request's head.
#[derive(Debug)]
pub(super) struct Lines {
    text: String,
}

impl Lines {
    /// Takes what came; bytes that are no UTF-8 matter to none of the servers.
    pub(super) fn new(request: &[u8]) -> Self {
        Self { text: String::from_utf8_lossy(request).into_owned() }
    }

    /// The first line.
    pub(super) fn first(&self) -> &str {
        self.text.split("\r\n").next().unwrap_or_default()
    }

    /// The lines behind it, up to an empty one.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.text.split("\r\n").skip(1).take_while(|line| !line.is_empty())
    }

    /// The value of the last field of that name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let values = self.fields().filter_map(|line| line.split_once(": ").filter(|(own, _)| *own == name));
        values.map(|(_, value)| value).last()
    }

    /// The path of a first line that is a GET.
    pub(super) fn path(&self) -> Option<&str> {
        self.first().strip_prefix("GET ")?.split(' ').next()
    }
}
