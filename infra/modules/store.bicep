// Ledgers, journals and records, in an account of their own: without keys, immutable but for appending, locked.

import { roles } from 'builtin.bicep'
import { containers } from 'names.bicep'

param name string
param location string
param tags object
param identityId string
param principalId string

@description('How it is replicated. Zone-redundant at least; geo-zone-redundant keeps a copy in the paired region.')
param sku string

@description('Days for which nothing can be changed or deleted, counted from the last append.')
param immutableDays int

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      containerDeleteRetentionPolicy: { enabled: true, days: 30 }
      deleteRetentionPolicy: { enabled: true, days: 30 }
    }

    resource logs 'containers' = {
      name: containers.logs

      // Not locked: a locked policy can never be removed again, which is a decision for people. See README.md.
      resource policy 'immutabilityPolicies' = {
        name: 'default'
        properties: {
          allowProtectedAppendWrites: true
          immutabilityPeriodSinceCreationInDays: immutableDays
        }
      }
    }

    resource documents 'containers' = {
      name: containers.documents
    }
  }
}

var contributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)

resource onLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::logs
  name: guid(account::blobs::logs.id, identityId, roles.blobContributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: contributor
  }
}

resource onDocuments 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::documents
  name: guid(account::blobs::documents.id, identityId, roles.blobContributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: contributor
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: account
  name: 'keep-the-evidence'
  properties: {
    level: 'CanNotDelete'
    notes: 'Ledgers, journals and records of recoveries.'
  }
}

output id string = account.id
