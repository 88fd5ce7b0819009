//! Steps as a tree: each below the one that it waits for longest.

use crate::domain::outlook::StepOutlook;
use crate::domain::runbook::StepName;

/// One line of the tree.
pub(super) struct Row<'a> {
    pub step: &'a StepOutlook,
    /// Its branches and its name.
    pub label: String,
    /// What else it waits for.
    pub also: Vec<String>,
}

/// The whole tree, from the steps that wait for nothing.
pub(super) fn rows(steps: &[StepOutlook]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for step in steps.iter().filter(|step| step.after.is_empty()) {
        rows.push(Row { step, label: step.step.to_string(), also: Vec::new() });
        below(steps, step.step, "", &mut rows);
    }
    rows
}

fn below<'a>(steps: &'a [StepOutlook], above: StepName, branch: &str, rows: &mut Vec<Row<'a>>) {
    let children: Vec<&StepOutlook> = steps.iter().filter(|step| parent(steps, step) == Some(above)).collect();
    for (index, step) in children.iter().enumerate() {
        let is_last = index + 1 == children.len();
        let (corner, line) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let others = step.after.iter().filter(|other| **other != above);
        rows.push(Row {
            step,
            label: format!("{branch}{corner}{}", step.step),
            also: others.map(ToString::to_string).collect(),
        });
        below(steps, step.step, &format!("{branch}{line}"), rows);
    }
}

/// The one of those before it that is over last; of those that are over at once, the later in the table.
fn parent(steps: &[StepOutlook], step: &StepOutlook) -> Option<StepName> {
    let place = |name: &StepName| steps.iter().position(|step| step.step == *name);
    let later = |one: &StepName, other: &StepName| {
        end(steps, *one).total_cmp(&end(steps, *other)).then(place(one).cmp(&place(other)))
    };
    step.after.iter().copied().max_by(later)
}

fn end(steps: &[StepOutlook], name: StepName) -> f64 {
    let Some(step) = steps.iter().find(|step| step.step == name) else { return 0.0 };
    let before = step.after.iter().map(|before| end(steps, *before)).fold(0.0, f64::max);
    before + step.usual.expected.seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::Documented;
    use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyWriter};

    #[test]
    fn a_step_stands_below_what_it_waits_for_longest_and_names_the_others() {
        let step = |step, after: &[StepName]| StepOutlook {
            step,
            after: after.to_vec(),
            mutates: false,
            usual: Documented { low: 1.0, seconds: 2.0, high: 3.0, source: "test" }.into(),
            calls: Vec::new(),
        };
        let steps = [
            step(ConfirmOutage, &[]),
            step(FencePrimary, &[ConfirmOutage]),
            step(VerifyWriter, &[ConfirmOutage]),
            step(StartReplica, &[FencePrimary]),
            step(VerifyApp, &[StartReplica, VerifyWriter]),
        ];
        let drawn: Vec<String> = rows(&steps).into_iter().map(|row| format!("{} {:?}", row.label, row.also)).collect();
        assert_eq!(
            drawn,
            [
                "confirm-outage []",
                "├─ fence-primary []",
                "│  └─ start-replica []",
                "│     └─ verify-app [\"verify-writer\"]",
                "└─ verify-writer []",
            ]
        );
    }
}
