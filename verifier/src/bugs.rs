//! From findings to bugs: findings that are the same defect become one.
//!
//! `same-as` makes findings one bug whatever became of the others; `part-of` puts a finding
//! into the bug that contains it, if that one is real. Only findings that are confirmed, wholly
//! or partly, make bugs. What merely looks the same is suggested and never merged.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Catalogue, Check, Claim, Finding, FindingId, Relation, Role, Scope, Severity};
use crate::evidence::Site;
use crate::examined::{ExaminedFinding, merge_sites};
use crate::target::RelativePath;
use crate::verdict::Standing;

/// One defect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bug {
    /// That of the finding that leads it.
    pub id: FindingId,
    /// The highest severity that a report gave it.
    pub severity: Severity,
    /// All findings that report it: the leading one, then the others in the order of the catalogue.
    pub findings: Vec<FindingId>,
    /// Where it is: the union of the confirmed places, sorted, each once.
    pub locations: Vec<Site>,
}

/// Two findings that may be the same defect without saying so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suggestion {
    /// The one that comes first in the catalogue.
    pub first: FindingId,
    /// The other.
    pub second: FindingId,
    /// Why they look the same.
    pub because: String,
}

/// Merges the real ones of `findings`, which are in the order of the catalogue. The worst bugs
/// come first; bugs of one severity keep the order of their leading findings.
pub fn merge(findings: &[ExaminedFinding]) -> Vec<Bug> {
    let families = Families::new(findings.iter().map(|examined| examined.finding));
    let real: Vec<usize> =
        (0..findings.len()).filter(|index| findings[*index].standing() == Standing::Real).collect();
    let real_families: BTreeSet<usize> = real.iter().map(|index| families.of[*index]).collect();

    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in real {
        members.entry(families.bug_of(index, &real_families)).or_default().push(index);
    }

    let mut bugs: Vec<(usize, Bug)> = members
        .into_iter()
        .map(|(family, indices)| {
            let lead = *indices
                .iter()
                .min_by_key(|index| {
                    let finding = findings[**index].finding;
                    // A finding of the containing family speaks for the whole; among those the
                    // one that others point to was written as the original.
                    (families.of[**index] != family, finding.relation.is_some(), finding.severity, **index)
                })
                .expect("a family with members has a first one");
            let severity =
                indices.iter().map(|index| findings[*index].finding.severity).min().expect("as above");
            let others = indices.iter().copied().filter(|index| *index != lead);
            let findings_of_bug =
                std::iter::once(lead).chain(others).map(|index| findings[index].finding.id.clone()).collect();
            let locations = merge_sites(indices.iter().flat_map(|index| findings[*index].locations()));
            let id = findings[lead].finding.id.clone();
            (lead, Bug { id, severity, findings: findings_of_bug, locations })
        })
        .collect();
    bugs.sort_by_key(|(lead, bug)| (bug.severity, *lead));
    bugs.into_iter().map(|(_, bug)| bug).collect()
}

/// Real findings that are no common bug, although they are confirmed at the same place or ask
/// the same question.
pub fn suggestions(findings: &[ExaminedFinding]) -> Vec<Suggestion> {
    let families = Families::new(findings.iter().map(|examined| examined.finding));
    let is_real: Vec<bool> = findings.iter().map(|finding| finding.standing() == Standing::Real).collect();
    let of_real = |index: usize| findings.get(index).filter(|_| is_real[index]);
    let places: Vec<Vec<Site>> = (0..findings.len())
        .map(|index| of_real(index).map_or_else(Vec::new, |finding| finding.locations()))
        .collect();
    let questions = Questions::new((0..findings.len()).map(|index| of_real(index).map(|real| real.finding)));
    let files = Lines::of_files(&places);
    let mut suggestions = Vec::new();
    for (index, first) in findings.iter().enumerate() {
        let mut near = questions.asked_by_others(index);
        for site in &places[index] {
            near.extend(files.get(&site.file).into_iter().flat_map(|lines| lines.around(site)));
        }
        for other in near.into_iter().filter(|other| *other > index) {
            let because = same_place(&places[index], &places[other])
                .map(|site| format!("both are confirmed at `{}:{}`", site.file, site.line))
                .or_else(|| questions.same(index, other));
            if let Some(because) = because.filter(|_| !families.are_related(index, other)) {
                let (first, second) = (first.finding.id.clone(), findings[other].finding.id.clone());
                suggestions.push(Suggestion { first, second, because });
            }
        }
    }
    suggestions
}

