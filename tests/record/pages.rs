//! The page of a record in a real browser, with the same audit as that of a report.

use super::forms::{bare, full};
use crate::render::browser::audit;
use reveille::domain::record::Record;
use reveille::render::html;

/// Every kind of record that a reader may meet, by name.
fn gallery() -> Vec<(&'static str, Record)> {
    let mut hostile = full();
    let text = format!("</script><script>alert(1)</script> \"'& \u{202e}drow {}", "unbroken".repeat(40));
    hostile.lessons[0].what.clone_from(&text);
    hostile.participants[0].name.clone_from(&text);
    hostile.scenario[0].text.clone_from(&text);
    hostile.not_given = bare().not_given;
    if let Some(signed) = &mut hostile.attestation {
        signed.signature.notes.clone_from(&text);
    }
    let failover = super::told::failover();
    vec![("record-bare", bare()), ("record-full", full()), ("record-hostile", hostile), ("record-failover", failover)]
}

#[test]
fn every_record_is_readable_wide_and_narrow_light_and_dark_and_on_paper() {
    let pages: Vec<(&str, String)> = gallery().iter().map(|(name, record)| (*name, html::record(record))).collect();
    audit(&pages);
}
