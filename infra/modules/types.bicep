// What parameters look like.

@export()
@description('One site of the plan: where its cluster is, and under which name Front Door knows it.')
type siteType = {
  @description('Name of the site in reveille.toml; its region is a good one.')
  name: string

  @description('Resource id of its AKS cluster: az aks show --name … --resource-group … --query id')
  clusterId: string

  @description('Host name of its origin in Front Door: az afd origin list … --query "[].hostName"')
  origin: string
}

@export()
@description('What is protected. All of it exists already; nothing here creates or changes any of it.')
type planType = {
  @description('Name of the plan in reveille.toml: lower-case letters, digits, dashes.')
  name: string

  @description('Resource id of the Front Door profile (Standard or Premium): az afd profile show … --query id')
  frontDoorId: string

  @description('Name of the origin group with both sites.')
  originGroup: string

  @description('Host name that people use, or the endpoint’s own: az afd endpoint list … --query "[].hostName"')
  hostname: string

  @description('The site that serves in normal times.')
  preferred: siteType

  @description('The other one, the cold standby.')
  standby: siteType

  @description('Resource ids of the PostgreSQL flexible servers, primary and replica.')
  @minLength(1)
  @maxLength(2)
  serverIds: string[]

  @description('Base name of the virtual endpoint: NAME of NAME.writer.postgres.database.azure.com.')
  virtualEndpoint: string

  @description('Name of the application’s database.')
  database: string

  @description('Login role that Reveille has there.')
  databaseUser: string
}

@export()
@description('Which of the calls that not every plan makes are to be allowed.')
type accessType = {
  @description('How the clusters decide who may do what inside them: by Azure roles, by access rules of their own (then they are made with "reveille plan --kubernetes-role"), or not at all, for a plan without [plan.kubernetes].')
  clusters: 'azure' | 'own' | 'none'

  @description('Commands through Azure where an API server cannot be reached. They may do anything inside the cluster.')
  commands: bool

  @description('A pod that proves the path to the database: prove_path in [plan.kubernetes].')
  provePath: bool

  @description('Volume claims of the search nodes: reset_search_index in [plan.kubernetes].')
  resetSearchIndex: bool
}

@export()
@description('One function app. One in a third region, or one beside each site.')
type appType = {
  region: string

  @description('Subnet for outbound calls, for private databases and private API servers. Delegated to Microsoft.App/environments (Flex Consumption) or Microsoft.Web/serverFarms (Premium), and used by nothing else.')
  subnetId: string?
}

@export()
@description('Entra application that the alert’s call has to carry a token for.')
type secureWebhookType = {
  @description('Application (client) id of the app registration.')
  clientId: string

  @description('Object id of its service principal.')
  objectId: string

  @description('Its application id URI, the audience of the token: api://…')
  identifierUri: string
}
