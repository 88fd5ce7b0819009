// The private zone in which the databases’ names are looked up, from every network. Without the link of the standby’s
// network the writer’s name would lead nowhere from there.

param name string
param tags object

@description('Resource ids of the networks.')
param networks string[]

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: name
  location: 'global'
  tags: tags

  resource links 'virtualNetworkLinks' = [
    for network in networks: {
      name: last(split(network, '/'))
      location: 'global'
      properties: {
        registrationEnabled: false
        virtualNetwork: { id: network }
      }
    }
  ]
}
