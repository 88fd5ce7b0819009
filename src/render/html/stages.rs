//! The stages against their history: what each took, what is usual, how much of the target it takes.

use super::super::stages::{basis, range, share, shown, through};
use super::super::words;
use super::table::{Row, table};
use super::text::Told;
use crate::domain::report::{Report, StageLine};
use maud::{Markup, html};

pub(super) fn all(report: &Report) -> Option<Markup> {
    let rows: Vec<Row> = shown(report).map(row).collect();
    let columns = ["Stage", "Took", "Expected", "By", "Share of target"];
    let table = table("Stages", &columns, &rows)?;
    let warnings: Vec<String> = report.stages.iter().filter_map(StageLine::warning).collect();
    let target = words::target(report.recovery_time.target_seconds);
    Some(html! {
        @if !warnings.is_empty() { ul.points { @for warning in &warnings { li { (Told(warning)) } } } }
        @if let Some(eta) = &report.eta { p { (words::capital(&through(eta))) } }
        (table)
        p.hint { "Shares are of the target of " (target) "; stages that go on together each count in full." }
    })
}

fn row(stage: &StageLine) -> Row {
    let took = stage.seconds.map(words::took);
    let cells = vec![
        html! { (stage.step) },
        html! {
            @if stage.slower.is_some() { span.word.careful { span aria-hidden="true" { "!" } " slower" } " " }
            (took.unwrap_or_default())
        },
        html! { (range(&stage.expected)) },
        html! { (basis(&stage.expected)) },
        html! { (share(stage).unwrap_or_default()) },
    ];
    Row { id: None, cells }
}
