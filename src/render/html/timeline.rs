//! The run as a drawing: one lane per step, with waits for people, calls that changed something, and the recovery time
//! against its target.
//!
//! ```text
//! Report ─► lanes: who did what when ─► scale: moments to columns ─► draw: inline SVG, wide and narrow
//! ```
//! The narrow drawing has the names above the bars instead of beside them; the style shows one of the two.

mod axis;
mod bars;
mod captions;
mod draw;
mod lanes;
mod scale;
mod spoken;

use crate::domain::report::Report;
use draw::Shape;
use lanes::Timeline;
use maud::{Markup, html};

/// The drawing with its key. None for a report that tells no time at which anything ran.
pub(super) fn figure(report: &Report) -> Option<Markup> {
    let timeline = Timeline::of(report)?;
    Some(html! {
        figure.timeline {
            (draw::svg(&timeline, &Shape::WIDE))
            (draw::svg(&timeline, &Shape::NARROW))
            figcaption { (key(&timeline)) }
        }
    })
}

/// What the signs mean; only those that were used.
fn key(timeline: &Timeline) -> Markup {
    let waits = timeline.lanes.iter().any(|lane| !lane.waits.is_empty());
    let calls = timeline.lanes.iter().any(|lane| !lane.calls.is_empty());
    html! {
        ul.key {
            @if waits { li { span.swatch.wait aria-hidden="true" {} "waited for a person" } }
            @if calls {
                li { span.sign aria-hidden="true" { "▲" } "call that changes something, numbered as in "
                    a href="#calls" { "the table of calls" } }
            }
            @if timeline.lanes.iter().any(|lane| lane.failed().is_some()) {
                li { span.sign aria-hidden="true" { "✗" } "ended without success" }
            }
            @if timeline.is_open() { li { span.sign aria-hidden="true" { "▸" } "goes on" } }
            @if timeline.scale.is_broken() {
                li { span.sign aria-hidden="true" { "//" } "a long stretch in which nothing changed is drawn shorter" }
            }
            li { "Times are UTC" }
        }
    }
}
