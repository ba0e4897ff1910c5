//! The tables of the kinds that ask about one construct of the language: handlers, defaults,
//! calls, names and their uses.

use toml::Spanned;

use super::Reader;
use crate::catalogue::check::{HandlerCheck, HandlerTrait, StaticCheck};
use crate::catalogue::problems::{closest, quoted};
use crate::catalogue::raw::Table;

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
}
