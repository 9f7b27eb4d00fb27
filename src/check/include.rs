//! Reads the fragments that a plan includes, and puts their steps where they are included, under the names that they
//! have in the plan. Every later proof covers them like steps that were written out.

use super::places::Places;
use crate::diagnostic::{Problem, Source, nearest};
use crate::plan::{
    Fragment, Include, Inclusion, Kind, Meaning, Plan, Scope, Step, Template, is_name, library,
};
use crate::script::is_keyword;
use crate::yaml::{self, Spanned};
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A plan with its fragments in place.
pub(super) struct Expanded<'a> {
    pub(super) plan: Plan,
    pub(super) places: Places<'a>,
    pub(super) problems: Vec<Problem>,
}

/// Most inclusions of one plan: fragments that include others twice would double without end.
const MAX_INCLUSIONS: usize = 200;
/// Most steps of all of them: a plan of 256 KiB that writes its steps out has about as many.
const MAX_STEPS: usize = 4_000;

pub(super) fn expand<'a>(source: &Source, plan: &Plan, root: &'a yaml::Node) -> Expanded<'a> {
    let mut plan = plan.clone();
    let mut reader = Reader {
        places: Places::new(source, root),
        read: BTreeMap::new(),
        facts: BTreeMap::new(),
        open: Vec::new(),
        count: 0,
        steps: 0,
        problems: Vec::new(),
    };
    let scope = Scope::default();
    for step in plan.steps.value.iter_mut().chain(&mut plan.rescue) {
        reader.step(step, source, &scope);
    }
    Expanded {
        plan,
        places: reader.places,
        problems: reader.problems,
    }
}

struct Reader<'a> {
    places: Places<'a>,
    /// Every fragment once, by the name of its file; `None` where it cannot be read, which has been said.
    read: BTreeMap<String, Option<Arc<Text>>>,
    /// The facts of each fragment, by the name of its file.
    facts: BTreeMap<String, Vec<String>>,
    /// The files that are being put in place, one inside the other.
    open: Vec<String>,
    count: usize,
    steps: usize,
    problems: Vec<Problem>,
}

/// A fragment as it is written.
struct Text {
    source: Source,
    fragment: Fragment,
}

impl Reader<'_> {
    fn step(&mut self, step: &mut Step, near: &Source, scope: &Scope) {
        if let Some(group) = &mut step.group {
            for inner in &mut group.value {
                self.step(inner, near, scope);
            }
        }
        let Some(include) = &step.include else {
            return;
        };
        self.count += 1;
        if self.count > MAX_INCLUSIONS {
            if self.count == MAX_INCLUSIONS + 1 {
                let message = format!("more than {MAX_INCLUSIONS} fragments are included");
                let at = &include.file.span;
                let problem = self.places.problem("plan::too-large", message, at, "here");
                self.problems.push(problem.help("include fewer"));
            }
            return;
        }
        let Some(text) = self.fragment(include, near) else {
            return;
        };
        if self.open.iter().any(|name| name == text.source.name()) {
            let chain: Vec<&str> = self.open.iter().map(String::as_str).collect();
            let message = format!(
                "`{}` includes itself: {} -> {}",
                text.source.name(),
                chain.join(" -> "),
                text.source.name()
            );
            let at = &include.file.span;
            let problem = self
                .places
                .problem("plan::include-loop", message, at, "again");
            self.problems.push(problem);
            return;
        }
        self.steps += text.fragment.steps.iter().flat_map(Step::all).count();
        if self.steps > MAX_STEPS {
            let message = format!("the fragments have more than {MAX_STEPS} steps together");
            let at = &include.file.span;
            let problem = self.places.problem("plan::too-large", message, at, "here");
            self.problems.push(problem.help("include fewer"));
            return;
        }
        let id = step.id.value.clone();
        let facts = self.facts(&text);
        let meanings = meanings(include, &text.fragment, &facts, &id, scope);
        let inner = Scope::of_fragment(meanings, step.id.span.clone(), scope);
        let mut steps = text.fragment.steps.value.clone();
        self.open.push(text.source.name().to_owned());
        for step in &mut steps {
            rename(step, &id, &inner);
            self.step(step, &text.source, &inner);
        }
        self.open.pop();
        step.included = Some(Inclusion {
            params: text.fragment.params.clone(),
            steps,
        });
    }

    /// The fragment's file, read and of the right version.
    fn fragment(&mut self, include: &Include, near: &Source) -> Option<Arc<Text>> {
        let file = &include.file;
        let path = Utf8Path::new(file.as_str());
        let climbs = file.split(['/', '\\']).any(|part| part == "..");
        if climbs || file.starts_with(['/', '\\']) || file.is_empty() {
            let message =
                "a fragment is named from its file's folder or from the folder of all plans on";
            let problem = self
                .places
                .problem("plan::outside", message, &file.span, "leaves it");
            self.problems.push(problem.help("write `lib/name.yaml`"));
            return None;
        }
        let found = library::find_fragment(path, near);
        let source = match found {
            Ok(Some(source)) => source,
            Ok(None) => {
                let message = format!("there is no fragment `{}`", file.value);
                let problem =
                    self.places
                        .problem("plan::include-missing", message, &file.span, "not found");
                let known = library::fragments();
                self.problems.push(match nearest(file, known.iter().map(String::as_str)) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help(
                        "it is looked for beside this file, from the folder of all plans on, and among the built-in ones",
                    ),
                });
                return None;
            }
            Err(problems) => {
                self.unreadable(problems, file);
                return None;
            }
        };
        if let Some(known) = self.read.get(source.name()) {
            return known.clone();
        }
        let base = self.places.next_base();
        let text = match yaml::from_source_at::<Fragment>(&source, "fragment", base) {
            Ok((fragment, root)) => {
                self.places.add(source.clone(), root);
                self.problems.extend(judge(&self.places, &fragment));
                let source = source.clone();
                Some(Arc::new(Text { source, fragment }))
            }
            Err(problems) => {
                self.unreadable(problems, file);
                None
            }
        };
        self.read.insert(source.name().to_owned(), text.clone());
        text
    }

    fn unreadable(&mut self, problems: Vec<Problem>, file: &Spanned<String>) {
        for problem in problems {
            let problem = self.places.also(problem, &file.span, "included here");
            self.problems.push(problem);
        }
    }

    /// The facts of a fragment by the names that it knows them by, those of the fragments that it includes among them.
    fn facts(&mut self, text: &Text) -> Vec<String> {
        let name = text.source.name();
        if let Some(known) = self.facts.get(name) {
            return known.clone();
        }
        // What includes itself has no facts of its own inside itself.
        self.facts.insert(name.to_owned(), Vec::new());
        let mut facts = Vec::new();
        for step in text.fragment.steps.iter().flat_map(Step::all) {
            facts.extend(step.save.iter().map(|(name, _)| name.value.clone()));
            let Some(include) = &step.include else {
                continue;
            };
            if let Some(inner) = self.fragment(include, &text.source) {
                let prefix = fact_prefix(&step.id);
                let inner = self.facts(&inner);
                facts.extend(inner.into_iter().map(|name| format!("{prefix}{name}")));
            }
        }
        facts.truncate(MAX_FACTS);
        self.facts.insert(name.to_owned(), facts.clone());
        facts
    }
}

