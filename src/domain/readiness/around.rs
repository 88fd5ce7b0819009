//! What a recovery needs beside Azure: secrets, channels that tell people, certificates that clients believe.

use super::finding::{Area, Finding, Severity};
use super::views::{CertificateFacts, CertificateOf, ChannelFacts, Facts, SecretFacts};
use crate::domain::secret::{SecretError, SecretRef};
use chrono::{DateTime, Utc};

/// Time left from which a certificate (or secret) is to be renewed by hand, since whoever renews it by itself would have done so:
/// automatic renewal begins 30 to 45 days before the end (learn.microsoft.com, certificates of Azure Front Door).
const RENEW_DAYS: i64 = 21;

pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> = facts.secrets.iter().map(|seen| secret(seen, facts.now)).collect();
    found.extend(facts.channels.iter().map(channel));
    if facts.channels.is_empty() {
        let nobody = Finding::warning(Area::Channels, "channel", "channels", "the plan names none")
            .means("Nobody would be told of an outage, or be asked.")
            .fix("Name channels in the plan.", []);
        found.push(nobody);
    }
    found.extend(facts.certificates.iter().map(|seen| certificate(seen, facts.now)));
    found
}

const SECRET: &str = "secret";

fn secret(secret: &SecretFacts, now: DateTime<Utc>) -> Finding {
    match &secret.resolved {
        Ok(end) => secret_end(secret, *end, now),
        Err(error) => secret_missing(secret, error),
    }
}

/// A vault still gives a secret that has ended; whoever is shown it may know better.
fn secret_end(secret: &SecretFacts, end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    let place = &secret.from;
    let Some(end) = end else {
        let verb = if matches!(place, SecretRef::Env(_)) { "is set" } else { "can be read, and has no end" };
        return Finding::ok(Area::Secrets, SECRET, &secret.of, format!("{place} {verb}"));
    };
    let (day, days) = (end.format("%Y-%m-%d"), (end - now).num_days());
    let saw = match end <= now {
        true => format!("{place} expired on {day}"),
        false => format!("{place} can be read, and expires on {day}, in {days} days"),
    };
    if end > now && days >= RENEW_DAYS {
        return Finding::ok(Area::Secrets, SECRET, &secret.of, saw);
    }
    Finding::warning(Area::Secrets, SECRET, &secret.of, saw)
        .means("The vault still gives it; whether it is still taken is another matter.")
        .fix("Put a new version into the vault; it is taken up by itself.", [])
}

fn secret_missing(secret: &SecretFacts, error: &SecretError) -> Finding {
    let saw = error.to_string();
    let finding = match secret.vital {
        true => Finding::blocker(Area::Secrets, SECRET, &secret.of, saw)
            .means("A recovery could not log in to the database to prove that it takes writes."),
        false => Finding::warning(Area::Secrets, SECRET, &secret.of, saw).means("What it is for would not work."),
    };
    let (fix, command) = error.fix();
    finding.fix(fix, command)
}

/// Nothing is sent: the host is asked for its certificate and left alone.
fn channel(channel: &ChannelFacts) -> Finding {
    const CHECK: &str = "channel";
    match &channel.reached {
        Ok(host) => Finding::ok(Area::Channels, CHECK, &channel.name, format!("{host} answers; nothing was sent")),
        Err(why) => Finding::warning(Area::Channels, CHECK, &channel.name, why.clone())
            .means("People behind this channel would not be told, or asked.")
            .fix("Look at the channel's address and the way there.", []),
    }
}

fn certificate(seen: &CertificateFacts, now: DateTime<Utc>) -> Finding {
    let (check, worst) = match seen.whose {
        CertificateOf::FrontDoor => ("certificate-front-door", Severity::Blocker),
        CertificateOf::PrimaryOrigin => ("certificate-primary", Severity::Warning),
        CertificateOf::StandbyOrigin => ("certificate-standby", Severity::Blocker),
        CertificateOf::Client => ("certificate-client", Severity::Blocker),
    };
    let new = |severity, saw| Finding::new(severity, Area::Certificates, check, &seen.host, saw);
    let end = match &seen.expires {
        Ok(end) => *end,
        Err(why) => return unseen(seen, check, why),
    };
    let days = (end - now).num_days();
    let saw = format!("expires on {}, in {days} days", end.format("%Y-%m-%d"));
    if end <= now {
        return new(worst, format!("expired on {}", end.format("%Y-%m-%d")))
            .means(refused(seen.whose))
            .fix("Renew it.", []);
    }
    match days < RENEW_DAYS {
        false => new(Severity::Ok, saw),
        true => new(Severity::Warning, saw)
            .means("Whatever renews it by itself should have done so by now.")
            .fix("Renew it.", []),
    }
}

fn refused(whose: CertificateOf) -> &'static str {
    match whose {
        CertificateOf::Client => {
            "The cluster no longer knows Reveille: its workload can be neither released nor parked."
        }
        _ => "Front Door and browsers refuse it.",
    }
}

/// A standby that is stopped shows no certificate; that is no news, but no pass either.
fn unseen(seen: &CertificateFacts, check: &str, why: &str) -> Finding {
    let finding =
        Finding::unknown(Severity::Warning, Area::Certificates, check, &seen.host, format!("not seen: {why}"));
    match seen.whose {
        CertificateOf::StandbyOrigin => finding
            .means("While the standby is stopped nobody sees its certificate, which may expire meanwhile.")
            .fix("Look at it in a standby drill, or where it is issued.", []),
        CertificateOf::Client => finding
            .means("Whether the cluster lets Reveille in cannot be told.")
            .fix("Grant listClusterUserCredential on the cluster, or look at its kubeconfig.", []),
        _ => finding
            .means("When it expires cannot be told.")
            .fix("Look at it with a browser, and at the network of Reveille.", []),
    }
}
