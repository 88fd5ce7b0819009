//! `%NAME%` inside a text takes the environment variable NAME, which on a function app is the app setting of that name.

use std::borrow::Cow;

/// How an app setting that the platform could not resolve begins (learn.microsoft.com, Key Vault references).
const UNRESOLVED: &str = "@Microsoft.KeyVault(";

/// Puts app settings into a text; the error says what is wrong with it.
pub(super) fn expand<'t>(text: &'t str, env: &dyn Fn(&str) -> Option<String>) -> Result<Cow<'t, str>, String> {
    let expanded = if text.contains('%') { Cow::Owned(replace(text, env)?) } else { Cow::Borrowed(text) };
    if is_unresolved(&expanded) {
        return Err("the Key Vault reference of this app setting was not resolved by the platform; its state on the \
             function app tells why, most often the app's identity lacks the role Key Vault Secrets User on the vault"
            .to_owned());
    }
    Ok(expanded)
}

/// Whether a value is a Key Vault reference that the platform left as it was.
pub(super) fn is_unresolved(value: &str) -> bool {
    value.trim_start().starts_with(UNRESOLVED)
}

fn replace(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        result.push_str(before);
        let (name, after) = after.split_once('%').ok_or("a % stands alone; write %% for a percent sign")?;
        result.push_str(&setting(name, env)?);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

fn setting(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    match name {
        "" => Ok("%".to_owned()),
        _ if !is_variable(name) => Err(format!("%{name}% does not name an app setting; write %% for a percent sign")),
        _ => env(name).ok_or_else(|| format!("the app setting (environment variable) {name} is not set")),
    }
}

/// Whether a text can name an environment variable: letters, digits and `_`, not beginning with a digit.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "REGION" => Some("eastus2".to_owned()),
            "REFERENCE" => Some("@Microsoft.KeyVault(SecretUri=https://kv/secrets/x)".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn settings_are_put_in_and_doubled_percents_are_one() {
        assert_eq!(expand("aks-%REGION%-%REGION%", &env).unwrap(), "aks-eastus2-eastus2");
        assert_eq!(expand("100%% of %REGION%", &env).unwrap(), "100% of eastus2");
        assert_eq!(expand("plain", &env).unwrap(), "plain");
    }

    #[test]
    fn what_cannot_be_put_in_is_named() {
        assert!(expand("%NOWHERE%", &env).unwrap_err().contains("NOWHERE is not set"));
        assert!(expand("100%", &env).unwrap_err().contains("write %%"));
        assert!(expand("a%2Fb%2F", &env).unwrap_err().contains("%2Fb%"));
        assert!(expand("%REFERENCE%", &env).unwrap_err().contains("not resolved"));
        assert!(expand("@Microsoft.KeyVault(SecretUri=x)", &env).unwrap_err().contains("not resolved"));
    }
}
