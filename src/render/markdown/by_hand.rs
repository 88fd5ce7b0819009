//! A failover by hand as Markdown, to be printed: a box to tick, a line for the time, the commands as they are typed.

use crate::domain::by_hand::{ByHand, HandStep};
use crate::domain::plan::Plan;
use crate::render::escape::{fenced, text};
use crate::render::words::target;
use std::fmt::Write;

/// One chapter for each site that may be lost. `made` says of which configuration it is.
pub fn by_hand(plan: &Plan, ways: &[ByHand], made: &str) -> String {
    let mut page = format!("# {}: failover by hand\n\n", text(plan.name.as_str()));
    let _ = writeln!(
        page,
        "For when nothing of Reveille is left. Targets: serving again within {}, at most {} of writes lost. {}\n",
        target(plan.rto.as_secs()),
        target(plan.rpo.as_secs()),
        text(made)
    );
    page.push_str("Needed: `az login` with the right to start and stop both clusters, `kubectl`, `psql`, `curl`, and the database's password.\n");
    for way in ways {
        let _ = write!(page, "\n## {} is lost: bring up {}\n", text(&way.lost), text(&way.to));
        page.push_str("\nOutage seen at ____________ by ____________\n");
        for (index, step) in way.steps.iter().enumerate() {
            write_step(&mut page, index + 1, step);
        }
    }
    page
}

fn write_step(page: &mut String, number: usize, step: &HandStep) {
    let _ = write!(page, "\n### ☐ {number}. {}\n\n{}\n\n", text(&step.title), text(&step.means));
    page.push_str(&fenced(&step.commands.join("\n"), ""));
    let _ = write!(page, "\n- Go on when: {}\n- Otherwise: {}\n", text(&step.until), otherwise(&step.otherwise));
    page.push_str("- Done at ____________ by ____________\n");
}

/// Words, with commands on lines of their own behind them.
fn otherwise(told: &str) -> String {
    match told.split_once("\n") {
        None => text(told),
        Some((words, commands)) => {
            let commands: Vec<&str> = commands.lines().map(str::trim).collect();
            format!("{}\n\n{}", text(words), fenced(&commands.join("\n"), "  ").trim_end())
        }
    }
}
