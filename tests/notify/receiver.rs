//! A receiver on loopback that records what it is sent and behaves as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    Answer(u16),
    /// A status with a `Retry-After`.
    AskToWait(u16, &'static str),
    /// Sends callers to a page of its own that answers 200 to a GET.
    Redirect,
    Hang,
}

#[derive(Debug, Clone)]
pub struct Request {
    pub target: String,
    pub content_type: String,
    pub bytes: usize,
    pub json: Value,
}

type Requests = Arc<Mutex<Vec<Request>>>;

pub struct Receiver {
    url: String,
    requests: Requests,
    server: JoinHandle<()>,
}

impl Receiver {
    pub async fn start(behaviour: Behaviour) -> Self {
        let requests = Requests::default();
        let state = (behaviour, Arc::clone(&requests));
        let app = Router::new()
            .route("/landing", axum::routing::get(|| async { StatusCode::OK }))
            .fallback(receive)
            .with_state(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, requests, server }
    }

    /// The address of a port that nobody listens on, and what keeps everybody else from taking it.
    pub fn nobody() -> (String, TcpSocket) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        (format!("http://{}", socket.local_addr().unwrap()), socket)
    }

    /// The address of something that reads a little and closes the connection.
    pub async fn hangs_up() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.readable().await;
                drop(stream);
            }
        });
        url
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn only_request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.into_iter().next().unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(
    State((behaviour, requests)): State<(Behaviour, Requests)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    requests.lock().unwrap().push(Request {
        target: uri.to_string(),
        content_type: headers[header::CONTENT_TYPE].to_str().unwrap().to_owned(),
        bytes: body.len(),
        json: serde_json::from_slice(&body).unwrap(),
    });
    let flow_run = (HeaderName::from_static("x-ms-workflow-run-id"), "flow-run-7");
    match behaviour {
        Behaviour::Answer(status) => (StatusCode::from_u16(status).unwrap(), [flow_run]).into_response(),
        Behaviour::AskToWait(status, wait) => {
            (StatusCode::from_u16(status).unwrap(), [(header::RETRY_AFTER, wait)]).into_response()
        }
        Behaviour::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/landing")]).into_response(),
        Behaviour::Hang => std::future::pending().await,
    }
}
