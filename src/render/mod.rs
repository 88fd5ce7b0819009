//! From values to text for people: reports as Markdown and as a page, and reports, plans and runs as a terminal shows
//! them.
//!
//! ```text
//! Report ─► markdown::report ─► file, ticket, wiki
//! Report ─► html::report ─► browser, paper, auditor
//! Record ─► record: parts ─► markdown::record, html::record, terminal::record
//! Report, PlanStatus, RunView ─► terminal::…(…, Screen) ─► lines, never wider than the screen but for commands
//! ```
//! Everything here is pure: width and colour come in as a [`Screen`], the time as an argument. `words` holds what both
//! forms say in the same way, `escape` keeps other people's texts from being read as Markdown, `page` wraps and colours.

mod escape;
mod findings;
pub mod html;
mod kubernetes_role;
pub mod markdown;
mod page;
mod record;
mod stages;
pub mod terminal;
mod words;

pub use kubernetes_role::kubernetes_role;
pub use page::Screen;
pub use words::{one_line, took};
