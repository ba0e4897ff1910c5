//! The questions that a claim can ask, as they stand in `findings.toml`. What each kind means
//! is told where it is answered: `static_checks`, `runtime_checks`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::python::literal::Value;
use crate::python::pattern::Pattern;
use crate::python::rule::Rule;

/// Every kind of check. The printed name is the key in `findings.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each kind's manual is the doc comment of its module")]
pub enum CheckKind {
    Syntax,
    Pattern,
    Flow,
    Sequence,
    Attribute,
    AsyncFunction,
    Thread,
    SharedState,
    EndlessLoop,
    Handler,
    Default,
    Call,
    UndefinedName,
    Unused,
    Import,
    Inspect,
    Probe,
}

impl CheckKind {
    /// All kinds, in the order of the manual.
    pub const ALL: [CheckKind; 17] = [
        CheckKind::Syntax,
        CheckKind::Pattern,
        CheckKind::Flow,
        CheckKind::Sequence,
        CheckKind::Attribute,
        CheckKind::AsyncFunction,
        CheckKind::Thread,
        CheckKind::SharedState,
        CheckKind::EndlessLoop,
        CheckKind::Handler,
        CheckKind::Default,
        CheckKind::Call,
        CheckKind::UndefinedName,
        CheckKind::Unused,
        CheckKind::Import,
        CheckKind::Inspect,
        CheckKind::Probe,
    ];

    /// The kind that a key of a `static` table names, or of its own table: patterns are named by
    /// three keys more.
    pub fn named(key: &str) -> Option<Self> {
        match key {
            "all" | "any" | "rule" => Some(CheckKind::Pattern),
            name => Self::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }

    /// The name in the catalogue and in print.
    pub fn name(self) -> &'static str {
        match self {
            CheckKind::Syntax => "syntax",
            CheckKind::Pattern => "pattern",
            CheckKind::Flow => "flow",
            CheckKind::Sequence => "sequence",
            CheckKind::Attribute => "attribute",
            CheckKind::AsyncFunction => "async-function",
            CheckKind::Thread => "thread",
            CheckKind::SharedState => "shared-state",
            CheckKind::EndlessLoop => "endless-loop",
            CheckKind::Handler => "handler",
            CheckKind::Default => "default",
            CheckKind::Call => "call",
            CheckKind::UndefinedName => "undefined-name",
            CheckKind::Unused => "unused",
            CheckKind::Import => "import",
            CheckKind::Inspect => "inspect",
            CheckKind::Probe => "probe",
        }
    }
}

/// A question about the syntax tree: the `static` table of a claim, one kind each.
#[derive(Clone, Debug)]
pub enum StaticCheck {
    /// `syntax = "error"` or `"valid"`.
    Syntax(SyntaxCheck),
    /// `pattern = "…"`, `all`, `any`, with `not`, `inside`, `not-inside`, `where`, `count`.
    Pattern(PatternCheck),
    /// `flow = { from = […], to = […], sanitizers = […] }`.
    Flow(FlowCheck),
    /// `sequence = ["$S = f(...)", "$S.bind(...)"]`.
    Sequence(SequenceCheck),
    /// `attribute = "endpoint", read = true, assigned = false`.
    Attribute(AttributeCheck),
    /// `async-function = false`, perhaps with `call = "self.server.start()"`, and then perhaps
    /// with `inside = "asyncio.create_task(...)"` and `not-inside = "…"`.
    AsyncFunction(AsyncFunctionCheck),
    /// `thread = "self.servicer._sweeper", joined = false`.
    Thread(ThreadCheck),
    /// `shared-state = "voice_buffer"`.
    SharedState(SharedStateCheck),
    /// `endless-loop = true`.
    EndlessLoop(EndlessLoopCheck),
    /// `handler = ["bare", "silent"]`, with `catches`, `around`, `does`, `reraises`.
    Handler(HandlerCheck),
    /// `default = "timeout", value = 5`, or `min`, `max`, `above`, `below`, `required`.
    Default(DefaultCheck),
    /// `call = "connect(...)", unexpected = "timeout"`, or `fits`, `missing`, `repeated`, `too-many`.
    Call(CallCheck),
    /// `undefined-name = "logger"`, or `true`, or `false`.
    UndefinedName(UndefinedNameCheck),
    /// `unused = true`, `"never-called"`, `"never-instantiated"`.
    Unused(UnusedCheck),
}

