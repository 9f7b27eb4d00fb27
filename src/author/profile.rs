//! The profile of a model of which nothing is known, or of one whose sister is known.

use super::ModelName;
use crate::diagnostic::Problem;
use crate::plan::library;
use std::fmt::Write as _;

/// A model whose facts are lent.
#[derive(Debug, Clone)]
pub struct Sister {
    id: String,
    text: String,
}

impl Sister {
    /// By path or by name.
    pub fn load(name_or_path: &str) -> Result<Self, Vec<Problem>> {
        let (source, profile) = library::load_profile_file(name_or_path)?;
        Ok(Self {
            id: profile.id.value,
            text: source.text().to_owned(),
        })
    }
}

/// USB's id of Quectel (protocols.md §2.2); of nobody else is one known here.
const QUECTEL: &str = "2c7c";

/// Nothing is known but what the vendor's other models have in common.
pub(super) fn unknown(name: &ModelName) -> String {
    let template = include_str!("templates/modem.yaml");
    let (vid, vendor, ports) = if name.vendor() == "quectel" {
        (
            QUECTEL,
            "    # 2c7c is Quectel. PLACEHOLDER: the second half.",
            "# DIAG on 0 and AT on 2 hold for most models of Quectel, but not for those made for laptops: verify it.",
        )
    } else {
        (
            "0000",
            "    # PLACEHOLDER: the vendor's and the product's id.",
            "# PLACEHOLDER: both numbers.",
        )
    };
    template
        .replace("@VENDOR@", vendor)
        .replace("@PORTS@", ports)
        .replace("@VID@", vid)
}

/// What is said of a model itself, and never lent. A version barrier is a fact about one hardware key (quectel.md §4).
/// `transports` is left out so that nothing can be written before the facts have been verified.
const OWN: [&str; 7] = [
    "profile",
    "id",
    "title",
    "about",
    "hw",
    "transports",
    "barriers",
];

/// The sister's facts, each marked as hers.
pub(super) fn lent(sister: &Sister) -> String {
    let from = &sister.id;
    let mut text = format!(
        "# yaml-language-server: $schema=@SCHEMAS@/modem.schema.json\n\
         # Every fact below is lent by {from}. None has been seen on this model. Compare each with what yours shows,\n\
         # and take its mark off when it holds.\n\
         profile: 1\n\
         id: @ID@\n\
         title: @TITLE@\n\
         # PLACEHOLDER: made from the model's name. The key on the label and in `ATI` is longer: RM520NGLAA, not RM520NGL.\n\
         hw: [@KEY@]\n\
         # Add diag, sahara and firehose when the facts that they rest on have been verified; until then `check` refuses\n\
         # every action of theirs.\n\
         transports: [at]\n"
    );
    let mut is_lent = false;
    for line in sister.text.lines() {
        if let Some(key) = key_of(line) {
            is_lent = !OWN.contains(&key);
            if is_lent {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "\n# From {from}, unverified here.");
            }
        }
        let is_comment = line.starts_with('#');
        if is_lent && !is_comment && !line.trim().is_empty() {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The key that stands at the left margin.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    (!key.is_empty() && key.chars().all(is_word)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sister_lends_her_facts_and_not_what_she_is() {
        let sister = Sister::load("quectel/rm502q-gl").unwrap();
        let lent = lent(&sister);
        let mark = "# From quectel/rm502q-gl, unverified here.\n";
        for fact in ["chip: sdx55", "modes:", "partitions:", "nand: {"] {
            assert!(lent.contains(&format!("{mark}{fact}")), "{fact}");
        }
        for own in ["RM502QGLAA", "transports: [at, diag", "recorded RM500Q"] {
            assert!(!lent.contains(own), "{own}");
        }
    }
}
