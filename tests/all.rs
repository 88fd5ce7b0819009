//! The one integration binary: every test that needs more than one module lives here.
//! Those that need the simulated Azure are behind the feature `sandbox`, like the thing itself.

mod architecture;
mod cli;
mod config;
mod decisions;
mod host_contract;
mod infra;
mod notify;
mod record;
mod render;
mod retention;
mod sim;
mod store_contract;
mod support;

#[cfg(feature = "sandbox")]
mod azure_credential;
#[cfg(feature = "sandbox")]
mod azure_payloads;
#[cfg(feature = "sandbox")]
mod azure_readiness;
#[cfg(feature = "sandbox")]
mod azure_sandbox;
#[cfg(feature = "sandbox")]
mod azure_server;
#[cfg(feature = "sandbox")]
mod azure_wire;
#[cfg(feature = "sandbox")]
mod first_contact;
mod golden;
#[cfg(feature = "sandbox")]
mod key_vault;
#[cfg(feature = "sandbox")]
mod kubernetes;
#[cfg(feature = "sandbox")]
mod kubernetes_sandbox;
#[cfg(feature = "sandbox")]
mod outlook;
#[cfg(feature = "sandbox")]
mod package;
mod probe_certificate;
#[cfg(feature = "sandbox")]
mod probe_dns;
#[cfg(feature = "sandbox")]
mod probe_http;
#[cfg(feature = "sandbox")]
mod probe_postgres;
#[cfg(feature = "sandbox")]
mod probe_postgres_failover;
#[cfg(feature = "sandbox")]
mod sandbox_arm;
#[cfg(feature = "sandbox")]
mod sandbox_host;
#[cfg(feature = "sandbox")]
mod sandbox_kubernetes;
#[cfg(feature = "sandbox")]
mod sandbox_planes;
#[cfg(feature = "sandbox")]
mod sandbox_scenarios;
#[cfg(feature = "sandbox")]
mod scenarios;
#[cfg(feature = "sandbox")]
mod telemetry;
#[cfg(feature = "sandbox")]
mod whole_program;
