//! What keeps a Functions host running: the App Service below it. A host that stopped by itself, because its handler
//! crashed a third time, is started again at the same address and finds its queues as they are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::sandbox::host::{FunctionsHost, HostError, HostOptions, Level};

/// Time until a stopped host is started again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Platform {
    current: Current,
    keeper: JoinHandle<()>,
}

#[derive(Clone)]
struct Current {
    host: Arc<Mutex<Arc<FunctionsHost>>>,
    /// No host is started before that.
    down_until: Arc<Mutex<Instant>>,
}

impl Platform {
    /// Starts the host and waits until its handler is ready.
    pub(super) async fn start(mut options: HostOptions) -> Result<Self, HostError> {
        let host = FunctionsHost::start(options.clone()).await?;
        host.ready().await?;
        options.listen = host.address();
        let down_until = Arc::new(Mutex::new(Instant::now()));
        let current = Current { host: Arc::new(Mutex::new(Arc::new(host))), down_until };
        let keeper = tokio::spawn(keep(current.clone(), options));
        Ok(Self { current, keeper })
    }

    /// The host as it is now.
    pub(super) fn host(&self) -> Arc<FunctionsHost> {
        self.current.get()
    }

    /// Takes the host away for that long.
    pub(super) fn down(&self, lasts: Duration) {
        *self.current.down_until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + lasts;
        self.host().halt();
    }

    /// Stops for good.
    pub(super) async fn stop(mut self) {
        self.keeper.abort();
        // Aborted or ended, the keeper holds no host any more.
        let _ = (&mut self.keeper).await;
        let current = self.host();
        drop(self);
        if let Some(host) = Arc::into_inner(current) {
            host.stop().await;
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Current {
    fn get(&self) -> Arc<FunctionsHost> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn down_until(&self) -> Instant {
        *self.down_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, host: FunctionsHost) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(host);
    }
}

async fn keep(current: Current, options: HostOptions) {
    loop {
        current.get().stopped().await;
        sleep(PAUSE).await;
        sleep_until(current.down_until()).await;
        match FunctionsHost::start(options.clone()).await {
            Ok(host) => current.replace(host),
            // Its address may not be free yet.
            Err(error) => options.log.host(Level::Warning, format!("the host could not be started again: {error}")),
        }
    }
}
