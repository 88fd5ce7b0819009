//! Bodies of PostgreSQL flexible server, as recorded traffic of azure-cli shows them: display names of locations,
//! lower-case `virtualendpoints`, no `replicationState` on a healthy replica.

use serde_json::{Value, json};

use crate::sandbox::world::{GROUP, Role, SUBSCRIPTION, Server, VirtualEndpoint, World};

fn id(server: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{server}"
    )
}

pub(super) fn server(world: &World, server: &Server) -> Value {
    let location = world.region(&server.region).map(|it| it.display);
    json!({
        "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
        "systemData": {"createdAt": super::lro::time(server.created)},
        "properties": properties(server),
        "location": location,
        "id": id(&server.name),
        "name": server.name,
        "type": "Microsoft.DBforPostgreSQL/flexibleServers",
    })
}

fn properties(server: &Server) -> Value {
    let role = format!("{:?}", server.role);
    let mut replica = json!({"role": role, "capacity": 5});
    if let Some(state) = &server.replication_state {
        replica["replicationState"] = state.clone().into();
    }
    let mut body = json!({
        "replica": replica,
        "replicationRole": role,
        "replicaCapacity": 5,
        "dataEncryption": {"type": "SystemManaged"},
        "storage": {"type": "", "iops": 1100, "tier": "P15", "storageSizeGB": 256, "autoGrow": "Disabled"},
        "network": {"publicNetworkAccess": "Enabled"},
        "privateEndpointConnections": [],
        "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Enabled"},
        "fullyQualifiedDomainName": format!("{}.postgres.database.azure.com", server.name),
        "version": "17",
        "minorVersion": "5",
        "administratorLogin": "sonaradmin",
        "state": server.state,
        "availabilityZone": "1",
        "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
        "highAvailability": {"mode": "Disabled", "state": "NotEnabled"},
        "maintenanceWindow": {"customWindow": "Disabled", "dayOfWeek": 0, "startHour": 0, "startMinute": 0},
    });
    if let Some(source) = server.source.as_ref().filter(|_| server.role != Role::Primary) {
        body["sourceServerResourceId"] = id(source).into();
    }
    body
}

pub(super) fn endpoint(endpoint: &VirtualEndpoint) -> Value {
    let name = &endpoint.name;
    let hosts = ["writer", "reader"].map(|it| format!("{name}.{it}.postgres.database.azure.com"));
    json!({
        "properties": {
            "endpointType": "ReadWrite",
            "virtualEndpoints": hosts,
            "members": [endpoint.primary, endpoint.replica],
        },
        "id": format!("{}/virtualendpoints/{name}", id(&endpoint.primary)),
        "name": name,
        "type": "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints",
    })
}