/// What the catalogue alone suggests: findings that ask the same question about the same symbol.
pub fn look_alikes(catalogue: &Catalogue) -> Vec<Suggestion> {
    let findings = &catalogue.findings;
    let families = Families::new(findings);
    let questions = Questions::new(findings.iter().map(Some));
    let mut suggestions = Vec::new();
    for (index, first) in findings.iter().enumerate() {
        let near = questions.asked_by_others(index).into_iter();
        for other in near.filter(|other| *other > index && !families.are_related(index, *other)) {
            suggestions.extend(questions.same(index, other).map(|because| Suggestion {
                first: first.id.clone(),
                second: findings[other].id.clone(),
                because,
            }));
        }
    }
    suggestions
}

/// The places of one file by their lines, each with the finding that it is of.
#[derive(Default)]
struct Lines {
    /// First line and finding, ascending.
    starts: Vec<(u32, usize)>,
    /// How many lines the longest place has beyond its first.
    longest: u32,
}

impl Lines {
    fn of_files(places: &[Vec<Site>]) -> BTreeMap<&RelativePath, Self> {
        let mut files: BTreeMap<&RelativePath, Self> = BTreeMap::new();
        for (finding, site) in
            places.iter().enumerate().flat_map(|(index, sites)| sites.iter().map(move |site| (index, site)))
        {
            let lines = files.entry(&site.file).or_default();
            lines.starts.push((site.line, finding));
            lines.longest = lines.longest.max(site.end_line.saturating_sub(site.line));
        }
        files.values_mut().for_each(|lines| lines.starts.sort_unstable());
        files
    }

    /// The findings with a place that may share a line with this one.
    fn around(&self, site: &Site) -> impl Iterator<Item = usize> {
        let first = site.line.saturating_sub(self.longest);
        let from = self.starts.partition_point(|(line, _)| *line < first);
        let near = self.starts[from..].iter().take_while(move |(line, _)| *line <= site.end_line);
        near.map(|(_, finding)| *finding)
    }
}

/// Places are the same when each covers most of the other: a finding about a whole class is
/// not the same as one about a line of it.
fn same_place<'s>(first: &'s [Site], second: &[Site]) -> Option<&'s Site> {
    first.iter().find(|one| {
        second.iter().any(|other| {
            let shared = (one.end_line.min(other.end_line) + 1).saturating_sub(one.line.max(other.line));
            let covered = one.end_line.max(other.end_line) + 1 - one.line.min(other.line);
            one.file == other.file && shared * 2 > covered
        })
    })
}

/// What the instances of findings ask. Each question is written out once: to compare the texts of
/// all pairs would take a catalogue of thousands of findings minutes.
struct Questions {
    /// Finding → its questions as numbers, each with the place that it is asked of.
    of: Vec<Vec<(usize, String)>>,
    /// Question → the findings that ask it, ascending.
    asked_by: Vec<Vec<usize>>,
}

impl Questions {
    fn new<'c>(findings: impl IntoIterator<Item = Option<&'c Finding>>) -> Self {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let mut questions = Self { of: Vec::new(), asked_by: Vec::new() };
        for (index, finding) in findings.into_iter().enumerate() {
            let claims = finding.into_iter().flat_map(|finding| &finding.claims);
            let instances = claims.filter(|claim| claim.role == Role::Instance);
            let asked = instances.flat_map(|claim| claim.checks.iter().map(|check| question(claim, check)));
            let numbered = asked.map(|(question, place)| {
                let next = numbers.len();
                (*numbers.entry(question).or_insert(next), place)
            });
            let numbered: Vec<(usize, String)> = numbered.collect();
            questions.asked_by.resize_with(numbers.len(), Vec::new);
            for (number, _) in &numbered {
                let asked_by = &mut questions.asked_by[*number];
                if asked_by.last() != Some(&index) {
                    asked_by.push(index);
                }
            }
            questions.of.push(numbered);
        }
        questions
    }

    /// The findings that share a question with this one, and itself.
    fn asked_by_others(&self, finding: usize) -> BTreeSet<usize> {
        self.of[finding].iter().flat_map(|(number, _)| &self.asked_by[*number]).copied().collect()
    }

    /// The first question of `first` that `second` asks as well, in words.
    fn same(&self, first: usize, second: usize) -> Option<String> {
        let is_asked = |number: usize| self.asked_by[number].binary_search(&second).is_ok();
        let (_, place) = self.of[first].iter().find(|(number, _)| is_asked(*number))?;
        Some(format!("both ask the same of {place}"))
    }
}

