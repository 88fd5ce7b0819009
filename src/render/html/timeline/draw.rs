//! The drawing itself: values with places become SVG 1.1. The style gives colours and patterns their look.

use super::axis;
use super::captions::{Caption, Placed, place};
use super::lanes::{Bar, Lane, Recovery, Timeline};
use crate::render::words::{self, Clock};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

/// How large everything is, in user units; drawn at full width they are about pixels.
pub(super) struct Shape {
    id: &'static str,
    width: f64,
    /// Where time begins and ends.
    pub(super) left: f64,
    pub(super) right: f64,
    /// Height of a lane, and where in it the bar is.
    lane: f64,
    bar_top: f64,
    /// Names and notes stand above the bar instead of in front of it.
    names_above: bool,
    /// Marks on the axis, at most about.
    pub(super) marks: usize,
}

impl Shape {
    pub(super) const WIDE: Self = Self {
        id: "wide",
        width: 880.0,
        left: 206.0,
        right: 870.0,
        lane: 42.0,
        bar_top: 6.0,
        names_above: false,
        marks: 8,
    };
    pub(super) const NARROW: Self = Self {
        id: "narrow",
        width: 350.0,
        left: 4.0,
        right: 346.0,
        lane: 58.0,
        bar_top: 22.0,
        names_above: true,
        marks: 4,
    };

    pub(super) fn x(&self, place: f64) -> f64 {
        self.left + place * (self.right - self.left)
    }
}

const BAR: f64 = 16.0;
/// Width of a character in captions, about.
const CHARACTER: f64 = 7.4;
const CAPTION: f64 = 18.0;
const BRACKET: f64 = 14.0;

/// A number as SVG has it.
pub(super) fn n(value: f64) -> String {
    format!("{value:.1}")
}

/// The drawing in one shape, with its content in words for those who do not see it.
pub(super) fn svg(timeline: &Timeline, shape: &Shape) -> Markup {
    let captions = place(captions(timeline, shape), (shape.left, shape.right), CHARACTER);
    let rows = captions.iter().map(|placed| placed.row + 1).max().unwrap_or(0);
    let top = rows as f64 * CAPTION + if timeline.recovery.is_some() { BRACKET } else { 0.0 } + 4.0;
    let bottom = top + timeline.lanes.len() as f64 * shape.lane;
    let height = bottom + axis::HEIGHT;
    let description = format!("{}-description", shape.id);
    html! {
        svg.(shape.id) viewBox={ "0 0 " (n(shape.width)) " " (n(height)) } role="img"
            aria-label="Timeline of the run" aria-describedby=(description) {
            desc id=(description) { (in_words(timeline)) }
            (hatch(shape))
            (axis::draw(&timeline.scale, shape, top, bottom))
            @for (index, lane) in timeline.lanes.iter().enumerate() {
                (draw_lane(timeline, lane, shape, top + index as f64 * shape.lane))
            }
            @for placed in &captions { (plumb(placed, bottom)) }
            @if let Some(recovery) = &timeline.recovery { (bracket(timeline, recovery, shape, top - BRACKET / 2.0)) }
            @for placed in &captions { (caption(placed)) }
        }
    }
}

/// Waiting is hatched, so that it is told from work without colours.
fn hatch(shape: &Shape) -> Markup {
    html! {
        defs {
            pattern id={ (shape.id) "-hatch" } width="7" height="7" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)" {
                rect.paper width="7" height="7" {}
                rect.stripe width="3" height="7" {}
            }
        }
    }
}

fn captions(timeline: &Timeline, shape: &Shape) -> Vec<Caption> {
    let clock = Clock::of(timeline.scale.begin());
    let x = |at: DateTime<Utc>| shape.x(timeline.scale.place(at));
    let mut captions = Vec::new();
    if let Some(recovery) = &timeline.recovery {
        let (from, to) = (x(recovery.from), recovery.to.map_or(shape.right, x));
        captions.push(Caption { x: (from + to) / 2.0, text: recovery.words.clone(), class: "measure" });
        captions.push(Caption { x: from, text: format!("first sign {}", clock.text(recovery.from)), class: "from" });
        captions.extend(recovery.to.map(|at| Caption {
            x: x(at),
            text: format!("serving {}", clock.text(at)),
            class: "to",
        }));
        captions.extend(recovery.target.as_ref().map(|target| {
            let beyond = if target.drawn { "" } else { " ▸" };
            let text = format!("target {}: {}{beyond}", target.words, clock.text(target.at));
            Caption { x: x(target.at), text, class: if target.drawn { "target" } else { "beyond" } }
        }));
    }
    let now = timeline.lanes.iter().filter_map(|lane| lane.bar).filter(|bar| bar.open).map(|bar| bar.to).max();
    captions.extend(now.map(|at| Caption { x: x(at), text: format!("as of {}", clock.text(at)), class: "now" }));
    captions
}

/// The line from a caption through the lanes.
fn plumb(placed: &Placed, bottom: f64) -> Markup {
    let caption = &placed.caption;
    html! {
        @if !matches!(caption.class, "measure" | "beyond") {
            line.plumb.(caption.class) x1=(n(caption.x)) x2=(n(caption.x)) y1=(n(baseline(placed) + 3.0)) y2=(n(bottom)) {}
        }
    }
}

fn caption(placed: &Placed) -> Markup {
    html! { text.caption x=(n(placed.left)) y=(n(baseline(placed))) { (placed.caption.text) } }
}

fn baseline(placed: &Placed) -> f64 {
    placed.row as f64 * CAPTION + 13.0
}

