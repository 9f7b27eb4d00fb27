//! `vendor/model`, and what can be read off it.

use crate::plan::{is_name, library};

/// Longest vendor and longest model, as for every name.
const LONGEST: usize = 40;

/// A vendor and a model, fit to be two folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName {
    id: String,
    vendor: String,
    model: String,
}

/// Why a text names no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAModel {
    #[error("`{0}` is not a vendor and a model")]
    NotTwoParts(String),
    #[error("`{0}` has letters that a folder of a model has not")]
    Letters(String),
    #[error("`{0}` is too long: vendor and model have at most {LONGEST} characters each")]
    TooLong(String),
    #[error("`lib` is the folder of fragments, and no vendor")]
    Fragments,
}

impl NotAModel {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::NotTwoParts(_) => {
                "write VENDOR/MODEL with one slash, such as `quectel/rm520n-gl`".to_owned()
            }
            Self::Letters(given) => {
                let small: String = given
                    .to_lowercase()
                    .chars()
                    .map(|c| if c == ' ' || c == '.' { '-' } else { c })
                    .collect();
                match ModelName::parse(&small) {
                    Ok(name) => format!("write `{}`", name.id()),
                    Err(_) => "write small letters, digits, `-` and `_`; the first is a letter or a digit, as in \
                               `quectel/rm520n-gl`"
                        .to_owned(),
                }
            }
            Self::TooLong(_) => "shorten it".to_owned(),
            Self::Fragments => "name the vendor, as in `quectel/rm520n-gl`".to_owned(),
        }
    }
}

impl ModelName {
    pub fn parse(text: &str) -> Result<Self, NotAModel> {
        let parts = match text.split_once('/') {
            Some((vendor, model)) if !model.contains('/') => (vendor, model),
            _ => return Err(NotAModel::NotTwoParts(text.to_owned())),
        };
        let (vendor, model) = parts;
        if vendor.is_empty() || model.is_empty() {
            return Err(NotAModel::NotTwoParts(text.to_owned()));
        }
        if !library::is_profile_id(text) {
            return Err(NotAModel::Letters(text.to_owned()));
        }
        if vendor.len() > LONGEST || model.len() > LONGEST {
            return Err(NotAModel::TooLong(text.to_owned()));
        }
        if vendor == "lib" {
            return Err(NotAModel::Fragments);
        }
        Ok(Self {
            id: text.to_owned(),
            vendor: vendor.to_owned(),
            model: model.to_owned(),
        })
    }

    /// `vendor/model`: the profile's name, and its folder.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// As people write it: `Quectel RM520N-GL`.
    pub(super) fn title(&self) -> String {
        let mut letters = self.vendor.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let vendor: String = first.into_iter().chain(letters).collect();
        format!("{vendor} {}", self.model.to_ascii_uppercase())
    }

    /// The id of the first plan. One that tells the model too, where that is a name.
    pub(super) fn plan_id(&self) -> String {
        let long = format!("{}-restart", self.model);
        if is_name(&long) {
            long
        } else {
            "restart".to_owned()
        }
    }

    /// The beginning of the hardware key: the model in capital letters without its marks (quectel.md §2.1). The
    /// sub-variant that follows in the real key, such as `AA`, is in no name. Every key begins with two letters.
    pub(super) fn hardware_key(&self) -> String {
        let letters = self.model.chars().filter(char::is_ascii_alphanumeric);
        let key = letters.collect::<String>().to_ascii_uppercase();
        let is_letter = |byte: u8| byte.is_ascii_uppercase();
        if key.len() > 2 && key.bytes().take(2).all(is_letter) {
            key
        } else {
            format!("XX{key}")
        }
    }

    /// A short version in the form that versions have (quectel.md §2.1).
    pub(super) fn version(&self) -> String {
        format!("{}R01A01M2G", self.hardware_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_vendor_and_a_model_in_small_letters() {
        for good in ["quectel/rm520n-gl", "a/b", "4g/0", "telit/fn980_m"] {
            assert_eq!(ModelName::parse(good).unwrap().id(), good);
        }
        for (bad, says) in [
            ("rm520n-gl", "with one slash"),
            ("a/b/c", "with one slash"),
            ("/a", "with one slash"),
            ("a/", "with one slash"),
            ("", "with one slash"),
            ("Quectel/RM520N-GL", "write `quectel/rm520n-gl`"),
            ("quectel/rm520n gl", "write `quectel/rm520n-gl`"),
            ("../x", "small letters, digits"),
            ("x/..", "small letters, digits"),
            ("quectel/-x", "small letters, digits"),
            ("quectel/ü", "small letters, digits"),
            ("lib/x", "name the vendor"),
            (&format!("a/{}", "b".repeat(41)), "shorten it"),
        ] {
            let help = ModelName::parse(bad).unwrap_err().help();
            assert!(help.contains(says), "{bad}: {help}");
        }
    }

    #[test]
    fn a_version_is_one_whatever_the_model_is_called() {
        for model in ["rm520n-gl", "4g", "a", "ec25", "x_-_", "r01a02"] {
            let name = ModelName::parse(&format!("a/{model}")).unwrap();
            let version = format!("{}_01.001.01.001", name.version());
            assert!(crate::plan::is_firmware_version(&version), "{version}");
        }
        let name = ModelName::parse("quectel/rm520n-gl").unwrap();
        assert_eq!(name.hardware_key(), "RM520NGL");
        assert_eq!(name.title(), "Quectel RM520N-GL");
    }
}
