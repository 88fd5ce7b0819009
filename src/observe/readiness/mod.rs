//! Gathers everything that a readiness drill judges. Reads only: nothing is started, sent or written, not even the canary.

mod around;
mod azure;
mod database;
mod own;
mod reader;
mod record;

use super::Observer;
use crate::domain::parking::StandbyWorkload;
use crate::domain::plan::{Plan, Site};
use crate::domain::readiness::{AlertingFacts, CertificateFacts, ClusterDetail, Facts, Read, RegionFacts, Unread};
use reader::Reader;

impl Observer {
    /// Looks at everything a recovery from `primary` to `standby` needs, side by side and bounded.
    pub async fn readiness(&self, plan: &Plan, primary: &Site, standby: &Site, workload: &StandbyWorkload) -> Facts {
        let access = self.access(plan).await;
        let reader = Reader::new(self, plan, access.is_open());
        let ((of_primary, of_standby, region), database, (front_door, alerting), may, around, record) = tokio::join!(
            clusters(&reader, primary, standby),
            reader.database(standby),
            async { tokio::join!(reader.front_door(), reader.alerting()) },
            async { tokio::join!(reader.may(primary), reader.may(standby)) },
            async { tokio::join!(reader.secrets(), reader.channels(), certificates(&reader, primary, standby)) },
            self.record(plan, standby, workload),
        );
        let (secrets, channels, certificates) = around;
        let own = self.own(plan, access, [primary, standby]).await;
        Facts {
            now: self.clock.now(),
            primary: of_primary,
            standby: of_standby,
            region,
            database,
            front_door,
            alerting,
            may: may.into(),
            secrets,
            channels,
            certificates,
            record,
            own,
        }
    }
}

impl Observer {
    /// The plan's alert rule and whom it calls.
    pub async fn alerting(&self, plan: &Plan) -> AlertingFacts {
        Reader::new(self, plan, true).alerting().await
    }
}

/// What is asked of a region is known only once the cluster has told where it is.
async fn clusters(
    reader: &Reader<'_>,
    primary: &Site,
    standby: &Site,
) -> (Read<ClusterDetail>, Read<ClusterDetail>, RegionFacts) {
    let (of_primary, of_standby) = tokio::join!(reader.cluster(primary), reader.cluster(standby));
    let region = match &of_standby {
        Ok(detail) => reader.region(standby.cluster.subscription(), &detail.region).await,
        Err(_) => nowhere(),
    };
    (of_primary, of_standby, region)
}

/// Those that others show, and those that we show.
async fn certificates(reader: &Reader<'_>, primary: &Site, standby: &Site) -> Vec<CertificateFacts> {
    let (shown, ours) =
        tokio::join!(reader.certificates(primary, standby), reader.client_certificates([primary, standby]));
    shown.into_iter().chain(ours).collect()
}

fn nowhere() -> RegionFacts {
    let why = || Unread::failed("the standby's region is not known");
    RegionFacts { versions: Err(why()), usages: Err(why()), sizes: Err(why()) }
}
