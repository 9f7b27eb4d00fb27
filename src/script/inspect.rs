//! What is found by walking a compiled program: calls of unknown functions, comparisons that can never hold, and what
//! it needs and does. `AST::walk` is marked volatile upstream, so it stands in this one file.

use super::functions::{FUNCTIONS, Type, Usable, lookup};
use super::{Cause, ScriptProblem};
use crate::action::signature::Effect;
use crate::diagnostic::nearest;
use crate::plan::{Kind, Modes};
use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// What a program uses, needs and does.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) names: BTreeSet<String>,
    pub(super) calls: BTreeSet<&'static str>,
    pub(super) sets: BTreeSet<String>,
    pub(super) commands: Vec<(String, Position)>,
    pub(super) needs: Modes,
    pub(super) effect: Effect,
}

/// Walks a program. `saves` is given for a script; a condition has no host functions.
pub(super) fn inspect(
    ast: &AST,
    kinds: &BTreeMap<String, Kind>,
    saves: Option<&BTreeMap<String, Kind>>,
) -> Result<Found, ScriptProblem> {
    let mut walk = Walk {
        kinds,
        saves,
        local: BTreeSet::new(),
        found: Found {
            names: BTreeSet::new(),
            calls: BTreeSet::new(),
            sets: BTreeSet::new(),
            commands: Vec::new(),
            needs: Modes::ANY,
            effect: Effect::Pure,
        },
        problem: None,
    };
    // A script's own variables may not hide a fact, so one list for the whole program is enough.
    ast.walk(&mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, _, at))) => {
                walk.declare(variable.0.as_str(), *at);
            }
            Some(ASTNode::Stmt(Stmt::For(parts, at))) => {
                walk.declare(parts.0.as_str(), *at);
                if let Some(counter) = &parts.1 {
                    walk.declare(counter.as_str(), *at);
                }
            }
            _ => {}
        }
        true
    });
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(node) = path.last() {
            walk.node(node);
        }
        walk.problem.is_none()
    });
    match walk.problem {
        Some(problem) => Err(problem),
        None => Ok(walk.found),
    }
}

struct Walk<'a> {
    kinds: &'a BTreeMap<String, Kind>,
    saves: Option<&'a BTreeMap<String, Kind>>,
    local: BTreeSet<String>,
    found: Found,
    problem: Option<ScriptProblem>,
}