impl StaticCheck {
    /// The kind of this check.
    pub fn kind(&self) -> CheckKind {
        match self {
            StaticCheck::Syntax(_) => CheckKind::Syntax,
            StaticCheck::Pattern(_) => CheckKind::Pattern,
            StaticCheck::Flow(_) => CheckKind::Flow,
            StaticCheck::Sequence(_) => CheckKind::Sequence,
            StaticCheck::Attribute(_) => CheckKind::Attribute,
            StaticCheck::AsyncFunction(_) => CheckKind::AsyncFunction,
            StaticCheck::Thread(_) => CheckKind::Thread,
            StaticCheck::SharedState(_) => CheckKind::SharedState,
            StaticCheck::EndlessLoop(_) => CheckKind::EndlessLoop,
            StaticCheck::Handler(_) => CheckKind::Handler,
            StaticCheck::Default(_) => CheckKind::Default,
            StaticCheck::Call(_) => CheckKind::Call,
            StaticCheck::UndefinedName(_) => CheckKind::UndefinedName,
            StaticCheck::Unused(_) => CheckKind::Unused,
        }
    }
}

/// Does the file compile?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyntaxCheck {
    /// Holds when it does not compile.
    Error,
    /// Holds when it compiles.
    Valid,
}

/// Does this code occur? Every field narrows what `any` and `all` find.
#[derive(Clone, Debug, Default)]
pub struct PatternCheck {
    /// All of these must match the same code (`pattern = "…"` is one of them).
    pub all: Vec<Pattern>,
    /// One of these must match it as well, if there are any.
    pub any: Vec<Pattern>,
    /// None of these may match the same code.
    pub not: Vec<Pattern>,
    /// The code must stand inside a match of each of these.
    pub inside: Vec<Pattern>,
    /// The code may stand inside no match of these.
    pub not_inside: Vec<Pattern>,
    /// Bounds on what metavariables stand for.
    pub conditions: BTreeMap<String, Condition>,
    /// The metavariable whose code is the site, when it is not the whole match.
    pub focus: Option<String>,
    /// A rule of Semgrep's, in place of patterns: `rule = "rules/x.yaml"`.
    pub rule: Option<Arc<Rule>>,
    /// How many sites there must be for the claim to hold.
    pub count: Count,
}

/// A bound on a metavariable.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// The code's text must match this regular expression, searched anywhere.
    pub regex: Option<regex::Regex>,
    /// Its value must be a number of at least this.
    pub min: Option<f64>,
    /// Its value must be a number of at most this.
    pub max: Option<f64>,
    /// Its code must contain a match of this.
    pub pattern: Option<Pattern>,
}

/// How many sites make a claim hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: Option<u32>,
}

impl Default for Count {
    fn default() -> Self {
        Self { min: 1, max: None }
    }
}

/// Does a value from one pattern reach another?
#[derive(Clone, Debug)]
pub struct FlowCheck {
    /// Where the value comes from.
    pub from: Vec<Pattern>,
    /// Where it must not arrive.
    pub to: Vec<Pattern>,
    /// What makes it harmless on the way.
    pub sanitizers: Vec<Pattern>,
    /// What hands it on where the language itself would not.
    pub propagators: Vec<Propagator>,
}

/// Code that hands a value on: `{ pattern = "$BUFFER.feed($DATA)", from = "$DATA", to = "$BUFFER" }`.
#[derive(Clone, Debug)]
pub struct Propagator {
    /// The code.
    pub pattern: Pattern,
    /// The metavariable whose value sets out.
    pub from: String,
    /// The metavariable where it arrives.
    pub to: String,
}

/// Do these events happen to the same object in an order that can occur?
#[derive(Clone, Debug)]
pub struct SequenceCheck {
    /// At least two patterns that share the metavariable `object`, in the order of the events.
    /// The object's name may change on the way (an argument becomes a parameter). A store of
    /// anything else to the object between two events ends the sequence.
    pub events: Vec<Pattern>,
    /// The metavariable that stands for the object: the first one that all events name.
    pub object: String,
    /// Events that, between two others, end the sequence (`$S.unbind(...)`, `$S.close()`).
    pub unless: Vec<Pattern>,
}

/// Is this attribute assigned anywhere in the class or its bases?
#[derive(Clone, Debug)]
pub struct AttributeCheck {
    /// `endpoint`. The claim's symbol is the class; without one, every class of the scope.
    pub name: String,
    /// The answer that makes the claim hold.
    pub assigned: bool,
    /// When given, the class must also read the attribute, or must not. "Read but never
    /// assigned" is the bug; a class that does not read it any more has been mended.
    pub read: Option<bool>,
    /// When given, with `assigned = true`: the constructor of a base must already run code that
    /// reads the attribute before the class's own constructor assigns it, or must not.
    pub late: Option<bool>,
}

