//! What a recovery needs beside Azure: secrets, channels that tell people, certificates that clients believe.

use super::finding::{Area, Finding, Severity};
use super::ourselves;
use super::views::{CertificateFacts, CertificateOf, CertificateSeen, ChannelFacts, Facts, NoCertificate, SecretFacts};
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
    let before = facts.record.standby_certificate;
    let shown = facts.certificates.iter().filter(|seen| !is_explained(seen, facts));
    found.extend(shown.map(|seen| certificate(seen, before, facts.now)));
    found
}

/// Whether it is told elsewhere why a certificate was not seen: its host's name does not resolve, or the primary's cluster
/// is known to be down.
fn is_explained(seen: &CertificateFacts, facts: &Facts) -> bool {
    let asleep = facts.primary.as_ref().is_ok_and(|cluster| !cluster.view.is_up());
    let is_told = ourselves::is_unresolved(&facts.own, &seen.host);
    // What a rehearsal saw of the standby's stands in the store.
    let forgotten = facts.own.store.read.is_err();
    let is_told = match seen.whose {
        CertificateOf::PrimaryOrigin => is_told || asleep,
        CertificateOf::StandbyOrigin => is_told || forgotten,
        CertificateOf::FrontDoor | CertificateOf::Client => is_told,
    };
    matches!(seen.expires, Err(NoCertificate::NotSeen(_))) && is_told
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
        let verb = match place {
            SecretRef::Env(_) => "is set; when what it holds ends is not told by a setting",
            _ => "can be read, and has no end",
        };
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

/// `before` is what was seen of the standby's certificate when its cluster ran.
fn certificate(seen: &CertificateFacts, before: Option<CertificateSeen>, now: DateTime<Utc>) -> Finding {
    let (check, worst) = match seen.whose {
        CertificateOf::FrontDoor => ("certificate-front-door", Severity::Blocker),
        CertificateOf::PrimaryOrigin => ("certificate-primary", Severity::Warning),
        CertificateOf::StandbyOrigin => ("certificate-standby", Severity::Blocker),
        CertificateOf::Client => ("certificate-client", Severity::Blocker),
    };
    let new = |severity, saw| Finding::new(severity, Area::Certificates, check, &seen.host, saw);
    let end = match &seen.expires {
        Ok(end) => *end,
        Err(NoCertificate::NotBelieved(why)) => {
            return new(worst, format!("shows a certificate that is not believed: {why}"))
                .means(refused(seen.whose))
                .fix("Renew it, or trust its issuer (SSL_CERT_FILE), or correct the name it is for.", []);
        }
        Err(NoCertificate::NotSeen(why)) => {
            let before = before.filter(|_| seen.whose == CertificateOf::StandbyOrigin);
            return before.map_or_else(|| unseen(seen, check, why), |before| asleep(seen, check, before, now));
        }
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

/// Whatever renews the certificate of a stopped standby may sleep in its cluster, so its end is a warning and no more: a
/// start may bring a new one.
fn asleep(seen: &CertificateFacts, check: &'static str, before: CertificateSeen, now: DateTime<Utc>) -> Finding {
    let (end, at) = (before.expires.format("%Y-%m-%d"), before.at.format("%Y-%m-%d"));
    let days = (before.expires - now).num_days();
    let saw = match before.expires <= now {
        true => format!("the one that a rehearsal saw on {at} ended on {end}"),
        false => format!("the one that a rehearsal saw on {at} ends on {end}, in {days} days"),
    };
    if days >= RENEW_DAYS {
        return Finding::ok(Area::Certificates, check, &seen.host, saw);
    }
    Finding::warning(Area::Certificates, check, &seen.host, saw)
        .means("What renews it may be asleep with the cluster, and Front Door refuses a standby whose certificate has ended.")
        .fix("Rehearse the standby, which shows whether it is renewed, or renew it where it is issued.", [])
}

/// A standby that is stopped shows no certificate; that is no news, but no pass either.
fn unseen(seen: &CertificateFacts, check: &str, why: &str) -> Finding {
    let finding =
        Finding::unknown(Severity::Warning, Area::Certificates, check, &seen.host, format!("not seen: {why}"));
    match seen.whose {
        CertificateOf::StandbyOrigin => finding
            .means("While the standby is stopped nobody sees its certificate, which may expire meanwhile.")
            .fix("Rehearse the standby: a drill that sees its ingress remembers the certificate. Or look where it is issued.", []),
        CertificateOf::Client => finding
            .means("Whether the cluster lets Reveille in cannot be told.")
            .fix("Grant listClusterUserCredential on the cluster, or look at its kubeconfig.", []),
        _ => finding
            .means("When it expires cannot be told.")
            .fix("Look at it with a browser, and at the network of Reveille.", []),
    }
}