/// What the facts of those fragments begin with that are not in their place.
pub(super) fn unread(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().chain(&plan.rescue).flat_map(Step::all);
    steps
        .filter(|step| step.include.is_some() && step.included.is_none())
        .map(|step| fact_prefix(&step.id))
        .collect()
}

/// What is wrong with a fragment by itself, whoever includes it.
pub(super) fn judge(places: &Places<'_>, fragment: &Fragment) -> Vec<Problem> {
    let mut problems = Vec::new();
    if fragment.fragment.value != 1 {
        let at = &fragment.fragment.span;
        let message = "only version 1 of the fragment format exists";
        problems.push(places.problem("fragment::version", message, at, "not known here"));
    }
    if fragment.steps.is_empty() {
        let at = &fragment.steps.span;
        let message = "a fragment has at least one step";
        problems.push(places.problem("plan::shape", message, at, "empty"));
    }
    for (name, _) in &fragment.params {
        if !is_name(name) || name.contains('-') || is_keyword(name) {
            let message = format!("`{}` cannot be the name of a parameter", name.value);
            let problem = places.problem("plan::name", message, &name.span, "no variable");
            problems.push(problem.help(
                "small letters, digits and `_`, a letter first, and no word of the expression language",
            ));
        }
    }
    let saved = fragment.steps.iter().flat_map(Step::all);
    for (name, _) in saved.flat_map(|step| step.save.iter()) {
        let mut params = fragment.params.iter();
        if let Some((param, _)) = params.find(|(param, _)| param.value == name.value) {
            let message = format!("`{}` is already a parameter of this fragment", name.value);
            let problem = places.problem("plan::name-taken", message, &name.span, "again here");
            problems.push(places.also(problem, &param.span, "first here"));
        }
    }
    problems
}

/// Most facts of one fragment and those inside it that are told apart; a plan of 256 KiB has fewer.
const MAX_FACTS: usize = 10_000;

/// What the names of the fragment mean in the plan.
fn meanings(
    include: &Include,
    fragment: &Fragment,
    facts: &[String],
    id: &str,
    outer: &Scope,
) -> BTreeMap<String, Meaning> {
    let prefix = fact_prefix(id);
    let facts = facts
        .iter()
        .map(|name| (name.clone(), Meaning::Name(format!("{prefix}{name}"))));
    let params = fragment.params.iter().map(|(name, param)| {
        let given = include.with.get(name);
        let meaning = given.and_then(|given| meaning(given, param.kind.value, outer));
        // What is wrong with it is said where the step is proved; its kind is right for whatever uses it.
        let meaning = meaning.unwrap_or(Meaning::Text(param.kind.value, Template::default()));
        (name.value.clone(), meaning)
    });
    facts.chain(params).collect()
}

fn meaning(given: &str, kind: Kind, outer: &Scope) -> Option<Meaning> {
    let template = Template::parse(given).ok()?;
    if let Some(name) = template.only_name() {
        return Some(outer.meaning(name)?.into_owned());
    }
    Some(Meaning::Text(kind, outer.resolve(&template)?))
}

/// Gives a step of a fragment the name that it has in the plan.
fn rename(step: &mut Step, including: &str, scope: &Scope) {
    step.id.value = format!("{including}-{}", step.id.value);
    step.scope = scope.clone();
    for inner in step.group.iter_mut().flat_map(|group| &mut group.value) {
        rename(inner, including, scope);
    }
}

fn fact_prefix(id: &str) -> String {
    format!("{}_", id.replace('-', "_"))
}
