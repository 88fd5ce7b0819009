//! A Teams channel or chat, by a Workflows URL ("When a Teams webhook request is received").

use super::card;
use super::post::Post;
use crate::domain::names::ChannelName;
use crate::domain::notice::Notice;
use crate::engine::ports::{Channel, Delivered, DeliveryError, Receipt};
use async_trait::async_trait;

/// Sends Adaptive Cards.
pub struct Teams(Post);

impl Teams {
    pub fn new(post: Post) -> Self {
        Self(post)
    }
}

#[async_trait]
impl Channel for Teams {
    fn name(&self) -> &ChannelName {
        self.0.name()
    }

    /// A 2xx means that the flow was started, no more: it can still fail to post the card.
    async fn deliver(&self, notice: &Notice) -> Result<Delivered, DeliveryError> {
        let answer = self.0.send("application/json", card::workflow_message(notice)).await?;
        Ok(Delivered { receipt: Receipt::Queued, status: answer.status, reference: answer.reference })
    }
}
