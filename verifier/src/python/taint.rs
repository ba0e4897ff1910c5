//! The taint engine: does a value from one place reach another? It knows marked places of files
//! ([`Marks`]) and no patterns; who calls it says what is a source and what is a sink.
//!
//! One function at a time is run over what may be tainted, in the order of its statements, with
//! joins after branches and rounds for loops. What a function does for its callers is kept as
//! a summary in terms of its parameters; functions are run again when what they rely on has
//! grown. The engine does not look at values: a branch that can never be taken is taken,
//! unless a constant decides that.

mod calls;
mod certain;
mod containers;
mod engine;
mod environment;
mod expressions;
mod handed;
mod interpreter;
mod keys;
mod protocols;
mod scope;
mod specification;
mod summary;
mod value;
mod writers;

use ruff_python_ast as ast;
use ruff_text_size::TextRange;

pub use specification::{
    Mark, Marks, Options, PropagatorKind, PropagatorMark, SanitizerKind, SinkKind, SourceKind, Specification,
};
pub use value::StepKind;
pub use writers::stored_from_outside;

use crate::python::ParsedFile;
use crate::target::RelativePath;

/// What the engine asks of its surroundings.
pub trait World<'f> {
    /// Where the patterns match in a file.
    fn marks(&self, file: &'f ParsedFile) -> Marks;

    /// The functions of the project that a call can call; none when that is not known for certain.
    fn callees(&self, site: CallSite<'f>) -> Vec<Callee<'f>>;

    /// Whether calls are followed into functions of the project, so that what is not followed does
    /// not change the objects that it is given.
    fn follows(&self) -> bool {
        true
    }

    /// The classes of the project of which a call may make an object.
    fn made(&self, _: CallSite<'f>) -> Vec<ClassAt<'f>> {
        Vec::new()
    }

    /// The property that an attribute of an object reads, as the functions that give its value.
    fn getters(&self, _: AttributeSite<'f>) -> Vec<Callee<'f>> {
        Vec::new()
    }

    /// What a call may run of which [`World::callees`] knows nothing.
    fn beyond(&self, _: CallSite<'f>) -> Beyond<'f> {
        Beyond::Library
    }

    /// The full name of the function of a library that a call runs, if it is one for certain.
    fn library_function(&self, _: CallSite<'f>) -> Option<String> {
        None
    }

    /// What an expression stands for that is given away as a function. `site.call` is the call
    /// that it is given to.
    fn function(&self, _site: CallSite<'f>, _function: &'f ast::Expr) -> Given<'f> {
        Given::Value
    }

    /// The file of the project that `from module import …` reads from.
    fn imported(&self, _file: &'f ParsedFile, _from: &'f ast::StmtImportFrom) -> Option<&'f ParsedFile> {
        None
    }

    /// The property that storing to an attribute of an object runs.
    fn setters(&self, _: AttributeSite<'f>) -> Vec<Callee<'f>> {
        Vec::new()
    }

    /// The file of the project whose variable an attribute is.
    fn module_of(&self, _: AttributeSite<'f>) -> Option<&'f ParsedFile> {
        None
    }

    /// The class of the project whose attribute an attribute is.
    fn class_of(&self, _: AttributeSite<'f>) -> Option<ClassAt<'f>> {
        None
    }

    /// The attributes in which a new object keeps its arguments, in their order, when a call makes
    /// one of a class for which Python writes `__init__`.
    fn fields(&self, _: CallSite<'f>) -> Option<Vec<ast::name::Name>> {
        None
    }

    /// The methods of the project that Python runs on an object where no call is written.
    fn special(&self, _: ObjectSite<'f>, _method: &str) -> Special<'f> {
        Special::default()
    }

    /// The methods of this name of what a function returns.
    fn methods_of_result(&self, _function: &Callee<'f>, _method: &str) -> Vec<Callee<'f>> {
        Vec::new()
    }

    /// Whether an object is a file in memory: what is written to it can be read from it.
    fn is_buffer(&self, _: ObjectSite<'f>) -> bool {
        false
    }

    /// The bases of a class that are classes of the project.
    fn bases(&self, class: ClassAt<'f>) -> Vec<ClassAt<'f>>;
}

/// A call and what is around it.
#[derive(Clone, Copy, Debug)]
pub struct CallSite<'f> {
    /// The file.
    pub file: &'f ParsedFile,
    /// The class whose body or method it is in.
    pub class: Option<&'f ast::StmtClassDef>,
    /// The function that it is in.
    pub function: Option<&'f ast::StmtFunctionDef>,
    /// The call.
    pub call: &'f ast::ExprCall,
}

/// What a call runs that is no function of the project for certain.
#[derive(Clone, Debug)]
pub enum Beyond<'f> {
    /// Code of a library, which runs nothing of the project.
    Library,
    /// Code of a library that runs a function which it is given.
    Runs(Handing<'f>),
    /// A method of an object that cannot be told. These have its name.
    Perhaps(Vec<Callee<'f>>),
    /// Nobody knows; why.
    Unknown(String),
}

/// A function that is given to a library, and what the library gives to it.
#[derive(Clone, Debug)]
pub struct Handing<'f> {
    /// The function.
    pub function: &'f ast::Expr,
    /// Its arguments.
    pub arguments: Vec<Handed<'f>>,
    /// What the call gives.
    pub result: Handover,
}

/// One argument that a library hands on to a function.
#[derive(Clone, Copy, Debug)]
pub enum Handed<'f> {
    /// As it is, by position or by name.
    Argument(&'f ast::Expr, Option<&'f ast::Identifier>),
    /// Each of its elements, one at a time.
    Element(&'f ast::Expr),
    /// Its elements, as that many arguments.
    Positional(&'f ast::Expr),
    /// The elements of its elements, as that many arguments.
    Rows(&'f ast::Expr),
    /// Its entries, as that many keywords.
    Keywords(&'f ast::Expr),
}

/// What a call gives that has handed a function to a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// What the function gives.
    Result,
    /// A function that runs it.
    Function,
    /// Several of what the function gives.
    Results,
    /// Some of what the call was given.
    Arguments,
    /// Nothing that has to do with either.
    Nothing,
}

/// What is given away as a function.
#[derive(Clone, Debug)]
pub enum Given<'f> {
    /// Functions of the project.
    Functions(Vec<Callee<'f>>),
    /// A function of a library.
    Library,
    /// A function of a library that may be the sink.
    Sink(String),
    /// Nobody knows; why.
    Unknown(String),
    /// It is no function, as far as can be seen.
    Value,
}

/// An attribute that is read and what is around it.
#[derive(Clone, Copy, Debug)]
pub struct AttributeSite<'f> {
    /// The file.
    pub file: &'f ParsedFile,
    /// The function that it is in.
    pub function: Option<&'f ast::StmtFunctionDef>,
    /// The attribute.
    pub attribute: &'f ast::ExprAttribute,
}

/// An object and what is around it.
#[derive(Clone, Copy, Debug)]
pub struct ObjectSite<'f> {
    /// The file.
    pub file: &'f ParsedFile,
    /// The function that it is in.
    pub function: Option<&'f ast::StmtFunctionDef>,
    /// The expression that gives it.
    pub object: &'f ast::Expr,
}

/// The methods that Python may run on an object.
#[derive(Clone, Debug, Default)]
pub struct Special<'f> {
    /// Those of the project.
    pub callees: Vec<Callee<'f>>,
    /// There are no others.
    pub is_all: bool,
    /// Nobody knows what the object is.
    pub is_unknown: bool,
}

/// A function that is called.
#[derive(Clone, Copy, Debug)]
pub struct Callee<'f> {
    /// Its file.
    pub file: &'f ParsedFile,
    /// Its definition.
    pub function: &'f ast::StmtFunctionDef,
    /// The class that it is a method of.
    pub class: Option<ClassAt<'f>>,
    /// What becomes its first parameter.
    pub binding: Binding,
    /// The call runs it with what it is given, and gives what it returns; otherwise a decorator
    /// decides about that.
    pub direct: bool,
}

/// How arguments meet parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// One by one.
    Function,
    /// The object that the method is called on comes first.
    Method,
    /// A new object comes first, and is the result.
    Constructor,
}

/// A class in its file.
#[derive(Clone, Copy, Debug)]
pub struct ClassAt<'f> {
    /// Its file.
    pub file: &'f ParsedFile,
    /// Its definition.
    pub class: &'f ast::StmtClassDef,
}

/// What was found, and how much was looked at.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The flows, by sink.
    pub flows: Vec<Flow>,
    /// Files whose code was run.
    pub files: u32,
    /// Functions and module bodies that were run.
    pub functions: u32,
    /// Statements and expressions that were run, again when they were run again.
    pub nodes: u64,
    /// Places that match a source, in these files.
    pub sources: u32,
    /// Places that match a sink, in these files.
    pub sinks: u32,
    /// Functions whose callers could tell more.
    pub open: Vec<Open>,
    /// Some code was nested too deep to be looked into.
    pub too_deep: bool,
    /// More functions are called than the engine looks into.
    pub too_many: bool,
    /// Files that do not compile and whose functions are called.
    pub broken: Vec<RelativePath>,
    /// Where a value goes that cannot be followed.
    pub lost: Vec<Doubt>,
    /// When there is such a place: the functions that may take a value to a sink which they are
    /// given by code that is not followed.
    pub receptive: Vec<Place>,
}

/// A value that is not followed to its end.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Where and how, in words.
    pub what: String,
    /// The code that it has come through; [`None`] when that is not known.
    pub through: Option<Vec<Place>>,
}

/// Some code.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub file: RelativePath,
    /// Where in it.
    pub range: TextRange,
}

