// What Reveille tells, on one page of Application Insights: recoveries, what waits for people, calls to Azure.
// The first table needs nothing but the app's log. The others need telemetry by OTLP (README.md): metrics as deltas.

param name string
param location string
param tags object
param insightsId string

var queries = [
  {
    title: 'What it said, newest first'
    query: '''
traces
| extend line = parse_json(message)
| where isnotempty(line.message)
| where line.level != "debug"
| project timestamp, level = tostring(line.level), plan = tostring(line.plan), run = tostring(line.run), said = tostring(line.message), error = tostring(line.error)
| order by timestamp desc
| take 200
'''
  }
  {
    title: 'Runs that ended, by kind and outcome'
    query: '''
customMetrics
| where name == "reveille.runs"
| summarize runs = sum(value) by plan = tostring(customDimensions["plan"]), kind = tostring(customDimensions["kind"]), outcome = tostring(customDimensions["outcome"])
| order by plan asc, kind asc
'''
  }
  {
    title: 'Recovery time against its target, in seconds'
    query: '''
customMetrics
| where name == "reveille.recovery.duration"
| project timestamp, plan = tostring(customDimensions["plan"]), within_target = tostring(customDimensions["within_target"]), seconds = valueSum / valueCount
| order by timestamp desc
'''
  }
  {
    title: 'Steps, in seconds'
    query: '''
customMetrics
| where name == "reveille.step.duration"
| summarize mean = sum(valueSum) / sum(valueCount), count = sum(valueCount) by step = tostring(customDimensions["step"]), outcome = tostring(customDimensions["outcome"])
| order by mean desc
'''
  }
  {
    title: 'What needs somebody: open incidents, fences that are owed, questions, drills that did not begin, notices that failed'
    query: '''
customMetrics
| where name in ("reveille.incident.open", "reveille.fence.owed", "reveille.operator.waits", "reveille.drills.refused", "reveille.notices")
| where name != "reveille.notices" or tostring(customDimensions["delivered"]) == "false"
| summarize newest = arg_max(timestamp, value), total = sum(value) by name, plan = tostring(customDimensions["plan"]), reason = tostring(customDimensions["reason"]), channel = tostring(customDimensions["channel"])
| where value > 0
| order by newest desc
'''
  }
  {
    title: 'Alerts, by what became of them'
    query: '''
customMetrics
| where name == "reveille.alerts"
| summarize alerts = sum(value) by bin(timestamp, 1h), became = tostring(customDimensions["became"])
| order by timestamp desc
'''
  }
  {
    title: 'Rounds of the watch, every five minutes: a gap means that nobody looked'
    query: '''
customMetrics
| where name == "reveille.watch.ticks"
| summarize ticks = sum(value) by bin(timestamp, 5m)
| order by timestamp desc
'''
  }
  {
    title: 'Calls to Azure that were turned away or not answered, with the ids that its support asks for'
    query: '''
dependencies
| where isnotempty(customDimensions["az.service"]) and success == false
| project timestamp, service = tostring(customDimensions["az.service"]), name, resultCode, client_request_id = tostring(customDimensions["az.client_request_id"]), correlation_id = tostring(customDimensions["az.correlation_request_id"]), request_id = tostring(customDimensions["az.service_request_id"])
| order by timestamp desc
| take 200
'''
  }
  {
    title: 'Throttling, retries of the store, and telemetry that was dropped'
    query: '''
customMetrics
| where name in ("reveille.azure.throttled", "reveille.store.retries", "reveille.telemetry.dropped")
| summarize times = sum(value) by bin(timestamp, 1h), name, service = tostring(customDimensions["service"]), operation = tostring(customDimensions["operation"]), signal = tostring(customDimensions["signal"])
| order by timestamp desc
'''
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'reveille')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Reveille: ${name}'
    category: 'workbook'
    sourceId: insightsId
    serializedData: string({
      version: 'Notebook/1.0'
      fallbackResourceIds: [insightsId]
      items: map(queries, it => {
        type: 3
        name: it.title
        content: {
          version: 'KqlItem/1.0'
          title: it.title
          query: it.query
          size: 0
          timeContext: { durationMs: 604800000 }
          queryType: 0
          resourceType: 'microsoft.insights/components'
          visualization: 'table'
        }
      })
    })
  }
}
