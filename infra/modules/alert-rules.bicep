// The three rules: the primary's origin is ill; Reveille itself is silent; and one that always fires, by which Reveille
// can tell that the way from a rule to its function is whole.

import { functions, heartbeatRule } from 'names.bicep'

param name string
param tags object

@description('Where the rule about silence is evaluated: the region of the workspace.')
param location string

@description('Name of the rule about the primary.')
param alertRule string

param frontDoorId string

@description('Host name of the primary’s origin.')
param origin string

@description('Origin health in percent below which the rule fires.')
param originHealthBelow int

param reveilleGroupId string
param peopleGroupId string
param insightsId string
param storeId string

@description('Function apps, by name.')
param apps string[]

// Filtered on the one origin: a stopped standby is a constant 0 in the average over both.
resource originHealth 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: alertRule
  location: 'global'
  tags: tags
  properties: {
    description: 'Front Door sees ${origin} ill. Reveille looks for itself before it acts.'
    enabled: true
    severity: 1
    scopes: [frontDoorId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'origin-health'
          metricNamespace: 'Microsoft.Cdn/profiles'
          metricName: 'OriginHealthPercentage'
          operator: 'LessThan'
          threshold: originHealthBelow
          timeAggregation: 'Average'
          dimensions: [
            {
              name: 'Origin'
              operator: 'Include'
              values: [origin]
            }
          ]
        }
      ]
    }
    actions: [
      { actionGroupId: reveilleGroupId }
      { actionGroupId: peopleGroupId }
    ]
  }
}

// Stateless (autoMitigate off), so it fires at every evaluation. The store is read at least every half minute while
// any app lives, so that this metric always has data; an alert about storage starts nothing.
resource heartbeat 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: heartbeatRule(name)
  location: 'global'
  tags: tags
  properties: {
    description: 'Always fires. Reveille expects it; its absence tells that alerts do not arrive.'
    enabled: true
    severity: 4
    scopes: [storeId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    autoMitigate: false
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'always'
          metricNamespace: 'Microsoft.Storage/storageAccounts'
          metricName: 'Transactions'
          operator: 'GreaterThanOrEqual'
          threshold: 0
          timeAggregation: 'Total'
          dimensions: []
        }
      ]
    }
    actions: [
      { actionGroupId: reveilleGroupId }
    ]
  }
}

resource silence 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for app in apps: {
    name: '${app}-is-silent'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${app} is silent'
      description: 'Its timer has not run to its end for a quarter of an hour: nobody would find an outage or drive a run.'
      enabled: true
      severity: 0
      scopes: [insightsId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: 'requests | where cloud_RoleName =~ "${app}" and name =~ "${functions.watch}" and success == true'
            timeAggregation: 'Count'
            operator: 'LessThan'
            threshold: 1
            failingPeriods: {
              minFailingPeriodsToAlert: 1
              numberOfEvaluationPeriods: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [peopleGroupId]
      }
    }
  }
]
