//! Looks for what must never be shown: function keys, passwords, tokens, signatures, signed URLs.

use reveille::sandbox::Sandbox;
use reveille::sandbox::planes::TOKEN;

/// How a signature is written, whatever signs it. `redacted` behind it is fine.
const SIGNATURES: [&str; 2] = ["sig=", "code="];
/// Parameters that only the status URLs of long-running operations carry.
const SIGNED: [&str; 4] = ["&s=", "?s=", "&t=", "?t="];

pub struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    /// Everything secret that the handler of a sandbox has got to know.
    pub fn of(sandbox: &Sandbox) -> Self {
        let keys = sandbox.keys();
        let mut known: Vec<_> =
            keys.named.values().chain(&keys.master).map(|key| ("a function key", key.clone())).collect();
        known.push(("the database password", sandbox.world().settings().password));
        known.push(("a user token of the application", TOKEN.to_owned()));
        known.push(("the identity header", sandbox.endpoints().identity_header));
        Self(known)
    }

    /// One sentence for each secret found in a text.
    pub fn found_in(&self, place: &str, text: &str) -> Vec<String> {
        let mut found: Vec<String> = self
            .0
            .iter()
            .filter(|(_, secret)| text.contains(secret.as_str()))
            .map(|(what, _)| format!("{place} shows {what}"))
            .collect();
        found.extend(SIGNATURES.iter().filter(|mark| is_shown(text, mark)).map(|mark| format!("{place} shows {mark}")));
        found.extend(SIGNED.iter().filter(|mark| is_shown(text, mark)).map(|mark| format!("{place} shows {mark}")));
        found.extend(text.contains("eyJ").then(|| format!("{place} shows what looks like a token")));
        found
    }
}

fn is_shown(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| !text[at + mark.len()..].starts_with("redacted"))
}
