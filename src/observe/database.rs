//! What is known of the database: SQL through the writer name, and where that name points.

use super::Observer;
use crate::domain::fact::Fact;
use crate::domain::plan::{DatabaseAuth, Plan};
use crate::domain::readiness::WriterSight;
use crate::domain::secret::{Secret, SecretError};
use crate::domain::writer::{WriterVerdict, WriterView};
use crate::engine::ports::Secrets;
use crate::probe::postgres::WriterQuestion;

impl Observer {
    /// Writes through the writer name and tells what came of it.
    pub async fn writer(&self, plan: &Plan, written_by: &str) -> Fact<WriterView> {
        let database = &plan.database;
        let password = match self.password(&database.auth).await {
            Ok(password) => password,
            Err(verdict) => {
                let view = WriterView { host: database.writer_host.clone(), target: None, verdict, stages: Vec::new() };
                return self.known(view, self.vantage.clone());
            }
        };
        let question = question(plan, password, written_by);
        let view = self.probe.writer(&question).await;
        let another = self.after_refusal(&database.auth, &question, Some(&view.verdict)).await;
        let view = match another {
            Some(question) => self.probe.writer(&question).await,
            None => view,
        };
        self.known(view, self.vantage.clone())
    }

    /// Looks at the writer name without writing.
    pub async fn writer_sight(&self, plan: &Plan) -> WriterSight {
        let question = match self.password(&plan.database.auth).await {
            Ok(password) => question(plan, password, "readiness"),
            Err(verdict) => {
                let target = self.writer_target(plan).await;
                return WriterSight { host: plan.database.writer_host.clone(), target, found: Err(verdict) };
            }
        };
        let sight = self.probe.writer_sight(&question).await;
        match self.after_refusal(&plan.database.auth, &question, sight.found.as_ref().err()).await {
            Some(question) => self.probe.writer_sight(&question).await,
            None => sight,
        }
    }

    /// The same question with the secret as it is now, if the login was refused and the secret has changed meanwhile.
    async fn after_refusal(
        &self,
        auth: &DatabaseAuth,
        question: &WriterQuestion,
        verdict: Option<&WriterVerdict>,
    ) -> Option<WriterQuestion> {
        if !matches!(verdict, Some(WriterVerdict::WrongCredentials { .. })) {
            return None;
        }
        let refused = &question.password;
        let password = match auth {
            DatabaseAuth::Password(place) => self.azure.instead_of(refused, place).await,
            DatabaseAuth::Entra => self.azure.postgres_token(Some(refused)).await.ok().filter(|token| token != refused),
        };
        Some(WriterQuestion { password: password?, ..question.clone() })
    }

    /// Where the writer name points now, if DNS tells.
    pub async fn writer_target(&self, plan: &Plan) -> Option<String> {
        let resolved = self.probe.dns().resolve(&plan.database.writer_host).await.ok()?;
        resolved.target().map(str::to_owned)
    }
    /// What proves who we are; without it the verdict that this leaves.
    pub(super) async fn password(&self, auth: &DatabaseAuth) -> Result<Secret, WriterVerdict> {
        match auth {
            DatabaseAuth::Password(place) => self.azure.secret(place).await.map_err(|error| no_password(&error)),
            DatabaseAuth::Entra => self.azure.postgres_token(None).await.map_err(|error| {
                WriterVerdict::WrongCredentials { why: format!("no Entra token for PostgreSQL: {error}") }
            }),
        }
    }
}

/// Trouble that may pass is waited out like an unreachable server; everything else needs a person.
fn no_password(error: &SecretError) -> WriterVerdict {
    let why = format!("there is no password: {error}");
    match error.is_passing() {
        true => WriterVerdict::Unreachable { stage: "password".to_owned(), why },
        false => WriterVerdict::WrongCredentials { why },
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
