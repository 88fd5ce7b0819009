//! The drawing itself: values with places become SVG 1.1. The style gives colours and patterns their look.

use super::captions::{Caption, Placed, place};
use super::lanes::{Recovery, Timeline};
use super::scale::Scale;
use super::{axis, bars, spoken};
use crate::render::words::Clock;
use chrono::{DateTime, Utc};
use maud::{Markup, html};

/// How large everything is, in user units; drawn at full width they are about pixels.
pub(super) struct Shape {
    pub(super) id: &'static str,
    pub(super) width: f64,
    /// Where time begins and ends.
    pub(super) left: f64,
    pub(super) right: f64,
    /// Height of a lane, and where in it the bar is.
    pub(super) lane: f64,
    pub(super) bar_top: f64,
    /// Names and notes stand above the bar instead of in front of it.
    pub(super) names_above: bool,
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

/// Width of a character in captions, about.
const CHARACTER: f64 = 7.4;
const CAPTION: f64 = 18.0;
const BRACKET: f64 = 14.0;

/// What everything is drawn with.
pub(super) struct Pen<'a> {
    scale: &'a Scale,
    pub(super) shape: &'a Shape,
    pub(super) clock: Clock,
}

impl Pen<'_> {
    pub(super) fn x(&self, at: DateTime<Utc>) -> f64 {
        self.shape.x(self.scale.place(at))
    }
}

/// A number as SVG has it.
pub(super) fn n(value: f64) -> String {
    format!("{value:.1}")
}

/// The drawing in one shape, with its content in words for those who do not see it.
pub(super) fn svg(timeline: &Timeline, shape: &Shape) -> Markup {
    let pen = Pen { scale: &timeline.scale, shape, clock: Clock::of(timeline.scale.begin()) };
    let captions = place(captions(timeline, &pen), (shape.left, shape.right), CHARACTER);
    let rows = captions.iter().map(|placed| placed.row + 1).max().unwrap_or(0);
    let top = rows as f64 * CAPTION + if timeline.recovery.is_some() { BRACKET } else { 0.0 } + 4.0;
    let bottom = top + timeline.lanes.len() as f64 * shape.lane;
    let height = bottom + axis::HEIGHT;
    let lanes = || timeline.lanes.iter().zip(0u16..).map(|(lane, index)| (lane, top + f64::from(index) * shape.lane));
    let description = format!("{}-description", shape.id);
    html! {
        svg.(shape.id) viewBox={ "0 0 " (n(shape.width)) " " (n(height)) } role="img"
            aria-label="Timeline of the run" aria-describedby=(description) {
            desc id=(description) { (spoken::in_words(timeline)) }
            (hatch(shape))
            (axis::draw(&timeline.scale, shape, top, bottom))
            @for (lane, top) in lanes() { (bars::draw(&pen, lane, top)) }
            @for placed in &captions { (plumb(placed, bottom)) }
            @if let Some(recovery) = &timeline.recovery { (bracket(&pen, recovery, top - BRACKET / 2.0)) }
            // Texts come last: a line behind them is interrupted, not they.
            @for (lane, top) in lanes() { (bars::names(shape, lane, top)) }
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

fn captions(timeline: &Timeline, pen: &Pen<'_>) -> Vec<Caption> {
    let mut captions = timeline.recovery.as_ref().map(|recovery| measured(recovery, pen)).unwrap_or_default();
    let now = timeline.lanes.iter().filter_map(|lane| lane.bar).filter(|bar| bar.open).map(|bar| bar.to).max();
    captions.extend(now.map(|at| Caption {
        x: pen.x(at),
        text: format!("as of {}", pen.clock.text(at)),
        class: "now",
    }));
    captions
}

/// The recovery time with its end points, and the target.
fn measured(recovery: &Recovery, pen: &Pen<'_>) -> Vec<Caption> {
    let point = |at, what: &str, class| Caption { x: pen.x(at), text: format!("{what} {}", pen.clock.text(at)), class };
    let (from, to) = (pen.x(recovery.from), recovery.to.map_or(pen.shape.right, |to| pen.x(to)));
    let mut captions = vec![
        Caption { x: (from + to) / 2.0, text: recovery.words.clone(), class: "measure" },
        point(recovery.from, "first sign", "from"),
    ];
    captions.extend(recovery.to.map(|to| point(to, "serving", "to")));
    captions.extend(recovery.target.as_ref().map(|target| {
        let mut caption = point(target.at, &format!("target {}:", target.words), "target");
        if !target.drawn {
            (caption.text, caption.class) = (caption.text + " ▸", "beyond");
        }
        caption
    }));
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
fn bracket(pen: &Pen<'_>, recovery: &Recovery, y: f64) -> Markup {
    let (from, to) = (pen.x(recovery.from), recovery.to.map_or(pen.shape.right, |to| pen.x(to)));
    let end = recovery.to.is_some();
    html! {
        g.bracket.(recovery.class).open[!end] {
            line x1=(n(from)) x2=(n(to)) y1=(n(y)) y2=(n(y)) {}
            line x1=(n(from)) x2=(n(from)) y1=(n(y - 5.0)) y2=(n(y + 5.0)) {}
            @if end { line x1=(n(to)) x2=(n(to)) y1=(n(y - 5.0)) y2=(n(y + 5.0)) {} }
        }
    }
}
