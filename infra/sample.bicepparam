// The whole reference architecture with Reveille beside it, for trying. It costs money by the hour: README.md says what,
// and how to remove it.

using 'sample.bicep'

param dnsZone = readEnvironmentVariable('SAMPLE_DNS_ZONE', 'example.com')
param databasePassword = readEnvironmentVariable('SAMPLE_DATABASE_PASSWORD', '')
param emails = [readEnvironmentVariable('SAMPLE_EMAIL', 'on-call@example.com')]

// infra/deploy sets it once the package is there.
param connected = bool(readEnvironmentVariable('REVEILLE_CONNECTED', 'false'))
