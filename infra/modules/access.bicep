// What the identity may do with the plan's resources: the roles that `reveille plan --role` prints, each assigned to single
// resources and to nothing above them, but for the small one that Azure only looks for at the subscription.

targetScope = 'subscription'

import { commands, inside, insideProvingPath, insideResettingIndex, intoClusters, onResources, onSubscriptions } from 'actions.bicep'
import { accessType, planType } from 'types.bicep'

param plan planType
param access accessType
param identityId string
param principalId string

var clusterIds = [plan.preferred.clusterId, plan.standby.clusterId]
var clusterGroups = union(map(clusterIds, id => groupOf(id)), [])
var groups = union(clusterGroups, map(plan.serverIds, id => groupOf(id)), [groupOf(plan.frontDoorId)])
var subscriptions = union(map(groups, id => split(id, '/')[2]), [])

func groupOf(id string) string => join(take(split(id, '/'), 5), '/')

var isInside = access.clusters != 'none'
var isAzure = access.clusters == 'azure'
var isCommands = isInside && access.commands

var names = {
  resources: 'Reveille ${plan.name}'
  subscription: 'Reveille ${plan.name} (subscription)'
  commands: 'Reveille ${plan.name} (commands)'
  inside: 'Reveille ${plan.name} (inside clusters)'
}
var ids = {
  resources: guid(groups[0], names.resources)
  subscription: guid(subscriptions[0], names.subscription)
  commands: guid(groups[0], names.commands)
  inside: guid(groups[0], names.inside)
}

var definingSubscription = split(groups[0], '/')[2]
var definingGroup = split(groups[0], '/')[4]

module resourcesRole 'role.bicep' = {
  scope: resourceGroup(definingSubscription, definingGroup)
  params: {
    name: ids.resources
    roleName: names.resources
    about: 'Reads, starts and stops what the plan names.'
    actions: union(onResources, isInside ? intoClusters : [])
    assignableScopes: groups
  }
}

module subscriptionRole 'subscription-role.bicep' = {
  scope: subscription(subscriptions[0])
  params: {
    name: ids.subscription
    roleName: names.subscription
    about: 'Operations and alerts, beside the plan’s resources.'
    actions: onSubscriptions
    assignableScopes: map(subscriptions, id => '/subscriptions/${id}')
  }
}

module commandsRole 'role.bicep' = if (isCommands) {
  scope: resourceGroup(definingSubscription, definingGroup)
  params: {
    name: ids.commands
    roleName: names.commands
    about: 'Commands inside clusters whose API server cannot be reached.'
    actions: commands
    assignableScopes: clusterGroups
  }
}

module insideRole 'role.bicep' = if (isAzure) {
  scope: resourceGroup(definingSubscription, definingGroup)
  params: {
    name: ids.inside
    roleName: names.inside
    about: 'Inside the plan’s clusters, where Azure decides who may do what there.'
    dataActions: union(
      inside,
      access.provePath ? insideProvingPath : [],
      access.resetSearchIndex ? insideResettingIndex : []
    )
    assignableScopes: clusterGroups
  }
}

module onClusters 'on-cluster.bicep' = [
  for id in clusterIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      name: last(split(id, '/'))
      roles: union([ids.resources], isCommands ? [ids.commands] : [], isAzure ? [ids.inside] : [])
      identityId: identityId
      principalId: principalId
    }
    dependsOn: [resourcesRole, commandsRole, insideRole]
  }
]

module onServers 'on-server.bicep' = [
  for id in plan.serverIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    params: {
      name: last(split(id, '/'))
      role: ids.resources
      identityId: identityId
      principalId: principalId
    }
    dependsOn: [resourcesRole]
  }
]

module onFrontDoor 'on-front-door.bicep' = {
  scope: resourceGroup(split(plan.frontDoorId, '/')[2], split(plan.frontDoorId, '/')[4])
  params: {
    name: last(split(plan.frontDoorId, '/'))
    role: ids.resources
    identityId: identityId
    principalId: principalId
  }
  dependsOn: [resourcesRole]
}

module onSubscription 'on-subscription.bicep' = [
  for id in subscriptions: {
    scope: subscription(id)
    params: {
      role: ids.subscription
      identityId: identityId
      principalId: principalId
    }
    dependsOn: [subscriptionRole]
  }
]
