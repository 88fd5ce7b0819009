//! A real Azurite, Microsoft's emulator of Azure storage, over HTTPS and with Entra tokens.
//!
//! One server for all tests that run at the same time; each has containers of its own. It ends with the last of them,
//! and when the test process dies, because the shell that keeps it waits for the end of its input.

use super::ca::Ca;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const ACCOUNT: &str = "stdr";
/// The account's blob endpoint, as in Azure; only the port is another.
pub const HOST: &str = "stdr.blob.core.windows.net";
/// The version is the last that runs on the Node of today's Debian; `tests/run` installs the same.
const INSTALL: &str = "Azurite is missing; install it with: tests/run, or: npm install --prefix target/tools azurite@3.35.0 \
                       (or set AZURITE to its azurite-blob)";
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Azurite {
    pub address: SocketAddr,
    pub ca: Ca,
    _keeper: Keeper,
    _home: TempDir,
}

/// The running Azurite, started by the first test that needs it.
pub fn shared() -> Arc<Azurite> {
    static SHARED: Mutex<Weak<Azurite>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(Azurite::start());
    *shared = Arc::downgrade(&started);
    started
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

impl Azurite {
    fn start() -> Self {
        let (ca, home) = (Ca::new(), tempfile::tempdir().unwrap());
        let leaf = ca.leaf(&[HOST, "localhost"]);
        fs::write(home.path().join("cert.pem"), leaf.certificate).unwrap();
        fs::write(home.path().join("key.pem"), leaf.key).unwrap();
        // Another process may take the port first.
        for _ in 0..3 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let mut keeper = keep(home.path(), port);
            if is_up(address, &mut keeper.shell) {
                return Self { address, ca, _keeper: keeper, _home: home };
            }
        }
        panic!("Azurite did not start: {}", fs::read_to_string(home.path().join("said")).unwrap_or_default());
    }
}

fn keep(home: &Path, port: u16) -> Keeper {
    let said = fs::File::create(home.join("said")).unwrap();
    let key = BASE64_STANDARD.encode("a key that nobody uses");
    let mut shell = Command::new("sh")
        .args([
            "-c",
            r#"exec 3<&0; "$@" </dev/null & server=$!; (read -r _ <&3; kill -9 "$server") & wait "$server""#,
            "sh",
        ])
        .arg(program())
        .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string(), "--inMemoryPersistence", "--silent"])
        .args(["--skipApiVersionCheck", "--disableTelemetry", "--oauth", "basic"])
        .args(["--cert", "cert.pem", "--key", "key.pem"])
        .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{key}"))
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    let input = shell.stdin.take();
    Keeper { shell, input }
}

fn is_up(address: SocketAddr, shell: &mut Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && shell.try_wait().unwrap().is_none() {
        if TcpStream::connect(address).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// `$AZURITE`, else what `tests/run` installs, else what is on the path.
fn program() -> PathBuf {
    let installed = std::env::current_exe().unwrap();
    let target = installed.ancestors().nth(3).unwrap().join("tools/node_modules/.bin/azurite-blob");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("azurite-blob"));
    let mut places = std::env::var_os("AZURITE").map(PathBuf::from).into_iter().chain([target]).chain(on_path);
    places.find(|place| place.exists()).expect(INSTALL)
}

/// A token as Entra's, for any account: Azurite looks at the claims and not at the signature.
pub fn token(lives: chrono::TimeDelta) -> String {
    let now = chrono::Utc::now();
    let claims = json!({
        "aud": "https://storage.azure.com", "iss": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
        "iat": (now - chrono::TimeDelta::hours(2)).timestamp(), "nbf": (now - chrono::TimeDelta::hours(2)).timestamp(),
        "exp": (now + lives).timestamp(), "oid": "6d0c9a2e-6a0e-4e5c-a6f5-52a55d6f6d01",
    });
    let part = |value: &serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmVk", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims))
}
