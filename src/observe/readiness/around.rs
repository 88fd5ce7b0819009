//! Secrets, channels and certificates: what Reveille itself needs, seen from where it runs.

use super::reader::Reader;
use crate::config::ChannelConfig;
use crate::domain::causes::with_causes;
use crate::domain::plan::{DatabaseAuth, Site};
use crate::domain::readiness::{CertificateFacts, CertificateOf, ChannelFacts, NoCertificate, SecretFacts};
use crate::domain::resource::HostPort;
use crate::domain::secret::SecretRef;
use crate::engine::ports::Secrets;
use crate::probe::certificate::CertificateError;
use futures::future::join_all;
use reqwest::Url;

impl Reader<'_> {
    /// The database's password, and whatever else lies in a vault, looked up and dropped. Where a token is used instead of
    /// a password, the login shows whether there is one.
    pub async fn secrets(&self) -> Vec<SecretFacts> {
        let password = match &self.plan.database.auth {
            DatabaseAuth::Password(from) => Some(("the database password".to_owned(), from, true)),
            DatabaseAuth::Entra => None,
        };
        let token = self.plan.search_index().and_then(|index| index.token.as_ref());
        let token = token.map(|from| ("the search index token".to_owned(), from, false));
        let channels = &self.observer.surroundings.channels;
        let urls = channels.iter().filter(|channel| self.plan.channels.contains(&channel.name));
        let urls = urls.map(|channel| (format!("the URL of channel {}", channel.name), &channel.url, false));
        let beside = token.into_iter().chain(urls).filter(|(_, from, _)| matches!(from, SecretRef::Vault(_)));
        // A vault is asked with a token of the same identity: without one it is told already why nothing can be had.
        let askable = |from: &&SecretRef| self.open || !matches!(from, SecretRef::Vault(_));
        let wanted = password.into_iter().chain(beside).filter(|(_, from, _)| askable(from));
        join_all(wanted.map(|(of, from, vital)| async move {
            SecretFacts { of, from: from.clone(), resolved: self.observer.azure.secret_end(from).await, vital }
        }))
        .await
    }

    /// Whether each channel of the plan can be reached. Nothing is sent.
    pub async fn channels(&self) -> Vec<ChannelFacts> {
        join_all(self.plan.channels.iter().map(|name| async move {
            let configured = self.observer.surroundings.channels.iter().find(|channel| &channel.name == name);
            let reached = match configured {
                Some(channel) => self.reach(channel).await,
                None => Err("is not configured".to_owned()),
            };
            ChannelFacts { name: name.clone(), reached }
        }))
        .await
    }

    async fn reach(&self, channel: &ChannelConfig) -> Result<String, String> {
        let url = self.address(&channel.url).await?;
        let host = url.host_str().and_then(|host| HostPort::parse(host).ok());
        let Some(host) = host else { return Err(format!("{} names no host", channel.url)) };
        let host = HostPort { port: url.port_or_known_default(), ..host };
        let probe = &self.observer.probe;
        if url.scheme() == "http" {
            let answers = probe.takes_connections(&host, channel.timeout).await;
            return if answers { Ok(host.host) } else { Err(format!("{} does not take connections", host.host)) };
        }
        probe.certificate_end(&host, channel.timeout).await.map(|_| host.host).map_err(|error| error.text())
    }

    /// The address is a secret: what is said of it is where it is kept.
    async fn address(&self, place: &SecretRef) -> Result<Url, String> {
        let text = self.observer.azure.secret(place).await.map_err(|error| error.to_string())?;
        Url::parse(text.expose().trim()).map_err(|_| format!("{place} holds no URL"))
    }

    /// The certificates that clients meet on the way to the application.
    pub async fn certificates(&self, primary: &Site, standby: &Site) -> Vec<CertificateFacts> {
        let hosts = [
            (&self.plan.front_door.hostname, CertificateOf::FrontDoor),
            (&primary.origin, CertificateOf::PrimaryOrigin),
            (&standby.origin, CertificateOf::StandbyOrigin),
        ];
        join_all(hosts.map(|(host, whose)| async move {
            let end = self.observer.probe.certificate_end(host, self.plan.timing.probe_timeout).await;
            CertificateFacts { host: host.host.clone(), whose, expires: end.map_err(|error| without(&error)) }
        }))
        .await
    }
}

impl Reader<'_> {
    /// Certificates by which clusters without Entra know Reveille. Others have none.
    pub async fn client_certificates(&self, sites: [&Site; 2]) -> Vec<CertificateFacts> {
        if self.plan.kubernetes.is_none() || !self.open {
            return Vec::new();
        }
        let seen = join_all(sites.map(|site| async move {
            let cluster = self.observer.kubernetes.cluster(&site.cluster);
            let asked = tokio::time::timeout(self.plan.timing.arm_timeout, cluster.client_certificate_end()).await;
            let expires = match asked {
                Ok(Ok(end)) => Ok(end?),
                Ok(Err(error)) => Err(NoCertificate::NotSeen(with_causes(&error))),
                Err(_) => Err(NoCertificate::NotSeen("no answer from Azure in time".to_owned())),
            };
            Some(CertificateFacts { host: site.cluster.name().to_owned(), whose: CertificateOf::Client, expires })
        }));
        seen.await.into_iter().flatten().collect()
    }
}

fn without(error: &CertificateError) -> NoCertificate {
    if error.is_disbelief() { NoCertificate::NotBelieved(error.text()) } else { NoCertificate::NotSeen(error.text()) }
}
