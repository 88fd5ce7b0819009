//! The Azurite process.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::{HOST, StorageError};
use crate::sandbox::ca::Authority;

/// Starting Node takes seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);
/// Another process may take the port first.
const ATTEMPTS: usize = 3;
/// Runs the server until its own input ends, which it does however this process ends.
const KEEP: &str = r#"exec 3<&0; "$@" </dev/null & server=$!; (read -r _ <&3; kill -9 "$server") & wait "$server""#;

pub(super) struct Azurite {
    pub(super) address: SocketAddr,
    _keeper: Keeper,
    _home: Home,
}

/// A shell that ends the server when its input ends.
struct Keeper {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}

/// Its folder, removed in the end.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        // Left behind in the temporary folder at worst.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Azurite {
    pub(super) async fn start(authority: &Authority) -> Result<Self, StorageError> {
        let program = program().ok_or(StorageError::Missing)?;
        let failed = |source| StorageError::Start { program: program.clone(), source };
        let home = Home(std::env::temp_dir().join(format!("reveille-azurite-{}", uuid::Uuid::new_v4().simple())));
        let (certificate, key) = authority.server_certificate([HOST])?;
        fs::create_dir_all(&home.0).map_err(failed)?;
        fs::write(home.0.join("cert.pem"), certificate).map_err(failed)?;
        fs::write(home.0.join("key.pem"), key).map_err(failed)?;
        for _ in 0..ATTEMPTS {
            let address = free_port().await.map_err(failed)?;
            let mut keeper = keep(&program, &home.0, address.port()).map_err(failed)?;
            if is_up(address, &mut keeper.shell).await {
                return Ok(Self { address, _keeper: keeper, _home: home });
            }
        }
        Err(StorageError::NotUp { said: fs::read_to_string(home.0.join("said")).unwrap_or_default() })
    }
}

async fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

fn keep(program: &Path, home: &Path, port: u16) -> std::io::Result<Keeper> {
    let said = fs::File::create(home.join("said"))?;
    let (account, key) = (HOST.split('.').next().unwrap_or(HOST), BASE64_STANDARD.encode("a key that nobody uses"));
    let mut command = Command::new("sh");
    command.args(["-c", KEEP, "sh"]).arg(program);
    command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--inMemoryPersistence", "--silent"]);
    command.args(["--skipApiVersionCheck", "--disableTelemetry", "--oauth", "basic"]);
    command.args(["--cert", "cert.pem", "--key", "key.pem"]);
    command.env("AZURITE_ACCOUNTS", format!("{account}:{key}")).current_dir(home);
    command.stdin(Stdio::piped()).stdout(said.try_clone()?).stderr(said);
    let mut shell = command.spawn()?;
    let input = shell.stdin.take();
    Ok(Keeper { shell, input })
}

async fn is_up(address: SocketAddr, shell: &mut Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && matches!(shell.try_wait(), Ok(None)) {
        if TcpStream::connect(address).await.is_ok() {
            return true;
        }
        sleep(LOOK).await;
    }
    false
}

/// `$AZURITE`, else what `tests/run` installs beside this program's target folder, else what is on the path.
fn program() -> Option<PathBuf> {
    let named = std::env::var_os("AZURITE").map(PathBuf::from);
    let own = std::env::current_exe().unwrap_or_default();
    let installed = own.ancestors().skip(1).take(4).map(|folder| folder.join("tools/node_modules/.bin/azurite-blob"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("azurite-blob"));
    let places: Vec<PathBuf> = named.into_iter().chain(installed).chain(on_path).collect();
    places.into_iter().find(|place| place.is_file())
}
