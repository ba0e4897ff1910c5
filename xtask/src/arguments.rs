//! The flags that commands share, in groups that a command picks from.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use verifier::cache::Store;
use verifier::catalogue::Severity;
use verifier::report::Format;
use verifier::target::{CachedTree, TargetTree};

use crate::environment::PRIVATE;

/// Which catalogue.
#[derive(Args, Debug)]
#[command(next_help_heading = "Catalogue")]
pub(crate) struct CatalogueArguments {
    /// The catalogue [default: findings.toml, here or in the nearest directory above]
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) color: ColorArguments,
}

/// Which code.
#[derive(Args, Debug)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetArguments {
    /// The code base to examine [default: the catalogue's `target.root`]
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Examine this git revision of the root, which may be a bare repository
    #[arg(long, value_name = "REV")]
    pub(crate) rev: Option<String>,
    /// The earlier state, to tell what is fixed from what was never real
    /// [default: each report's own commit, where the history has it]
    #[arg(long, value_name = "DIR|REV")]
    pub(crate) was: Option<String>,
    #[command(flatten)]
    pub(crate) cache: CacheArguments,
}

/// Whether answers are remembered.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CacheArguments {
    /// Find everything out anew, and remember nothing
    /// [the cache: `.assay/cache` beside the catalogue, or what ASSAY_CACHE_DIR names]
    #[arg(long, help_heading = "Target")]
    pub(crate) no_cache: bool,
}

impl CacheArguments {
    /// The tree, with the cache of the catalogue in this directory if one is wanted. Without a
    /// catalogue the cache is the user's own.
    pub(crate) fn cached(
        self,
        tree: Box<dyn TargetTree>,
        catalogue_directory: Option<&Path>,
    ) -> Box<dyn TargetTree> {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let private = || {
            let users = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
            match catalogue_directory {
                Some(directory) => Some(directory.join(PRIVATE).join("cache")),
                None => Some(users()?.join("assay")),
            }
        };
        match variable("ASSAY_CACHE_DIR").or_else(private) {
            Some(directory) if !self.no_cache => Box::new(CachedTree::new(tree, Store::new(directory))),
            Some(_) | None => tree,
        }
    }
}

/// Which findings.
#[derive(Args, Debug)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArguments {
    /// Only this finding; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) finding: Vec<String>,
    /// Only findings of this severity; may be repeated
    #[arg(long, value_name = "SEVERITY", value_delimiter = ',', value_parser = severity_parser())]
    pub(crate) severity: Vec<Severity>,
}

/// How the checks run.
#[derive(Args, Debug)]
#[command(next_help_heading = "Checks")]
pub(crate) struct RunArguments {
    /// Read the code, never run it: no imports, no live objects, no probes
    #[arg(long)]
    pub(crate) static_only: bool,
    /// How many checks run at once [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// How long one live question may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// `strict` refuses to run code with less isolation than this platform could give
    #[arg(long, value_name = "HOW", default_value = "best", value_parser = ["best", "strict"])]
    pub(crate) isolation: String,
    /// A virtual environment that has the target's requirements
    /// [default: the one that `cargo xtask env` has created, if it has]
    #[arg(long, value_name = "DIR")]
    pub(crate) venv: Option<PathBuf>,
    /// Use no virtual environment: stubs stand in for what this Python does not have
    #[arg(long, conflicts_with = "venv")]
    pub(crate) no_venv: bool,
}

/// How the answer is written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    pub(crate) format: Option<Format>,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Add the code of each place, to Markdown and JSON
    #[arg(long)]
    pub(crate) excerpts: bool,
}

/// Whether to colour.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ColorArguments {
    /// Colour; `auto` honours NO_COLOR and CLICOLOR_FORCE
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = color_parser(), help_heading = "Output")]
    pub(crate) color: Color,
}

impl ColorArguments {
    /// Whether what goes to `stream` is coloured.
    pub(crate) fn for_stream(self, stream: &impl IsTerminal) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        match self.color {
            Color::Always => true,
            Color::Never => false,
            // Any value counts, `0` too: that is the convention of this variable.
            Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
            Color::Auto if set("CLICOLOR_FORCE") => true,
            Color::Auto => {
                stream.is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
            }
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl FromStr for Color {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Color::Auto),
            "always" => Ok(Color::Always),
            "never" => Ok(Color::Never),
            _ => Err(format!("no such colour setting `{text}`")),
        }
    }
}

fn color_parser() -> impl TypedValueParser<Value = Color> {
    PossibleValuesParser::new(["auto", "always", "never"]).try_map(|text| text.parse::<Color>())
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|text| text.parse::<Format>())
}

fn severity_parser() -> impl TypedValueParser<Value = Severity> {
    PossibleValuesParser::new(Severity::ALL.map(Severity::name)).try_map(|text| {
        Severity::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| format!("no such severity `{text}`"))
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("a time limit is more than zero seconds".to_owned()),
    }
}
