// Names that the program and its infrastructure have to agree about. A test compares them with functions/, host.json and
// the code.

@export()
@description('Functions that are named here; functions/ has them.')
var functions = {
  alert: 'alert'
  run: 'run'
  watch: 'watch'
}

@export()
@description('The rule that reports the primary; alert_rules of reveille.toml names it.')
var alertRule = 'afd-primary-origin-health'

@export()
@description('The queue of wake-ups, and where the host puts those that failed five times.')
var queues = [
  'reveille-runs'
  'reveille-runs-poison'
]

@export()
@description('Containers of the store. Beside the immutable one is a plain one for the small documents that are overwritten.')
var containers = {
  logs: 'reveille'
  documents: 'reveille-documents'
}

@export()
@description('Where the package of a function app lies in its own storage account.')
var packages = {
  container: 'app-package'
  blob: 'released-package.zip'
}

@export()
@description('The rule that always fires. Its name is in the configuration, since its absence is what is noticed.')
func heartbeatRule(name string) string => '${name}-heartbeat'
