//! `reveille drill`: a rehearsal now, by a person. It asks what a schedule's drill asks; what refuses it is printed with
//! what lifts it, and the exit code is then 4.
//!
//! A readiness drill only reads, so it begins at once; one that starts and stops something shows what it would do until
//! `--execute`. Followed to its end, the exit code tells what it found (the table in [`super::exit`]): 0 ready or rehearsed,
//! 3 not ready, not known, or not done.

use super::start::{self, Order};
use super::{CliError, Desk, Exit};
use crate::domain::drill::DrillKind;
use crate::domain::status::Start;
use clap::ValueEnum;

/// What a readiness drill is recorded with when its caller says nothing: it touches nothing that would need a reason.
const READINESS: &str = "asked whether the plan is ready";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Drill {
    #[command(flatten)]
    args: start::Args,
    /// What is rehearsed: `readiness` only reads, `standby` starts the parked standby and stops it again, `switchover` moves
    /// to the standby, and back once AKS has had its rest
    #[arg(long, value_enum, default_value_t = Kind::Readiness)]
    kind: Kind,
    /// Follow the drill until it is over, as without it; for scripts that say what they rely on
    #[arg(long, conflicts_with = "no_follow")]
    wait: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Readiness,
    Standby,
    Switchover,
}

impl From<Kind> for DrillKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Readiness => Self::Readiness,
            Kind::Standby => Self::Standby,
            Kind::Switchover => Self::Switchover,
        }
    }
}

pub(super) async fn run(desk: &Desk, Drill { args, kind, .. }: &Drill) -> Result<Exit, CliError> {
    let drill = DrillKind::from(*kind);
    let command = match kind {
        Kind::Readiness => "drill",
        Kind::Standby => "drill --kind standby",
        Kind::Switchover => "drill --kind switchover",
    };
    let order = Order { command, kind: Start::Drill, drill: Some(drill), force: false };
    if drill.acts() {
        return start::run(desk, order, args).await;
    }
    let why = args.speaker.why.clone().unwrap_or_else(|| READINESS.to_owned());
    let mut args = args.clone();
    (args.speaker.why, args.execute) = (Some(why), true);
    start::run(desk, order, &args).await
}
