//! The app as soon as it is built, beside the listener that is answering already.
//!
//! A wrong configuration stays wrong until somebody mends it and the process starts anew. Anything else that fails at
//! the start (a store on a share that is not mounted yet, say) may pass, so it is tried again when somebody asks.

use super::app::{App, BuildError, part};
use crate::config;
use crate::domain::run::Driver;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Time between two tries, so that a storm of calls does not become a storm of tries.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

pub(super) type Built = Result<Arc<App>, BuildError>;
type Building = Shared<BoxFuture<'static, Built>>;
pub(super) type Build = Arc<dyn Fn() -> Built + Send + Sync>;

/// Where the functions get the app from.
#[derive(Clone)]
pub struct Ready {
    build: Build,
    newest: Arc<Mutex<Try>>,
}

struct Try {
    began: Instant,
    building: Building,
}

/// Begins to build the app in the background. Has to be called inside the runtime.
pub fn pending(driver: Driver) -> Ready {
    Ready::new(Arc::new(move || {
        let path = config::document_path(&config::process_env);
        let config = config::load(&path).map_err(|errors| BuildError::Config(Arc::new(errors)))?;
        let app = App::build(config, driver.clone())?;
        app.warn_of_unset_secrets(&config::process_env);
        Ok(Arc::new(app))
    }))
}

impl Ready {
    pub(super) fn new(build: Build) -> Self {
        let newest = Arc::new(Mutex::new(Try::begin(&build)));
        Self { build, newest }
    }

    /// The app, or why there is none.
    pub(super) async fn app(&self) -> Built {
        let building = {
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            if newest.is_worth_another() {
                *newest = Try::begin(&self.build);
            }
            newest.building.clone()
        };
        building.await
    }
}

impl Try {
    fn begin(build: &Build) -> Self {
        let build = build.clone();
        let built = tokio::task::spawn_blocking(move || build());
        let building = async move { built.await.unwrap_or_else(|panicked| Err(part("the app", panicked))) };
        let building = building.boxed().shared();
        // Seen to its end even when nobody waits: the next one to ask must not get an old failure.
        tokio::spawn(told(building.clone()));
        Self { began: Instant::now(), building }
    }

    fn is_worth_another(&self) -> bool {
        let failed = self.building.peek().and_then(|built| built.as_ref().err());
        failed.is_some_and(BuildError::may_pass) && self.began.elapsed() >= AGAIN_AFTER
    }
}

async fn told(building: Building) {
    if let Err(error) = building.await {
        tracing::error!(error = %error, "not ready");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigErrors;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Fails in the same way each time, and counts.
    fn failing(error: BuildError) -> (Ready, Arc<AtomicUsize>) {
        let tries = Arc::new(AtomicUsize::new(0));
        let count = tries.clone();
        let build = move || {
            count.fetch_add(1, Ordering::SeqCst);
            Err(error.clone())
        };
        (Ready::new(Arc::new(build)), tries)
    }

    async fn asked_again_and_again(ready: &Ready) {
        for _ in 0..10 {
            assert!(ready.app().await.is_err());
        }
        tokio::time::advance(AGAIN_AFTER).await;
        for _ in 0..10 {
            assert!(ready.app().await.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_not_by_every_caller() {
        let (ready, tries) = failing(BuildError::Part { what: "the store", why: "not mounted".to_owned() });
        asked_again_and_again(&ready).await;
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_configuration_is_read_once() {
        let wrong = config::parse("rto = 1", "reveille.toml", &|_| None).unwrap_err();
        let (ready, tries) = failing(BuildError::Config(Arc::new(ConfigErrors(wrong.0))));
        asked_again_and_again(&ready).await;
        assert_eq!(tries.load(Ordering::SeqCst), 1);
    }
}
