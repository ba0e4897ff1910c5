//! The tables of the kinds that ask about one construct of the language: handlers, defaults,
//! calls, names and their uses.

use toml::Spanned;
use toml::de::DeValue;

use super::Reader;
use crate::catalogue::check::{
    CallCheck, DefaultCheck, HandlerCheck, HandlerTrait, Named, StaticCheck, UndefinedNameCheck, UnusedCheck,
    Use,
};
use crate::catalogue::problems::{closest, quoted};
use crate::catalogue::raw::{Table, wrong_type};
use crate::python::literal::Value;

impl Reader<'_> {
    /// `handler = ["bare", "silent"]`, with `catches`, `around`, `does`, `reraises`, `expected`.
    pub(super) fn handler(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let place = table.value("handler")?.span();
        let words = table.texts("handler", self.sink)?.into_inner();
        let names = || HandlerTrait::ALL.into_iter().map(HandlerTrait::name);
        let mut traits = Vec::new();
        for word in &words {
            match HandlerTrait::ALL.into_iter().find(|known| known.name() == word.get_ref()) {
                Some(known) => traits.push(known),
                None => {
                    let help = match closest(word.get_ref(), names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the words are {}", quoted(names())),
                    };
                    let title = format!("a handler cannot be `{}`", word.get_ref());
                    self.sink.add(word.span(), title, "", help);
                }
            }
        }
        let catches = table.text("catches", self.sink);
        let check = HandlerCheck {
            traits,
            catches: catches.as_ref().map(|name| name.get_ref().clone()),
            around: self.patterns(table, "around"),
            does: self.patterns(table, "does"),
            reraises: table.boolean("reraises", self.sink).map(Spanned::into_inner),
            expected: table.boolean("expected", self.sink).is_none_or(Spanned::into_inner),
        };
        if words.is_empty() {
            let help = format!("name one or more of {}", quoted(names()));
            self.sink.add(place.clone(), "`handler` does not say how the handler is", "", help);
        }
        let has = |wanted: HandlerTrait| check.traits.contains(&wanted);
        if has(HandlerTrait::Bare) && has(HandlerTrait::Broad) {
            let help = "drop `broad`";
            self.sink.add(place.clone(), "a bare handler is a broad one, too", "", help);
        }
        if has(HandlerTrait::Silent) && check.reraises == Some(true) {
            let help = "drop `silent`, or `reraises`";
            self.sink.add(place, "a handler that raises again is not silent", "", help);
        }
        if let Some(name) = &catches
            && !name.get_ref().split('.').all(super::is_identifier)
        {
            let title = format!("`{}` is not the name of an exception", name.get_ref());
            let help = "write it with its module: `subprocess.CalledProcessError`";
            self.sink.add(name.span(), title, "", help);
        }
        Some(StaticCheck::Handler(check))
    }

    /// `default = "timeout"`, with `value`, `min`, `max`, `above`, `below`, `required`, `expected`.
    pub(super) fn default(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let name = table.text("default", self.sink);
        let number = |table: &mut Table<'_>, key| table.number(key, self.sink).map(Spanned::into_inner);
        let check = DefaultCheck {
            name: name.as_ref().map(|name| name.get_ref().clone()).unwrap_or_default(),
            value: self.literal(table),
            min: number(table, "min"),
            max: number(table, "max"),
            above: number(table, "above"),
            below: number(table, "below"),
            required: table.boolean("required", self.sink).map(Spanned::into_inner),
            expected: table.boolean("expected", self.sink).is_none_or(Spanned::into_inner),
        };
        let name = name?;
        if name.get_ref().is_empty() || name.get_ref().contains(|c: char| c.is_whitespace() || c == '.') {
            let title = format!("`{}` is not the name of a parameter or setting", name.get_ref());
            self.sink.add(name.span(), title, "", "give the bare name: `\"timeout\"`");
            return None;
        }
        let bounds = ["min", "max", "above", "below"];
        let has = |key: &str| table.key_place(key).is_some();
        let has_bound = bounds.iter().any(|key| has(key));
        if !has("value") && !has("required") && !has_bound {
            let help = "add `value = 5`, a bound (`min`, `max`, `above`, `below`), or `required = true`";
            self.sink.add(table.place(), "`default` does not say what is claimed", "", help);
        } else if check.required == Some(true) && (has("value") || has_bound) {
            let help = "drop `required = true`, or the value";
            self.sink.add(table.place(), "what must be given has no default", "", help);
        } else if has("value") && has_bound {
            let help = "drop the bounds: the value says it all";
            self.sink.add(table.place(), "a value and bounds at once", "", help);
        }
        let (low, high) = (check.min.or(check.above), check.max.or(check.below));
        if (has("min") && has("above")) || (has("max") && has("below")) {
            self.sink.add(table.place(), "two bounds on the same side", "", "keep one of them");
        } else if let (Some(low), Some(high)) = (low, high) {
            let none = if check.min.is_some() && check.max.is_some() { low > high } else { low >= high };
            if none {
                self.sink.add(table.place(), "no number lies between the bounds", "", "swap them");
            }
        }
        Some(StaticCheck::Default(check))
    }

    /// `value = 5`, `value = true`, or a text with a Python literal: `"None"`, `"'localhost'"`.
    fn literal(self, table: &mut Table<'_>) -> Option<Value> {
        let value = table.value("value")?;
        match value.get_ref() {
            DeValue::Boolean(answer) => Some(Value::Bool(*answer)),
            DeValue::Integer(number) => {
                let parsed = i128::from_str_radix(number.as_str(), number.radix()).ok();
                parsed.map(Value::Integer)
            }
            DeValue::Float(number) => number.as_str().parse().ok().map(Value::Float),
            DeValue::String(text) => {
                let parsed = Value::parse(text);
                if parsed.is_none() {
                    let help = format!("for the text itself add quotes: `\"'{text}'\"`");
                    let title = format!("`{text}` is not a Python literal");
                    self.sink.add(value.span(), title, "", help);
                }
                parsed
            }
            other => {
                wrong_type(value.span(), "value", other, "a number, `true`, `false` or a text", self.sink);
                None
            }
        }
    }

    /// `call = "f(...)"`, with `fits`, `unexpected`, `missing`, `repeated`, `too-many`.
    pub(super) fn call(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let text = table.text("call", self.sink);
        let pattern = text.as_ref().and_then(|text| self.call_pattern(text));
        let fits = table.boolean("fits", self.sink).map(Spanned::into_inner);
        let unexpected = self.any_or_named(table, "unexpected");
        let missing = self.any_or_named(table, "missing");
        let repeated = self.any_or_named(table, "repeated");
        let too_many = table.boolean("too-many", self.sink).is_some_and(Spanned::into_inner);
        let wrongs = ["unexpected", "missing", "repeated", "too-many"];
        let says_what = wrongs.iter().any(|key| table.key_place(key).is_some());
        if !says_what && table.key_place("fits").is_none() {
            let help = format!("add `fits = false`, or one of {}", quoted(wrongs));
            self.sink.add(table.place(), "`call` does not say what is claimed of the call", "", help);
        } else if says_what && fits == Some(true) {
            let help = "drop `fits = true`, or what is wrong";
            self.sink.add(table.place(), "a call that fits has nothing wrong with it", "", help);
        }
        let call = pattern?;
        Some(StaticCheck::Call(CallCheck { call, fits, unexpected, missing, repeated, too_many }))
    }

    /// `unexpected = true`, or the name of one argument.
    fn any_or_named(self, table: &mut Table<'_>, key: &'static str) -> Option<Named> {
        let value = table.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(true) => Some(Named::Any),
            DeValue::Boolean(false) => {
                let help = "leave it out, or claim `fits = true`";
                self.sink.add(value.span(), format!("`{key} = false` claims nothing"), "", help);
                None
            }
            DeValue::String(name) if super::is_identifier(name) => {
                Some(Named::One(name.clone().into_owned()))
            }
            DeValue::String(name) => {
                let title = format!("`{name}` is not the name of an argument");
                self.sink.add(value.span(), title, "", "give the bare name");
                None
            }
            other => {
                wrong_type(value.span(), key, other, "`true` or the name of an argument", self.sink);
                None
            }
        }
    }

    /// `undefined-name = "logger"`, `true` or `false`; with a name also `expected = false`.
    pub(super) fn undefined_name(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let value = table.value("undefined-name")?;
        let expected = table.boolean("expected", self.sink);
        let check = match value.get_ref() {
            DeValue::Boolean(answer) => {
                if let Some(expected) = &expected {
                    let title = "`undefined-name` and `expected` say the same thing twice";
                    self.sink.add(expected.span(), title, "", "drop `expected`");
                }
                UndefinedNameCheck { name: Named::Any, expected: *answer }
            }
            DeValue::String(name) if super::is_identifier(name) => UndefinedNameCheck {
                name: Named::One(name.clone().into_owned()),
                expected: expected.is_none_or(Spanned::into_inner),
            },
            DeValue::String(name) => {
                let help = "give the bare name, without what follows a dot";
                self.sink.add(value.span(), format!("`{name}` is not a name"), "", help);
                return None;
            }
            other => {
                wrong_type(value.span(), "undefined-name", other, "`true`, `false` or a name", self.sink);
                return None;
            }
        };
        Some(StaticCheck::UndefinedName(check))
    }

    /// `unused = true`, `false`, `"never-called"`, `"never-instantiated"`, with `expected`.
    pub(super) fn unused(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let value = table.value("unused")?;
        let expected = table.boolean("expected", self.sink);
        let check = match value.get_ref() {
            DeValue::Boolean(answer) => {
                if let Some(expected) = &expected {
                    let title = "`unused` and `expected` say the same thing twice";
                    self.sink.add(expected.span(), title, "", "drop `expected`");
                }
                UnusedCheck { of: Use::Reference, expected: *answer }
            }
            DeValue::String(word) => {
                let Some(of) = Use::ALL.into_iter().find(|of| of.none() == &**word) else {
                    let names = || Use::ALL.into_iter().map(Use::none);
                    let help = match closest(word, names()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("write `true`, or one of {}", quoted(names())),
                    };
                    self.sink.add(value.span(), format!("`unused` cannot be `{word}`"), "", help);
                    return None;
                };
                UnusedCheck { of, expected: expected.is_none_or(Spanned::into_inner) }
            }
            other => {
                wrong_type(value.span(), "unused", other, "`true`, `false` or a word", self.sink);
                return None;
            }
        };
        Some(StaticCheck::Unused(check))
    }
}
