// One region's network of the sample estate: nodes, database, and the function app that looks at them.

param name string
param location string
param tags object

@description('First two numbers of its addresses, such as 10.10.')
param prefix string

@description('Whether there is a cluster and a database here, or a function app.')
param hosts 'site' | 'app'

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['${prefix}.0.0/16'] }
    subnets: hosts == 'app'
      ? [
          {
            name: 'snet-reveille'
            properties: {
              addressPrefix: '${prefix}.0.0/26'
              delegations: [
                {
                  name: 'flex'
                  properties: { serviceName: 'Microsoft.App/environments' }
                }
              ]
            }
          }
        ]
      : [
          {
            name: 'snet-nodes'
            properties: { addressPrefix: '${prefix}.0.0/22' }
          }
          {
            name: 'snet-database'
            properties: {
              addressPrefix: '${prefix}.4.0/28'
              delegations: [
                {
                  name: 'postgres'
                  properties: { serviceName: 'Microsoft.DBforPostgreSQL/flexibleServers' }
                }
              ]
            }
          }
        ]
  }
}
