//! One call of the vault: who asks, for what, and what comes of it.

use axum::extract::{Query, Request};
use axum::http::header::AUTHORIZATION;

use super::answer::Answer;
use super::secrets::{HOST, VaultFault};
use crate::sandbox::world::{Claims, Event, GROUP, SUBSCRIPTION, World};

const AUDIENCE: &str = "https://vault.azure.net";
/// Versions of the vaults' own interface (folders of keyvault/data-plane in Azure/azure-rest-api-specs).
const VERSIONS: [&str; 8] = ["7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01"];
const ACTION: &str = "Microsoft.KeyVault/vaults/secrets/getSecret/action";

pub(super) struct Call {
    pub method: String,
    pub path: String,
    version: Option<String>,
    caller: Option<Claims>,
}

impl Call {
    pub fn of(world: &World, request: &Request) -> Self {
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map(|it| it.0).unwrap_or_default();
        let bearer = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
        Self {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            version: query.into_iter().find(|(key, _)| key == "api-version").map(|(_, value)| value),
            caller: bearer.and_then(|token| world.check_token(token, &[AUDIENCE]).ok()),
        }
    }

    /// The client id of the caller.
    pub fn caller(&self) -> &str {
        self.caller.as_ref().map_or("nobody", |claims| &claims.appid)
    }

    /// The stages of a real vault: token, network, version, role, secret.
    pub fn answer(&self, world: &World) -> Answer {
        let Some(caller) = &self.caller else { return Answer::challenge(AUDIENCE) };
        let fault = world.vault_fault();
        if let Some(answer) = fault.and_then(refused_at_the_door) {
            return answer;
        }
        if !self.version.as_deref().is_some_and(|version| VERSIONS.contains(&version)) {
            return self.unknown(world, Answer::bad_version(self.version.as_deref()));
        }
        let Some(name) = self.secret() else { return self.unknown(world, Answer::no_such_path(&self.path)) };
        if let Some(answer) = forbidden(world, fault, caller, name) {
            return answer;
        }
        match world.kept_secret(name) {
            None => Answer::no_secret(name),
            Some(kept) if !kept.enabled => Answer::disabled(),
            Some(kept) => Answer::secret(name, &kept),
        }
    }

    /// The secret of `/secrets/{name}`, of which nothing but the newest version is served.
    fn secret(&self) -> Option<&str> {
        let name = self.path.strip_prefix("/secrets/")?.trim_end_matches('/');
        (self.method == "GET" && !name.is_empty() && !name.contains('/')).then_some(name)
    }

    fn unknown(&self, world: &World, answer: Answer) -> Answer {
        let event = Event::Unknown { method: self.method.clone(), path: format!("{HOST}{}", self.path) };
        world.log(event, format!("unknown call of Key Vault: {} {}", self.method, self.path));
        answer
    }
}

fn refused_at_the_door(fault: VaultFault) -> Option<Answer> {
    match fault {
        VaultFault::Firewall => Some(Answer::firewall()),
        VaultFault::Throttled => Some(Answer::throttled()),
        VaultFault::Fails => Some(Answer::error(500, "InternalServerError", "An unexpected error occurred.", None)),
        VaultFault::NoRole | VaultFault::NoPolicy | VaultFault::Unreachable => None,
    }
}

fn forbidden(world: &World, fault: Option<VaultFault>, caller: &Claims, name: &str) -> Option<Answer> {
    let vault = HOST.split('.').next().unwrap_or(HOST);
    let resource = format!(
        "/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/providers/microsoft.keyvault/vaults/{vault}/secrets/{name}"
    );
    match fault {
        Some(VaultFault::NoPolicy) => Some(Answer::no_policy(caller, vault)),
        Some(VaultFault::NoRole) => Some(Answer::no_role(caller, ACTION, &resource)),
        _ if world.is_granted(ACTION, &resource) => None,
        _ => Some(Answer::no_role(caller, ACTION, &resource)),
    }
}
