// Lets one network of the sample estate reach the others.

param name string

@description('Resource ids of the other networks.')
param others string[]

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' existing = {
  name: name

  resource peerings 'virtualNetworkPeerings' = [
    for other in others: {
      name: 'to-${last(split(other, '/'))}'
      properties: {
        allowVirtualNetworkAccess: true
        remoteVirtualNetwork: { id: other }
      }
    }
  ]
}
