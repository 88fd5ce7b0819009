//! The blocks of a record on the page.

use super::super::record::{Block, Part, Value, met};
use super::frame::Section;
use super::table::{Row, table};
use super::text::{Command, Name, Said, Told};
use maud::{Markup, html};

pub(super) fn section(part: &Part) -> Option<Section> {
    let body = html! { @for block in &part.blocks { (drawn(block)) } };
    Section::of(part.id, part.title, Some(body))
}

fn drawn(block: &Block) -> Markup {
    match block {
        Block::Text(said) => html! { p { (Told(said)) } },
        Block::Facts(facts) => html! {
            dl.facts { @for (label, value) in facts { div.wide[is_wide(value)] { dt { (label) } dd { (shown(value)) } } } }
        },
        Block::Points(points) => html! { ul.plain { @for point in points { li { (Told(point)) } } } },
        Block::Table { label, columns, rows } => {
            let rows: Vec<Row> =
                rows.iter().map(|row| Row { id: None, cells: row.iter().map(shown).collect() }).collect();
            html! { @if let Some(table) = table(label, columns, &rows) { (table) } }
        }
        Block::Command { what, command } => html! { p.hint { (Said(what)) } (Command(command)) },
    }
}

/// Hashes are long, and so are sentences: they take a line of their own.
fn is_wide(value: &Value) -> bool {
    const SHORT: usize = 60;
    match value {
        Value::Text(said) | Value::Name(said) => said.chars().nth(SHORT).is_some(),
        Value::Met(_) | Value::Whole(_) => false,
    }
}

fn shown(value: &Value) -> Markup {
    match value {
        Value::Text(said) if said.is_empty() => Markup::default(),
        Value::Text(said) => html! { (Told(said)) },
        Value::Whole(said) if said.is_empty() => Markup::default(),
        Value::Whole(said) => html! { span.whole { (Said(said)) } },
        Value::Name(name) if name.is_empty() => Markup::default(),
        Value::Name(name) => html! { (Name(name)) },
        Value::Met(is) => {
            let (mark, words) = met(*is);
            let class = match is {
                Some(true) => "good",
                Some(false) => "bad",
                None => "quiet",
            };
            html! { span.word.(class) { span aria-hidden="true" { (mark) } " " (words) } }
        }
    }
}
