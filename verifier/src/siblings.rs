//! Siblings: the same defect elsewhere in the tree. The question of each confirmed instance is
//! asked of every file, and every place that answers like the instance is judged as if a claim
//! had named it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalogue::check::{AsyncFunctionCheck, ThreadCheck};
use crate::catalogue::{Check, Claim, ClaimId, Role, Scope, StaticCheck};
use crate::evidence::{Observation, Outcome, Searched, Site};
use crate::examined::ExaminedClaim;
use crate::parallel;
use crate::python::Project;
use crate::python::pattern::{Matcher, Pattern, Prefilter};
use crate::python::symbols::SymbolKind;
use crate::remembered;
use crate::static_checks;
use crate::target::RelativePath;
use crate::verdict::{ClaimVerdict, FileState, judge_claim};
use crate::verification::Verification;

/// With more siblings than this a question tells nothing: it describes the code base and no bug.
pub const MOST_SIBLINGS: usize = 150;

/// What one question found elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The confirmed claims that ask this question, in the order of the catalogue.
    pub parents: Vec<ClaimId>,
    /// What was found.
    pub found: Found,
    /// How much was searched.
    pub searched: Searched,
}

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// These, perhaps none, sorted by place.
    Siblings(Vec<Sibling>),
    /// So many that a list would tell nothing.
    TooMany {
        /// Siblings.
        siblings: usize,
        /// Files that have one.
        files: usize,
    },
    /// The question cannot be asked of a whole tree.
    NotAsked {
        /// Why not.
        because: String,
    },
}

/// The same defect in another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// The file.
    pub file: RelativePath,
    /// The outermost class or function, if the code stands in one.
    pub symbol: Option<String>,
    /// The places that make it up, sorted.
    pub sites: Vec<Site>,
    /// What a claim about this place would get.
    pub verdict: ClaimVerdict,
    /// Why, in one line.
    pub because: String,
    /// Other claims of the catalogue whose places these are.
    #[serde(skip)]
    pub claimed_by: Vec<ClaimId>,
    /// Whether the file compiles.
    pub compiles: bool,
}

/// Asks the questions of all confirmed instances for which `wanted` holds, each question once,
/// of the files that `scope` selects (globs; one that begins with `!` takes files away).
pub fn sweep(
    verification: &Verification,
    project: &Project,
    scope: &[String],
    wanted: impl Fn(&ExaminedClaim) -> bool,
) -> Vec<Sweep> {
    let claims = || verification.findings.iter().flat_map(|finding| &finding.claims);
    let mut questions: Vec<Question> = Vec::new();
    for claim in claims().filter(|claim| is_parent(claim) && wanted(claim)) {
        for check in &claim.claim.checks {
            let Check::Static(check) = check else { continue };
            let check = Elsewhere::new(check);
            let key = check.key();
            match questions.iter_mut().find(|question| question.key == key) {
                Some(question) if !key.is_empty() => question.parents.push(claim),
                Some(_) | None => questions.push(Question { key, check, parents: vec![claim] }),
            }
        }
    }
    let others: Vec<&ExaminedClaim> =
        claims().filter(|claim| claim.verdict() == ClaimVerdict::Confirmed).collect();
    questions.iter().map(|question| question.ask(project, scope, &others)).collect()
}

/// Whether a claim's question can have siblings: a confirmed instance that names its place.
pub fn is_parent(claim: &ExaminedClaim) -> bool {
    let names_its_place = match claim.claim.scope {
        Scope::File(_) => true,
        Scope::Sweep(_) => false,
    };
    names_its_place && claim.claim.role == Role::Instance && claim.verdict() == ClaimVerdict::Confirmed
}

struct Question<'v, 'c> {
    key: String,
    check: Elsewhere<'c>,
    parents: Vec<&'v ExaminedClaim<'c>>,
}

