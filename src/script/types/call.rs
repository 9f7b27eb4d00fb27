//! Functions and operators: what they take, and what they give.

use super::super::functions::{Type, lookup};
use super::super::inspect::type_of_kind;
use super::{Gives, NUMBER, TEXT, TRUTH, Typing};
use rhai::{Expr, FnCallExpr, Position};

impl Typing<'_> {
    /// A function, or an operator, which is a call as well.
    pub(super) fn call(
        &mut self,
        call: &FnCallExpr,
        receiver: Option<Gives>,
        at: Position,
    ) -> Gives {
        let mut given: Vec<Gives> = receiver.into_iter().collect();
        let places: Vec<Position> = std::iter::repeat_n(at, given.len())
            .chain(call.args.iter().map(Expr::start_position))
            .collect();
        for argument in &call.args {
            given.push(self.expression(argument));
        }
        if let Some(operator) = &call.op_token {
            let operator = operator.to_string();
            if operator != "in" && operator != "!in" {
                return self.operator(&operator, &given, at);
            }
        }
        let Some(function) = lookup(&call.name) else {
            return Gives::Any;
        };
        let name = format!("`{}`", function.name);
        for (place, argument) in function.arguments.iter().enumerate() {
            let Some(one) = given.get(place).cloned() else {
                continue;
            };
            let at = places.get(place).copied().unwrap_or(at);
            match argument.kind {
                "text or list" if matches!(one, Gives::List(_)) => {}
                "text" | "text, written out" | "text or list" => {
                    self.want(&one, Type::Text, &name, at);
                }
                "number" => self.want(&one, Type::Number, &name, at),
                "text, or an item of the list" => self.part(&given, &one, &name, at),
                // Of the kind that `save` says.
                _ => self.saved(call, &one, at),
            }
        }
        match function.gives {
            Some(kind) => Gives::One(kind),
            None if function.gives_word == "list of text" => Gives::list_of_text(),
            None => Gives::Nothing,
        }
    }

    /// What is looked for in a text is text; in a list, what its items are. Truths are not looked for.
    fn part(&mut self, given: &[Gives], part: &Gives, name: &str, at: Position) {
        match given.first() {
            Some(Gives::List(items)) => match &**items {
                Gives::One(Type::Text) => self.want(part, Type::Text, name, at),
                Gives::One(Type::Number) => self.want(part, Type::Number, name, at),
                _ if *part == TRUTH => self.refuse(
                    format!("{name} takes text or a number, and this is true or false"),
                    at,
                ),
                _ => {}
            },
            Some(Gives::Any) => {}
            _ => self.want(part, Type::Text, name, at),
        }
    }

    fn saved(&mut self, call: &FnCallExpr, given: &Gives, at: Position) {
        let kind = match call.args.first() {
            Some(Expr::StringConstant(name, _)) => {
                self.saves.and_then(|saves| saves.get(name.as_str()))
            }
            _ => None,
        };
        if let Some(kind) = kind {
            self.want(given, type_of_kind(*kind), "this fact", at);
        }
    }

    pub(super) fn operator(&mut self, operator: &str, given: &[Gives], at: Position) -> Gives {
        let name = format!("`{operator}`");
        match (operator, given) {
            ("!", [one]) => {
                self.want(one, Type::Truth, &name, at);
                TRUTH
            }
            ("-" | "+", [one]) => {
                self.want(one, Type::Number, &name, at);
                NUMBER
            }
            ("==" | "!=" | "<" | "<=" | ">" | ">=", [left, right]) => {
                self.comparison(&name, left, right, at);
                TRUTH
            }
            ("+", [left, right]) => self.sum(left, right, at),
            ("&" | "|" | "^", [left, right]) if *left == TRUTH => {
                self.want(right, Type::Truth, &name, at);
                TRUTH
            }
            ("-" | "*" | "/" | "%" | "**" | "&" | "|" | "^" | "<<" | ">>", [left, right]) => {
                self.want(left, Type::Number, &name, at);
                self.want(right, Type::Number, &name, at);
                NUMBER
            }
            _ if self.saves.is_some() => Gives::Any,
            _ => {
                self.refuse(format!("{name} is of no use here"), at);
                Gives::Any
            }
        }
    }

    fn comparison(&mut self, name: &str, left: &Gives, right: &Gives, at: Position) {
        match (left, right) {
            (Gives::One(left), Gives::One(right)) if left == right => {}
            (Gives::Any, _) | (_, Gives::Any) if self.saves.is_some() => {}
            (Gives::One(left), Gives::One(right)) => {
                let message = format!("{} is never equal to {}", left.word(), right.word());
                self.refuse(message, at);
            }
            (Gives::One(_), other) | (other, _) => {
                self.refuse(
                    format!("{name} does not compare what is {}", other.word()),
                    at,
                );
            }
        }
    }

    fn sum(&mut self, left: &Gives, right: &Gives, at: Position) -> Gives {
        match (left, right) {
            (Gives::One(Type::Number), Gives::One(Type::Number)) => NUMBER,
            (Gives::One(Type::Text | Type::Number), Gives::One(Type::Text | Type::Number)) => TEXT,
            (Gives::Any, _) | (_, Gives::Any) if self.saves.is_some() => Gives::Any,
            (Gives::One(Type::Text | Type::Number), other) | (other, _) => {
                let message = format!("`+` takes text and numbers, and this is {}", other.word());
                self.refuse(message, at);
                Gives::Any
            }
        }
    }
}
