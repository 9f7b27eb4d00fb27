//! A plan of the repository, its parts with their places, and how a text is changed at a place.

use crate::Mutant;
use std::ops::Range;
use std::path::{Path, PathBuf};
use unbrick::action::signature::{Effect, Signature, actions_of};
use unbrick::diagnostic::Source;
use unbrick::plan::library::{self, EntryKind};
use unbrick::plan::{Plan, Profile, Step};
use unbrick::yaml::{self, Node, NodeKind, Spanned};

pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) plan: Plan,
    pub(crate) root: Node,
    pub(crate) profile: Profile,
}

/// Every plan below `plans/` and `examples/`.
pub(crate) fn corpus() -> Vec<Subject> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["plans", "examples"] {
        files(&root.join(folder), &mut paths);
    }
    paths.sort();
    let plans = paths
        .iter()
        .filter(|p| library::kind_of(p.to_str().unwrap()) == EntryKind::Plan);
    let corpus: Vec<Subject> = plans
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let source = Source::new(path.to_str().unwrap(), text.clone());
            let (plan, root) = yaml::from_source::<Plan>(&source, "plan").unwrap();
            let (_, profile) = library::load_profile(&plan.modem, None).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            Subject {
                name,
                text,
                plan,
                root,
                profile,
            }
        })
        .collect();
    assert!(corpus.len() >= 2);
    corpus
}

fn files(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, paths);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            paths.push(path);
        }
    }
}

impl Subject {
    /// The text with something else at a place, which is where the mistake stands.
    pub(crate) fn with(&self, at: &Range<usize>, new: &str, code: &'static str) -> Mutant {
        let text = format!("{}{new}{}", &self.text[..at.start], &self.text[at.end..]);
        let at = at.start..at.start + new.len();
        Mutant {
            text,
            code,
            at,
            meant: None,
        }
    }

    /// The same, where the mistake shows at another place of the old text, which lies behind or before the change.
    pub(crate) fn with_at(
        &self,
        change: &Range<usize>,
        new: &str,
        code: &'static str,
        shows: &Range<usize>,
    ) -> Mutant {
        let mut mutant = self.with(change, new, code);
        let moved = |at: usize| {
            if at >= change.end {
                at + new.len() - change.len()
            } else {
                at
            }
        };
        mutant.at = moved(shows.start)..moved(shows.end);
        mutant
    }

    /// A word that slipped: its last letter but one is lost.
    pub(crate) fn misspelt(&self, word: &Range<usize>, code: &'static str) -> Option<Mutant> {
        let old = &self.text[word.clone()];
        let bare = old.trim_matches(['"', '\'']);
        (bare.len() > 3 && bare.is_ascii()).then(|| {
            let at = word.start + old.find(bare).unwrap_or(0);
            let at = at..at + bare.len();
            let mut wrong = bare.to_owned();
            wrong.remove(wrong.len() - 2);
            let mut mutant = self.with(&at, &wrong, code);
            let quotes = (old.len() - bare.len()) / 2;
            mutant.at = mutant.at.start - quotes..mutant.at.end + quotes;
            mutant.meant = Some(bare.to_owned());
            mutant
        })
    }

    /// A key added to a step, below its id: the change, and the place of the value.
    pub(crate) fn added(&self, step: &Step, key: &str, value: &str, code: &'static str) -> Mutant {
        let (at, new) = self.addition(step, key, value);
        let mut mutant = self.with(&(at..at), &new, code);
        mutant.at = mutant.at.end - value.len()..mutant.at.end;
        mutant
    }

    /// The same, where the mistake shows elsewhere.
    pub(crate) fn added_at(
        &self,
        step: &Step,
        key: &str,
        value: &str,
        code: &'static str,
        shows: &Range<usize>,
    ) -> Mutant {
        let (at, new) = self.addition(step, key, value);
        self.with_at(&(at..at), &new, code, shows)
    }