/// Is the function a coroutine function?
#[derive(Clone, Debug)]
pub struct AsyncFunctionCheck {
    /// The answer that makes the claim hold.
    pub expected: bool,
    /// A call inside the claim's symbol whose callee is meant; without it the symbol itself.
    pub call: Option<Pattern>,
    /// The call must stand inside a match of each of these (`asyncio.create_task(...)`). When
    /// no call is left that does, the claim does not hold.
    pub inside: Vec<Pattern>,
    /// The call may stand inside no match of these (`if asyncio.iscoroutinefunction(...): ...`).
    pub not_inside: Vec<Pattern>,
}

/// What happens to this thread? Each given answer must be the true one for the claim to hold.
#[derive(Clone, Debug)]
pub struct ThreadCheck {
    /// The thread, seen from the claim's symbol: `self.servicer._sweeper`.
    pub thread: String,
    /// Started anywhere.
    pub started: Option<bool>,
    /// Told to stop (an event that its target watches is set, a flag is stored) in the symbol.
    pub signalled: Option<bool>,
    /// Joined anywhere its owner or its holders can.
    pub joined: Option<bool>,
    /// Made with, or given, `daemon=True`.
    pub daemon: Option<bool>,
}

/// Is this attribute touched from more than one thread of control with no common lock?
#[derive(Clone, Debug)]
pub struct SharedStateCheck {
    /// `voice_buffer`. The claim's symbol is the class.
    pub attribute: String,
    /// The answer that makes the claim hold.
    pub expected: bool,
}

/// Is there a loop with a constantly true condition that nothing can leave or stop?
#[derive(Clone, Copy, Debug)]
pub struct EndlessLoopCheck {
    /// The answer that makes the claim hold.
    pub expected: bool,
}

/// What does an `except` swallow? All that is given must be true of one and the same handler.
#[derive(Clone, Debug, Default)]
pub struct HandlerCheck {
    /// How it is; at least one.
    pub traits: Vec<HandlerTrait>,
    /// An exception that it catches when the body of its `try` raises it: `KeyError`,
    /// `subprocess.CalledProcessError`.
    pub catches: Option<String>,
    /// Each of these stands in the body of its `try`.
    pub around: Vec<Pattern>,
    /// Each of these stands in the handler's own body.
    pub does: Vec<Pattern>,
    /// Whether it ends by raising: on every path, or on none.
    pub reraises: Option<bool>,
    /// Whether the claim is that there is such a handler, or that there is none.
    pub expected: bool,
}

/// How a handler is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HandlerTrait {
    /// `except:` without a class.
    Bare,
    /// It catches every error: bare, `Exception`, `BaseException`.
    Broad,
    /// It tells nobody: it raises nothing, logs nothing, and hands the exception to nobody.
    Silent,
}

impl HandlerTrait {
    /// All of them.
    pub const ALL: [HandlerTrait; 3] = [HandlerTrait::Bare, HandlerTrait::Broad, HandlerTrait::Silent];

    /// The word in the catalogue and in print.
    pub fn name(self) -> &'static str {
        match self {
            HandlerTrait::Bare => "bare",
            HandlerTrait::Broad => "broad",
            HandlerTrait::Silent => "silent",
        }
    }
}

/// What is a parameter or setting when nobody says otherwise? All that is given must be true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultCheck {
    /// `timeout`: a parameter of the claim's symbol, or a setting in it.
    pub name: String,
    /// It is this value.
    pub value: Option<Value>,
    /// It is a number of at least this.
    pub min: Option<f64>,
    /// It is a number of at most this.
    pub max: Option<f64>,
    /// It is a number above this.
    pub above: Option<f64>,
    /// It is a number below this.
    pub below: Option<f64>,
    /// A caller must give it, or need not.
    pub required: Option<bool>,
    /// Whether the claim is that all this is true, or that it is not.
    pub expected: bool,
}

impl DefaultCheck {
    /// Whether it asks how large the value is.
    pub fn has_bounds(&self) -> bool {
        [self.min, self.max, self.above, self.below].iter().any(Option::is_some)
    }
}

