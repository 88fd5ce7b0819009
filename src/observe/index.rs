//! How far the search index is that the application builds.

use super::Observer;
use crate::domain::fact::Fact;
use crate::domain::plan::{Plan, Site};
use crate::domain::search_index::Indexation;
use crate::domain::secret::Secret;
use crate::engine::ports::Secrets;

impl Observer {
    /// What the application at a site says of its search index. Without a user's token it says nothing.
    pub async fn indexation(&self, plan: &Plan, site: &Site) -> Fact<Indexation> {
        let token = match self.user_token(plan).await {
            Ok(token) => token,
            Err(why) => return self.nobody(&why),
        };
        match self.probe.indexation(&site.origin, &token, plan.timing.probe_timeout).await {
            Ok(indexation) => self.known(indexation, self.vantage.clone()),
            Err(why) => Fact::unknown(why, self.clock.now(), self.vantage.clone()),
        }
    }

    async fn user_token(&self, plan: &Plan) -> Result<Secret, String> {
        let place = plan.search_index().and_then(|index| index.token.as_ref());
        let none = "no user token is configured (search_index_token), and SonarQube tells only users";
        let place = place.ok_or_else(|| none.to_owned())?;
        let read = self.azure.secret(place).await;
        read.map_err(|error| format!("there is no user token to ask with: {error}"))
    }
}
