// Reveille for an estate that exists already. It makes a resource group of its own and gives its identity single roles on
// the clusters, servers and Front Door profile named; it creates and changes none of these. README.md explains each
// parameter and where its value is found.

targetScope = 'subscription'

import { alertRule, containers, heartbeatRule } from 'modules/names.bicep'
import { accessType, appType, planType, secureWebhookType } from 'modules/types.bicep'

@description('Goes into the names of all resources. Lower-case letters and digits.')
@minLength(3)
@maxLength(10)
param name string = 'reveille'

@description('The resource group that is made.')
param resourceGroupName string = 'rg-${name}'

@description('The function apps. One in a third region, or one in each site’s region; README.md helps to decide.')
@minLength(1)
@maxLength(2)
param apps appType[]

@description('Region of everything that is there once: store and vault. Without it the first app’s.')
param location string = apps[0].region

@description('Region of the telemetry, where the rule about Reveille’s silence is evaluated: better not the app’s own, with which it would fall silent too.')
param telemetryLocation string = location

@description('What is protected.')
param plan planType

@description('Which of the calls that not every plan makes are to be allowed.')
param access accessType = {
  clusters: 'azure'
  commands: false
  provePath: true
  resetSearchIndex: false
}

@description('People who are told of an outage and of Reveille’s own silence.')
@minLength(1)
param emails string[]

@description('Flex Consumption, or Elastic Premium where that is not to be had.')
param hosting 'flex' | 'premium' = 'flex'

@description('Instances that are always ready, in each group.')
@minValue(1)
param alwaysReady int = 1

@description('Replication of the store. Geo-zone-redundant when there is an app in each site’s region.')
param storeSku 'Standard_ZRS' | 'Standard_GZRS' | 'Standard_RAGZRS' = 'Standard_GZRS'

@description('Days for which nothing in the store can be changed or deleted.')
@minValue(1)
@maxValue(146000)
param immutableDays int = 400

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param telemetryDays int = 90

@description('Origin health in percent below which the alert fires; metric_threshold of reveille.toml.')
@minValue(1)
@maxValue(99)
param originHealthBelow int = 50

@description('App settings that are secrets: name of the setting to name of the secret in the vault.')
param vaultSettings object = {
  REVEILLE_DATABASE_PASSWORD: 'database-password'
  REVEILLE_TEAMS_URL: 'teams-url'
}

@description('Further app settings.')
param extraSettings object = {}

@description('Whether the package is on the apps. The alert can only call a function that is there: infra/deploy sets it.')
param connected bool = false

@description('Lets the alert call with an Entra token beside the key.')
param secureWebhook secureWebhookType?

@description('On every resource that is made.')
param tags object = {}

var token = uniqueString(subscription().id, resourceGroupName, name)
var storeName = take('st${name}${token}', 24)
var vaultName = take('kv-${name}-${token}', 24)
var identityName = 'id-${name}'
var allTags = union({ application: 'reveille', plan: plan.name }, tags)
var appNames = map(apps, app => 'func-${name}-${app.region}-${take(token, 6)}')
var identityId = resourceId(
  subscription().subscriptionId,
  resourceGroupName,
  'Microsoft.ManagedIdentity/userAssignedIdentities',
  identityName
)
var vaultReferences = toObject(
  items(vaultSettings),
  setting => setting.key,
  setting => '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${setting.value})'
)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: identityName, location: location, tags: allTags }
}

module store 'modules/store.bicep' = {
  scope: group
  params: {
    name: storeName
    location: location
    tags: allTags
    identityId: identityId
    principalId: identity.outputs.principalId
    sku: storeSku
    immutableDays: immutableDays
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    name: vaultName
    location: location
    tags: allTags
    identityId: identityId
    principalId: identity.outputs.principalId
  }
}

module monitor 'modules/monitor.bicep' = {
  scope: group
  params: {
    name: name
    location: telemetryLocation
    tags: allTags
    identityId: identityId
    principalId: identity.outputs.principalId
    retentionDays: telemetryDays
  }
}

module access_ 'modules/access.bicep' = {
  params: {
    plan: plan
    access: access
    identityId: identityId
    principalId: identity.outputs.principalId
  }
}

module functionApps 'modules/app.bicep' = [
  for (app, i) in apps: {
    scope: group
    params: {
      name: appNames[i]
      storageName: 'st${uniqueString(token, app.region)}'
      location: app.region
      tags: allTags
      identityId: identityId
      principalId: identity.outputs.principalId
      clientId: identity.outputs.clientId
      subnetId: app.?subnetId
      hosting: hosting
      alwaysReady: alwaysReady
      insightsConnectionString: monitor.outputs.connectionString
      plan: plan
      store: 'https://${storeName}.blob.${environment().suffixes.storage}/${containers.logs}'
      alertRule: alertRule
      heartbeatRule: heartbeatRule(name)
      vaultReferences: vaultReferences
      extraSettings: extraSettings
    }
    dependsOn: [store, vault]
  }
]

module groups 'modules/action-groups.bicep' = {
  scope: group
  params: {
    name: name
    tags: allTags
    emails: emails
    apps: appNames
    connected: connected
    secureWebhook: secureWebhook
  }
  dependsOn: [functionApps]
}

module rules 'modules/alert-rules.bicep' = {
  scope: group
  params: {
    name: name
    tags: allTags
    alertRule: alertRule
    location: telemetryLocation
    frontDoorId: plan.frontDoorId
    origin: plan.preferred.origin
    originHealthBelow: originHealthBelow
    reveilleGroupId: groups.outputs.reveilleId
    peopleGroupId: groups.outputs.peopleId
    insightsId: monitor.outputs.insightsId
    storeId: store.outputs.id
    apps: appNames
  }
}

module authentication 'modules/authentication.bicep' = [
  for app in (secureWebhook == null ? [] : appNames): {
    scope: group
    params: {
      app: app
      secureWebhook: secureWebhook!
    }
    dependsOn: [functionApps]
  }
]

// In capitals: azd hands it to infra/deploy as it stands.
output REVEILLE_RESOURCE_GROUP string = group.name
output functionApps string[] = appNames
output addresses string[] = [for (app, i) in apps: 'https://${functionApps[i].outputs.hostname}/api']
output vault string = vaultName
output identity string = identityName
