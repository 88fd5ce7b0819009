// The custom role on subscriptions. As role.bicep, at the scope of a subscription.

targetScope = 'subscription'

@description('A GUID, decided by whoever assigns the role.')
param name string
param roleName string
param about string
param actions string[]
param assignableScopes string[]

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: name
  properties: {
    roleName: roleName
    description: about
    type: 'CustomRole'
    assignableScopes: assignableScopes
    permissions: [
      {
        actions: actions
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}
