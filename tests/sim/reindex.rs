//! The reset of the search index in a world where nothing else goes wrong; and an oracle that finds the wrong ones.

use super::campaign::{in_virtual_time, live, simulate};
use super::host::Host;
use super::oracle::Oracle;
use super::time::{MINUTE, sleep_ms};
use super::weather::{Standby, Weather};
use super::world::{Happening, World};
use super::{peek, plan, workload};
use reveille::domain::outcome::Outcome;
use reveille::domain::parking::Scale;
use reveille::domain::run::ClaimRef;

fn weather(standby: Standby) -> Weather {
    Weather { standby, reset_index: true, ..Weather::calm() }
}

#[test]
fn an_old_index_is_gone_and_a_new_one_built_however_the_standby_sleeps() {
    for standby in [Standby::StartsWithCluster, Standby::Parked, Standby::NotKnown { parked: false }] {
        simulate(weather(standby)).unwrap_or_else(|broken| panic!("{broken}"));
        in_virtual_time(async {
            let host = Host::start(World::new(weather(standby)), plan::configured(&weather(standby)));
            live(&host).await;
            let log = host.world.state().log.clone();
            let deleted = log.iter().filter(|(_, it)| matches!(it, Happening::ClaimDeleted { .. })).count();
            assert_eq!(deleted, 3, "{standby:?}");
            let newest = peek::plan(&host).await.unwrap().runs.last().unwrap().run.clone();
            let outcome = peek::run(&host, &newest).await.unwrap().outcome.clone();
            assert!(matches!(outcome, Some(Outcome::Recovered { .. })), "{outcome:?}");
        });
    }
}

#[test]
fn a_claim_deleted_from_under_an_application_or_with_a_new_index_is_found() {
    in_virtual_time(async {
        let weather = weather(Standby::Parked);
        let host = Host::start(World::new(weather.clone()), plan::configured(&weather));
        live(&host).await;
        let run = peek::plan(&host).await.unwrap().runs.last().unwrap().run.clone();
        let search = workload::counts().into_keys().last().unwrap();
        host.world.scale(&run, 1, &Scale { object: search, replicas: 0 });
        sleep_ms(MINUTE).await;
        let claim = host.world.index(1).unwrap().claims.remove(0).claim;
        assert!(host.world.delete_claim(&run, 1, &ClaimRef::from(&claim)));
        let broken = Oracle::judge(&host).await.join("\n");
        assert!(broken.contains("which may serve") && broken.contains("built while it ran"), "{broken}");
    });
}
