//! What `unbrick new` writes: a first profile, plan, scenario and two rehearsal cases of a model, with comments that teach.
//!
//! What cannot be known is not invented. It says PLACEHOLDER, and matches no modem; no transport that could destroy
//! something is declared. So the files are true as they stand, and pass `check` and `rehearse`.

mod name;
mod profile;

pub use name::{ModelName, NotAModel};
pub use profile::Sister;

use camino::Utf8PathBuf;

/// The folder of the schemas, in the folder of all plans. Editors read it; whoever has only the program has no other copy,
/// and a path from file to file holds wherever the tree is moved. Hidden, since nobody edits it.
pub const SCHEMAS: &str = ".schemas";

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where, in the folder of the model.
    pub path: Utf8PathBuf,
    pub text: String,
}

/// The files of a model. A sister lends the facts of its profile, marked as hers.
pub fn drafts(name: &ModelName, sister: Option<&Sister>) -> Vec<Draft> {
    let mut drafts = vec![Draft {
        path: "modem.yaml".into(),
        text: match sister {
            Some(sister) => filled(&profile::lent(sister), name, 2),
            None => filled(&profile::unknown(name), name, 2),
        },
    }];
    let rest = [
        ("restart.yaml", include_str!("templates/restart.yaml"), 2),
        (
            "scenarios/normal.yaml",
            include_str!("templates/normal.yaml"),
            3,
        ),
        (
            "rehearsals/good-way.yaml",
            include_str!("templates/good-way.yaml"),
            3,
        ),
        (
            "rehearsals/pulled-out.yaml",
            include_str!("templates/pulled-out.yaml"),
            3,
        ),
    ];
    drafts.extend(rest.map(|(path, template, depth)| Draft {
        path: path.into(),
        text: filled(template, name, depth),
    }));
    drafts
}

/// A template with its words filled in. `depth`: folders between the file and the folder of all plans.
fn filled(template: &str, name: &ModelName, depth: usize) -> String {
    let up = vec![".."; depth].join("/");
    template
        .replace("@SCHEMAS@", &format!("{up}/{SCHEMAS}"))
        .replace("@ID@", name.id())
        .replace("@TITLE@", &name.title())
        .replace("@PLAN@", &name.plan_id())
        .replace("@KEY@", &name.hardware_key())
        .replace("@FIRMWARE@", &format!("{}_01.001.01.001", name.version()))
        .replace("@SHORT@", &name.version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_template_is_left_unfilled() {
        let name = ModelName::parse("quectel/rm520n-gl").unwrap();
        for draft in drafts(&name, None) {
            assert!(!draft.text.contains('@'), "{}", draft.path);
        }
        let sister = Sister::load("quectel/rm502q-gl").unwrap();
        for draft in drafts(&name, Some(&sister)) {
            assert!(!draft.text.contains('@'), "{}", draft.path);
        }
    }
}
