//! A text file with its name.

use camino::Utf8Path;
use miette::NamedSource;
use std::sync::Arc;

/// A text file with its name, as given by the user.
#[derive(Debug, Clone)]
pub struct Source(Arc<File>);

#[derive(Debug)]
struct File {
    named: NamedSource<String>,
    builtin: bool,
}

impl Source {
    pub fn new(name: impl AsRef<str>, text: impl Into<String>) -> Self {
        Self::file(name.as_ref(), text.into(), false)
    }

    /// A file that is part of the program. What lies on this computer under the same name has nothing to do with it.
    pub fn builtin(name: impl AsRef<str>, text: impl Into<String>) -> Self {
        Self::file(name.as_ref(), text.into(), true)
    }

    fn file(name: &str, text: String, builtin: bool) -> Self {
        let named = NamedSource::new(name, text);
        Self(Arc::new(File { named, builtin }))
    }

    pub fn name(&self) -> &str {
        self.0.named.name()
    }

    pub fn text(&self) -> &str {
        self.0.named.inner()
    }

    pub fn is_builtin(&self) -> bool {
        self.0.builtin
    }

    /// The folder in which a file on this computer lies.
    pub fn folder(&self) -> Option<&Utf8Path> {
        (!self.0.builtin).then(|| Utf8Path::new(self.name()).parent())?
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn line_and_column(&self, at: usize) -> Option<(usize, usize)> {
        let before = self.text().get(..at)?;
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Some((
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        ))
    }

    /// Whether both are the same reading of the same file.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// As miette takes it.
    pub(super) fn named(&self) -> &NamedSource<String> {
        &self.0.named
    }
}