/// From the first sign to the standby's serving; without an end it goes on to the edge.
fn bracket(timeline: &Timeline, recovery: &Recovery, shape: &Shape, y: f64) -> Markup {
    let from = shape.x(timeline.scale.place(recovery.from));
    let to = recovery.to.map_or(shape.right, |to| shape.x(timeline.scale.place(to)));
    let end = recovery.to.is_some();
    html! {
        g.bracket.(recovery.class).open[!end] {
            line x1=(n(from)) x2=(n(to)) y1=(n(y)) y2=(n(y)) {}
            line x1=(n(from)) x2=(n(from)) y1=(n(y - 5.0)) y2=(n(y + 5.0)) {}
            @if end { line x1=(n(to)) x2=(n(to)) y1=(n(y - 5.0)) y2=(n(y + 5.0)) {} }
        }
    }
}

fn draw_lane(timeline: &Timeline, lane: &Lane, shape: &Shape, top: f64) -> Markup {
    let clock = Clock::of(timeline.scale.begin());
    let bottom = n(top + shape.lane);
    html! {
        g.lane.(lane.class) {
            line.edge x1="0" x2=(n(shape.width)) y1=(bottom) y2=(bottom) {}
            (names(lane, shape, top))
            @if let Some(bar) = lane.bar { (draw_bar(timeline, shape, bar, top + shape.bar_top, "bar", None, &clock)) }
            @for wait in &lane.waits {
                (draw_bar(timeline, shape, *wait, top + shape.bar_top, "wait", Some(shape.id), &clock))
            }
            (draw_calls(timeline, lane, shape, top + shape.bar_top + BAR + 2.0))
        }
    }
}

fn names(lane: &Lane, shape: &Shape, top: f64) -> Markup {
    let (x, anchor, y) = if shape.names_above { (shape.right, "end", top + 15.0) } else { (0.0, "start", top + 33.0) };
    html! {
        text.name x="0" y=(n(top + if shape.names_above { 15.0 } else { 17.0 })) { (lane.name) }
        text.remark x=(n(x)) y=(n(y)) text-anchor=(anchor) { (lane.note) }
    }
}

fn draw_bar(
    timeline: &Timeline,
    shape: &Shape,
    bar: Bar,
    y: f64,
    class: &str,
    hatched: Option<&str>,
    clock: &Clock,
) -> Markup {
    let from = shape.x(timeline.scale.place(bar.from));
    let to = shape.x(timeline.scale.place(bar.to));
    // A moment is still seen.
    let width = (to - from).max(3.0);
    let from = from.min(shape.right - width);
    let fill = hatched.map(|id| format!("url(#{id}-hatch)"));
    let arrow = format!("M{} {}v{}l7 -{}z", n(from + width), n(y), n(BAR), n(BAR / 2.0));
    html! {
        rect.(class) x=(n(from)) y=(n(y)) width=(n(width)) height=(n(BAR)) fill=[fill] {
            title { (clock.text(bar.from)) " – " @if bar.open { "open" } @else { (clock.text(bar.to)) } }
        }
        @if bar.open { path.(class) d=(arrow) {} }
    }
}

/// Triangles under the bar. Calls so close that their numbers would meet share one label.
fn draw_calls(timeline: &Timeline, lane: &Lane, shape: &Shape, y: f64) -> Markup {
    let mut groups: Vec<(Vec<f64>, usize, usize)> = Vec::new();
    for (at, number) in &lane.calls {
        let x = shape.x(timeline.scale.place(*at)).clamp(shape.left + 5.0, shape.right - 22.0);
        match groups.last_mut() {
            Some((places, _, last)) if places.last().is_some_and(|before| x - before < 44.0) => {
                places.push(x);
                *last = *number;
            }
            _ => groups.push((vec![x], *number, *number)),
        }
    }
    html! {
        @for (places, first, last) in &groups {
            @for x in places { path.call d=(format!("M{} {}l5 9h-10z", n(*x), n(y))) {} }
            text.number x=(n(places.last().copied().unwrap_or_default() + 7.0)) y=(n(y + 10.0)) {
                (first) @if last > first { "–" (last) }
            }
        }
    }
}

/// The same in words.
fn in_words(timeline: &Timeline) -> String {
    let clock = Clock::of(timeline.scale.begin());
    let mut said: Vec<String> = timeline.lanes.iter().map(|lane| lane_in_words(lane, &clock)).collect();
    if let Some(recovery) = &timeline.recovery {
        let to = recovery.to.map_or_else(|| "not seen to serve".to_owned(), |to| format!("to {}", clock.text(to)));
        let target = recovery
            .target
            .as_ref()
            .map(|target| format!("; target {}, until {}", target.words, clock.text(target.at)));
        said.push(format!("{}, from {} {to}{}", recovery.words, clock.text(recovery.from), target.unwrap_or_default()));
    }
    said.iter().map(|sentence| format!("{}. ", words::capital(sentence))).collect::<String>() + "Times are UTC."
}

fn lane_in_words(lane: &Lane, clock: &Clock) -> String {
    let span = |bar: &Bar| {
        let to = if bar.open { "goes on".to_owned() } else { format!("to {}", clock.text(bar.to)) };
        format!("from {} {to}", clock.text(bar.from))
    };
    let bar = lane.bar.as_ref().map(|bar| format!(", {}", span(bar))).unwrap_or_default();
    let waits = lane.waits.iter().map(|wait| format!("; waited for a person {}", span(wait)));
    let calls = lane.calls.iter().map(|(at, number)| format!("; call {number} at {}", clock.text(*at)));
    format!("{}: {}{bar}{}", lane.name, lane.note, waits.chain(calls).collect::<String>())
}