impl Walk<'_> {
    fn declare(&mut self, name: &str, at: Position) {
        if self.kinds.contains_key(name) {
            self.refuse(format!("`{name}` is already a name here"), at);
        }
        self.local.insert(name.to_owned());
    }

    fn node(&mut self, node: &ASTNode<'_>) {
        match node {
            ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) => {
                self.call(call, call.args.len(), *at, false);
            }
            ASTNode::Expr(Expr::MethodCall(call, at)) => {
                self.call(call, call.args.len() + 1, *at, true);
            }
            ASTNode::Expr(Expr::Variable(variable, _, _))
                if self.kinds.contains_key(variable.1.as_str()) =>
            {
                self.found.names.insert(variable.1.to_string());
            }
            ASTNode::Stmt(Stmt::Assignment(parts)) => {
                if let Expr::Variable(variable, _, at) = &parts.1.lhs
                    && self.kind_of(&parts.1.lhs).is_some()
                {
                    self.refuse(format!("the fact `{}` does not change", variable.1), *at);
                }
            }
            ASTNode::Expr(Expr::CharConstant(_, at)) => {
                self.refuse("text stands in double quotes", *at);
            }
            ASTNode::Expr(Expr::ThisPtr(at)) => self.refuse("there is no `this` here", *at),
            ASTNode::Expr(Expr::Property(property, at)) => {
                let message = format!("nothing has a property `{}`", property.2);
                self.refuse(message, *at);
            }
            _ => {}
        }
    }

    fn refuse(&mut self, message: impl Into<String>, at: Position) {
        self.problem
            .get_or_insert_with(|| ScriptProblem::new(message, at));
    }

    fn call(&mut self, call: &FnCallExpr, given: usize, at: Position, method: bool) {
        if let Some(operator) = &call.op_token {
            self.operator(&operator.to_string(), &call.args, at);
            return;
        }
        let known = lookup(&call.name).filter(|function| {
            function.usable == Usable::Everywhere || (self.saves.is_some() && !method)
        });
        let Some(function) = known else {
            let names = FUNCTIONS
                .iter()
                .filter(|function| function.usable == Usable::Everywhere || self.saves.is_some())
                .map(|function| function.name);
            let message = match nearest(&call.name, names) {
                Some(near) if near != call.name => {
                    format!(
                        "`{}` is not a function here: did you mean `{near}`?",
                        call.name
                    )
                }
                _ => format!("`{}` is not a function here", call.name),
            };
            self.refuse(message, at);
            return;
        };
        let wanted = function.arguments.len();
        if given != wanted {
            let message = format!(
                "`{}` takes {wanted} arguments, not {given}",
                function.call()
            );
            self.refuse(message, at);
            return;
        }
        self.found.calls.insert(function.name);
        self.found.needs = self.found.needs.and(function.needs);
        self.found.effect = self.found.effect.max(function.effect);
        match (function.name, call.args.first()) {
            ("set", first) => self.set(first, call.args.get(1), at),
            ("at", Some(Expr::StringConstant(command, at))) => {
                self.found.commands.push((command.to_string(), *at));
            }
            // A command that is put together while it runs could be any command, so it could not be proved to ask.
            ("at", _) => self.refuse("the command in `at` is written out, in quotes", at),
            _ => {}
        }
    }

    fn set(&mut self, name: Option<&Expr>, value: Option<&Expr>, at: Position) {
        let Some(Expr::StringConstant(name, at_name)) = name else {
            self.refuse("the name in `set` is written out, in quotes", at);
            return;
        };
        let Some(kind) = self.saves.and_then(|saves| saves.get(name.as_str())) else {
            self.problem.get_or_insert_with(|| ScriptProblem {
                cause: Cause::Save(name.to_string()),
                ..ScriptProblem::new(format!("`save` does not declare `{name}`"), *at_name)
            });
            return;
        };
        let wanted = type_of_kind(*kind);
        if let Some(given) = value.and_then(|value| self.type_of(value))
            && given != wanted
        {
            let message = format!("`{name}` is {}, not {}", wanted.word(), given.word());
            self.refuse(message, at);
            return;
        }
        self.found.sets.insert(name.to_string());
    }

    fn operator(&mut self, operator: &str, sides: &[Expr], at: Position) {
        let order = matches!(operator, "<" | "<=" | ">" | ">=");
        let [left, right] = sides else { return };
        if !order && !matches!(operator, "==" | "!=") {
            return;
        }
        if let (Some(left), Some(right)) = (self.type_of(left), self.type_of(right))
            && left != right
        {
            let message = format!("{} is never equal to {}", left.word(), right.word());
            self.refuse(message, at);
        }
        for side in [left, right] {
            if let Some(kind @ (Kind::Firmware | Kind::Imei)) = self.kind_of(side)
                && order
            {
                let message = format!("a {kind} has no order: only `==` and `!=`");
                self.refuse(message, at);
            }
        }
    }

    fn kind_of(&self, expression: &Expr) -> Option<Kind> {
        match expression {
            Expr::Variable(variable, ..) if !self.local.contains(variable.1.as_str()) => {
                self.kinds.get(variable.1.as_str()).copied()
            }
            _ => None,
        }
    }

    fn type_of(&self, expression: &Expr) -> Option<Type> {
        match expression {
            Expr::IntegerConstant(..) => Some(Type::Number),
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => Some(Type::Text),
            Expr::BoolConstant(..) | Expr::And(..) | Expr::Or(..) => Some(Type::Truth),
            Expr::Variable(..) => self.kind_of(expression).map(type_of_kind),
            Expr::FnCall(call, _) => match &call.op_token {
                Some(operator) => match operator.to_string().as_str() {
                    "==" | "!=" | "<" | "<=" | ">" | ">=" | "!" => Some(Type::Truth),
                    "-" | "*" | "/" | "%" => Some(Type::Number),
                    _ => None,
                },
                None => lookup(&call.name).and_then(|function| function.gives),
            },
            Expr::Dot(chain, ..) => match &chain.rhs {
                Expr::MethodCall(call, _) => lookup(&call.name).and_then(|f| f.gives),
                _ => None,
            },
            _ => None,
        }
    }
}

pub(super) fn type_of_kind(kind: Kind) -> Type {
    match kind {
        Kind::Int => Type::Number,
        Kind::Bool => Type::Truth,
        _ => Type::Text,
    }
}
