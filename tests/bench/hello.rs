//! The reference of the benchmarks: the least that axum can be on the port where the Functions host wants its handler.

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};

#[tokio::main]
async fn main() {
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0u16);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let router = Router::new().route("/", get(async || "hello")).route("/{function}", post(taken));
    axum::serve(listener, router).await.unwrap();
}

/// Takes the body, answers as the host wants it.
async fn taken(body: Bytes) -> ([(&'static str, &'static str); 1], String) {
    let outputs = format!(r#"{{"Outputs":{{"res":{{"statusCode":202,"body":"{}"}}}}}}"#, body.len());
    ([("content-type", "application/json")], outputs)
}
