//! Mistakes of texts: names, commands, patterns, paths, and what must not stand there.

use crate::subject::{Subject, nodes};
use crate::{Kind, Mutant};
use std::ops::Range;
use unbrick::plan::{Kind as ValueKind, Step};
use unbrick::yaml::{NodeKind, Spanned};

pub(crate) const KINDS: &[Kind] = &[
    ("a name misspelt in a text", |s| {
        let names = templates(s).into_iter().filter_map(|at| {
            let mut mutant = s.misspelt(&(at.start + 2..at.end - 1), "plan::unknown-name")?;
            mutant.at = mutant.at.start - 2..mutant.at.end + 1;
            Some(mutant)
        });
        names.collect()
    }),
    ("an expression in a text", |s| {
        templates(s)
            .iter()
            .map(|at| s.with(at, "${a + 1}", "plan::not-a-name"))
            .collect()
    }),
    ("a brace that is never closed", |s| {
        // The rest of the text is underlined, up to its last character.
        let ends = |at: &Range<usize>| s.text[at.end..].starts_with("\" }");
        templates(s)
            .iter()
            .filter(|at| ends(at))
            .map(|at| s.with(at, "${a", "plan::not-a-name"))
            .collect()
    }),
    ("a query that changes the modem", |s| {
        asked(s, "AT+CFUN=1", "plan::not-a-query")
    }),
    ("a query with a second command behind it", |s| {
        asked(s, "\"AT+CFUN?;+CFUN=1\"", "plan::not-a-query")
    }),
    ("a command that writes an identity", |s| {
        set(s, "'AT+EGMR=1,7,\"490154203237518\"'")
    }),
    ("a command that transmits", |s| set(s, "AT+QRFTEST=\"tx\"")),
    ("a command that would hide all ports", |s| {
        set(s, "'AT+QCFG=\"usbcfg\",0x2C7C,0x800,0,0,0,0,0,0,0'")
    }),
    ("an identity in a command", |s| {
        private(s, |step| Some(&step.at_ask.as_ref()?.send), "\"AT+X=${}\"")
    }),
    ("an identity in a path", |s| {
        private(s, outputs, "\"backup/${}/x.xqcn\"")
    }),
    ("a secret in a question", |s| {
        secret(
            s,
            |step| step.operator_do.as_ref().map(|told| &told.say),
            "\"Type ${}\"",
        )
    }),
    ("a secret in a query", |s| {
        secret(s, |step| Some(&step.at_ask.as_ref()?.send), "\"AT+X=${}\"")
    }),
    ("a secret in a condition", |s| {
        let Some(name) = s.inputs(ValueKind::Secret).next() else {
            return Vec::new();
        };
        let steps = s.single().filter(|step| step.when.is_none());
        let added = steps.map(|step| {
            let mut mutant = s.added(
                step,
                "when",
                &format!("{} == \"x\"", name.value),
                "plan::secret",
            );
            mutant.at = mutant.at.start..mutant.at.start + name.len();
            mutant
        });
        added.collect()
    }),
    ("a secret in a question", |s| {
        let Some(name) = s.inputs(ValueKind::Secret).next() else {
            return Vec::new();
        };
        let new = format!("\"Type ${{{}}}\"", name.value);
        let steps = s.single().filter(|step| step.confirm.is_none());
        let added = steps.map(|step| {
            let mut mutant = s.added(step, "confirm", &new, "plan::secret");
            mutant.at = mutant.at.start + 6..mutant.at.end - 1;
            mutant
        });
        added.collect()
    }),
    ("an identity in the report", |s| {
        reported(s, ValueKind::Imei, "plan::private")
    }),
    ("a secret in the report", |s| {
        reported(s, ValueKind::Secret, "plan::secret")
    }),
    ("a fact misspelt in the report", |s| {
        s.plan
            .report
            .iter()
            .filter_map(|name| s.misspelt(&name.span, "plan::unknown-name"))
            .collect()
    }),
    ("a pattern that does not compile", |s| {
        replies(s)
            .map(|(reply, _)| s.with(&reply.span, "'(x'", "plan::regex"))
            .collect()
    }),
    ("a fact that the pattern does not give", |s| {
        let saved = replies(s).flat_map(|(_, step)| step.save.iter());
        saved
            .map(|(name, _)| s.with(&name.span, "other", "plan::save"))
            .collect()
    }),
    ("a group of the pattern that is not saved", |s| {
        let lost = replies(s).filter(|(reply, step)| {
            step.retry
                .as_ref()
                .is_none_or(|retry| retry.until.is_none())
                && reply.contains("(?<")
        });
        lost.map(|(reply, _)| {
            let text = s.text[reply.span.clone()].replacen("(?<", "(?<more>x?)(?<", 1);
            s.with(&reply.span, &text, "plan::unsaved")
        })
        .collect()
    }),
    ("a fact of no kind", |s| {
        let saved = s.all_steps().into_iter().flat_map(|step| step.save.iter());
        saved
            .map(|(_, kind)| s.with(&kind.span, "numbr", "plan::shape"))
            .collect()
    }),
    ("a secret that is saved", |s| {
        let saved = replies(s).flat_map(|(_, step)| step.save.iter());
        saved
            .map(|(_, kind)| s.with(&kind.span, "secret", "plan::save"))
            .collect()
    }),
    ("a path that climbs", |s| paths(s, "\"../x.xqcn\"")),
    ("a path from the root", |s| paths(s, "\"/x.xqcn\"")),
    ("an image that comes from nowhere", |s| {
        sources(s)
            .map(|source| s.with(&source.span, "images/x.mbn", "plan::no-source"))
            .collect()
    }),
    ("a partition that does not exist", |s| {
        let parts = s
            .single()
            .filter_map(|step| step.firehose_backup.as_ref()?.parts.first());
        parts
            .filter_map(|part| s.misspelt(&part.span, "plan::unknown-part"))
            .collect()
    }),
    ("a backup of nothing", |s| {
        let parts = s
            .single()
            .filter_map(|step| Some(&step.firehose_backup.as_ref()?.parts));
        parts
            .map(|parts| s.with(&parts.span, "[]", "plan::shape"))
            .collect()
    }),
    ("a calibration file with another ending", |s| {
        let backups = s.single().filter_map(|step| step.diag_backup.as_ref());
        backups
            .map(|backup| s.with(&backup.to.span, "backup/x.bin", "plan::shape"))
            .collect()
    }),
    ("a fragment that is not there", |s| {
        includes(s)
            .filter_map(|(file, _)| s.misspelt(&file.span, "plan::include-missing"))
            .collect()
    }),
    ("a fragment out of reach", |s| {
        includes(s)
            .map(|(file, _)| s.with(&file.span, "../x.yaml", "plan::outside"))
            .collect()
    }),
    ("a parameter that the fragment does not have", |s| {
        let given =
            includes(s).flat_map(|(_, step)| step.include.iter().flat_map(|i| i.with.iter()));
        given
            .filter_map(|(name, _)| s.misspelt(&name.span, "plan::include-param"))
            .collect()
    }),
    ("a parameter of another kind", |s| {
        let given =
            includes(s).flat_map(|(_, step)| step.include.iter().flat_map(|i| i.with.iter()));
        given
            .map(|(_, value)| s.with(&value.span, "some", "plan::include-param"))
            .collect()
    }),
];

