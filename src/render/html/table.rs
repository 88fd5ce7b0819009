//! Tables that become cards where there is no room for columns.

use maud::{Markup, html};

/// One row: what each column says, and where a link to the row leads.
pub(super) struct Row {
    pub(super) id: Option<String>,
    pub(super) cells: Vec<Markup>,
}

/// A table whose columns all have a heading; none without rows. The roles say again what the elements mean, because a
/// phone lays the rows out as blocks, and browsers then no longer tell that they are a table.
pub(super) fn table(label: &str, columns: &[&str], rows: &[Row]) -> Option<Markup> {
    if rows.is_empty() {
        return None;
    }
    Some(html! {
        table role="table" aria-label=(label) {
            thead role="rowgroup" {
                tr role="row" { @for column in columns { th role="columnheader" scope="col" { (column) } } }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" id=[row.id.as_deref()] {
                        @for (column, cell) in columns.iter().zip(&row.cells) {
                            td role="cell" data-label=(column) { div { (filled(cell)) } }
                        }
                    }
                }
            }
        }
    })
}

/// Empty cells show a dash, so that no column looks forgotten.
fn filled(cell: &Markup) -> Markup {
    if cell.0.is_empty() {
        html! { "–" }
    } else {
        cell.clone()
    }
}
