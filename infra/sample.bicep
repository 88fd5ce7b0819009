// The sample estate and Reveille for it, from an empty subscription.

targetScope = 'subscription'

@description('Two regions: the one that serves, and the standby’s.')
param siteRegions string[] = ['eastus2', 'centralus']

@description('Region of the function app: a third one.')
param appRegion string = 'westus3'

@description('DNS zone of the origins: sonar-REGION.ZONE are names that you point at the clusters’ ingresses.')
param dnsZone string

@description('Password of the database’s administrator, sonaradmin.')
@secure()
param databasePassword string

@description('People who are told.')
param emails string[]

@description('Whether the package is on the app; infra/deploy sets it.')
param connected bool = false

param tags object = { estate: 'sample' }

var virtualEndpoint = 'sonar-${take(uniqueString(subscription().id, dnsZone), 6)}'
var originGroup = 'sonarqube'
var site = map(siteRegions, region => {
  name: region
  clusterId: resourceId(
    subscription().subscriptionId,
    'rg-sonar-${region}',
    'Microsoft.ContainerService/managedClusters',
    'aks-sonar-${region}'
  )
  origin: 'sonar-${region}.${dnsZone}'
})

module estate 'sample/estate.bicep' = {
  params: {
    siteRegions: siteRegions
    appRegion: appRegion
    dnsZone: dnsZone
    virtualEndpoint: virtualEndpoint
    originGroup: originGroup
    databasePassword: databasePassword
    tags: tags
  }
}

module reveille 'main.bicep' = {
  params: {
    apps: [
      {
        region: appRegion
        subnetId: resourceId(
          subscription().subscriptionId,
          'rg-sonar-${appRegion}',
          'Microsoft.Network/virtualNetworks/subnets',
          'vnet-${appRegion}',
          'snet-reveille'
        )
      }
    ]
    telemetryLocation: siteRegions[1]
    plan: {
      name: 'sonarqube'
      frontDoorId: resourceId(
        subscription().subscriptionId,
        'rg-sonar-${siteRegions[1]}',
        'Microsoft.Cdn/profiles',
        'afd-sonarqube'
      )
      originGroup: originGroup
      hostname: estate.outputs.hostname
      preferred: site[0]
      standby: site[1]
      serverIds: [
        for region in siteRegions: resourceId(
          subscription().subscriptionId,
          'rg-sonar-${region}',
          'Microsoft.DBforPostgreSQL/flexibleServers',
          'pg-${virtualEndpoint}-${region}'
        )
      ]
      virtualEndpoint: virtualEndpoint
      database: 'sonarqube'
      databaseUser: 'reveille'
    }
    emails: emails
    connected: connected
    tags: tags
  }
}

output resourceGroup string = reveille.outputs.REVEILLE_RESOURCE_GROUP
output functionApps string[] = reveille.outputs.functionApps
output vault string = reveille.outputs.vault
output hostname string = estate.outputs.hostname
