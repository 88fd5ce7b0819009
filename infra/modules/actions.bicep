// Every action that Reveille is allowed, one by one, with what it is for. Nothing is allowed by a wildcard.
// A test compares these lists with what `reveille plan --role` makes of the calls themselves, in both directions.

@export()
@description('On the clusters, the servers and the Front Door profile, each by itself.')
var onResources = [
  // Reads what the identity itself may do, so that a readiness drill can tell what would be refused.
  'Microsoft.Authorization/permissions/read'
  // Routes, origin groups and origins: where traffic goes, and whether both sites are in it.
  'Microsoft.Cdn/profiles/afdendpoints/read'
  'Microsoft.Cdn/profiles/origingroups/origins/read'
  'Microsoft.Cdn/profiles/origingroups/read'
  // Whether a cluster runs, and the two acts of a recovery.
  'Microsoft.ContainerService/managedClusters/read'
  'Microsoft.ContainerService/managedClusters/start/action'
  'Microsoft.ContainerService/managedClusters/stop/action'
  // Replication, and where the writer endpoint points. Promotion is a person's act: nothing here can write to a server.
  'Microsoft.DBforPostgreSQL/flexibleServers/read'
  'Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints/read'
  // Front Door's origin health: the second witness of an outage.
  'Microsoft.Insights/metrics/read'
]

@export()
@description('For plans with [plan.kubernetes]: the address of a cluster’s API server and its certificate authority.')
var intoClusters = [
  'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'
]

@export()
@description('On subscriptions, because these things lie beside the resources that they are about.')
var onSubscriptions = [
  // The alert that started a run is marked as acknowledged.
  'Microsoft.AlertsManagement/alerts/changestate/action'
  // Quota and sizes: whether the standby's machines could be had.
  'Microsoft.Compute/locations/usages/read'
  'Microsoft.Compute/skus/read'
  // How long the standby's Kubernetes version is supported.
  'Microsoft.ContainerService/locations/kubernetesVersions/read'
  // The outcome of a start or a stop.
  'Microsoft.ContainerService/locations/operations/read'
  // Whether an alert rule would tell Reveille.
  'Microsoft.Insights/actionGroups/read'
  'Microsoft.Insights/metricAlerts/read'
]

@export()
@description('Commands through Azure, for clusters whose API server is out of reach.')
var commands = [
  'Microsoft.ContainerService/managedClusters/commandResults/read'
  'Microsoft.ContainerService/managedClusters/runcommand/action'
]

@export()
@description('Inside clusters that ask Azure: looking at the workload and scaling it. Azure does not tell sub-resources apart.')
var inside = [
  'Microsoft.ContainerService/managedClusters/apps/deployments/read'
  'Microsoft.ContainerService/managedClusters/apps/deployments/write'
  'Microsoft.ContainerService/managedClusters/apps/statefulsets/read'
  'Microsoft.ContainerService/managedClusters/apps/statefulsets/write'
  'Microsoft.ContainerService/managedClusters/autoscaling/horizontalpodautoscalers/read'
  'Microsoft.ContainerService/managedClusters/nodes/read'
  'Microsoft.ContainerService/managedClusters/pods/read'
]

@export()
@description('The pod of a standby drill that reads through the writer endpoint.')
var insideProvingPath = [
  'Microsoft.ContainerService/managedClusters/pods/delete'
  'Microsoft.ContainerService/managedClusters/pods/write'
]

@export()
@description('The search index that is built anew.')
var insideResettingIndex = [
  'Microsoft.ContainerService/managedClusters/persistentvolumeclaims/delete'
  'Microsoft.ContainerService/managedClusters/persistentvolumeclaims/read'
]
