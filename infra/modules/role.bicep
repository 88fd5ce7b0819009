// One custom role. Defined at a scope where it may be assigned, which Azure asks for.

@description('A GUID, decided by whoever assigns the role.')
param name string
param roleName string
param about string
param actions string[] = []
param dataActions string[] = []
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
        dataActions: dataActions
        notDataActions: []
      }
    ]
  }
}
