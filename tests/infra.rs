//! The infrastructure as the real Bicep compiler sees it, compared with the code that will run on it.

mod agreement;
mod alerting;
mod compiler;
mod deploying;
mod document;
mod predicted;
mod roles;
mod settings;
mod workbook;

use compiler::{Copied, complaints, unformatted};
use predicted::{FILES, Predicted};

#[test]
fn the_formatter_has_nothing_to_change() {
    let infra = Copied::infra();
    assert_eq!(unformatted(&infra), Vec::<String>::new(), "`bicep format` changes these files");
}

#[test]
fn the_compiler_and_its_linter_have_nothing_to_say() {
    let infra = Copied::infra();
    for entry in ["main.bicep", "sample.bicep"] {
        assert_eq!(complaints(&infra, "build", entry), "", "bicep build {entry}");
        assert_eq!(complaints(&infra, "lint", entry), "", "bicep lint {entry}");
    }
    for file in FILES {
        assert_eq!(complaints(&infra, "build-params", &format!("{file}.bicepparam")), "", "{file}.bicepparam");
    }
}

/// The two tests above see something where there is something.
#[test]
fn a_file_that_is_wrong_or_only_ugly_is_noticed() {
    let infra = Copied::infra();
    let store = infra.text("modules/store.bicep");
    infra.write("modules/store.bicep", &store.replace("  accessTier", "      accessTier").replace("Hot", "Hotter"));
    infra.write("modules/vault.bicep", &format!("{}\nparam nobodyUsesIt string\n", infra.text("modules/vault.bicep")));
    let said = complaints(&infra, "lint", "main.bicep");
    assert!(said.contains("nobodyUsesIt") && said.contains("Hotter"), "{said}");
    assert_eq!(unformatted(&infra), ["modules/store.bicep"]);
}

#[test]
fn what_each_parameter_file_would_deploy() {
    for file in FILES {
        insta::assert_snapshot!(format!("infra_{file}"), Predicted::of(file).page());
    }
}

#[test]
fn every_id_and_name_is_known_before_anything_is_deployed() {
    for file in FILES {
        let predicted = Predicted::of(file);
        assert!(predicted.resources.len() > 40, "{file} predicts too little to be true");
        assert_eq!(predicted.ids().filter(|id| id.contains('[')).collect::<Vec<_>>(), Vec::<&str>::new(), "{file}");
    }
}

/// What an estate already has is only ever the scope of a role.
#[test]
fn nothing_of_an_existing_estate_is_made_or_changed() {
    const ESTATE: [&str; 4] = [
        "microsoft.containerservice/managedclusters",
        "microsoft.dbforpostgresql/flexibleservers",
        "microsoft.cdn/profiles",
        "microsoft.network/virtualnetworks",
    ];
    let of_estate = |file: &str| {
        let predicted = Predicted::of(file);
        let kinds = predicted.resources.iter().map(|it| it["type"].as_str().unwrap().to_lowercase());
        kinds.filter(|kind| ESTATE.iter().any(|it| kind.starts_with(it))).count()
    };
    for file in ["main", "premium", "two-regions"] {
        assert_eq!(of_estate(file), 0, "{file}");
    }
    assert!(of_estate("sample") > 10, "the sample has an estate of its own");
}

#[test]
fn no_storage_account_takes_a_key_and_only_the_log_container_is_immutable() {
    for file in FILES {
        let predicted = Predicted::of(file);
        for account in predicted.of_type("Microsoft.Storage/storageAccounts") {
            assert_eq!(account["properties"]["allowSharedKeyAccess"], false, "{file}: {}", account["id"]);
        }
        let policies =
            predicted.of_type("Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies");
        let policies: Vec<_> = policies.collect();
        assert_eq!(policies.len(), 1, "{file}");
        assert_eq!(policies[0]["properties"]["allowProtectedAppendWrites"], true, "{file}");
        assert!(policies[0]["id"].as_str().unwrap().contains("/containers/reveille/immutabilityPolicies/"), "{file}");
    }
}
