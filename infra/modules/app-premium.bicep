// The alternative where Flex Consumption is not to be had: Elastic Premium. It runs from the package in its own storage
// account, read by identity, because the file share that it takes otherwise needs an account key.

import { packages } from 'names.bicep'

param name string
param location string
param tags object
param identityId string
param subnetId string?
param settings object

@description('Container of the package, as a URL.')
param packageContainer string

@description('Instances that are always there.')
param alwaysReady int

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'elastic'
  sku: { name: 'EP1', tier: 'ElasticPremium' }
  properties: {
    maximumElasticWorkerCount: 5
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      ftpsState: 'Disabled'
      functionsRuntimeScaleMonitoringEnabled: subnetId != null
      minimumElasticInstanceCount: alwaysReady
      minTlsVersion: '1.2'
      use32BitWorkerProcess: false
      vnetRouteAllEnabled: subnetId != null
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, {
      FUNCTIONS_EXTENSION_VERSION: '~4'
      FUNCTIONS_WORKER_RUNTIME: 'custom'
      WEBSITE_RUN_FROM_PACKAGE: '${packageContainer}/${packages.blob}'
      WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: identityId
    })
  }

  resource noFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noScmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output hostname string = app.properties.defaultHostName
