//! The way to a PostgreSQL writer, stage by stage: dns, tcp, tls, login, recovery, canary.
//!
//! Each stage is measured and named, because "the database is unreachable" is of no use at night, while "the writer name
//! still points to the old server, which accepts TCP but not TLS" is. TLS is verified in full (chain and name) and never
//! optional; the login runs over that same stream, bound to it by SCRAM where the server offers it.

use super::Probe;
use super::canary;
use super::encrypted::{Encrypted, encrypt};
use super::session::{Door, Session};
use super::sqlstate::{at_login, at_work};
use super::statements;
use super::walk::{StageResult, Walk, unreachable};
use crate::domain::causes::with_causes;
use crate::domain::secret::Secret;
use crate::domain::writer::{WriteProof, WriterVerdict, WriterView};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;

/// Whom to ask, as whom, and for how long.
#[derive(Debug, Clone)]
pub struct WriterQuestion {
    /// The name to connect to; the server's certificate must be valid for it.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    /// The password, or the text of an Entra access token (learn.microsoft.com, "Use Microsoft Entra ID for
    /// authentication with Azure Database for PostgreSQL").
    pub password: Secret,
    /// Who asks, usually the run's id: written into the canary.
    pub written_by: String,
    /// The longest any one stage may take.
    pub stage_limit: Duration,
    /// The longest the whole look may take.
    pub total_limit: Duration,
}

impl Probe {
    /// Looks whether the writer endpoint takes writes, with a write of its own. Never fails: what goes wrong is the verdict.
    pub async fn writer(&self, question: &WriterQuestion) -> WriterView {
        let mut walk = Walk::begin(question.stage_limit, question.total_limit);
        let mut target = None;
        let verdict = match self.walk_to_writer(question, &mut walk, &mut target).await {
            Ok(proof) => WriterVerdict::Writable { proof },
            Err(verdict) => verdict,
        };
        WriterView { host: question.host.clone(), target, verdict, stages: walk.stages }
    }

    /// The same look at one server by its own name, past the virtual endpoint: the canary is written there if the server
    /// takes it.
    pub async fn server(&self, host: &str, question: &WriterQuestion) -> WriterView {
        self.writer(&WriterQuestion { host: host.to_owned(), ..question.clone() }).await
    }

    async fn walk_to_writer(
        &self,
        question: &WriterQuestion,
        walk: &mut Walk,
        target: &mut Option<String>,
    ) -> Result<WriteProof, WriterVerdict> {
        let session = self.walk_to_session(question, walk, target).await?;
        let proof = prove(&session, question, walk).await;
        session.close().await;
        proof
    }

    /// The way up to a logged-in session.
    pub(super) async fn walk_to_session(
        &self,
        question: &WriterQuestion,
        walk: &mut Walk,
        target: &mut Option<String>,
    ) -> Result<Session, WriterVerdict> {
        let addresses = walk.stage("dns", self.find(&question.host, target)).await?;
        let limit = walk.limit();
        let (tcp, address) = walk.stage("tcp", connect(&addresses, question.port, limit)).await?;
        let door = Door { address, host: question.host.clone(), trust: self.trust.clone() };
        let tls = walk.stage("tls", verified(tcp, &door)).await?;
        walk.stage("login", login(tls, door, question)).await
    }

    async fn find(&self, host: &str, target: &mut Option<String>) -> StageResult<Vec<IpAddr>> {
        let found = self.dns.resolve(host).await.map_err(|error| unreachable("dns", with_causes(&error)))?;
        *target = found.target().map(str::to_owned);
        let addresses: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
        let way: Vec<String> = found.aliases.into_iter().chain([addresses.join(", ")]).collect();
        Ok((found.addresses, way.join(" → ")))
    }
}

/// What the session proves once it is there.
async fn prove(session: &Session, question: &WriterQuestion, walk: &mut Walk) -> Result<WriteProof, WriterVerdict> {
    walk.stage("recovery", not_in_recovery(session)).await?;
    let limit = walk.limit();
    walk.stage(canary::STAGE, canary::prove(session, &question.written_by, limit)).await
}

/// The first address that answers, each with its share of the time.
async fn connect(addresses: &[IpAddr], port: u16, limit: Duration) -> StageResult<(TcpStream, SocketAddr)> {
    let share = limit / addresses.len().max(1) as u32;
    let mut failures = Vec::new();
    for address in addresses.iter().map(|ip| SocketAddr::new(*ip, port)) {
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(((stream, address), address.to_string())),
            Ok(Err(error)) => failures.push(format!("{address}: {error}")),
            Err(_) => failures.push(format!("{address}: no answer")),
        }
    }
    Err(unreachable("tcp", failures.join("; ")))
}

async fn verified(tcp: TcpStream, door: &Door) -> StageResult<Encrypted> {
    let stream = encrypt(tcp, &door.host, &door.trust).await?;
    Ok((stream, format!("certificate chain and name verified for {}", door.host)))
}

async fn login(stream: Encrypted, door: Door, question: &WriterQuestion) -> StageResult<Session> {
    let mut config = tokio_postgres::Config::new();
    config
        .user(&question.user)
        .password(question.password.expose())
        .dbname(&question.database)
        .application_name("reveille");
    let session = Session::login(stream, door, config).await.map_err(|error| at_login(&error))?;
    Ok((session, format!("as {} to database {}", question.user, question.database)))
}

pub(super) async fn not_in_recovery(session: &Session) -> StageResult<()> {
    match session.ask(statements::IN_RECOVERY).await.map_err(|error| at_work("recovery", &error))?.as_deref() {
        Some("f") => Ok(((), "pg_is_in_recovery() is false".into())),
        Some("t") => Err(WriterVerdict::InRecovery),
        _ => Err(WriterVerdict::Refused { why: "pg_is_in_recovery() gave an unexpected answer".into() }),
    }
}
