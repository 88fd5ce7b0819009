// An estate that exists already, protected from a third region. Also what `azd up` takes.
// README.md says where each value is found.

using 'main.bicep'

param apps = [
  {
    region: readEnvironmentVariable('AZURE_LOCATION', 'westus3')
  }
]

// The rule about silence is evaluated here, so that it outlives the app’s region.
param telemetryLocation = 'northcentralus'

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
    clusterId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-sonar-centralus/providers/Microsoft.ContainerService/managedClusters/aks-sonar-centralus'
    origin: 'sonar-centralus.example.com'
  }
  serverIds: [
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-sonar-eastus2/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-sonar-eastus2'
    '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-sonar-centralus/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-sonar-centralus'
  ]
  virtualEndpoint: 'sonar'
  database: 'sonarqube'
  databaseUser: 'reveille'
}

param emails = ['on-call@example.com']

// infra/deploy sets it once the package is there.
param connected = bool(readEnvironmentVariable('REVEILLE_CONNECTED', 'false'))
