// One PostgreSQL flexible server: the primary, or a replica of one in another region.

param name string
param location string
param tags object
param subnetId string
param zoneId string

@description('Resource id of the primary; without it this is the primary.')
param sourceId string?

@description('Needed for a primary only.')
@secure()
param password string = ''

@description('Name of the application’s database, for a primary.')
param database string = ''

var isPrimary = sourceId == null

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard_D2ds_v5', tier: 'GeneralPurpose' }
  properties: union(
    {
      network: {
        delegatedSubnetResourceId: subnetId
        privateDnsZoneArmResourceId: zoneId
        publicNetworkAccess: 'Disabled'
      }
    },
    isPrimary
      ? {
          version: '17'
          administratorLogin: 'sonaradmin'
          administratorLoginPassword: password
          authConfig: {
            activeDirectoryAuth: 'Enabled'
            passwordAuth: 'Enabled'
            tenantId: tenant().tenantId
          }
          backup: { backupRetentionDays: 7, geoRedundantBackup: 'Disabled' }
          storage: { autoGrow: 'Enabled', storageSizeGB: 128 }
        }
      : {
          createMode: 'Replica'
          sourceServerResourceId: sourceId!
        }
  )

  resource sonarqube 'databases' = if (isPrimary) {
    name: database
  }
}
