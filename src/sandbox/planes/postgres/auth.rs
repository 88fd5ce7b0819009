//! Login: SCRAM-SHA-256 for the password user, a token in clear text (inside TLS) for Entra principals.

use std::fmt;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::Sink;
use pgwire::api::ClientInfo;
use pgwire::api::auth::cleartext::CleartextPasswordAuth;
use pgwire::api::auth::driver::AuthOutcome;
use pgwire::api::auth::mechanism::AuthMechanismFactory;
use pgwire::api::auth::sasl::SaslMechanisms;
use pgwire::api::auth::sasl::scram::{SCRAM_ITERATIONS, ScramAuth, gen_salted_password};
use pgwire::api::auth::{
    AuthDriver, AuthSource, DefaultServerParameterProvider, LoginInfo, Password, ServerParameterProvider,
    StartupHandler, protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::startup::Startup;
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::session::Look;
use super::{PASSWORD_USER, VERSION};
use crate::sandbox::world::World;

/// The resource that tokens for the database are issued for (learn.microsoft.com, Entra authentication for PostgreSQL).
const AUDIENCE: &str = "https://ossrdbms-aad.database.windows.net";

/// Checks who logs in to one server.
pub(super) struct Login {
    database: String,
    driver: AuthDriver<Parameters>,
    password: SaslMechanisms,
    token: Arc<dyn AuthMechanismFactory>,
}

impl Login {
    pub(super) fn new(world: &World, database: &str, look: Look) -> Self {
        let scram = ScramAuth::new(Arc::new(PasswordSource(world.clone())));
        Self {
            database: database.to_owned(),
            driver: AuthDriver::new(Parameters(look)),
            password: SaslMechanisms::new(vec![Arc::new(scram)]),
            token: Arc::new(CleartextPasswordAuth::new(Arc::new(TokenSource(world.clone())))),
        }
    }

    /// What is refused before any password is asked for.
    fn check(&self, client: &(impl ClientInfo + ?Sized)) -> PgWireResult<()> {
        let login = LoginInfo::from_client_info(client);
        let user = login.user().unwrap_or_default();
        let database = login.database().unwrap_or(user);
        if !client.is_secure() {
            let text = format!(
                "no pg_hba.conf entry for host \"{}\", user \"{user}\", database \"{database}\", no encryption",
                login.host()
            );
            return Err(fatal("28000", text));
        }
        if database != self.database && database != "postgres" {
            return Err(fatal("3D000", format!("database \"{database}\" does not exist")));
        }
        Ok(())
    }

    async fn begin<C>(&self, client: &mut C, startup: &Startup) -> PgWireResult<AuthOutcome>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        protocol_negotiation(client, startup).await?;
        save_startup_parameters_to_metadata(client, startup);
        self.check(client)?;
        let with_password = client.metadata().get("user").is_some_and(|user| user == PASSWORD_USER);
        let mechanism = if with_password { self.password.create() } else { self.token.create() };
        self.driver.begin_authentication(client, mechanism).await
    }
}

#[async_trait]
impl StartupHandler for Login {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let outcome = match message {
            PgWireFrontendMessage::Startup(startup) => self.begin(client, &startup).await,
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                self.driver.advance_authentication(client, message).await
            }
            _ => return Ok(()),
        };
        match outcome.map_err(|error| in_the_servers_words(error, client))? {
            AuthOutcome::InProgress => Ok(()),
            AuthOutcome::Authenticated { final_message, .. } => {
                self.driver.complete_authentication(client, final_message).await
            }
        }
    }
}

fn fatal(code: &str, text: String) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new("FATAL".to_owned(), code.to_owned(), text)))
}

/// The library's text for a wrong password is not the server's, and it does not always name the user.
fn in_the_servers_words(error: PgWireError, client: &(impl ClientInfo + ?Sized)) -> PgWireError {
    match error {
        PgWireError::InvalidPassword(_) => {
            let user = client.metadata().get("user").map(String::as_str).unwrap_or_default();
            fatal("28P01", format!("password authentication failed for user \"{user}\""))
        }
        other => other,
    }
}

fn wrong_password(login: &LoginInfo<'_>) -> PgWireError {
    PgWireError::InvalidPassword(login.user().unwrap_or_default().to_owned())
}

/// The password of the one password user, as salted for SCRAM.
struct PasswordSource(World);

impl fmt::Debug for PasswordSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordSource")
    }
}

#[async_trait]
impl AuthSource for PasswordSource {
    async fn get_password(&self, _login: &LoginInfo) -> PgWireResult<Password> {
        let salt = rand::random::<[u8; 16]>().to_vec();
        let salted = gen_salted_password(&self.0.settings().password, &salt, SCRAM_ITERATIONS);
        Ok(Password::new(Some(salt), salted))
    }
}

/// Tokens of the world, presented as passwords.
struct TokenSource(World);

impl fmt::Debug for TokenSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenSource")
    }
}

#[async_trait]
impl AuthSource for TokenSource {
    /// There is no password to compare with; tokens are verified.
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Password> {
        Err(wrong_password(login))
    }

    async fn verify_password(&self, login: &LoginInfo, presented: &[u8]) -> PgWireResult<Option<()>> {
        let token = std::str::from_utf8(presented).unwrap_or_default();
        match self.0.check_token(token, &[AUDIENCE]) {
            Ok(_) => Ok(None),
            Err(_) => Err(wrong_password(login)),
        }
    }
}

/// What the server tells about itself after the login.
struct Parameters(Look);

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<std::collections::HashMap<String, String>> {
        let view = (self.0)();
        let mut provider = DefaultServerParameterProvider::default();
        provider.server_version = VERSION.to_owned();
        provider.is_superuser = false;
        provider.in_hot_standby = view.is_some_and(|view| view.in_recovery);
        provider.default_transaction_read_only = view.is_some_and(|view| view.default_read_only);
        provider.server_parameters(client)
    }
}
