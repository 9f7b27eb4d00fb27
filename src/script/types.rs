//! What every part of a program is: text, a number, a truth or a list. The engine finds out while it runs, and only on
//! the branch that it takes; here every branch is looked at, so that no value that a modem or a person gives can end in
//! an error of types.
//!
//! Of a condition everything is known. In a script some things are not (an item of a mixed list, what `catch` caught),
//! and nothing is said of those.

use super::functions::Type;
use super::inspect::type_of_kind;
use super::{Cause, ScriptProblem, place};
use crate::plan::Kind;
use rhai::{AST, ASTFlags, Expr, OpAssignment, Position, Stmt};
use std::collections::BTreeMap;

mod call;

/// Refuses a program in which values would meet that do not go together.
pub(super) fn check(
    ast: &AST,
    kinds: &BTreeMap<String, Kind>,
    saves: Option<&BTreeMap<String, Kind>>,
) -> Result<(), ScriptProblem> {
    let mut typing = Typing {
        kinds,
        saves,
        locals: Vec::new(),
        problem: None,
    };
    let whole = typing.statements(ast.statements());
    if saves.is_none() {
        typing.want(&whole, Type::Truth, "a condition", Position::NONE);
    }
    match typing.problem {
        Some(problem) => Err(problem),
        None => Ok(()),
    }
}

/// What a part of a program gives.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Gives {
    One(Type),
    /// With what its items are.
    List(Box<Gives>),
    /// Not known before it runs.
    Any,
    Nothing,
}

const TEXT: Gives = Gives::One(Type::Text);
const NUMBER: Gives = Gives::One(Type::Number);
const TRUTH: Gives = Gives::One(Type::Truth);

impl Gives {
    fn word(&self) -> &'static str {
        match self {
            Self::One(kind) => kind.word(),
            Self::List(_) => "a list",
            Self::Any => "of a kind that is not known before it runs",
            Self::Nothing => "nothing",
        }
    }

    /// One or the other.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.or(*other))),
            _ => Self::Any,
        }
    }

    fn list_of_text() -> Self {
        Self::List(Box::new(TEXT))
    }
}

struct Typing<'a> {
    kinds: &'a BTreeMap<String, Kind>,
    /// Given for a script.
    saves: Option<&'a BTreeMap<String, Kind>>,
    /// Variables of the script, the innermost last.
    locals: Vec<(String, Gives)>,
    problem: Option<ScriptProblem>,
}

