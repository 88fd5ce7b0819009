//! Errors with everything beneath them, in one line: for journals, reports, answers and logs.

use std::error::Error;

/// The error and its causes, outermost first, joined by colons. What a part says already is not said again.
pub fn with_causes(error: &dyn Error) -> String {
    let below = std::iter::successors(error.source(), |cause| (*cause).source());
    below.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Layer {
        said: &'static str,
        #[source]
        below: Option<Box<Layer>>,
    }

    #[test]
    fn each_cause_is_said_once_outermost_first() {
        let inner = Layer { said: "connection refused", below: None };
        let middle = Layer { said: "connect: connection refused", below: Some(Box::new(inner)) };
        let outer = Layer { said: "read cluster", below: Some(Box::new(middle)) };
        assert_eq!(with_causes(&outer), "read cluster: connect: connection refused");
    }
}
