//! One lane: its bar, the waiting in it, the calls under it, its name.

use super::draw::{Pen, Shape, n};
use super::lanes::{Bar, Lane};
use maud::{Markup, html};

const HEIGHT: f64 = 16.0;
/// The narrowest bar: a moment is still seen.
const NARROWEST: f64 = 3.0;
/// Calls closer than this share one label, because their numbers would meet.
const LABEL: f64 = 44.0;

pub(super) fn draw(pen: &Pen<'_>, lane: &Lane, top: f64) -> Markup {
    let bottom = n(top + pen.shape.lane);
    let y = top + pen.shape.bar_top;
    html! {
        g.lane.(lane.class) {
            line.edge x1="0" x2=(n(pen.shape.width)) y1=(bottom) y2=(bottom) {}
            @if let Some(bar) = lane.bar { (stretch(pen, bar, y, "bar")) }
            @for wait in &lane.waits { (stretch(pen, *wait, y, "wait")) }
            @if let Some(bar) = lane.failed() { (cross(pen.x(bar.to), y)) }
            (calls(pen, lane, y + HEIGHT + 2.0))
        }
    }
}

/// The name with the note below it or, where the bar begins at the edge, both above the bar.
pub(super) fn names(shape: &Shape, lane: &Lane, top: f64) -> Markup {
    let (name, note) = if shape.names_above { (15.0, 15.0) } else { (17.0, 33.0) };
    let (x, anchor) = if shape.names_above { (shape.right, "end") } else { (0.0, "start") };
    html! {
        text.name x="0" y=(n(top + name)) { (lane.name) }
        text.remark x=(n(x)) y=(n(top + note)) text-anchor=(anchor) { (lane.note) }
    }
}

/// A bar, or a hatched wait; one that goes on ends in an arrow.
fn stretch(pen: &Pen<'_>, bar: Bar, y: f64, class: &str) -> Markup {
    let (from, to) = (pen.x(bar.from), pen.x(bar.to));
    let width = (to - from).max(NARROWEST);
    let from = from.min(pen.shape.right - width);
    let hatch = (class == "wait").then(|| format!("url(#{}-hatch)", pen.shape.id));
    let arrow = format!("M{} {}v{}l7 -{}z", n(from + width), n(y), n(HEIGHT), n(HEIGHT / 2.0));
    html! {
        rect.(class) x=(n(from)) y=(n(y)) width=(n(width)) height=(n(HEIGHT)) fill=[hatch] {
            title { (pen.clock.text(bar.from)) " – " @if bar.open { "open" } @else { (pen.clock.text(bar.to)) } }
        }
        @if bar.open { path.(class) d=(arrow) {} }
    }
}

/// The end of what failed, which shows without colours too.
fn cross(x: f64, y: f64) -> Markup {
    html! { path.cross d=(format!("M{} {}l9 10m0 -10l-9 10", n(x - 4.5), n(y + 3.0))) {} }
}

/// Calls that share one label.
struct Group {
    places: Vec<f64>,
    first: usize,
    last: usize,
}

fn calls(pen: &Pen<'_>, lane: &Lane, y: f64) -> Markup {
    html! {
        @for group in groups(pen, lane) {
            @for x in &group.places { path.call d=(format!("M{} {}l5 9h-10z", n(*x), n(y))) {} }
            text.number x=(n(group.places[group.places.len() - 1] + 7.0)) y=(n(y + 10.0)) {
                (group.first) @if group.last > group.first { "–" (group.last) }
            }
        }
    }
}

fn groups(pen: &Pen<'_>, lane: &Lane) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, number) in &lane.calls {
        // The label stands to the right of its sign and stays inside.
        let x = pen.x(*at).clamp(pen.shape.left + 5.0, pen.shape.right - LABEL);
        match groups.last_mut() {
            Some(group) if group.places.last().is_some_and(|before| x - before < LABEL) => {
                group.places.push(x);
                group.last = *number;
            }
            _ => groups.push(Group { places: vec![x], first: *number, last: *number }),
        }
    }
    groups
}