/// Do the arguments of a call fit what it calls? All that is given must be true of one call.
#[derive(Clone, Debug)]
pub struct CallCheck {
    /// The call.
    pub call: Pattern,
    /// It does not raise `TypeError` for its arguments, or it does.
    pub fits: Option<bool>,
    /// It passes a keyword that is not taken.
    pub unexpected: Option<Named>,
    /// It leaves out what has no default.
    pub missing: Option<Named>,
    /// It passes a parameter by position and by keyword.
    pub repeated: Option<Named>,
    /// It passes more positional arguments than are taken.
    pub too_many: bool,
}

/// Does code use a name that nothing binds?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndefinedNameCheck {
    /// Which.
    pub name: Named,
    /// Whether the claim is that it does, or that it does not.
    pub expected: bool,
}

/// Does nothing use the definition?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusedCheck {
    /// In which way.
    pub of: Use,
    /// Whether the claim is that nothing does, or that something does.
    pub expected: bool,
}

/// A way to use a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To name it.
    Reference,
    /// To call it.
    Call,
    /// To make an object of it.
    Instance,
}

impl Use {
    /// All of them.
    pub const ALL: [Use; 3] = [Use::Reference, Use::Call, Use::Instance];

    /// The word in the catalogue for there being none.
    pub fn none(self) -> &'static str {
        match self {
            Use::Reference => "never-referenced",
            Use::Call => "never-called",
            Use::Instance => "never-instantiated",
        }
    }
}

/// `true`, or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// Any of them.
    Any,
    /// The one of this name.
    One(String),
}

/// What importing a module does. Each given answer must be the true one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImportCheck {
    /// It succeeds, or it does not.
    pub succeeds: Option<bool>,
    /// It raises an exception of this name.
    pub raises: Option<String>,
    /// It writes, makes, renames or removes files, or tries to.
    pub writes_files: Option<bool>,
    /// It uses the network, or tries to.
    pub uses_network: Option<bool>,
    /// It starts other programs, or tries to.
    pub starts_processes: Option<bool>,
    /// It leaves threads running.
    pub leaves_threads: Option<bool>,
    /// It changes environment variables.
    pub changes_environment: Option<bool>,
    /// It takes at least so many seconds.
    pub takes_seconds: Option<u32>,
}

/// A question about a live object. Each given answer must be the true one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InspectCheck {
    /// The object is there.
    pub exists: Option<bool>,
    /// It can be called.
    pub callable: Option<bool>,
    /// `inspect.iscoroutinefunction`.
    pub is_coroutine_function: Option<bool>,
    /// `inspect.isasyncgenfunction`.
    pub is_async_generator: Option<bool>,
    /// `str(inspect.signature(…))`.
    pub signature: Option<String>,
    /// Names of the parameters, in their order.
    pub parameters: Option<Vec<String>>,
    /// Parameter name → its kind, `keyword-only` and the like.
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
    /// Parameter name → the `repr` of its default.
    #[serde(default)]
    pub defaults: BTreeMap<String, String>,
    /// Parameter name → its annotation as text.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The return annotation as text; `none` in any case when there is none.
    pub return_annotation: Option<String>,
    /// `repr` of the value.
    pub value: Option<String>,
    /// Qualified name of the type.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// Names of the direct bases.
    pub bases: Option<Vec<String>>,
    /// Names in the method resolution order.
    pub mro: Option<Vec<String>>,
    /// A name that the method resolution order contains.
    pub subclass_of: Option<String>,
    /// The module that it was defined in.
    pub origin: Option<String>,
    /// A text that its source contains.
    pub source_contains: Option<String>,
    /// Names that it has: of a class its own members, of a module its globals.
    pub names: Option<Vec<String>>,
    /// `thread = { attribute = "_sweeper", target = "_sweep", daemon = true }`: a thread that an
    /// instance, constructed with stand-ins for its arguments, holds.
    pub thread: Option<ThreadQuestion>,
}

/// A thread that an instance of the class holds. Each given answer must be the true one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ThreadQuestion {
    /// The instance's attribute.
    pub attribute: String,
    /// Name of the function that it runs.
    pub target: Option<String>,
    /// It does not keep the program alive.
    pub daemon: Option<bool>,
    /// It has been started.
    pub started: Option<bool>,
    /// An attribute that holds a `threading.Event`, by which it can be told to stop.
    pub event: Option<String>,
}

/// A proof to run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProbeCheck {
    /// The Python file, relative to the catalogue.
    pub file: String,
    /// How many times it runs in fresh processes; 3 when not given.
    pub runs: Option<u32>,
}
