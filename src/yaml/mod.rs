//! The one place that knows about YAML: text in, typed value with places out, or problems.
//!
//! Each file is read twice: saphyr-parser yields an outline of spans and every refusal that needs them, then
//! `serde_yaml` yields the values, forwarded along the outline so that [`Spanned`] knows its place. Values come from
//! `serde_yaml` alone, and what the outline does not confirm is refused. Nothing outside this room parses YAML.

mod cure;
mod forward;
mod left_out;
mod node;
mod outline;
mod place;
mod prescan;
mod shape;
mod spanned;

pub use node::{Node, NodeKind, Style};
pub use place::{inside_scalar, node_at};
pub use prescan::MAX_BYTES;
pub use spanned::{Spanned, Table};

use crate::diagnostic::{Problem, Source};
use serde::de::DeserializeOwned;

/// Reads a file: its value, and the outline that finds places inside scalars. `what` names the file in messages:
/// `plan`, `profile`, `scenario`.
///
/// The order is a defence: size and characters first, then the outline, and `serde_yaml` only on what both let pass,
/// because `serde_yaml` alone takes seconds for a deep file of 256 KiB (dtolnay/serde-yaml scans all of it before its
/// own limit applies).
pub fn from_source<T: DeserializeOwned>(
    source: &Source,
    what: &'static str,
) -> Result<(T, Node), Vec<Problem>> {
    from_source_at(source, what, 0)
}

/// The same for one of several files whose places are counted on from file to file: the places inside the value begin
/// at `base`. Those of the outline, and of problems, are the file's own.
pub fn from_source_at<T: DeserializeOwned>(
    source: &Source,
    what: &'static str,
    base: usize,
) -> Result<(T, Node), Vec<Problem>> {
    prescan::scan(source, what).map_err(|problem| vec![*problem])?;
    let root = outline::outline(source, what)?;
    let mark = byte_order_mark(source.text());
    let value = left_out::read(source, &root, mark, base)?;
    Ok((value, root))
}

/// The length of a byte order mark. It is kept from both readers, because `serde_yaml` takes it for a first column, and
/// is added back to every place.
fn byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    }
}

#[cfg(test)]
mod tests;
