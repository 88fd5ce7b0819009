// What one function app's host needs: locks and keys, the queue of wake-ups, its package. In the app's own region, so
// that an app never waits for another region's storage.

import { roles } from 'builtin.bicep'
import { packages, queues } from 'names.bicep'

param name string
param location string
param tags object
param identityId string
param principalId string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: packages.container
    }
  }

  resource queueService 'queueServices' = {
    name: 'default'

    resource wakeUps 'queues' = [
      for queue in queues: {
        name: queue
      }
    ]
  }
}

// learn.microsoft.com, "Connect to host storage with an identity": blob locks and keys want the owner role, queue
// triggers the contributor; tables hold the host's own diagnostic events.
resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.blobOwner, roles.queueContributor, roles.tableContributor]: {
    scope: account
    name: guid(account.id, identityId, role)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

output packages string = '${account.properties.primaryEndpoints.blob}${packages.container}'
