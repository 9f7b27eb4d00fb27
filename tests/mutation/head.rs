//! Mistakes of the head: version, names, modes, inputs, guards.

use crate::subject::{Subject, action, pair};
use crate::{Kind, Mutant};
use unbrick::plan::{Guard, Kind as ValueKind, Mode};
use unbrick::yaml::Spanned;

pub(crate) const KINDS: &[Kind] = &[
    ("a version of the future", |s| {
        vec![s.with(&s.plan.plan.span, "2", "plan::version")]
    }),
    ("an id with capitals", |s| {
        vec![s.with(&s.plan.id.span, "Plan", "plan::name")]
    }),
    ("a profile misspelt", |s| {
        s.misspelt(&s.plan.modem.span, "plan::no-profile")
            .into_iter()
            .collect()
    }),
    ("a start that the modem does not know", never_starts),
    ("a mode that does not exist", |s| {
        let modes = s.plan.starts_in.iter().chain(s.plan.ends_in.iter());
        modes
            .map(|mode| s.with(&mode.span, "edll", "plan::shape"))
            .collect()
    }),
    ("another end", |s| {
        vec![s.with(&s.plan.ends_in.span, "[off]", "plan::ends-elsewhere")]
    }),
    ("an input of no kind", |s| {
        let inputs = s.plan.inputs.iter();
        inputs
            .map(|(_, input)| s.with(&input.kind.span, "fyle", "plan::shape"))
            .collect()
    }),
    ("an input with a hyphen", |s| {
        renamed_input(s, "a-b", "plan::name")
    }),
    ("an input called like a keyword", |s| {
        renamed_input(s, "let", "plan::name")
    }),
    ("an input called like a step", |s| {
        let step = s.plan.steps.iter().find(|step| !step.id.contains('-'));
        let Some(step) = step else { return Vec::new() };
        let mut mutants = renamed_input(s, &step.id, "plan::name-taken");
        for mutant in &mut mutants {
            // The second of the two is underlined: the step.
            let start = step.id.span.start + mutant.text.len() - s.text.len();
            mutant.at = start..start + step.id.span.len();
        }
        mutants
    }),
    ("an input whose default is none of its kind", |s| {
        defaults(s, ValueKind::Imei, "12")
    }),
    ("an input whose default is no version", |s| {
        defaults(s, ValueKind::Firmware, "R11")
    }),
    ("a secret with a default", |s| {
        let mut mutants = defaults(s, ValueKind::Secret, "abc");
        for mutant in &mut mutants {
            mutant.code = "plan::secret";
        }
        mutants
    }),
    ("a pattern of an input that does not compile", |s| {
        let patterns = s
            .plan
            .inputs
            .iter()
            .filter_map(|(_, input)| input.matches.as_ref());
        patterns
            .map(|pattern| s.with(&pattern.span, "\"(\"", "plan::regex"))
            .collect()
    }),
    ("a guard of no kind", |s| {
        let guards = s.plan.guards.iter().filter_map(|(name, guard)| {
            let node = pair(&s.root, "guards").map(|(_, guards)| guards)?;
            let (_, body) = pair(node, &name.value)?;
            let (key, value) = [
                "model",
                "rollback",
                "package",
                "backup",
                "same_unit",
                "that",
            ]
            .iter()
            .find_map(|kind| pair(body, kind))?;
            guard.otherwise.as_ref()?;
            Some(s.with_at(&s.lines(key, value)?, "", "plan::guard-kind", &name.span))
        });
        guards.collect()
    }),
    ("a model that the profile does not cover", |s| {
        let keys = guards(s).filter_map(|guard| guard.model.as_ref()?.is.first());
        keys.filter_map(|key| s.misspelt(&key.span, "plan::unknown-model"))
            .collect()
    }),
    ("a kept partition misspelt", |s| {
        let parts = guards(s).filter_map(|guard| guard.package.as_ref()?.keeps.last());
        parts
            .filter_map(|part| s.misspelt(&part.span, "plan::unknown-part"))
            .collect()
    }),
    ("a guard about a fact that nobody knows", |s| {
        of_guards(s, facts)
    }),
    ("a guard about a file that nobody gives", |s| {
        of_guards(s, files)
    }),
    ("a backup guard about a step that is not there", |s| {
        let steps = guards(s).filter_map(|guard| Some(&guard.backup.as_ref()?.step));
        steps
            .filter_map(|step| s.misspelt(&step.span, "plan::no-backup"))
            .collect()
    }),
    ("a backup guard about a step that makes no backup", |s| {
        let mut steps = s.plan.steps.iter();
        let sure = steps.find(|step| step.usb_wait.is_some() && step.when.is_none());
        let Some(first) = sure.filter(|step| step.only_in.is_none()) else {
            return Vec::new();
        };
        let steps = guards(s).filter_map(|guard| Some(&guard.backup.as_ref()?.step));
        steps
            .map(|step| s.with(&step.span, &first.id, "plan::not-a-backup"))
            .collect()
    }),
    ("a word that `unknown` does not know", |s| {
        let unknown = guards(s).filter_map(|guard| guard.unknown.as_ref());
        unknown
            .map(|unknown| s.with(&unknown.span, "aks", "plan::shape"))
            .collect()
    }),
    ("a guard that nobody asks", |s| {
        let Some((_, value)) = pair(&s.root, "guards") else {
            return Vec::new();
        };
        let at = value.span.start;
        let indentation = at - s.text[..at].rfind('\n').unwrap() - 1;
        let new = format!(
            "spare:\n{0}  that: true\n{0}  else: No.\n{0}",
            " ".repeat(indentation)
        );
        let mut mutant = s.with(&(at..at), &new, "plan::unused-guard");
        mutant.at = at..at + "spare".len();
        vec![mutant]
    }),
    ("a destroying step that lost a guard", |s| {
        let lost = s.destroying().flat_map(|step| {
            let one = |guard: &Spanned<String>| {
                let rest = step.guards.iter().filter(|g| g.value != guard.value);
                let rest: Vec<&str> = rest.map(|g| g.value.as_str()).collect();
                let (_, list) = pair(s.node(step), "guards").unwrap();
                let new = format!("[{}]", rest.join(", "));
                s.with_at(&list.span, &new, "plan::unguarded", &action(step))
            };
            // Of two guards of one kind one is enough for the rule.
            let kind = |name: &Spanned<String>| {
                let guard = s.plan.guards.get(name).unwrap();
                let kinds = [
                    guard.model.is_some(),
                    guard.rollback.is_some(),
                    guard.package.is_some(),
                    guard.backup.is_some(),
                ];
                (kinds, guard.same_unit.is_some(), guard.that.is_some())
            };
            let only = |name: &&Spanned<String>| {
                step.guards
                    .iter()
                    .filter(|other| kind(other) == kind(name))
                    .count()
                    == 1
            };
            let demanded = |name: &&Spanned<String>| !kind(name).2;
            step.guards
                .iter()
                .filter(only)
                .filter(demanded)
                .map(one)
                .collect::<Vec<_>>()
        });
        lost.collect()
    }),
    ("a guard misspelt where it is asked", |s| {
        let names = s.all_steps().into_iter().flat_map(|step| &step.guards);
        names
            .filter_map(|name| s.misspelt(&name.span, "plan::unknown-guard"))
            .collect()
    }),
];

