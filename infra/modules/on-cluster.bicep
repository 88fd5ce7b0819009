// Roles on one AKS cluster, which exists already.

param name string
param roles string[]
param identityId string
param principalId string

resource cluster 'Microsoft.ContainerService/managedClusters@2025-10-01' existing = {
  name: name
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    scope: cluster
    name: guid(cluster.id, identityId, role)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]
