//! Stands between a client and Azurite and does what a network and Azure do and Azurite does not: loses answers, is
//! slow, refuses with Azure's own errors, and lets time pass.

use super::azurite::{Azurite, HOST};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, Response, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use reveille::sandbox::tls::{Peer, TlsListener};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What becomes of one request.
#[derive(Debug, Clone)]
pub enum Harm {
    None,
    /// When it made or changed something (201), the connection is cut instead of the answer.
    LoseCreated,
    /// The connection is cut before anything is carried out.
    Cut,
    /// It is carried out after this time.
    Late(Duration),
    /// It is refused with a status, a code and further headers.
    Refuse(u16, &'static str, &'static [(&'static str, &'static str)]),
    /// A list comes in pages of one name.
    SmallPages,
}

/// A request as a rule sees it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub target: String,
}

impl Asked {
    pub fn is_append(&self) -> bool {
        self.target.contains("comp=appendblock")
    }

    pub fn is_write(&self) -> bool {
        [Method::PUT, Method::DELETE].contains(&self.method)
    }
}

type Rule = Box<dyn FnMut(&Asked) -> Harm + Send>;

struct Middle {
    rule: Mutex<Rule>,
    asked: Mutex<Vec<Asked>>,
    /// By path: what was written until then looks as if it were older by this.
    aged: Mutex<HashMap<String, (DateTime<Utc>, TimeDelta)>>,
    client: reqwest::Client,
    behind: SocketAddr,
}

pub struct StorageProxy {
    pub address: SocketAddr,
    middle: Arc<Middle>,
    serving: JoinHandle<()>,
}

impl Drop for StorageProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl StorageProxy {
    pub async fn start(azurite: &Azurite) -> Self {
        let tcp = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = tcp.local_addr().unwrap();
        let config = azurite.ca.leaf(&[HOST]).server_config();
        let listener = TlsListener::new(tcp, Arc::new(config)).unwrap();
        let middle = Arc::new(Middle {
            rule: Mutex::new(Box::new(|_| Harm::None)),
            asked: Mutex::default(),
            aged: Mutex::default(),
            // Azurite closes idle connections after 5 s; one that is taken just then would break a call by itself.
            client: client(azurite).pool_idle_timeout(Duration::from_secs(2)).build().unwrap(),
            behind: azurite.address,
        });
        let app = Router::new().fallback(pass).with_state(middle.clone());
        let app = app.into_make_service_with_connect_info::<Peer>();
        let serving = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { address, middle, serving }
    }

    pub fn harm(&self, rule: impl FnMut(&Asked) -> Harm + Send + 'static) {
        *self.middle.rule.lock().unwrap() = Box::new(rule);
    }

    /// Loses the answer of every write that is carried out.
    pub fn lose_every_success(&self) {
        self.harm(|asked| if asked.is_write() { Harm::LoseCreated } else { Harm::None });
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.middle.asked.lock().unwrap().clone()
    }

    /// Everything written to this blob so far becomes older by `time`.
    pub async fn age(&self, path: &str, time: Duration) {
        let until = Utc::now();
        self.middle.aged.lock().unwrap().insert(path.to_owned(), (until, TimeDelta::from_std(time).unwrap()));
        // Times of storage are whole seconds: what comes now must show another one.
        tokio::time::sleep(Duration::from_millis(1_050)).await;
    }
}

/// A client that trusts Azurite and finds it under its name in Azure.
pub fn client(azurite: &Azurite) -> reqwest::ClientBuilder {
    let ca = reqwest::Certificate::from_pem(azurite.ca.pem().as_bytes()).unwrap();
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    reqwest::Client::builder().tls_certs_only([ca]).resolve(HOST, anywhere).no_proxy()
}

async fn pass(
    State(middle): State<Arc<Middle>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let asked = Asked { method: request.method().clone(), target: request.uri().path_and_query().unwrap().to_string() };
    middle.asked.lock().unwrap().push(asked.clone());
    let harm = (middle.rule.lock().unwrap())(&asked);
    let cut = || {
        peer.switch.cut();
        Response::new(Body::empty())
    };
    match harm {
        Harm::None => middle.forward(&asked.target, request).await,
        Harm::SmallPages => middle.forward(&format!("{}&maxresults=1", asked.target), request).await,
        Harm::Cut => cut(),
        Harm::Refuse(status, code, headers) => refuse(status, code, headers),
        Harm::Late(time) => {
            tokio::time::sleep(time).await;
            middle.forward(&asked.target, request).await
        }
        Harm::LoseCreated => match middle.forward(&asked.target, request).await {
            done if [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&done.status()) => cut(),
            refused => refused,
        },
    }
}

fn refuse(status: u16, code: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>As Azure says it.\nRequestId:1\nTime:2</Message></Error>"
    );
    let mut answer = Response::builder().status(status).header("x-ms-error-code", code);
    answer = answer.header("content-type", "application/xml").header("x-ms-request-id", "9f1c");
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Body::from(body)).unwrap()
}

/// Headers that belong to one connection.
fn travels(name: &HeaderName) -> bool {
    !["host", "connection", "keep-alive", "transfer-encoding"].contains(&name.as_str())
}

impl Middle {
    async fn forward(&self, target: &str, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let url = format!("https://{HOST}:{}{target}", self.behind.port());
        let mut forwarded = self.client.request(head.method.clone(), url).body(body);
        for (name, value) in head.headers.iter().filter(|(name, _)| travels(name)) {
            forwarded = forwarded.header(name, value);
        }
        let answer = forwarded.send().await.expect("Azurite does not answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.expect("Azurite's answer broke off");
        self.answer(head.uri.path(), head.method == Method::HEAD, status, headers, body)
    }

    fn answer(&self, path: &str, head: bool, status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Body> {
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = status;
        for (name, value) in headers.iter().filter(|(name, _)| travels(name)) {
            // hyper counts the body itself, but a HEAD has none.
            if *name != "content-length" || head {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        self.make_older(path, answer.headers_mut());
        answer
    }

    fn make_older(&self, path: &str, headers: &mut HeaderMap) {
        let aged = self.aged.lock().unwrap();
        let Some((until, by)) = aged.get(path) else { return };
        let Some(written) = headers.get("last-modified") else { return };
        let written = DateTime::parse_from_rfc2822(written.to_str().unwrap()).unwrap().to_utc();
        if written <= *until {
            let older = (written - *by).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            headers.insert("last-modified", older.parse().unwrap());
        }
    }
}
