//! Siblings: the same defect elsewhere in the tree. The question of each confirmed instance is
//! asked of every file, and every place that answers like the instance is judged as if a claim
//! had named it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Check, Claim, ClaimId, Role, Scope, StaticCheck};
use crate::evidence::{Observation, Outcome, Searched, Site};
use crate::examined::ExaminedClaim;
use crate::python::Project;
use crate::static_checks;
use crate::target::RelativePath;
use crate::verdict::ClaimVerdict;
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// The file.
    pub file: RelativePath,
    /// The outermost class or function, if the code stands in one.
    pub symbol: Option<String>,
    /// The places that make it up, sorted.
    pub sites: Vec<Site>,
    /// Other claims of the catalogue whose places these are.
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
            // The text of a question is all that it asks.
            let key = format!("{check:?}");
            match questions.iter_mut().find(|question| question.key == key) {
                Some(question) => question.parents.push(claim),
                None => questions.push(Question { key, check, parents: vec![claim] }),
            }
        }
    }
    let others: Vec<&ExaminedClaim> =
        claims().filter(|claim| claim.verdict() == ClaimVerdict::Confirmed).collect();
    questions.into_iter().map(|question| question.ask(project, scope, &others)).collect()
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
    check: &'c StaticCheck,
    parents: Vec<&'v ExaminedClaim<'c>>,
}

impl Question<'_, '_> {
    fn ask(&self, project: &Project, scope: &[String], others: &[&ExaminedClaim]) -> Sweep {
        let parents: Vec<ClaimId> = self.parents.iter().map(|parent| parent.claim.id.clone()).collect();
        if let Some(because) = cannot_be_swept(self.check) {
            return Sweep { parents, found: Found::NotAsked { because }, searched: Searched::default() };
        }
        let everywhere = Claim {
            scope: Scope::Sweep(scope.to_vec()),
            symbol: None,
            lines: None,
            ..self.parents[0].claim.clone()
        };
        let context = static_checks::Context { project };
        let observation = static_checks::observe(self.check, &everywhere, &context);
        let found = match &observation.outcome {
            Outcome::Holds => self.siblings(&observation, project, others),
            // A file that cannot be read is told with the rest of what was searched.
            Outcome::DoesNotHold => Found::Siblings(Vec::new()),
            Outcome::CouldNotBeObserved { .. } if observation.searched.files > 0 => {
                Found::Siblings(Vec::new())
            }
            Outcome::CouldNotBeObserved { .. } => Found::NotAsked { because: observation.because.clone() },
        };
        Sweep { parents, found, searched: observation.searched }
    }

    fn siblings(&self, observation: &Observation, project: &Project, others: &[&ExaminedClaim]) -> Found {
        let known: BTreeSet<_> = self.parents.iter().flat_map(|parent| places(parent)).collect();
        let mut groups: BTreeMap<(RelativePath, Option<String>), Vec<Site>> = BTreeMap::new();
        for site in &observation.sites {
            let outermost = site.symbol.as_ref().and_then(|symbol| symbol.split('.').next());
            let group = (site.file.clone(), outermost.map(str::to_owned));
            groups.entry(group).or_default().push(site.clone());
        }
        let siblings: Vec<Sibling> = groups
            .into_iter()
            .filter(|(_, sites)| !sites.iter().all(|site| known.contains(&(site.file.clone(), site.line))))
            .map(|((file, symbol), sites)| {
                let is_here = |claim: &&&ExaminedClaim| {
                    let claimed: BTreeSet<_> = places(claim).collect();
                    sites.iter().all(|site| claimed.contains(&(site.file.clone(), site.line)))
                };
                let claimed_by = others.iter().filter(is_here).map(|claim| claim.claim.id.clone()).collect();
                let compiles = project.file(&file).is_ok_and(|file| file.broken().is_none());
                Sibling { file, symbol, sites, claimed_by, compiles }
            })
            .collect();
        if siblings.len() > MOST_SIBLINGS {
            let files: BTreeSet<_> = siblings.iter().map(|sibling| &sibling.file).collect();
            return Found::TooMany { siblings: siblings.len(), files: files.len() };
        }
        Found::Siblings(siblings)
    }
}

fn places(claim: &ExaminedClaim) -> impl Iterator<Item = (RelativePath, u32)> {
    claim.sites().into_iter().map(|site| (site.file, site.line))
}

/// Why a question cannot be asked of a whole tree, if it cannot.
fn cannot_be_swept(check: &StaticCheck) -> Option<String> {
    match check {
        StaticCheck::Pattern(check) if check.count.min == 0 => {
            Some("it asks for an absence, which is everywhere".to_owned())
        }
        StaticCheck::Handler(check) if !check.expected => {
            Some("it asks for an absence, which is everywhere".to_owned())
        }
        StaticCheck::Syntax(_)
        | StaticCheck::Pattern(_)
        | StaticCheck::Flow(_)
        | StaticCheck::Sequence(_)
        | StaticCheck::Attribute(_)
        | StaticCheck::AsyncFunction(_)
        | StaticCheck::Thread(_)
        | StaticCheck::SharedState(_)
        | StaticCheck::EndlessLoop(_)
        | StaticCheck::Handler(_) => None,
    }
}
