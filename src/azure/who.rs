//! Whom Azure takes the identity for, as its own token tells.

use super::{Azure, CredentialError};
use crate::domain::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What names a person comes before what names an application (learn.microsoft.com, access token claims).
const NAMES: [(&str, &str); 6] = [
    ("upn", ""),
    ("unique_name", ""),
    ("preferred_username", ""),
    ("app_displayname", "application "),
    ("appid", "application "),
    ("oid", "object "),
];

impl Azure {
    /// Who is logged in. Azure checks the token wherever it is used; here it is only read.
    pub async fn who(&self) -> Result<String, CredentialError> {
        let token = self.token(&self.arm.settings.arm_audience, None).await?;
        Ok(named(&token).unwrap_or_else(|| "somebody whom the token does not name".to_owned()))
    }
}

fn named(token: &Secret) -> Option<String> {
    let payload = token.expose().split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    NAMES.into_iter().find_map(|(claim, kind)| {
        let name = claims[claim].as_str().filter(|name| !name.is_empty())?;
        Some(format!("{kind}{name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(claims: &Value) -> Option<String> {
        named(&Secret::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string()))))
    }

    #[test]
    fn a_person_is_named_before_an_application() {
        let told = of(&json!({ "oid": "1", "appid": "2", "unique_name": "ann@example.com" }));
        assert_eq!(told.as_deref(), Some("ann@example.com"));
        assert_eq!(of(&json!({ "oid": "1", "appid": "2" })).as_deref(), Some("application 2"));
        assert_eq!(of(&json!({ "aud": "x" })), None);
        assert_eq!(named(&Secret::new("opaque")), None);
    }
}
