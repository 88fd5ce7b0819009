//! The time axis: round marks with their times, the day below the first of each day, the unit.

use super::draw::{Shape, n};
use super::scale::Scale;
use crate::render::words;
use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};

/// Height of the axis with its labels, in user units.
pub(super) const HEIGHT: f64 = 44.0;

struct Mark {
    x: f64,
    /// None when the label before leaves no room.
    time: Option<String>,
    day: Option<String>,
}

/// `top` to `bottom` is where the lanes are; the labels stand below.
pub(super) fn draw(scale: &Scale, shape: &Shape, top: f64, bottom: f64) -> Markup {
    let (moments, step) = scale.marks(shape.marks);
    let unit = format!("UTC, a line every {}", words::target(step.unsigned_abs()));
    html! {
        line.axis x1=(n(shape.left)) x2=(n(shape.right)) y1=(n(bottom)) y2=(n(bottom)) {}
        @for mark in marks(scale, shape, &moments, step) {
            line.grid x1=(n(mark.x)) x2=(n(mark.x)) y1=(n(top)) y2=(n(bottom + 4.0)) {}
            @if let Some(time) = &mark.time {
                text.time x=(n(mark.x)) y=(n(bottom + 18.0)) text-anchor=(anchor(mark.x, shape)) { (time) }
            }
            @if let Some(day) = &mark.day {
                text.time x=(n(mark.x)) y=(n(bottom + 34.0)) text-anchor=(anchor(mark.x, shape)) { (day) }
            }
        }
        text.time x=(n(shape.right)) y=(n(bottom + 34.0)) text-anchor="end" { (unit) }
        @if let Some(gap) = scale.gap() { (broken(shape.x(gap), bottom)) }
    }
}

fn marks(scale: &Scale, shape: &Shape, moments: &[DateTime<Utc>], step: i64) -> Vec<Mark> {
    let format = if step < 60 { "%H:%M:%S" } else { "%H:%M" };
    let room = if step < 60 { 70.0 } else { 50.0 };
    let (mut last_label, mut last_day): (f64, Option<NaiveDate>) = (f64::NEG_INFINITY, None);
    let mut marks = Vec::new();
    for at in moments {
        let x = shape.x(scale.place(*at));
        let fits = x - last_label >= room;
        let time = fits.then(|| at.format(format).to_string());
        // The unit stands at the right end of the row of days.
        let new_day = fits && last_day != Some(at.date_naive()) && x < shape.right - 260.0;
        let day = (new_day || marks.is_empty()).then(|| at.format("%Y-%m-%d").to_string());
        if fits {
            last_label = x;
        }
        if day.is_some() {
            last_day = Some(at.date_naive());
        }
        marks.push(Mark { x, time, day });
    }
    marks
}

/// Labels at the edges stay inside.
fn anchor(x: f64, shape: &Shape) -> &'static str {
    if x < shape.left + 24.0 {
        "start"
    } else if x > shape.right - 24.0 {
        "end"
    } else {
        "middle"
    }
}

/// The sign of an axis that is not to scale here.
fn broken(x: f64, y: f64) -> Markup {
    let (left, right) = (x - 3.0, x + 3.0);
    html! {
        rect.paper x=(n(left)) y=(n(y - 5.0)) width="6" height="10" {}
        line.axis x1=(n(left - 2.0)) y1=(n(y + 6.0)) x2=(n(left + 2.0)) y2=(n(y - 6.0)) {}
        line.axis x1=(n(right - 2.0)) y1=(n(y + 6.0)) x2=(n(right + 2.0)) y2=(n(y - 6.0)) {}
    }
}
