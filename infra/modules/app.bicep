// One function app with its host's storage, on one of two plans.

import { planType } from 'types.bicep'
import { ofHost, ofReveille } from 'settings.bicep'

param name string
param storageName string
param location string
param tags object
param identityId string
param principalId string
param clientId string
param subnetId string?
param hosting 'flex' | 'premium'
param alwaysReady int
param insightsConnectionString string
param plan planType
param store string
param alertRule string
param heartbeatRule string

@description('App settings that are secrets: references to the vault.')
param vaultReferences object

@description('Further app settings.')
param extraSettings object

module storage 'host-storage.bicep' = {
  params: {
    name: storageName
    location: location
    tags: tags
    identityId: identityId
    principalId: principalId
  }
}

var settings = union(
  ofHost(storageName, clientId, insightsConnectionString),
  ofReveille(plan, store, clientId, alertRule, heartbeatRule),
  vaultReferences,
  extraSettings
)

module flex 'app-flex.bicep' = if (hosting == 'flex') {
  params: {
    name: name
    location: location
    tags: tags
    identityId: identityId
    subnetId: subnetId
    settings: settings
    packages: storage.outputs.packages
    alwaysReady: alwaysReady
  }
}

module premium 'app-premium.bicep' = if (hosting == 'premium') {
  params: {
    name: name
    location: location
    tags: tags
    identityId: identityId
    subnetId: subnetId
    settings: settings
    packageContainer: storage.outputs.packages
    alwaysReady: alwaysReady
  }
}

output hostname string = hosting == 'flex' ? flex!.outputs.hostname : premium!.outputs.hostname
