// Entra tokens at the door of a function app, for the optional secured webhook. A token that is shown has to be Azure
// Monitor's own and for this application. The function key stays needed by everybody: it is what tells callers apart.

import { secureWebhookType } from 'types.bicep'

param app string
param secureWebhook secureWebhookType

// "AzNS AAD Webhook", Azure Monitor's sender of secured webhooks in the public cloud (learn.microsoft.com, action groups).
var sender = '461e8683-5575-4561-ac7f-899cc907d62a'

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: app
}

resource authentication 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: secureWebhook.clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [secureWebhook.identifierUri]
          defaultAuthorizationPolicy: {
            allowedApplications: [sender]
          }
        }
      }
    }
    login: {
      tokenStore: { enabled: false }
    }
  }
}
