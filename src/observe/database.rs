//! What is known of the database: SQL through the writer name, and where that name points.

use super::Observer;
use crate::domain::fact::Fact;
use crate::domain::plan::{DatabaseAuth, Plan};
use crate::domain::readiness::WriterSight;
use crate::domain::secret::{Secret, SecretRef};
use crate::domain::writer::{WriterVerdict, WriterView};
use crate::probe::postgres::WriterQuestion;

impl Observer {
    /// Writes through the writer name and tells what came of it.
    pub async fn writer(&self, plan: &Plan, written_by: &str) -> Fact<WriterView> {
        let database = &plan.database;
        let password = match self.password(&database.auth).await {
            Ok(password) => password,
            Err(why) => {
                let verdict = WriterVerdict::WrongCredentials { why };
                let view = WriterView { host: database.writer_host.clone(), target: None, verdict, stages: Vec::new() };
                return self.known(view, self.vantage.clone());
            }
        };
        let question = question(plan, password, written_by);
        self.known(self.probe.writer(&question).await, self.vantage.clone())
    }

    /// Looks at the writer name without writing.
    pub async fn writer_sight(&self, plan: &Plan) -> WriterSight {
        match self.password(&plan.database.auth).await {
            Ok(password) => self.probe.writer_sight(&question(plan, password, "readiness")).await,
            Err(why) => {
                let target = self.writer_target(plan).await;
                let found = Err(WriterVerdict::WrongCredentials { why });
                WriterSight { host: plan.database.writer_host.clone(), target, found }
            }
        }
    }

    /// Where the writer name points now, if DNS tells.
    pub async fn writer_target(&self, plan: &Plan) -> Option<String> {
        let resolved = self.probe.dns().resolve(&plan.database.writer_host).await.ok()?;
        resolved.target().map(str::to_owned)
    }

    /// Read when it is needed, so that a changed secret is seen without a restart.
    pub(super) async fn password(&self, auth: &DatabaseAuth) -> Result<Secret, String> {
        match auth {
            DatabaseAuth::Password(SecretRef::Env(name)) => match std::env::var(name) {
                Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
                _ => Err(format!("environment variable {name} is not set, so there is no password")),
            },
            DatabaseAuth::Entra => {
                self.azure.postgres_token().await.map_err(|error| format!("no Entra token for PostgreSQL: {error}"))
            }
        }
    }
}

fn question(plan: &Plan, password: Secret, written_by: &str) -> WriterQuestion {
    let database = &plan.database;
    WriterQuestion {
        host: database.writer_host.clone(),
        port: database.port,
        database: database.database.clone(),
        user: database.user.clone(),
        password,
        written_by: written_by.to_owned(),
        stage_limit: plan.timing.probe_timeout,
        total_limit: plan.timing.probe_timeout * 4,
    }
}