/// A question as it is asked of code that the claim does not name.
enum Elsewhere<'c> {
    /// As it is, of all files at once.
    Same(&'c StaticCheck),
    /// Of the same call on any object.
    AnyObject(AsyncFunctionCheck),
    /// Of every thread that an object makes for itself.
    EveryThread(&'c ThreadCheck),
    /// Not at all, for this reason.
    NotAsked(String),
}

impl<'c> Elsewhere<'c> {
    fn new(check: &'c StaticCheck) -> Self {
        match check {
            StaticCheck::Pattern(check) if check.count.min == 0 => {
                Elsewhere::NotAsked("it asks for an absence, which is everywhere".to_owned())
            }
            StaticCheck::Handler(check) if !check.expected => {
                Elsewhere::NotAsked("it asks for an absence, which is everywhere".to_owned())
            }
            StaticCheck::Unused(check) if !check.expected => {
                Elsewhere::NotAsked("it asks about one definition, and most others are like it".to_owned())
            }
            StaticCheck::UndefinedName(check) if !check.expected => {
                Elsewhere::NotAsked("it asks for an absence, which is everywhere".to_owned())
            }
            StaticCheck::Call(check) if check.fits == Some(true) => {
                Elsewhere::NotAsked("it asks for calls that fit, as most do".to_owned())
            }
            StaticCheck::Default(check) if !check.expected => {
                Elsewhere::NotAsked("it asks for an absence, which is everywhere".to_owned())
            }
            StaticCheck::AsyncFunction(check) => match any_object(check) {
                Some(check) => Elsewhere::AnyObject(check),
                None => {
                    Elsewhere::NotAsked("it asks about one function, and most others are like it".to_owned())
                }
            },
            StaticCheck::Thread(check) => Elsewhere::EveryThread(check),
            StaticCheck::SharedState(_) => {
                Elsewhere::NotAsked("it asks about one attribute of one class".to_owned())
            }
            StaticCheck::Syntax(_)
            | StaticCheck::Pattern(_)
            | StaticCheck::Flow(_)
            | StaticCheck::Sequence(_)
            | StaticCheck::Attribute(_)
            | StaticCheck::EndlessLoop(_)
            | StaticCheck::Handler(_)
            | StaticCheck::Default(_)
            | StaticCheck::Call(_)
            | StaticCheck::UndefinedName(_)
            | StaticCheck::Unused(_) => Elsewhere::Same(check),
        }
    }

    /// The text of a question is all that it asks.
    fn key(&self) -> String {
        match self {
            Elsewhere::Same(check) => format!("{check:?}"),
            Elsewhere::AnyObject(check) => format!("{check:?}"),
            Elsewhere::EveryThread(check) => {
                format!("{:?}", ThreadCheck { thread: String::new(), ..(*check).clone() })
            }
            Elsewhere::NotAsked(_) => String::new(),
        }
    }
}

/// The same method called on any object, when what it stands in makes that a question.
fn any_object(check: &AsyncFunctionCheck) -> Option<AsyncFunctionCheck> {
    let call = check.call.as_ref().filter(|_| !check.inside.is_empty())?;
    let (callee, arguments) = call.source().split_once('(')?;
    let (_, method) = callee.rsplit_once('.')?;
    let call = Pattern::parse(&format!("$OBJECT.{method}({arguments}")).ok()?;
    Some(AsyncFunctionCheck { call: Some(call), ..check.clone() })
}

/// One place that may have the defect, and the question that it is judged by.
struct Place {
    file: RelativePath,
    symbol: Option<String>,
    sites: Vec<Site>,
    check: StaticCheck,
}

/// What was found before it is judged, or why nothing could be asked.
type Asked = Result<(Vec<Place>, Searched), String>;

impl Question<'_, '_> {
    fn ask(&self, project: &Project, scope: &[String], others: &[&ExaminedClaim]) -> Sweep {
        let parents: Vec<ClaimId> = self.parents.iter().map(|parent| parent.claim.id.clone()).collect();
        let context = static_checks::Context { project };
        let known: BTreeSet<_> = self.parents.iter().flat_map(|parent| places_of(parent)).collect();
        let question = format!("siblings {} {scope:?} {known:?}", self.key);
        let parses = |path: &RelativePath| {
            let alone = [globset::escape(path.as_str())];
            self.look(&alone, &context)
                .is_ok_and(|(_, searched)| static_checks::may_have_been_parsed(&searched))
        };
        let (mut found, searched) = remembered::recall(&question, project, &parses, |project| {
            let context = static_checks::Context { project };
            match self.look(scope, &context) {
                Ok((places, searched)) => (self.siblings(places, &known, &context), searched),
                Err(because) => (Found::NotAsked { because }, Searched::default()),
            }
        });
        if let Found::Siblings(siblings) = &mut found {
            for sibling in siblings {
                sibling.claimed_by = claimed_by(&sibling.sites, others);
            }
        }
        Sweep { parents, found, searched }
    }

    fn look(&self, scope: &[String], context: &static_checks::Context) -> Asked {
        match &self.check {
            Elsewhere::Same(check) => self.of_all(check, scope, context),
            Elsewhere::AnyObject(check) => self.of_each_file(check, scope, context),
            Elsewhere::EveryThread(check) => self.of_each_thread(check, scope, context),
            Elsewhere::NotAsked(because) => Err(because.clone()),
        }
    }

    /// The claim's question as a claim about another place.
    fn claim_at(&self, scope: Scope, symbol: Option<String>) -> Claim {
        Claim { scope, symbol, lines: None, ..self.parents[0].claim.clone() }
    }

    fn of_all(&self, check: &StaticCheck, scope: &[String], context: &static_checks::Context) -> Asked {
        let everywhere = self.claim_at(Scope::Sweep(scope.to_vec()), None);
        let observation = static_checks::observe(check, &everywhere, context);
        let places = match &observation.outcome {
            Outcome::Holds => grouped(&observation, check),
            // A file that cannot be read is told with the rest of what was searched.
            Outcome::DoesNotHold => Vec::new(),
            Outcome::CouldNotBeObserved { .. } if observation.searched.files > 0 => Vec::new(),
            Outcome::CouldNotBeObserved { .. } => return Err(observation.because),
        };
        Ok((places, observation.searched))
    }

    fn of_each_file(
        &self,
        check: &AsyncFunctionCheck,
        scope: &[String],
        context: &static_checks::Context,
    ) -> Asked {
        let patterns = check.inside.iter().chain(&check.call);
        let prefilters: Vec<Prefilter> =
            patterns.map(|pattern| Prefilter::new(std::slice::from_ref(pattern.literals()))).collect();
        let is_candidate = |bytes: &[u8]| prefilters.iter().all(|prefilter| prefilter.is_candidate(bytes));
        let everywhere = self.claim_at(Scope::Sweep(scope.to_vec()), None);
        let check = StaticCheck::AsyncFunction(check.clone());
        let swept = static_checks::sweep(&everywhere, context, is_candidate, |subject| {
            let claim = self.claim_at(Scope::File(subject.file.path().clone()), None);
            let observation = static_checks::observe(&check, &claim, context);
            if observation.outcome == Outcome::Holds { grouped(&observation, &check) } else { Vec::new() }
        });
        let swept = swept.map_err(|reason| static_checks::describe(&reason))?;
        Ok((swept.found.into_iter().flatten().collect(), swept.searched))
    }

    fn of_each_thread(
        &self,
        check: &ThreadCheck,
        scope: &[String],
        context: &static_checks::Context,
    ) -> Asked {
        let made: Vec<Pattern> = ["self.$T = threading.Thread(...)", "self.$T = threading.Timer(...)"]
            .iter()
            .filter_map(|pattern| Pattern::parse(pattern).ok())
            .collect();
        let everywhere = self.claim_at(Scope::Sweep(scope.to_vec()), None);
        let is_candidate = |bytes: &[u8]| memchr::memmem::find(bytes, b"threading").is_some();
        let swept = static_checks::sweep(&everywhere, context, is_candidate, |subject| {
            let file = subject.file;
            let matcher = Matcher::new(file.source());
            let mut threads = BTreeSet::new();
            for found in made.iter().flat_map(|pattern| matcher.find(pattern)) {
                let around = file.symbols().iter().filter(|symbol| {
                    symbol.kind == SymbolKind::Class && symbol.range.contains_range(found.range)
                });
                let class = around.max_by_key(|symbol| symbol.range.start());
                if let (Some(class), Some(name)) = (class, found.bindings.get("$T")) {
                    threads.insert((class.name.clone(), name.text().to_owned()));
                }
            }
            let ask = |(class, name): (String, String)| {
                let check = ThreadCheck { thread: format!("self.{name}"), ..check.clone() };
                let check = StaticCheck::Thread(check);
                let claim = self.claim_at(Scope::File(file.path().clone()), Some(class.clone()));
                let observation = static_checks::observe(&check, &claim, context);
                let holds = observation.outcome == Outcome::Holds;
                holds.then(|| Place {
                    file: file.path().clone(),
                    symbol: Some(class),
                    sites: observation.sites,
                    check,
                })
            };
            threads.into_iter().filter_map(ask).collect::<Vec<_>>()
        });
        let swept = swept.map_err(|reason| static_checks::describe(&reason))?;
        Ok((swept.found.into_iter().flatten().collect(), swept.searched))
    }

    fn siblings(
        &self,
        mut places: Vec<Place>,
        known: &BTreeSet<(RelativePath, u32)>,
        context: &static_checks::Context,
    ) -> Found {
        let is_known = |site: &Site| known.contains(&(site.file.clone(), site.line));
        places.retain_mut(|place| {
            match self.check {
                // Asked of the class that makes it, a thread has more places than the claim cites.
                Elsewhere::EveryThread(_) if place.sites.iter().any(is_known) => place.sites.clear(),
                Elsewhere::EveryThread(_) => {}
                // What the claims cite themselves is no sibling, whatever stands beside it.
                Elsewhere::Same(_) | Elsewhere::AnyObject(_) | Elsewhere::NotAsked(_) => {
                    place.sites.retain(|site| !is_known(site));
                }
            }
            !place.sites.is_empty()
        });
        let first = |place: &Place| place.sites.first().map(|site| (site.file.clone(), site.line));
        places.iter_mut().for_each(|place| place.sites.sort());
        places.sort_by_cached_key(first);
        if places.len() > MOST_SIBLINGS {
            let files: BTreeSet<_> = places.iter().map(|place| &place.file).collect();
            return Found::TooMany { siblings: places.len(), files: files.len() };
        }
        Found::Siblings(parallel::map_into(places, |place| self.judged(place, context)))
    }

    /// Judges a place as if a claim had named it.
    fn judged(&self, place: Place, context: &static_checks::Context) -> Sibling {
        let Place { file, symbol, sites, check } = place;
        let claim = self.claim_at(Scope::File(file.clone()), symbol.clone());
        let observations = [static_checks::recall(&check, &claim, context)];
        let compiles = context.project.file(&file).is_ok_and(|file| file.broken().is_none());
        let state = if compiles { FileState::Sound } else { FileState::Broken };
        let judgement = judge_claim(&observations, state);
        let [observation] = observations;
        Sibling {
            file,
            symbol,
            sites,
            verdict: judgement.verdict,
            because: observation.because,
            claimed_by: Vec::new(),
            compiles,
        }
    }
}

/// The claims that have all of these places.
fn claimed_by(sites: &[Site], claims: &[&ExaminedClaim]) -> Vec<ClaimId> {
    let is_here = |claim: &&&ExaminedClaim| {
        let claimed: BTreeSet<_> = places_of(claim).collect();
        sites.iter().all(|site| claimed.contains(&(site.file.clone(), site.line)))
    };
    claims.iter().filter(is_here).map(|claim| claim.claim.id.clone()).collect()
}

/// The places of an observation by file and outermost class or function.
fn grouped(observation: &Observation, check: &StaticCheck) -> Vec<Place> {
    let mut groups: BTreeMap<(RelativePath, Option<String>), Vec<Site>> = BTreeMap::new();
    for site in &observation.sites {
        let outermost = site.symbol.as_ref().and_then(|symbol| symbol.split('.').next());
        let group = (site.file.clone(), outermost.map(str::to_owned));
        groups.entry(group).or_default().push(site.clone());
    }
    let place = |((file, symbol), sites)| Place { file, symbol, sites, check: check.clone() };
    groups.into_iter().map(place).collect()
}

fn places_of(claim: &ExaminedClaim) -> impl Iterator<Item = (RelativePath, u32)> {
    claim.sites().into_iter().map(|site| (site.file, site.line))
}

#[cfg(test)]
mod tests;
