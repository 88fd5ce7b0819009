//! One metric rule: counts evaluations and decides when to fire and resolve.

use crate::sandbox::world::Workload;

use super::Settings;

/// A rule on the first site's origin and what it remembers.
#[derive(Debug)]
pub(super) struct Rule {
    pub workload: Workload,
    /// The alert that is fired and not resolved.
    pub open: Option<String>,
    bad: u32,
    good: u32,
}

/// What an evaluation leads to, with the metric's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    Nothing,
    Fire(f64),
    Resolve(f64),
}

impl Rule {
    pub fn new(workload: Workload) -> Self {
        Self { workload, open: None, bad: 0, good: 0 }
    }

    /// No data neither fires nor resolves, and interrupts no row of evaluations.
    pub fn judge(&mut self, value: Option<f64>, settings: &Settings) -> Verdict {
        let Some(value) = value else { return Verdict::Nothing };
        if value < settings.threshold {
            self.bad += 1;
            self.good = 0;
        } else {
            self.good += 1;
            self.bad = 0;
        }
        let may_fire = self.open.is_none() || !settings.stateful;
        if may_fire && self.bad >= settings.bad_evaluations.max(1) {
            Verdict::Fire(value)
        } else if self.open.is_some() && self.good >= settings.good_evaluations.max(1) {
            Verdict::Resolve(value)
        } else {
            Verdict::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, Settings, Verdict, Workload};

    fn judge_all(rule: &mut Rule, settings: &Settings, values: &[Option<f64>]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for value in values {
            let verdict = rule.judge(*value, settings);
            match verdict {
                Verdict::Fire(_) => rule.open = Some("alert".into()),
                Verdict::Resolve(_) => rule.open = None,
                Verdict::Nothing => {}
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    const BAD: Option<f64> = Some(0.0);
    const GOOD: Option<f64> = Some(100.0);

    #[test]
    fn a_stateful_rule_fires_once_and_resolves_once() {
        let mut rule = Rule::new(Workload::named("sonar"));
        let verdicts = judge_all(&mut rule, &Settings::default(), &[BAD, BAD, BAD, BAD, GOOD, GOOD, GOOD, GOOD]);
        let (fired, resolved) = (Verdict::Fire(0.0), Verdict::Resolve(100.0));
        let quiet = Verdict::Nothing;
        assert_eq!(verdicts, [quiet, fired, quiet, quiet, quiet, quiet, resolved, quiet]);
    }

    #[test]
    fn no_data_neither_fires_nor_resolves() {
        let mut rule = Rule::new(Workload::named("sonar"));
        let verdicts = judge_all(&mut rule, &Settings::default(), &[None, BAD, None, BAD, None, GOOD, None]);
        assert_eq!(verdicts.iter().filter(|it| **it != Verdict::Nothing).count(), 1);
    }

    #[test]
    fn a_stateless_rule_fires_at_every_bad_evaluation() {
        let mut rule = Rule::new(Workload::named("sonar"));
        let settings = Settings { stateful: false, bad_evaluations: 1, ..Settings::default() };
        let verdicts = judge_all(&mut rule, &settings, &[BAD, BAD, BAD]);
        assert_eq!(verdicts, [Verdict::Fire(0.0); 3]);
    }
}
