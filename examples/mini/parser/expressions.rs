//! Expressions, by the strength of their operators.

use super::super::lexer::{Kind, Token};
use super::super::module::{Operator, Step};
use super::super::problem::Place;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// Operands with operators of at least the strength `least` between them.
    pub(super) fn expression(&mut self, least: u8) -> Parsed<()> {
        self.operand()?;
        while let Kind::Mark(mark) = self.token.kind
            && let Some((operator, strength)) = operator(mark)
            && strength >= least
        {
            self.advance();
            self.expression(strength + 1)?;
            self.code.push(Step::Binary(operator));
        }
        Ok(())
    }

    fn operand(&mut self) -> Parsed<()> {
        let Token { kind, place } = self.token;
        match (kind, self.next.kind) {
            (Kind::Number(digits), _) => {
                let Ok(number) = digits.parse() else {
                    return Err(self.unexpected(&format!("an integer up to {}", i64::MAX)));
                };
                self.advance();
                self.code.push(Step::Constant(number));
                Ok(())
            }
            (Kind::Mark("-"), _) => {
                self.advance();
                self.nested(Self::operand)?;
                self.code.push(Step::Negate);
                Ok(())
            }
            (Kind::Mark("("), _) => {
                self.advance();
                self.nested(|parser| parser.expression(0))?;
                self.expect(")")
            }
            (Kind::Word(_), Kind::Mark("(")) => {
                let (name, _) = self.name("an expression")?;
                self.call(name, place)
            }
            _ => {
                let (name, _) = self.name("an expression")?;
                let variable = self.variable(name, place);
                // An unknown name is an error of meaning: the syntax goes on behind it.
                self.code.push(Step::Load(variable.unwrap_or_default()));
                Ok(())
            }
        }
    }

    fn call(&mut self, name: &str, place: Place) -> Parsed<()> {
        self.expect("(")?;
        let mut arguments: u32 = 0;
        while !self.at(Kind::Mark(")")) {
            self.nested(|parser| parser.expression(0))?;
            arguments = arguments.saturating_add(1);
            if !self.at(Kind::Mark(")")) {
                self.expect(",")?;
            }
        }
        self.advance();
        self.code.push(Step::Call { name: name.to_owned(), arguments });
        self.calls.push(place);
        Ok(())
    }
}

fn operator(mark: &str) -> Option<(Operator, u8)> {
    Some(match mark {
        "==" => (Operator::Equal, 1),
        "!=" => (Operator::NotEqual, 1),
        "<" => (Operator::Less, 1),
        "<=" => (Operator::LessOrEqual, 1),
        ">" => (Operator::Greater, 1),
        ">=" => (Operator::GreaterOrEqual, 1),
        "+" => (Operator::Add, 2),
        "-" => (Operator::Subtract, 2),
        "*" => (Operator::Multiply, 3),
        "/" => (Operator::Divide, 3),
        "%" => (Operator::Remainder, 3),
        _ => return None,
    })
}
