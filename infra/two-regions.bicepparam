// An app beside each site, on one store that is replicated to the paired region. Each wakes the standby when the other
// is gone; the ledger admits one run. The clusters lie in two subscriptions, and every optional call is allowed.

using 'main.bicep'

param apps = [
  {
    region: 'eastus2'
    subnetId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-eastus2/subnets/snet-reveille'
  }
  {
    region: 'centralus'
    subnetId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-centralus/subnets/snet-reveille'
  }
]

// The store is not in the region that serves.
param location = 'centralus'
param storeSku = 'Standard_RAGZRS'

// Nor are the logs where an app is: the rule about silence has to outlive each of them.
param telemetryLocation = 'westus3'

param access = {
  clusters: 'azure'
  commands: true
  provePath: true
  resetSearchIndex: true
}

param plan = {
  name: 'sonarqube'
  frontDoorId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-edge/providers/Microsoft.Cdn/profiles/afd-sonarqube'
  originGroup: 'sonarqube'
  hostname: 'sonar.example.com'
  preferred: {
    name: 'eastus2'
    clusterId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-sonar-eastus2/providers/Microsoft.ContainerService/managedClusters/aks-sonar-eastus2'
    origin: 'sonar-eastus2.example.com'
  }
  standby: {
    name: 'centralus'
    clusterId: '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-sonar-centralus/providers/Microsoft.ContainerService/managedClusters/aks-sonar-centralus'
    origin: 'sonar-centralus.example.com'
  }
  serverIds: [
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-sonar-eastus2/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-sonar-eastus2'
    '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-sonar-centralus/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-sonar-centralus'
  ]
  virtualEndpoint: 'sonar'
  database: 'sonarqube'
  databaseUser: 'reveille'
}

param emails = ['on-call@example.com', 'head-of-operations@example.com']

param connected = bool(readEnvironmentVariable('REVEILLE_CONNECTED', 'false'))