/// A function whose callers could tell more of sources and sinks in the first file: an argument
/// arrives at a sink, or a value from a source is returned.
#[derive(Clone, Debug)]
pub struct Open {
    /// What a caller writes: the function's name, or its class's where it is a constructor.
    pub function: String,
    /// One of these is named where it is called: the class, the module, the package.
    pub related: Vec<String>,
    /// Where it is defined, when what it is given arrives at a sink.
    pub arrives: Option<(RelativePath, TextRange)>,
    /// It is a variable or a class, and code that stores there could tell more.
    pub stored: bool,
}

/// A value that comes from a source and arrives at a sink.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Where the source is.
    pub source_file: RelativePath,
    /// The source.
    pub source: Mark,
    /// Where the sink is.
    pub sink_file: RelativePath,
    /// The sink.
    pub sink: Mark,
    /// The way, from the source to the sink.
    pub steps: Vec<FlowStep>,
    /// Ways through other calls.
    pub others: Vec<Vec<FlowStep>>,
    /// There are more than those.
    pub has_more: bool,
    /// It is there only if some function of which no call is known is called without an argument.
    pub by_default: bool,
}

impl Flow {
    /// The same flow on the first of its ways on which some step is so.
    pub fn by_way_of(&self, is_so: impl Fn(&FlowStep) -> bool) -> Option<Self> {
        let way = std::iter::once(&self.steps).chain(&self.others).find(|way| way.iter().any(&is_so))?;
        Some(Self { steps: way.clone(), others: Vec::new(), ..self.clone() })
    }
}

/// One step of a [`Flow`].
#[derive(Clone, Debug)]
pub struct FlowStep {
    /// The file.
    pub file: RelativePath,
    /// The code.
    pub range: TextRange,
    /// What happens there.
    pub kind: StepKind,
}

/// Runs the module bodies and all functions of `roots`, and every function of the project that
/// they call. Of several ways from one place to another, one through `concern` is told, which is
/// code of the first of the roots.
pub fn analyse<'f>(
    specification: &Specification,
    world: &dyn World<'f>,
    roots: &[&'f ParsedFile],
    concern: Option<TextRange>,
) -> Findings {
    engine::Engine::new(specification, world, concern).run(roots)
}

#[cfg(test)]
mod tests;
