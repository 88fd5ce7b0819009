//! What a readiness drill found: the answer, then what is open as a table, worst first, and what is in order below it.

use super::super::findings;
use super::super::page::Ink;
use super::ink;
use super::table::{Row, table};
use super::text::{Command, Said, Told};
use crate::domain::readiness::{Assessment, Finding, Severity};
use crate::domain::report::Report;
use maud::{Markup, html};

pub(super) fn section(report: &Report) -> Option<Markup> {
    let assessment = report.readiness.as_ref()?;
    let rows: Vec<Row> = findings::told(assessment).map(row).collect();
    let columns = ["Severity", "Area", "What was seen", "What it means, and what to do"];
    Some(html! {
        (answer(assessment))
        (table("Findings of the readiness drill", &columns, &rows).unwrap_or_default())
        (in_order(assessment))
    })
}

fn answer(assessment: &Assessment) -> Markup {
    let [verdict, time] = findings::answer(assessment);
    html! {
        p { (Said(&verdict)) }
        p { (Said(&time)) }
        p.hint { (Said(&findings::way(assessment))) }
    }
}

/// What is in order is there to be looked up, and on paper; nobody has to scroll past it.
fn in_order(assessment: &Assessment) -> Markup {
    let fine = assessment.findings.iter().filter(|finding| finding.severity == Severity::Ok);
    html! {
        details {
            summary { (findings::in_order(assessment)) }
            ul { @for finding in fine { li { strong { (Said(&finding.about)) } " " (Told(&finding.saw)) } } }
        }
    }
}

fn row(finding: &Finding) -> Row {
    let (mark, class) = looks(finding.severity);
    let counsel = findings::counsel(finding);
    let cells = vec![
        html! { span.badge.(class) { span aria-hidden="true" { (mark) } " " (finding.severity) } },
        html! { (finding.area) },
        html! { strong { (Said(&finding.about)) } " " (Told(&finding.saw)) },
        html! {
            @if !counsel.is_empty() { (Told(&counsel)) }
            @for command in &finding.commands { (Command(command)) }
        },
    ];
    Row { id: None, cells }
}

fn looks(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Blocker => ("✗", ink::class(Ink::Bad)),
        Severity::Unknown => ("?", ink::class(Ink::Careful)),
        Severity::Warning => ("!", ink::class(Ink::Careful)),
        Severity::Note => ("•", ink::class(Ink::Plain)),
        Severity::Ok => ("✓", ink::class(Ink::Good)),
    }
}
