//! What Reveille sees with its own eyes: names, origins, applications, the route through Front Door, the writer.
//!
//! Everything here looks from where Reveille runs and asks no Azure interface. Each look opens its own connection and
//! closes it, so that a pooled one never hides a dead server, and answers with a view of [`crate::domain`]. A look never
//! fails as a Rust error: "nothing answers" is an answer too, and the view says at which stage.
//!
//! - [`dns`]: the one resolver of the crate, also for its HTTP clients
//! - [`tls`]: the one trust store of the crate
//! - [`http`]: origins, applications and the route; [`health`] holds the pure judgements
//! - [`postgres`]: the way to a PostgreSQL writer; [`canary`] is the write that proves it
//! - [`planned`]: the same looks as `plan` prints them
//! - [`certificate`]: when what a host shows ends

pub mod canary;
pub mod certificate;
pub mod dns;
mod encrypted;
pub mod health;
pub mod http;
pub mod planned;
pub mod postgres;
pub mod reach;
mod session;
mod sqlstate;
mod statements;
pub mod tls;
mod walk;
mod writer_sight;

use dns::Dns;
use tls::Trust;

/// The eyes: a resolver, a trust store and a client for own HTTP probes. Cheap to clone.
#[derive(Clone)]
pub struct Probe {
    dns: Dns,
    trust: Trust,
    http: reqwest::Client,
}

impl Probe {
    /// Fails only when no HTTP client can be built on this trust store.
    pub fn new(dns: Dns, trust: Trust) -> Result<Self, tls::ClientError> {
        let http = tls::probe_client(&dns, &trust)?;
        Ok(Self { dns, trust, http })
    }

    /// The resolver, for those who need a name's target only.
    pub fn dns(&self) -> &Dns {
        &self.dns
    }
}

/// Text that came from outside, fit for one line of a report: no control characters, at most 120 characters.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 120;
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_short_line() {
        assert_eq!(one_line(" UP\r\nX "), "UP  X");
        assert_eq!(one_line(&"ä".repeat(500)).chars().count(), 121);
    }
}