fn guards(s: &Subject) -> impl Iterator<Item = &Guard> {
    s.plan.guards.iter().map(|(_, guard)| guard)
}

fn facts(guard: &Guard) -> Option<&Spanned<String>> {
    let model = guard.model.as_ref().map(|model| &model.fact);
    model.or_else(|| guard.rollback.as_ref().map(|rollback| &rollback.target))
}

fn files(guard: &Guard) -> Option<&Spanned<String>> {
    let package = guard.package.as_ref().map(|package| &package.folder);
    package.or_else(|| guard.same_unit.as_ref().map(|unit| &unit.file))
}

fn of_guards(s: &Subject, name: fn(&Guard) -> Option<&Spanned<String>>) -> Vec<Mutant> {
    let asked = |guard: &(Spanned<String>, Guard)| {
        s.all_steps()
            .iter()
            .any(|step| step.guards.iter().any(|name| name.value == guard.0.value))
    };
    let names = s.plan.guards.iter().filter(|guard| asked(guard));
    names
        .filter_map(|(_, guard)| s.misspelt(&name(guard)?.span, "plan::unknown-name"))
        .collect()
}

fn never_starts(s: &Subject) -> Vec<Mutant> {
    if s.profile.modes.contains_key(&Mode::Fastboot) {
        return Vec::new();
    }
    vec![s.with(&s.plan.starts_in.span, "[fastboot]", "plan::never-starts")]
}

fn renamed_input(s: &Subject, name: &str, code: &'static str) -> Vec<Mutant> {
    s.plan
        .inputs
        .iter()
        .map(|(input, _)| s.with(&input.span, name, code))
        .collect()
}

fn defaults(s: &Subject, kind: ValueKind, default: &str) -> Vec<Mutant> {
    let inputs = s.plan.inputs.iter();
    inputs
        .filter(|(_, input)| input.kind.value == kind && input.default.is_none())
        .map(|(_, input)| {
            let at = input.kind.span.end;
            // The inputs of the repository are written in flow style.
            let new = format!(", default: \"{default}\"");
            let mut mutant = s.with(&(at..at), &new, "plan::wrong-kind");
            mutant.at = mutant.at.end - default.len() - 2..mutant.at.end;
            mutant
        })
        .collect()
}
