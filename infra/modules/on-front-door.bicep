// A role on one Front Door profile, which exists already.

param name string
param role string
param identityId string
param principalId string

resource profile 'Microsoft.Cdn/profiles@2025-06-01' existing = {
  name: name
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: profile
  name: guid(profile.id, identityId, role)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}
