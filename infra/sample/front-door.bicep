// Front Door with both sites by priority. All traffic goes to the first while its probes answer 200.

param name string
param tags object
param originGroupName string

@description('Host names of the origins, the preferred one first.')
param origins string[]

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: 'Standard_AzureFrontDoor' }
}

resource group 'Microsoft.Cdn/profiles/originGroups@2025-06-01' = {
  parent: profile
  name: originGroupName
  properties: {
    healthProbeSettings: {
      probeIntervalInSeconds: 30
      probePath: '/api/system/status'
      probeProtocol: 'Https'
      probeRequestType: 'GET'
    }
    loadBalancingSettings: {
      additionalLatencyInMilliseconds: 0
      sampleSize: 4
      successfulSamplesRequired: 3
    }
  }
}

resource sites 'Microsoft.Cdn/profiles/originGroups/origins@2025-06-01' = [
  for (origin, i) in origins: {
    parent: group
    name: split(origin, '.')[0]
    properties: {
      enabledState: 'Enabled'
      enforceCertificateNameCheck: true
      hostName: origin
      originHostHeader: origin
      priority: i == 0 ? 1 : 2
      weight: 1000
    }
  }
]

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2025-06-01' = {
  parent: profile
  name: 'sonar'
  location: 'global'
  tags: tags
  properties: { enabledState: 'Enabled' }
}

resource route 'Microsoft.Cdn/profiles/afdEndpoints/routes@2025-06-01' = {
  parent: endpoint
  name: 'all'
  properties: {
    enabledState: 'Enabled'
    forwardingProtocol: 'HttpsOnly'
    httpsRedirect: 'Enabled'
    linkToDefaultDomain: 'Enabled'
    originGroup: { id: group.id }
    patternsToMatch: ['/*']
    supportedProtocols: ['Http', 'Https']
  }
  // A route wants an origin in its group.
  dependsOn: [sites]
}

output hostname string = endpoint.properties.hostName
