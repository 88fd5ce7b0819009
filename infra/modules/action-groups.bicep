// Whom alerts call: Reveille, and people. Apart, because the heartbeat goes to Reveille every quarter of an hour and people
// would stop reading. Global, so that no region's outage silences them.

import { functions } from 'names.bicep'
import { secureWebhookType } from 'types.bicep'

param name string
param tags object

@description('Addresses of people.')
param emails string[]

@description('The function apps that are called, by name; each gets the same alert, and the ledger admits one run.')
param apps string[]

@description('Whether the apps have their package yet. Only then is there a function, and a key of it.')
param connected bool

@description('Without it the function is called with its key alone; with it by webhook, with key and Entra token.')
param secureWebhook secureWebhookType?

// What is not there yet must not even be looked at.
var called = connected ? apps : []
var byFunction = secureWebhook == null ? called : []
var byWebhook = secureWebhook == null ? [] : called

resource sites 'Microsoft.Web/sites@2024-11-01' existing = [
  for app in called: {
    name: app
  }
]

// The function's own key, which calls nothing else and which no person has.
resource alerts 'Microsoft.Web/sites/functions@2024-11-01' existing = [
  for (app, i) in called: {
    parent: sites[i]
    name: functions.alert
  }
]

resource reveille 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'reveille'
    azureFunctionReceivers: [
      for (app, i) in byFunction: {
        name: app
        functionAppResourceId: sites[i].id
        functionName: functions.alert
        httpTriggerUrl: 'https://${sites[i].properties.defaultHostName}/api/${functions.alert}?code=${alerts[i].listKeys().default}'
        useCommonAlertSchema: true
      }
    ]
    webhookReceivers: [
      for (app, i) in byWebhook: {
        name: app
        serviceUri: 'https://${sites[i].properties.defaultHostName}/api/${functions.alert}?code=${alerts[i].listKeys().default}'
        useAadAuth: true
        identifierUri: secureWebhook!.identifierUri
        objectId: secureWebhook!.objectId
        tenantId: tenant().tenantId
        useCommonAlertSchema: true
      }
    ]
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'rev-people'
    emailReceivers: [
      for address in emails: {
        name: address
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

output reveilleId string = reveille.id
output peopleId string = people.id
