//! How far the search index is that the application builds.

use super::Observer;
use crate::domain::fact::Fact;
use crate::domain::plan::{Plan, Site};
use crate::domain::search_index::Indexation;
use crate::domain::secret::{Secret, SecretRef};

impl Observer {
    /// What the application at a site says of its search index. Without a user's token it says nothing.
    pub async fn indexation(&self, plan: &Plan, site: &Site) -> Fact<Indexation> {
        let token = match token(plan) {
            Ok(token) => token,
            Err(why) => return self.nobody(&why),
        };
        match self.probe.indexation(&site.origin, &token, plan.timing.probe_timeout).await {
            Ok(indexation) => self.known(indexation, self.vantage.clone()),
            Err(why) => Fact::unknown(why, self.clock.now(), self.vantage.clone()),
        }
    }
}

/// Read when it is needed, so that a changed secret is seen without a restart.
fn token(plan: &Plan) -> Result<Secret, String> {
    let Some(SecretRef::Env(name)) = plan.search_index().and_then(|index| index.token.as_ref()) else {
        return Err("no user token is configured (search_index_token), and SonarQube tells only users".to_owned());
    };
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => Err(format!("environment variable {name} is not set, so there is no user token to ask with")),
    }
}
