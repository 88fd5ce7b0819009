//! A protected workload and the names of everything that belongs to it.

use super::ids;

/// One workload with its two sites; the first site is where it runs when the world begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Short name, such as `sonar`; part of most other names.
    pub name: String,
    /// Product name, such as `sonarqube`; database, origin group and profile carry it.
    pub product: String,
    /// Where it runs and where it can run.
    pub sites: [Site; 2],
}

/// One site of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Region in its short form, such as `eastus2`.
    pub region: String,
    /// AKS cluster name.
    pub cluster: String,
    /// PostgreSQL flexible server name.
    pub server: String,
    /// Host name of the Front Door origin.
    pub origin: String,
}

impl Workload {
    /// The standard workload of that name, in `eastus2` and `centralus`.
    pub fn named(name: &str) -> Self {
        let product = if name == "sonar" { "sonarqube" } else { name };
        Self {
            name: name.to_owned(),
            product: product.to_owned(),
            sites: [Site::of(name, "eastus2"), Site::of(name, "centralus")],
        }
    }

    /// Database name.
    pub fn database(&self) -> &str {
        &self.product
    }

    /// Front Door profile name.
    pub fn profile(&self) -> String {
        format!("afd-{}", self.product)
    }

    /// Front Door profile id.
    pub fn profile_id(&self) -> String {
        ids::resource("Microsoft.Cdn/profiles", &self.profile())
    }

    /// Front Door origin group name.
    pub fn origin_group(&self) -> &str {
        &self.product
    }

    /// Front Door endpoint host name.
    pub fn endpoint_host(&self) -> String {
        format!("{}-abc.z01.azurefd.net", self.name)
    }

    /// Virtual endpoint name, which is also its base host name.
    pub fn virtual_endpoint(&self) -> &str {
        &self.name
    }

    /// Host name that follows the primary server.
    pub fn writer_host(&self) -> String {
        format!("{}.writer.postgres.database.azure.com", self.name)
    }

    /// Host name that follows the replica.
    pub fn reader_host(&self) -> String {
        format!("{}.reader.postgres.database.azure.com", self.name)
    }

    /// Metric alert rule on the first site's origin. Rule names are unique in a resource group.
    pub fn rule(&self) -> String {
        match self.name.as_str() {
            "sonar" => "afd-primary-origin-health".to_owned(),
            other => format!("afd-primary-origin-health-{other}"),
        }
    }

    /// The site in that region.
    pub fn site(&self, region: &str) -> Option<&Site> {
        self.sites.iter().find(|it| it.region == region)
    }
}

impl Site {
    fn of(workload: &str, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            cluster: format!("aks-{workload}-{region}"),
            server: format!("pg-{workload}-{region}"),
            origin: format!("{workload}-{region}.example.com"),
        }
    }

    /// AKS cluster id.
    pub fn cluster_id(&self) -> String {
        ids::resource("Microsoft.ContainerService/managedClusters", &self.cluster)
    }

    /// PostgreSQL server id.
    pub fn server_id(&self) -> String {
        ids::resource("Microsoft.DBforPostgreSQL/flexibleServers", &self.server)
    }

    /// PostgreSQL server host name.
    pub fn server_host(&self) -> String {
        format!("{}.postgres.database.azure.com", self.server)
    }

    /// Kubernetes API server host name.
    pub fn api_server_host(&self) -> String {
        format!("{}-dns-a1b2c3d4.hcp.{}.azmk8s.io", self.cluster, self.region)
    }
}
