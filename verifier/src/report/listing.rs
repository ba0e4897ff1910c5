//! What the catalogue holds, without any verdict.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde::Serialize;

use crate::catalogue::{Check, Finding, FindingId, Relation, ReportId, Role, Scope, Severity};
use crate::report::counted;
use crate::report::escape::one_line;

/// The findings as one table.
pub fn table(findings: &[&Finding], width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["Id", "Severity", "Claims", "Title"]);
    let mut claims = 0;
    for finding in findings {
        claims += finding.claims.len();
        let mut title = one_line(&finding.title);
        match &finding.relation {
            Some(Relation::SameAs(other)) => title.push_str(&format!(" (same as {other})")),
            Some(Relation::PartOf(other)) => title.push_str(&format!(" (part of {other})")),
            None => {}
        }
        table.add_row([
            finding.id.as_str().to_owned(),
            finding.severity.name().to_owned(),
            finding.claims.len().to_string(),
            title,
        ]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(6)));
    }
    format!(
        "{}\n{} with {}\n",
        table.trim_fmt(),
        counted(findings.len(), "finding", "findings"),
        counted(claims, "claim", "claims")
    )
}

/// The findings as JSON.
pub fn json(findings: &[&Finding]) -> String {
    let document =
        Document { version: super::json::VERSION, findings: findings.iter().map(|f| row(f)).collect() };
    let mut text = serde_json::to_string_pretty(&document).expect("these types always serialise");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'c> {
    version: u32,
    findings: Vec<Row<'c>>,
}

#[derive(Serialize)]
struct Row<'c> {
    id: &'c FindingId,
    report: &'c ReportId,
    severity: Severity,
    title: &'c str,
    same_as: Option<&'c FindingId>,
    part_of: Option<&'c FindingId>,
    claims: Vec<ClaimRow<'c>>,
}

#[derive(Serialize)]
struct ClaimRow<'c> {
    id: &'c str,
    role: Role,
    says: &'c str,
    file: Option<&'c str>,
    files: Option<&'c [String]>,
    symbol: Option<&'c str>,
    checks: Vec<&'static str>,
}

fn row(finding: &Finding) -> Row<'_> {
    let (same_as, part_of) = match &finding.relation {
        Some(Relation::SameAs(other)) => (Some(other), None),
        Some(Relation::PartOf(other)) => (None, Some(other)),
        None => (None, None),
    };
    let claims = finding.claims.iter().map(|claim| {
        let (file, files) = match &claim.scope {
            Scope::File(file) => (Some(file.as_str()), None),
            Scope::Sweep(globs) => (None, Some(globs.as_slice())),
        };
        ClaimRow {
            id: claim.id.own(),
            role: claim.role,
            says: &claim.says,
            file,
            files,
            symbol: claim.symbol.as_deref(),
            checks: claim.checks.iter().map(Check::kind).map(|kind| kind.name()).collect(),
        }
    });
    Row {
        id: &finding.id,
        report: &finding.report,
        severity: finding.severity,
        title: &finding.title,
        same_as,
        part_of,
        claims: claims.collect(),
    }
}
