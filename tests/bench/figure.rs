//! One measured figure on one line, beside what it is held against.

use std::fmt;

/// A figure. A benchmark that could not measure has none; it says why.
pub struct Figure {
    pub name: &'static str,
    pub measured: f64,
    pub unit: &'static str,
    /// What the figure is compared with: its name and its value, in the same unit.
    pub reference: Option<(String, f64)>,
    pub budget: Budget,
    /// What a reader has to know to believe it.
    pub note: String,
}

/// Where a figure is still good.
pub enum Budget {
    /// At most so much, in the figure's unit.
    AtMost(f64),
    /// At most so many times the reference.
    Times(f64),
}

impl Figure {
    pub fn new(name: &'static str, measured: f64, unit: &'static str, budget: Budget) -> Self {
        Self { name, measured, unit, reference: None, budget, note: String::new() }
    }

    pub fn against(mut self, reference: impl Into<String>, value: f64) -> Self {
        self.reference = Some((reference.into(), value));
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn ratio(&self) -> Option<f64> {
        self.reference.as_ref().map(|(_, value)| self.measured / value)
    }

    fn is_good(&self) -> bool {
        match self.budget {
            Budget::AtMost(most) => self.measured <= most,
            Budget::Times(most) => self.ratio().is_some_and(|ratio| ratio <= most),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, measured, unit, .. } = self;
        write!(out, "{name:<28} {} {unit:<9}", number(*measured))?;
        if let (Some((reference, value)), Some(ratio)) = (&self.reference, self.ratio()) {
            write!(out, "  {reference} {} {unit}  ratio {}", number(*value).trim(), number(ratio).trim())?;
        }
        let verdict = if self.is_good() { "ok" } else { "OVER" };
        match self.budget {
            Budget::AtMost(most) => write!(out, "  budget {} {unit}  {verdict}", number(most).trim())?,
            Budget::Times(most) => write!(out, "  budget {most} times  {verdict}")?,
        }
        if self.note.is_empty() { Ok(()) } else { write!(out, "  ({})", self.note) }
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        small if small < 10.0 => format!("{value:8.2}"),
        middle if middle < 1_000.0 => format!("{value:8.1}"),
        _ => format!("{value:8.0}"),
    }
}

/// The value below which `share` of the samples lie.
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(index.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

pub fn millis(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