/// A question as text that is equal when the question is, and the place it is asked of.
fn question(claim: &Claim, check: &Check) -> (String, String) {
    let place = match (&claim.scope, &claim.symbol) {
        (Scope::File(file), Some(symbol)) => format!("`{symbol}` in `{file}`"),
        (Scope::File(file), None) => format!("`{file}`"),
        (Scope::Sweep(globs), _) => format!("`{}`", globs.join("`, `")),
    };
    (format!("{place} {check:?}"), place)
}

/// Which findings are the same defect, and which families contain which.
struct Families {
    /// Finding → its family: the smallest index among the findings that are the same.
    of: Vec<usize>,
    /// Family → the family that contains it.
    parent: BTreeMap<usize, usize>,
}

impl Families {
    fn new<'c>(findings: impl IntoIterator<Item = &'c Finding>) -> Self {
        let findings: Vec<&Finding> = findings.into_iter().collect();
        let index_of: BTreeMap<&FindingId, usize> =
            findings.iter().enumerate().map(|(index, finding)| (&finding.id, index)).collect();
        let mut of: Vec<usize> = (0..findings.len()).collect();
        for (index, finding) in findings.iter().enumerate() {
            let Some(Relation::SameAs(other)) = &finding.relation else { continue };
            // Not selected: the relation leads out of what is examined, and ends there.
            let Some(other) = index_of.get(other) else { continue };
            let (one, other) = (of[index], of[*other]);
            let joined = one.min(other);
            for family in &mut of {
                if *family == one || *family == other {
                    *family = joined;
                }
            }
        }
        let mut parent = BTreeMap::new();
        for (index, finding) in findings.iter().enumerate() {
            let Some(Relation::PartOf(whole)) = &finding.relation else { continue };
            let Some(whole) = index_of.get(whole) else { continue };
            if of[*whole] != of[index] {
                parent.entry(of[index]).or_insert(of[*whole]);
            }
        }
        Self { of, parent }
    }

    /// The family and those that contain it, innermost first. The catalogue refuses circles;
    /// were there one, each family would be visited once.
    fn chain(&self, family: usize) -> Vec<usize> {
        let mut chain = vec![family];
        while let Some(next) = self.parent.get(chain.last().expect("begins with one")) {
            if chain.contains(next) {
                break;
            }
            chain.push(*next);
        }
        chain
    }

    /// The outermost of the `real` families around this finding: the bug that it belongs to.
    fn bug_of(&self, finding: usize, real: &BTreeSet<usize>) -> usize {
        let own = self.of[finding];
        self.chain(own).into_iter().rev().find(|family| real.contains(family)).unwrap_or(own)
    }

    fn are_related(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.chain(self.of[one]), self.chain(self.of[other]));
        one.iter().any(|family| other.contains(family))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::catalogue::check::SyntaxCheck;
    use crate::catalogue::{ClaimId, ReportId, StaticCheck, TargetSettings};
    use crate::evidence::{Observation, Outcome, Searched, Strength};
    use crate::examined::ExaminedClaim;
    use crate::verdict::{
        ClaimCell, ClaimJudgement, ClaimVerdict, FindingCell, FindingJudgement, FindingVerdict,
    };

    /// One finding per line: `A high real at x.py:3 same-as B`.
    fn findings(text: &str) -> Vec<(Finding, bool, Vec<Site>)> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(finding).collect()
    }

    fn finding(line: &str) -> (Finding, bool, Vec<Site>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let value = |key: &str| words.iter().position(|word| *word == key).map(|index| words[index + 1]);
        let relation = value("same-as")
            .map(|id| Relation::SameAs(FindingId::new(id)))
            .or_else(|| value("part-of").map(|id| Relation::PartOf(FindingId::new(id))));
        let severity = Severity::ALL.into_iter().find(|severity| severity.name() == words[1]).unwrap();
        let sites = value("at").map_or_else(Vec::new, |places| places.split(',').map(place).collect());
        let claim = Claim {
            id: ClaimId::new(format!("{}/c", words[0])),
            role: Role::Instance,
            says: String::new(),
            scope: Scope::File(RelativePath::new("x.py").unwrap()),
            symbol: value("symbol").map(str::to_owned),
            lines: None,
            checks: Vec::new(),
            example: None,
            line: 1,
        };
        let finding = Finding {
            id: FindingId::new(words[0]),
            report: ReportId::new("R"),
            severity,
            title: String::new(),
            bug: String::new(),
            root_cause: String::new(),
            impact: String::new(),
            fix: String::new(),
            relation,
            claims: vec![claim],
            line: 1,
        };
        (finding, words.contains(&"real"), sites)
    }

    fn place(text: &str) -> Site {
        let (file, lines) = text.split_once(':').unwrap();
        let (line, end_line) = lines.split_once('-').unwrap_or((lines, lines));
        Site {
            file: RelativePath::new(file).unwrap(),
            line: line.parse().unwrap(),
            end_line: end_line.parse().unwrap(),
            symbol: None,
            excerpt: String::new(),
            label: None,
        }
    }

    fn examined(findings: &[(Finding, bool, Vec<Site>)]) -> Vec<ExaminedFinding<'_>> {
        findings
            .iter()
            .map(|(finding, real, sites)| {
                let (verdict, cell) = if *real {
                    (FindingVerdict::Confirmed, FindingCell::EveryInstanceConfirmed)
                } else {
                    (FindingVerdict::NotReal, FindingCell::EveryInstanceRefuted)
                };
                let observation = Observation {
                    check: crate::catalogue::CheckKind::Pattern,
                    strength: Strength::Matched,
                    outcome: Outcome::Holds,
                    because: String::new(),
                    sites: sites.clone(),
                    searched: Searched::default(),
                    notes: Vec::new(),
                };
                let judgement = ClaimJudgement {
                    verdict: ClaimVerdict::Confirmed,
                    strength: Some(Strength::Matched),
                    cell: ClaimCell::Holds,
                };
                ExaminedFinding {
                    finding,
                    judgement: FindingJudgement { verdict, cell },
                    earlier: None,
                    claims: vec![ExaminedClaim {
                        claim: &finding.claims[0],
                        judgement,
                        earlier: None,
                        observations: vec![observation],
                        anchor: None,
                        whereabouts: None,
                    }],
                }
            })
            .collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let findings = findings(text);
        let bugs: Vec<String> = merge(&examined(&findings))
            .iter()
            .map(|bug| {
                let ids: Vec<_> = bug.findings.iter().map(FindingId::as_str).collect();
                let places: Vec<_> =
                    bug.locations.iter().map(|site| format!(" {}:{}", site.file, site.line)).collect();
                format!("{} {}{}", ids.join("+"), bug.severity.name(), places.concat())
            })
            .collect();
        assert_eq!(bugs, expected);
    }

    #[test]
    fn same_findings_are_one_bug_of_the_highest_severity_with_all_places() {
        check(
            "A medium real at x.py:3,y.py:4
             B high real at y.py:9
             C low real at x.py:3,x.py:1 same-as A",
            &["B high y.py:9", "A+C medium x.py:1 x.py:3 y.py:4"],
        );
    }

    #[test]
    fn the_original_leads_even_when_a_copy_comes_first_or_is_worse() {
        check("A critical real same-as B\nB low real", &["B+A critical"]);
    }

    #[test]
    fn copies_stay_one_bug_when_the_original_is_refuted() {
        check("A high\nB low real same-as A\nC medium real same-as A", &["C+B medium"]);
        check("A high same-as B\nB low same-as C\nC low real\nD low real same-as A", &["C+D low"]);
    }

    #[test]
    fn part_belongs_to_the_outermost_real_whole() {
        check("A critical real\nB high real part-of A", &["A+B critical"]);
        check("A low real\nB high real part-of A", &["A+B high"]);
        check("A low real\nB high part-of A\nC low real part-of B", &["A+C low"]);
        check("A low\nB high real part-of A\nC low real part-of B", &["B+C high"]);
    }

    #[test]
    fn parts_of_what_is_not_real_stand_alone() {
        check("A critical\nB high real part-of A\nC low real part-of A", &["B high", "C low"]);
    }

    #[test]
    fn part_of_a_copy_is_part_of_the_original() {
        check("A critical real\nB low same-as A\nC low real part-of B", &["A+C critical"]);
    }

    #[test]
    fn relation_to_what_is_not_selected_ends_there() {
        check("B high real part-of A\nC low real same-as Z", &["B high", "C low"]);
    }

    #[test]
    fn order_of_findings_decides_only_the_order_of_equals() {
        let lines = [
            "A medium real at x.py:3",
            "B low real at x.py:9 same-as A",
            "C critical real",
            "D high real part-of C",
        ];
        for shift in 0..lines.len() {
            let mut turned = lines.to_vec();
            turned.rotate_left(shift);
            check(&turned.join("\n"), &["C+D critical", "A+B medium x.py:3 x.py:9"]);
        }
    }

    #[track_caller]
    fn check_suggestions(text: &str, expected: &[&str]) {
        let findings = findings(text);
        let suggestions: Vec<String> = suggestions(&examined(&findings))
            .iter()
            .map(|suggestion| format!("{} {}: {}", suggestion.first, suggestion.second, suggestion.because))
            .collect();
        assert_eq!(suggestions, expected);
    }

    #[test]
    fn real_findings_at_one_place_are_suggested_unless_they_are_related() {
        check_suggestions(
            "A low real at x.py:3-5\nB low real at x.py:3-6",
            &["A B: both are confirmed at `x.py:3`"],
        );
        check_suggestions("A low real at x.py:3-5\nB low real at x.py:3-6 same-as A", &[]);
        check_suggestions("A low real at x.py:3-5\nB low real at x.py:3-6 part-of A", &[]);
        check_suggestions("A low real at x.py:3-5\nB low at x.py:3-6", &[]);
        check_suggestions("A low real at x.py:1-90\nB low real at x.py:3-6", &[]);
        check_suggestions("A low real at x.py:3\nB low real at y.py:3", &[]);
        check_suggestions(
            "A low real at x.py:10-20\nB low real at x.py:1-90,y.py:2\nC low real at x.py:8-20,y.py:2",
            &["A C: both are confirmed at `x.py:10`", "B C: both are confirmed at `y.py:2`"],
        );
    }

    #[test]
    fn the_catalogue_alone_suggests_equal_questions() {
        let ask = |line: &str, question: SyntaxCheck| {
            let (mut finding, _, _) = finding(line);
            finding.claims[0].checks = vec![Check::Static(StaticCheck::Syntax(question))];
            finding
        };
        let catalogue = Catalogue {
            path: PathBuf::from("findings.toml"),
            text: "".into(),
            target: TargetSettings::default(),
            reports: Vec::new(),
            findings: vec![
                ask("A low symbol S", SyntaxCheck::Error),
                ask("B low symbol S", SyntaxCheck::Error),
                ask("C low symbol T", SyntaxCheck::Error),
                ask("D low symbol S", SyntaxCheck::Valid),
                ask("E low symbol S part-of A", SyntaxCheck::Error),
            ],
        };
        let suggestions: Vec<String> = look_alikes(&catalogue)
            .iter()
            .map(|suggestion| format!("{} {}: {}", suggestion.first, suggestion.second, suggestion.because))
            .collect();
        assert_eq!(
            suggestions,
            ["A B: both ask the same of `S` in `x.py`", "B E: both ask the same of `S` in `x.py`"]
        );
    }
}
