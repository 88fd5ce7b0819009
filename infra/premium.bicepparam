// Elastic Premium in place of Flex Consumption, for private databases and clusters of which only Azure is asked:
// a plan without [plan.kubernetes]. The alert’s call carries an Entra token.

using 'main.bicep'

param hosting = 'premium'

param apps = [
  {
    region: 'westus3'
    subnetId: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-westus3/subnets/snet-reveille'
  }
]

param telemetryLocation = 'northcentralus'

param access = {
  clusters: 'none'
  commands: false
  provePath: false
  resetSearchIndex: false
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

param secureWebhook = {
  clientId: '33333333-3333-3333-3333-333333333333'
  objectId: '44444444-4444-4444-4444-444444444444'
  identifierUri: 'api://reveille'
}

param connected = bool(readEnvironmentVariable('REVEILLE_CONNECTED', 'false'))
