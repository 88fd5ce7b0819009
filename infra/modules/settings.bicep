// App settings. Those of the host come first; the others are what reveille.toml takes by %NAME%, so that one package
// fits every stage.

import { planType } from 'types.bicep'

@export()
@description('What the Functions host needs on every plan: its storage and telemetry by identity, without a key.')
func ofHost(storageAccount string, clientId string, insights string) object => {
  AzureWebJobsStorage__accountName: storageAccount
  AzureWebJobsStorage__clientId: clientId
  AzureWebJobsStorage__credential: 'managedidentity'
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights
}

@export()
@description('What reveille.toml names.')
func ofReveille(plan planType, store string, clientId string, alertRule string, heartbeatRule string) object => {
  REVEILLE_ALERT_RULE: alertRule
  REVEILLE_CLIENT_ID: clientId
  REVEILLE_DATABASE: plan.database
  REVEILLE_DATABASE_USER: plan.databaseUser
  REVEILLE_FRONT_DOOR: plan.frontDoorId
  REVEILLE_HEARTBEAT_RULE: heartbeatRule
  REVEILLE_HOSTNAME: plan.hostname
  REVEILLE_ORIGIN_GROUP: plan.originGroup
  REVEILLE_PLAN: plan.name
  REVEILLE_PREFERRED_CLUSTER: plan.preferred.clusterId
  REVEILLE_PREFERRED_ORIGIN: plan.preferred.origin
  REVEILLE_PREFERRED_SITE: plan.preferred.name
  REVEILLE_SERVER: plan.serverIds[0]
  REVEILLE_STANDBY_CLUSTER: plan.standby.clusterId
  REVEILLE_STANDBY_ORIGIN: plan.standby.origin
  REVEILLE_STANDBY_SERVER: last(plan.serverIds)
  REVEILLE_STANDBY_SITE: plan.standby.name
  REVEILLE_STORE: store
  REVEILLE_VIRTUAL_ENDPOINT: plan.virtualEndpoint
}
