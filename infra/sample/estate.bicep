// The reference architecture, to try Reveille with: two clusters, a database with a replica in the other region, networks
// and names between them, and Front Door. Helm installs SonarQube in it afterwards; README.md says how.

targetScope = 'subscription'

@description('Two regions: the one that serves, and the standby’s.')
@minLength(2)
@maxLength(2)
param siteRegions string[]

@description('Region of the function app.')
param appRegion string

@description('DNS zone of the origins: sonar-REGION.ZONE are names that you point at the clusters’ ingresses.')
param dnsZone string

@description('Name of the virtual endpoint; nobody else in Azure may have it.')
param virtualEndpoint string

param originGroup string

@secure()
param databasePassword string

param tags object

var regions = concat(siteRegions, [appRegion])
var subscriptionId = subscription().subscriptionId
var networkIds = [
  for region in regions: resourceId(
    subscriptionId,
    'rg-sonar-${region}',
    'Microsoft.Network/virtualNetworks',
    'vnet-${region}'
  )
]
var zoneName = 'sonar.private.postgres.database.azure.com'
var zoneId = resourceId(subscriptionId, 'rg-sonar-${siteRegions[1]}', 'Microsoft.Network/privateDnsZones', zoneName)
var serverIds = [
  for region in siteRegions: resourceId(
    subscriptionId,
    'rg-sonar-${region}',
    'Microsoft.DBforPostgreSQL/flexibleServers',
    'pg-${virtualEndpoint}-${region}'
  )
]

resource groups 'Microsoft.Resources/resourceGroups@2025-04-01' = [
  for region in regions: {
    name: 'rg-sonar-${region}'
    location: region
    tags: tags
  }
]

module networks 'network.bicep' = [
  for (region, i) in regions: {
    scope: groups[i]
    params: {
      name: 'vnet-${region}'
      location: region
      tags: tags
      prefix: '10.${(i + 1) * 10}'
      hosts: i < 2 ? 'site' : 'app'
    }
  }
]

module peerings 'peering.bicep' = [
  for (region, i) in regions: {
    scope: groups[i]
    params: {
      name: 'vnet-${region}'
      others: filter(networkIds, id => id != networkIds[i])
    }
    dependsOn: [networks]
  }
]

// Not in the region that serves: it has to answer when that one does not.
module zone 'zone.bicep' = {
  scope: groups[1]
  params: {
    name: zoneName
    tags: tags
    networks: networkIds
  }
  dependsOn: [networks]
}

module clusters 'cluster.bicep' = [
  for (region, i) in siteRegions: {
    scope: groups[i]
    params: {
      name: 'aks-sonar-${region}'
      location: region
      tags: tags
      networkName: 'vnet-${region}'
    }
    dependsOn: [networks]
  }
]

module primary 'database.bicep' = {
  scope: groups[0]
  params: {
    name: last(split(serverIds[0], '/'))
    location: siteRegions[0]
    tags: tags
    subnetId: '${networkIds[0]}/subnets/snet-database'
    zoneId: zoneId
    password: databasePassword
    database: 'sonarqube'
  }
  dependsOn: [peerings, zone]
}

module replica 'database.bicep' = {
  scope: groups[1]
  params: {
    name: last(split(serverIds[1], '/'))
    location: siteRegions[1]
    tags: tags
    subnetId: '${networkIds[1]}/subnets/snet-database'
    zoneId: zoneId
    sourceId: serverIds[0]
  }
  dependsOn: [primary]
}

module endpoint 'virtual-endpoint.bicep' = {
  scope: groups[0]
  params: {
    name: virtualEndpoint
    primary: last(split(serverIds[0], '/'))
    replica: last(split(serverIds[1], '/'))
  }
  dependsOn: [replica]
}

module frontDoor 'front-door.bicep' = {
  scope: groups[1]
  params: {
    name: 'afd-sonarqube'
    tags: tags
    originGroupName: originGroup
    origins: [for region in siteRegions: 'sonar-${region}.${dnsZone}']
  }
}

output hostname string = frontDoor.outputs.hostname
