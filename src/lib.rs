//! Reveille wakes a cold standby on Azure: it makes sure that an outage is real, fences the old site, starts the
//! replica's cluster, proves that the database takes writes, waits until the application serves through Front Door, and
//! reports with evidence. One binary: a custom handler of the Functions host, a command line, and a simulated Azure.
//!
//! # Where an alert goes
//!
//! ```text
//! Azure Monitor ─► Functions host ─► POST /alert ── triggers::alert
//!        parse ─► whom does it concern? ─► admit?           domain::alert, domain::ledger::admission: pure
//!        ─► ledger += IncidentOpened, RunAdmitted           engine::intake, at the version that was read
//!        ◄─ 202 with the run's id, 200 ignored, 503 come again   ─► queue: a wake-up
//!
//! queue ─► POST /run ── triggers::run ─► engine::slice      takes the run's claim, drives it for a bounded time
//!        loop: fold journal ─► next?                        domain::run::{state, next}: pure
//!              ─► a step looks                              steps::wired gathers facts through observe,
//!                                                           steps::<step>::decide turns them into a Look: pure
//!              ─► journal += Observed | Intent | StepSucceeded …
//!              ─► Intent written? claim still ours, nobody called it off? then the step sends; journal += Sent
//!        at the end: RunEnded ─► report ─► ledger RunClosed ─► notices (engine::outbox, notify) ─► Closed
//!
//! timer ─► POST /watch ── triggers::round ─► engine::tend   every plan: stalled runs, open incidents, fence debts;
//!        then triggers::watch, plan by plan                 reads both witnesses itself: a lost alert is no lost outage
//!        and triggers::heartbeat                            that it is there itself; heartbeats of the way of alerts
//! timer ─► POST /drill ── triggers::drill                   domain::drill: which rehearsal is due, what refuses it;
//!                                                           the ledger remembers each, so none begins twice
//! closing a run ─► ledger += StagesMeasured                 domain::history: what to expect of the next run's stages
//! people ─► POST /operator ── triggers::operator            the same admission, the same ledger
//!        after a run: notes, a signature ── engine::record  domain::record: made from the journal, final once signed
//! ```
//!
//! Three kinds of stored things, all in [`store`]: a **ledger** per plan (incidents, admissions, debts, pauses), a
//! **journal** per run (the only truth about it; status and report are folded from it), both hash-chained append-only
//! logs ([`domain::chain`], [`engine::log`]), and small documents. Mutual exclusion needs no lock: whoever appends at
//! the version that was read has decided; whoever comes second reads and decides again. No decision rests on a
//! process's memory, because the host may kill the process at any instant.
//!
//! # What cannot happen
//!
//! - *A false success.* `Outcome::Recovered` holds a [`domain::ladder::Serving`], which is only built rung by rung from
//!   the observations that prove it. An accepted call is no rung, and writer and route are seen once more at the very end.
//! - *A forgotten outage.* An alert that matches opens an incident; guards defer, they never turn it away. The watch asks
//!   open incidents again until proven recovery, the verdict "no outage", or a named person closes them.
//! - *A call sent by two.* An intent is journaled before its call; the append fails for a driver that lost its claim.
//!   After a crash what may be in flight is waited out by the own clock, and the world is looked at before anything is
//!   sent again.
//! - *Two sites that write, unnoticed.* The standby's workload starts when the old site is seen stopped, or when policy or a
//!   person decided to owe the fence. Only a standby that the ledger knows to be parked may have its cluster started before
//!   ([`domain::parking`]). A debt is paid at first contact, by the live run or by a run of its own.
//!
//! # How a format changes
//!
//! A deployment happens in the middle of a run, and instances of two versions may work side by side for a while.
//!
//! - *A field is added*: `#[serde(default)]`, and absent means what it meant before there was the field. No new version.
//! - *An event, step or runbook is added* that earlier programs must not drive past: [`domain::runbook::VERSION`] goes up;
//!   [`domain::runbook::OLDEST`] stays as long as runs of that version can still be driven.
//! - *A line means something else*: [`domain::chain::FORMAT`] goes up, and the fold learns to read both. Nothing that is
//!   there is ever rewritten: logs only grow, and their hashes would not hold.
//! - What reads a version it does not know stops there: a run is left alone and waits for a person, a plan does nothing on
//!   its own, and log, status and the operator's answers say which line and which version.
//! - `tests/golden` holds states of every version, to the byte; a new version adds a folder there.
//!
//! # Where to add a step
//!
//! 1. [`domain::runbook`]: its name, its line in the table, what it waits for, whether it changes anything.
//! 2. [`domain::observation`] and [`domain::ladder`]: what it sees, and which observation proves it.
//! 3. `steps/<name>.rs`: `decide`, pure, in four bands (inputs, precheck, act, verify); its calls and permissions on top.
//! 4. [`steps::wired`]: which facts it is handed, gathered by [`observe`]; what its call sends.
//! 5. `steps::planned`: the calls behind those looks and acts, for `reveille plan` and the roles it prints.
//!
//! # Who may import whom
//!
//! ```text
//! domain      nothing of the crate: values and decisions, no I/O, no clock
//! config      domain                             reveille.toml → validated plans, every mistake at once
//! telemetry   domain                             traces and metrics for those who watch from outside
//! engine      telemetry, domain                  slices, claims, intents, outbox; the traits of the crate: engine::ports
//! store       telemetry, engine, domain          memory, directory; names and checks for every store
//! azure       store, config and above            the only code that knows ARM's URLs, api-versions and tokens
//! probe       config, engine, domain             own eyes: DNS, TLS, HTTP, SQL
//! kubernetes  azure, probe, config, engine, domain    the only code that knows the API of the clusters themselves
//! observe     kubernetes, azure, probe and below      all of it becomes facts, here only
//! steps       observe and everything below it    one file per step
//! render      domain                             report → Markdown, HTML page, terminal
//! notify      render, engine, config, domain     channels: Teams, CloudEvents
//! host        telemetry, domain                  the Functions host's contract, payload mode
//! triggers    all of the above                   one file per function
//! cli         all of it                          one file per command
//! sandbox     nothing of the crate               simulated Azure and Functions host; only cli and tests use it
//! ```
//!
//! `sandbox` shares no type with the rest, so that one misreading of Azure cannot cancel out on both sides. A test reads
//! the `use` trees of every file and holds these rules.

pub mod azure;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod host;
pub mod kubernetes;
pub mod notify;
pub mod observe;
pub mod probe;
pub mod render;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod steps;
pub mod store;
pub mod telemetry;
pub mod triggers;
