//! The rules of the house, held by reading its own source: who imports whom, how long a file is, what stands where.

mod imports;
mod paths;
mod production;
mod rules_break;
mod shape;
mod source;

use source::{all, hold};
use std::collections::BTreeSet;

#[test]
fn every_layer_imports_only_what_it_may() {
    hold(all("src").iter().flat_map(imports::broken));
}

#[test]
fn the_import_rules_name_exactly_the_layers_that_there_are() {
    let there: BTreeSet<String> = all("src").iter().filter_map(source::Source::layer).collect();
    assert_eq!(there, imports::layers().map(str::to_owned).collect());
}

#[test]
fn files_are_short() {
    hold(all("src").iter().filter_map(shape::too_long));
}

#[test]
fn nothing_is_left_unfinished_and_only_ports_are_traits() {
    hold(all("src").iter().flat_map(shape::out_of_place));
}

#[test]
fn no_test_is_unfinished_or_ignored_without_a_reason() {
    hold(all("tests").iter().flat_map(shape::out_of_place));
}

#[test]
fn production_code_has_no_test_switch_and_no_way_around_tls_and_values_are_computed_without_the_world() {
    hold(all("src").iter().flat_map(production::broken));
}
