//! Clusters without Entra know us by the client certificate in the kubeconfig.

use super::support::{Bench, NODES, kubeconfig, settings};
use crate::support::ca::{Ca, Leaf};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server that lets only those in who hold a certificate of `ca`, and keeps the heads of what it is asked.
async fn serve(ca: &Ca) -> (String, Arc<Mutex<Vec<String>>>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let leaf = ca.leaf(&["localhost"]);
    let chain = vec![CertificateDer::from_pem_slice(leaf.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            seen.lock().unwrap().push(String::from_utf8(head).unwrap());
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{NODES}", NODES.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, heads)
}

fn user(leaf: &Leaf) -> String {
    let (certificate, key) = (STANDARD.encode(&leaf.certificate), STANDARD.encode(&leaf.key));
    format!("client-certificate-data: {certificate}\n    client-key-data: {key}\n    token: not-used")
}

#[tokio::test]
async fn the_certificate_of_the_kubeconfig_lets_us_in_without_a_token() {
    let ca = Ca::new();
    let (url, heads) = serve(&ca).await;
    let config = kubeconfig(&url, &ca.pem(), &user(&ca.leaf(&["masterclient"])));
    let bench = Bench::with(config, settings()).await;
    assert_eq!(bench.cluster.nodes().await.unwrap().value.nodes.len(), 3);
    let heads = heads.lock().unwrap();
    assert!(heads.len() == 1 && !heads[0].to_ascii_lowercase().contains("authorization"), "{heads:?}");
}

#[tokio::test]
async fn a_certificate_of_another_authority_does_not() {
    let ca = Ca::new();
    let (url, heads) = serve(&ca).await;
    let config = kubeconfig(&url, &ca.pem(), &user(&Ca::new().leaf(&["masterclient"])));
    let bench = Bench::with(config, settings()).await;
    assert!(bench.cluster.nodes().await.is_err());
    assert!(heads.lock().unwrap().is_empty());
    assert_eq!(bench.asked("/runCommand"), 0);
}
