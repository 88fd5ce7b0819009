//! The pod that proves a path: it connects to the database from inside the cluster, reads, and ends.

use crate::domain::secret::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a probe pod runs. It is never started again, holds no service account's token and asks for little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbePod {
    pub namespace: String,
    pub name: String,
    /// An image with the command in it, such as `postgres:17-alpine`.
    pub image: String,
    pub command: Vec<String>,
    /// Environment, such as `PGHOST` and `PGPORT`.
    pub env: BTreeMap<String, String>,
    /// Environment that nobody may read here. The cluster's readers of pods can: use a password that is worth little.
    pub secret_env: BTreeMap<String, Secret>,
    /// Labels beside our own.
    pub labels: BTreeMap<String, String>,
    /// Kubernetes ends it after this time.
    pub deadline: Duration,
}

/// The label on every pod of ours.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "reveille");

/// The server that a probe pod connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgTarget {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Secret,
}

impl ProbePod {
    /// The pod that reads from a PostgreSQL server with `psql`: it prints whether the server is a standby (`f` or `t`)
    /// and ends. The connection is encrypted, but the image may hold no roots to verify the server with.
    pub fn psql(namespace: &str, name: &str, image: &str, target: PgTarget) -> Self {
        let PgTarget { host, port, database, user, password } = target;
        let env = [
            ("PGHOST", host),
            ("PGPORT", port.to_string()),
            ("PGDATABASE", database),
            ("PGUSER", user),
            ("PGSSLMODE", "require".to_owned()),
            ("PGCONNECT_TIMEOUT", "10".to_owned()),
        ];
        let question = "select pg_is_in_recovery()";
        let command = ["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--command", question];
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            image: image.to_owned(),
            command: command.map(str::to_owned).into(),
            env: env.map(|(name, value)| (name.to_owned(), value)).into(),
            secret_env: BTreeMap::from([("PGPASSWORD".to_owned(), password)]),
            labels: BTreeMap::new(),
            deadline: Duration::from_secs(120),
        }
    }

    /// The object that the API server is to make. It is allowed in namespaces under the "restricted" security standard
    /// (kubernetes.io, Pod Security Standards).
    pub(super) fn manifest(&self) -> Value {
        let plain = self.env.iter().map(|(name, value)| json!({"name": name, "value": value}));
        let secret = self.secret_env.iter().map(|(name, value)| json!({"name": name, "value": value.expose()}));
        let mut labels = self.labels.clone();
        labels.insert(MANAGED_BY.0.into(), MANAGED_BY.1.into());
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": labels},
            "spec": {
                "restartPolicy": "Never",
                "activeDeadlineSeconds": self.deadline.as_secs().max(1),
                "terminationGracePeriodSeconds": 5,
                "automountServiceAccountToken": false,
                "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "probe",
                    "image": self.image,
                    "command": self.command,
                    "env": plain.chain(secret).collect::<Vec<_>>(),
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                }],
            },
        })
    }
}