    fn addition(&self, step: &Step, key: &str, value: &str) -> (usize, String) {
        let id = step.id.span.clone();
        let line = self.text[..id.start].rfind('\n').map_or(0, |at| at + 1);
        let indentation = self.text[line..id.start].find("id:").unwrap();
        (
            id.end,
            format!("\n{}{key}: {value}", " ".repeat(indentation)),
        )
    }

    /// The lines of a key and its value, where they have lines of their own.
    pub(crate) fn lines(&self, key: &Node, value: &Node) -> Option<Range<usize>> {
        let start = self.text[..key.span.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let own = self.text[start..key.span.start].trim().is_empty();
        let end = value.span.end;
        let line_end = self.text[end..]
            .find('\n')
            .map_or(self.text.len(), |at| end + at + 1);
        let rest = self.text[end..line_end].trim();
        (own && (rest.is_empty() || rest.starts_with('#'))).then_some(start..line_end)
    }

    /// Steps, groups opened, rescue steps last.
    pub(crate) fn all_steps(&self) -> Vec<&Step> {
        self.plan
            .steps
            .iter()
            .chain(&self.plan.rescue)
            .flat_map(Step::all)
            .collect()
    }

    /// The same without those of the rescue.
    pub(crate) fn steps(&self) -> Vec<&Step> {
        self.plan.steps.iter().flat_map(Step::all).collect()
    }

    /// Steps with an action of their own.
    pub(crate) fn single(&self) -> impl Iterator<Item = &Step> {
        let single = |step: &&Step| step.group.is_none() && step.include.is_none();
        self.steps().into_iter().filter(single)
    }

    pub(crate) fn effect(&self, step: &Step) -> Effect {
        Signature::of(step, &self.profile).unwrap().effect
    }

    pub(crate) fn destroying(&self) -> impl Iterator<Item = &Step> {
        self.single()
            .filter(|step| self.effect(step) == Effect::Destroy)
    }

    /// The node of a step.
    pub(crate) fn node(&self, step: &Step) -> &Node {
        let mut all = Vec::new();
        nodes(&self.root, &mut all);
        let is = |node: &&&Node| pair(node, "id").is_some_and(|(_, v)| v.span == step.id.span);
        all.iter().find(is).unwrap()
    }

    /// Names of inputs of a kind.
    pub(crate) fn inputs(
        &self,
        kind: unbrick::plan::Kind,
    ) -> impl Iterator<Item = &Spanned<String>> {
        let inputs = self.plan.inputs.iter();
        inputs
            .filter(move |(_, input)| input.kind.value == kind)
            .map(|(name, _)| name)
    }
}

/// The place of a step's action.
pub(crate) fn action(step: &Step) -> Range<usize> {
    actions_of(step).next().unwrap().1
}

/// Every node, parents first.
pub(crate) fn nodes<'n>(node: &'n Node, all: &mut Vec<&'n Node>) {
    all.push(node);
    for child in node.children() {
        nodes(child, all);
    }
}

/// A pair of a mapping.
pub(crate) fn pair<'n>(node: &'n Node, key: &str) -> Option<&'n (Node, Node)> {
    let NodeKind::Mapping(pairs) = &node.kind else {
        return None;
    };
    pairs
        .iter()
        .find(|(name, _)| matches!(&name.kind, NodeKind::Scalar { text, .. } if text == key))
}

/// Every pair of every mapping with the path of keys that leads to it.
pub(crate) fn pairs(node: &Node) -> Vec<(Vec<String>, &Node, &Node)> {
    let mut found = Vec::new();
    gather(node, &[], &mut found);
    found
}

fn gather<'n>(node: &'n Node, path: &[String], found: &mut Vec<(Vec<String>, &'n Node, &'n Node)>) {
    match &node.kind {
        NodeKind::Scalar { .. } => {}
        NodeKind::Sequence(items) => items.iter().for_each(|item| gather(item, path, found)),
        NodeKind::Mapping(entries) => {
            for (key, value) in entries {
                let NodeKind::Scalar { text, .. } = &key.kind else {
                    continue;
                };
                let mut inner = path.to_vec();
                inner.push(text.clone());
                found.push((inner.clone(), key, value));
                gather(value, &inner, found);
            }
        }
    }
}
