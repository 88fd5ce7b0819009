// The names that follow the primary: NAME.writer and NAME.reader. Made once both servers are there.

param name string
param primary string
param replica string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' existing = {
  name: primary

  resource endpoint 'virtualEndpoints' = {
    name: name
    properties: {
      endpointType: 'ReadWrite'
      members: [replica]
    }
  }
}
