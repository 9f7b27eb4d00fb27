//! Examples: the files of `src/rule/examples`, and what no file of text can show.

/// What is checked to see a rule at work.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// Files of one folder. The first is checked; the others are what it needs.
    Files(&'static [File]),
    /// No file: what is given on the command line.
    Named(&'static str),
    /// A file that is no text, or too long to be shown.
    Made {
        path: &'static str,
        about: &'static str,
        bytes: fn() -> Vec<u8>,
    },
}

/// A file of an example.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Where it lies in the folder of the example.
    pub path: &'static str,
    /// A bad file marks the labels of its problems in comments: `# ^^^^ plan::wrong-mode` below the place to mend,
    /// `# ---- text of the label` below every other place.
    pub text: &'static str,
}

impl Example {
    /// What `unbrick check` is given.
    pub fn given(&self) -> &'static str {
        match self {
            Self::Files(files) => files.first().map_or("", |file| file.path),
            Self::Named(name) => name,
            Self::Made { path, .. } => path,
        }
    }
}

/// A rule whose examples are `examples/<area>/<name>/bad.yaml` and `good.yaml`, checked at the place that its area
/// demands. With lists of paths they are the folders `bad` and `good`, each a tree of its own whose first file is
/// checked. With `rehearsed` they are cases about the plan and the scenario of the folder `rehearsed`. With two values of
/// [`Example`] they are no files.
macro_rules! rule {
    ($severity:ident $area:tt $name:tt, $says:literal, $why:literal) => {
        rule!(@ $severity $area $name, $says, $why,
            Example::Files(&[File {
                path: place!($area),
                text: example!($area, $name, "bad.yaml"),
            }]),
            Example::Files(&[File {
                path: place!($area),
                text: example!($area, $name, "good.yaml"),
            }]))
    };
    ($severity:ident $area:tt $name:tt [$($bad:literal),+] [$($good:literal),+], $says:literal, $why:literal) => {
        rule!(@ $severity $area $name, $says, $why,
            Example::Files(&[$(File {
                path: $bad,
                text: example!($area, $name, concat!("bad/", $bad)),
            }),+]),
            Example::Files(&[$(File {
                path: $good,
                text: example!($area, $name, concat!("good/", $good)),
            }),+]))
    };
    ($severity:ident $area:tt $name:tt rehearsed, $says:literal, $why:literal) => {
        rule!(@ $severity $area $name, $says, $why,
            rehearsed!(example!($area, $name, "bad.yaml")),
            rehearsed!(example!($area, $name, "good.yaml")))
    };
    ($severity:ident $area:tt $name:tt ($bad:expr) ($good:expr), $says:literal, $why:literal) => {
        rule!(@ $severity $area $name, $says, $why, $bad, $good)
    };
    (@ $severity:ident $area:tt $name:tt, $says:literal, $why:literal, $bad:expr, $good:expr) => {
        Rule {
            id: concat!($area, "::", $name),
            severity: Severity::$severity,
            says: $says,
            why: $why,
            bad: $bad,
            good: $good,
        }
    };
}

/// Where a file of an area lies, so that it is taken for what it is and finds the built-in profile.
macro_rules! place {
    ("plan") => {
        "quectel/rm502q-gl/example.yaml"
    };
    ("modem") => {
        "quectel/rm502q-gl/modem.yaml"
    };
    ("scenario") => {
        "quectel/rm502q-gl/scenarios/example.yaml"
    };
}

/// A case, the plan that it is about, and a modem.
macro_rules! rehearsed {
    ($case:expr) => {
        Example::Files(&[
            File {
                path: "rehearsals/example.yaml",
                text: $case,
            },
            File {
                path: "example.yaml",
                text: include_str!("../rehearsed/plan.yaml"),
            },
            File {
                path: "scenarios/example.yaml",
                text: include_str!("../rehearsed/scenario.yaml"),
            },
        ])
    };
}

macro_rules! example {
    ($area:tt, $name:tt, $file:expr) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/rule/examples/",
            $area,
            "/",
            $name,
            "/",
            $file
        ))
    };
}

pub(super) use {example, place, rehearsed, rule};