impl Typing<'_> {
    fn refuse(&mut self, message: String, at: Position) {
        self.problem.get_or_insert_with(|| ScriptProblem {
            message,
            place: place(at),
            cause: Cause::Other,
        });
    }

    /// `what`: who takes it.
    fn want(&mut self, given: &Gives, wanted: Type, what: &str, at: Position) {
        let fits = match given {
            Gives::One(kind) => *kind == wanted,
            Gives::Any => self.saves.is_some(),
            Gives::List(_) | Gives::Nothing => false,
        };
        if !fits {
            let message = format!(
                "{what} takes {}, and this is {}",
                wanted.word(),
                given.word()
            );
            self.refuse(message, at);
        }
    }

    fn statements(&mut self, statements: &[Stmt]) -> Gives {
        let known = self.locals.len();
        let mut last = Gives::Nothing;
        for statement in statements {
            last = self.statement(statement);
        }
        self.locals.truncate(known);
        last
    }

    /// What it gives where it stands last.
    fn statement(&mut self, statement: &Stmt) -> Gives {
        match statement {
            Stmt::Expr(expression) => return self.expression(expression),
            Stmt::FnCall(call, at) => return self.call(call, None, *at),
            Stmt::Block(block) => return self.statements(block.statements()),
            Stmt::If(flow, _) => {
                self.truth(&flow.expr, "`if`");
                let one = self.statements(flow.body.statements());
                return one.or(self.statements(flow.branch.statements()));
            }
            Stmt::Switch(parts, _) => {
                self.expression(&parts.0);
                for case in &parts.1.expressions {
                    self.truth(&case.lhs, "`if`");
                    self.expression(&case.rhs);
                }
                return Gives::Any;
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                if !matches!(flow.expr, Expr::Unit(_)) {
                    self.truth(&flow.expr, "a loop");
                }
                self.statements(flow.body.statements());
                // What `break` gives.
                return Gives::Any;
            }
            Stmt::For(parts, at) => {
                let (item, counter, flow) = &**parts;
                let of = self.expression(&flow.expr);
                let of = self.items(of, *at);
                let known = self.locals.len();
                self.locals.push((item.as_str().to_owned(), of));
                if let Some(counter) = counter {
                    self.locals.push((counter.as_str().to_owned(), NUMBER));
                }
                self.statements(flow.body.statements());
                self.locals.truncate(known);
                return Gives::Any;
            }
            Stmt::Var(parts, ..) => {
                let given = self.expression(&parts.1);
                self.locals.push((parts.0.as_str().to_owned(), given));
            }
            Stmt::Assignment(parts) => self.assign(&parts.0, &parts.1.lhs, &parts.1.rhs),
            Stmt::TryCatch(flow, _) => {
                let one = self.statements(flow.body.statements());
                let known = self.locals.len();
                if let Expr::Variable(caught, ..) = &flow.expr {
                    self.locals.push((caught.1.to_string(), Gives::Any));
                }
                let other = self.statements(flow.branch.statements());
                self.locals.truncate(known);
                return one.or(other);
            }
            Stmt::BreakLoop(Some(given), ..) | Stmt::Return(Some(given), ..) => {
                self.expression(given);
            }
            _ => {}
        }
        Gives::Nothing
    }

    fn assign(&mut self, how: &OpAssignment, to: &Expr, value: &Expr) {
        let given = self.expression(value);
        let Expr::Variable(variable, _, at) = to else {
            self.assign_inside(to, &given);
            return;
        };
        let Some(place) = self.local(&variable.1) else {
            return;
        };
        let before = self.locals[place].1.clone();
        let after = match how.get_op_assignment_info() {
            None => given,
            // An item, or all items of a list, come to the others.
            Some((.., "+")) if matches!(before, Gives::List(_)) => match (before.clone(), given) {
                (list, added @ Gives::List(_)) => list.or(added),
                (Gives::List(items), one) => Gives::List(Box::new(items.or(one))),
                (list, _) => list,
            },
            Some((.., operator)) => self.operator(operator, &[before.clone(), given], *at),
        };
        let clash = !matches!((&before, &after), (Gives::Any, _) | (_, Gives::Any))
            && std::mem::discriminant(&before) != std::mem::discriminant(&after)
            || matches!((&before, &after), (Gives::One(one), Gives::One(other)) if one != other);
        if clash {
            let message = format!(
                "`{}` is {}, and here it would become {}",
                variable.1,
                before.word(),
                after.word()
            );
            self.refuse(message, *at);
            return;
        }
        self.locals[place].1 = before.or(after);
    }

    /// A part of a variable: what its items are is what they were, or this.
    fn assign_inside(&mut self, to: &Expr, given: &Gives) {
        self.expression(to);
        let Expr::Index(parts, ..) = to else { return };
        let Expr::Variable(variable, ..) = &parts.lhs else {
            return;
        };
        if let Some(place) = self.local(&variable.1)
            && let Gives::List(items) = self.locals[place].1.clone()
        {
            self.locals[place].1 = Gives::List(Box::new(items.or(given.clone())));
        }
    }

    fn variable(&self, name: &str) -> Gives {
        if let Some(place) = self.local(name) {
            return self.locals[place].1.clone();
        }
        let kind = self.kinds.get(name);
        kind.map_or(Gives::Any, |kind| Gives::One(type_of_kind(*kind)))
    }

    fn local(&self, name: &str) -> Option<usize> {
        self.locals.iter().rposition(|(known, _)| known == name)
    }

    fn truth(&mut self, expression: &Expr, what: &str) {
        let given = self.expression(expression);
        self.want(&given, Type::Truth, what, expression.start_position());
    }

    fn expression(&mut self, expression: &Expr) -> Gives {
        match expression {
            Expr::BoolConstant(..) => TRUTH,
            Expr::IntegerConstant(..) => NUMBER,
            Expr::StringConstant(..) => TEXT,
            Expr::InterpolatedString(parts, _) => {
                for part in &**parts {
                    self.expression(part);
                }
                TEXT
            }
            Expr::Array(items, _) => {
                let mut all: Option<Gives> = None;
                for item in &**items {
                    let given = self.expression(item);
                    all = Some(match all {
                        None => given,
                        Some(before) => before.or(given),
                    });
                }
                Gives::List(Box::new(all.unwrap_or(Gives::Any)))
            }
            Expr::Map(parts, _) => {
                for (_, value) in &parts.0 {
                    self.expression(value);
                }
                Gives::Any
            }
            Expr::Variable(variable, ..) => self.variable(&variable.1),
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                for part in parts.iter() {
                    self.truth(part, "`&&` and `||`");
                }
                TRUTH
            }
            Expr::Coalesce(parts, _) => {
                for part in parts.iter() {
                    self.expression(part);
                }
                Gives::Any
            }
            Expr::Stmt(block) => self.statements(block.statements()),
            Expr::FnCall(call, at) => self.call(call, None, *at),
            Expr::Dot(parts, flags, at) => {
                let receiver = self.expression(&parts.lhs);
                self.chain(receiver, &parts.rhs, Link::Dot, *flags, *at)
            }
            Expr::Index(parts, flags, at) => {
                let receiver = self.expression(&parts.lhs);
                self.chain(receiver, &parts.rhs, Link::Index, *flags, *at)
            }
            Expr::Unit(_) => Gives::Nothing,
            _ => Gives::Any,
        }
    }

    /// What stands behind a dot or in brackets, and what follows that: `a[0].len()` is `a` and `[0].len()`.
    fn chain(
        &mut self,
        receiver: Gives,
        rest: &Expr,
        link: Link,
        flags: ASTFlags,
        at: Position,
    ) -> Gives {
        if !flags.intersects(ASTFlags::BREAK) {
            match rest {
                Expr::Dot(parts, flags, at) => {
                    let receiver = self.link(receiver, &parts.lhs, link, *at);
                    return self.chain(receiver, &parts.rhs, Link::Dot, *flags, *at);
                }
                Expr::Index(parts, flags, at) => {
                    let receiver = self.link(receiver, &parts.lhs, link, *at);
                    return self.chain(receiver, &parts.rhs, Link::Index, *flags, *at);
                }
                _ => {}
            }
        }
        self.link(receiver, rest, link, at)
    }

    fn link(&mut self, receiver: Gives, part: &Expr, link: Link, at: Position) -> Gives {
        match (link, part) {
            (Link::Dot, Expr::MethodCall(call, at) | Expr::FnCall(call, at)) => {
                self.call(call, Some(receiver), *at)
            }
            (Link::Dot, _) => Gives::Any,
            (Link::Index, index) => {
                let given = self.expression(index);
                match receiver {
                    Gives::List(items) => {
                        self.want(&given, Type::Number, "a list", index.start_position());
                        *items
                    }
                    // A map, or nothing that is known.
                    Gives::Any => Gives::Any,
                    other => {
                        self.refuse(
                            format!("only a list has items, and this is {}", other.word()),
                            at,
                        );
                        Gives::Any
                    }
                }
            }
        }
    }

    fn items(&mut self, of: Gives, at: Position) -> Gives {
        match of {
            Gives::List(items) => *items,
            Gives::Any if self.saves.is_some() => Gives::Any,
            other => {
                self.refuse(
                    format!("`for` goes through a list, and this is {}", other.word()),
                    at,
                );
                Gives::Any
            }
        }
    }
}

/// How a part follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Dot,
    Index,
}