/// Where `${name}` stands in a text that may hold it.
fn templates(s: &Subject) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    nodes(&s.root, &mut all);
    let mut found = Vec::new();
    for node in all {
        let NodeKind::Scalar { .. } = node.kind else {
            continue;
        };
        let text = &s.text[node.span.clone()];
        for (at, _) in text.match_indices("${") {
            if let Some(length) = text[at..].find('}') {
                found.push(node.span.start + at..node.span.start + at + length + 1);
            }
        }
    }
    found
}

fn asked(s: &Subject, new: &str, code: &'static str) -> Vec<Mutant> {
    let sends = s
        .single()
        .filter_map(|step| Some(&step.at_ask.as_ref()?.send));
    sends.map(|send| s.with(&send.span, new, code)).collect()
}

fn set(s: &Subject, new: &str) -> Vec<Mutant> {
    let sends = s
        .single()
        .filter_map(|step| Some(&step.at_set.as_ref()?.send));
    sends
        .map(|send| s.with(&send.span, new, "plan::refused-command"))
        .collect()
}

fn private(s: &Subject, field: fn(&Step) -> Option<&Spanned<String>>, text: &str) -> Vec<Mutant> {
    named(s, ValueKind::Imei, field, text, "plan::private")
}

fn secret(s: &Subject, field: fn(&Step) -> Option<&Spanned<String>>, text: &str) -> Vec<Mutant> {
    named(s, ValueKind::Secret, field, text, "plan::secret")
}

/// A name of a kind in a field; `text` holds `${}` where it stands.
fn named(
    s: &Subject,
    kind: ValueKind,
    field: fn(&Step) -> Option<&Spanned<String>>,
    text: &str,
    code: &'static str,
) -> Vec<Mutant> {
    let Some(name) = s.inputs(kind).next() else {
        return Vec::new();
    };
    let full = format!("${{{}}}", name.value);
    let new = text.replace("${}", &full);
    let fields = s.single().filter_map(field);
    fields
        .map(|field| {
            let mut mutant = s.with(&field.span, &new, code);
            let start = mutant.at.start + new.find("${").unwrap();
            mutant.at = start..start + full.len();
            mutant
        })
        .collect()
}

fn outputs(step: &Step) -> Option<&Spanned<String>> {
    step.diag_backup.as_ref().map(|backup| &backup.to)
}

fn reported(s: &Subject, kind: ValueKind, code: &'static str) -> Vec<Mutant> {
    let Some(name) = s.inputs(kind).next() else {
        return Vec::new();
    };
    s.plan
        .report
        .iter()
        .map(|old| s.with(&old.span, name, code))
        .collect()
}

fn replies(s: &Subject) -> impl Iterator<Item = (&Spanned<String>, &Step)> {
    s.single()
        .filter_map(|step| Some((step.at_ask.as_ref()?.reply.as_ref()?, step)))
}

fn paths(s: &Subject, new: &str) -> Vec<Mutant> {
    let paths = s.single().filter_map(outputs);
    paths
        .map(|path| s.with(&path.span, new, "plan::outside"))
        .collect()
}

fn sources(s: &Subject) -> impl Iterator<Item = &Spanned<String>> {
    s.single().filter_map(|step| {
        let programmer = step.sahara_load.as_ref().map(|load| &load.programmer);
        let package = step.firehose_flash.as_ref().map(|flash| &flash.package);
        let image = step.fastboot_flash.as_ref().map(|flash| &flash.image);
        programmer
            .or(package)
            .or(image)
            .or(step.diag_restore.as_ref().map(|restore| &restore.from))
    })
}

fn includes(s: &Subject) -> impl Iterator<Item = (&Spanned<String>, &Step)> {
    let steps = s.all_steps().into_iter();
    steps.filter_map(|step| Some((&step.include.as_ref()?.file, step)))
}
