//! What a read of Azure gives: a value, and the ids to find its requests again.

/// A value that Azure Resource Manager answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    pub value: T,
    /// `x-ms-correlation-request-id` and `x-ms-request-id` of every request behind it.
    pub request_ids: Vec<String>,
}

impl<T> Answer<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: f(self.value), request_ids: self.request_ids }
    }

    /// Turns the value, or says why it cannot be.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Answer<U>, E> {
        Ok(Answer { value: f(self.value)?, request_ids: self.request_ids })
    }
}
