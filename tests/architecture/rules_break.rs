//! The rules are no decoration: each, broken in a made-up file, is reported with its file, its line and its name.

use super::source::{Finding, Source};
use super::{imports, production, shape};

fn told(findings: impl IntoIterator<Item = Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| finding.to_string()).collect()
}

#[track_caller]
fn imports_of(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(told(imports::broken(&Source::parse(path, text))), expected);
}

#[test]
fn each_layer_that_imports_what_it_may_not_is_told() {
    let nothing = "it may import nothing of the crate";
    let cases = [
        ("domain", "engine", nothing),
        ("engine", "store", "it may import telemetry, domain"),
        ("store", "config", "it may import telemetry, engine, domain"),
        ("config", "engine", "it may import domain"),
        ("azure", "probe", "it may import store, domain, config, engine, telemetry"),
        ("probe", "azure", "it may import domain, config, engine"),
        ("observe", "steps", "it may import kubernetes, azure, probe, config, domain, engine"),
        ("steps", "store", "it may import observe, kubernetes, azure, probe, engine, config, domain"),
        ("render", "engine", "it may import domain"),
        ("notify", "azure", "it may import render, engine, config, domain"),
        ("host", "triggers", "it may import telemetry, domain"),
        ("sandbox", "domain", nothing),
    ];
    for (layer, other, may) in cases {
        let path = format!("src/{layer}/made_up.rs");
        let text = format!("//! Made up.\n\nuse crate::{layer}::own;\nuse crate::{other}::Thing;\n");
        imports_of(&path, &text, &[&format!("{path}:4: {layer} imports {other}; {may}")]);
    }
}

#[test]
fn only_the_command_line_imports_the_sandbox() {
    let layers = imports::layers().filter(|layer| !matches!(*layer, "cli" | "sandbox"));
    for layer in layers {
        let source = Source::parse(&format!("src/{layer}/made_up.rs"), "use crate::sandbox::world::World;\n");
        let told = told(imports::broken(&source));
        let start = format!("src/{layer}/made_up.rs:1: {layer} imports sandbox; it may import ");
        assert!(told.len() == 1 && told[0].starts_with(&start), "{told:?}");
    }
    imports_of("src/cli/made_up.rs", "use crate::sandbox::facade::Sandbox;\n", &[]);
}

#[test]
fn nobody_imports_the_command_line() {
    let source = Source::parse("src/triggers/made_up.rs", "use crate::cli::serve;\n");
    let told = told(imports::broken(&source));
    assert!(told[0].starts_with("src/triggers/made_up.rs:1: triggers imports cli; "), "{told:?}");
    imports_of("src/main.rs", "fn main() {\n    reveille::cli::serve::run();\n}\n", &[]);
    let rule = "src/main.rs:2: main imports engine; it may import cli";
    imports_of(
        "src/main.rs",
        "use reveille::{cli,\n    engine::Engine};\n".replace("use ", "\nuse ").trim_end(),
        &[rule],
    );
}

#[test]
fn an_import_is_found_wherever_it_hides() {
    let rule = |line: usize| {
        format!("src/domain/made/up.rs:{line}: domain imports engine; it may import nothing of the crate")
    };
    let hiding_places = [
        ("a group", "use crate::{domain::plan, engine::Engine};\n", 1),
        ("a rename", "\nuse crate::engine as motor;\n", 2),
        ("a glob", "pub use crate::engine::*;\n", 1),
        ("a function", "fn f() {\n    use crate::engine::Engine;\n}\n", 2),
        ("a type", "struct S {\n    engine: Option<crate::engine::Engine>,\n}\n", 2),
        ("a call", "fn f() {\n    crate::engine::tend();\n}\n", 2),
        ("super", "use super::super::super::engine::Engine;\n", 1),
        ("super in a module", "mod inner {\n    use super::super::super::super::engine::Engine;\n}\n", 2),
        ("a macro", "fn f() -> String {\n    format!(\"{}\",\n        crate::engine::NAME)\n}\n", 3),
        ("a macro's inside", "fn f() {\n    vec![(1, { crate::engine::tend() })];\n}\n", 2),
        ("an attribute", "#[error(\"{}\", crate::engine::text())]\nstruct E;\n", 1),
        ("a test", "#[cfg(test)]\nmod tests {\n    use crate::engine::Engine;\n}\n", 3),
    ];
    for (place, text, line) in hiding_places {
        let found = told(imports::broken(&Source::parse("src/domain/made/up.rs", text)));
        assert_eq!(found, [rule(line)], "{place}");
    }
}

#[test]
fn the_root_of_the_crate_is_no_way_around_the_rules() {
    let rule = "domain names the root of the crate, behind which every layer hides";
    for text in [
        "use crate as root;\n",
        "use crate::*;\n",
        "use super::super::super as root;\n",
        "use super::super::super::{self as r};\n",
    ] {
        let found = told(imports::broken(&Source::parse("src/domain/made/up.rs", text)));
        assert_eq!(found, [format!("src/domain/made/up.rs:1: {rule}")], "{text}");
    }
}

#[test]
fn what_a_layer_may_do_is_not_told() {
    imports_of(
        "src/domain/made/up.rs",
        "use super::near;\nuse self::below::Thing;\nuse crate::domain::plan::Plan;\n",
        &[],
    );
    imports_of(
        "src/engine/made_up.rs",
        "use crate::domain::{plan::Plan, run};\nuse std::fmt;\nuse super::ports;\n",
        &[],
    );
    imports_of("src/steps/made_up.rs", "use crate::{observe, azure, probe, engine, config, domain};\n", &[]);
    imports_of("src/domain/made_up.rs", "struct S;\nimpl S {\n    fn f(&self) { self.g() }\n}\n", &[]);
}

#[test]
fn a_layer_that_the_rules_do_not_know_is_told() {
    imports_of("src/misc/mod.rs", "", &["src/misc/mod.rs:1: the import rules do not know the layer misc"]);
}

#[test]
fn a_long_file_is_told() {
    let text = "// a line\n".repeat(400);
    assert_eq!(shape::too_long(&Source::parse("src/engine/made_up.rs", &text)), None);
    let found = shape::too_long(&Source::parse("src/engine/made_up.rs", &format!("{text}\n")));
    assert_eq!(told(found), ["src/engine/made_up.rs:401: 401 lines, over 400"]);
    let found = shape::too_long(&Source::parse("src/lib.rs", &"mod a;\n".repeat(61)));
    assert_eq!(told(found), ["src/lib.rs:1: 61 lines of code, over 60"]);
}

#[test]
fn what_is_out_of_place_is_told() {
    let text = [
        "trait Seam {}",
        "fn f() {",
        "    to",
        "do!(\"later\");",
        "}",
        "#[test]",
        "#[ignore]",
        "fn g() {",
        "    std::unimpl",
        "emented!();",
        "}",
        "#[ignore = \"needs a child\"]",
        "fn h() {}",
    ];
    let text = text.join("\n").replace("to\n", "to").replace("unimpl\n", "unimpl");
    let found = shape::out_of_place(&Source::parse("src/engine/made_up.rs", &text));
    let expected = [
        "src/engine/made_up.rs:1: the trait Seam is outside of the ports (src/engine/ports.rs)",
        "src/engine/made_up.rs:3: todo! is left over",
        "src/engine/made_up.rs:6: a test is ignored and does not say why",
        "src/engine/made_up.rs:8: unimplemented! is left over",
    ];
    assert_eq!(told(found), expected);
    assert_eq!(shape::out_of_place(&Source::parse("src/engine/ports.rs", "pub trait Store {}\n")), []);
}

#[test]
fn a_test_switch_is_told() {
    let text = "
fn a() { if cfg!(test) {} }
#[cfg(not(test))]
fn b() {}
#[cfg(debug_assertions)]
fn c() {}
#[cfg(feature = \"sandbox\")]
fn d() {}
#[cfg(test)]
mod tests { const PLAIN: &str = \"http://a.example\"; }
";
    let told_of = |path| told(production::broken(&Source::parse(path, text)));
    let rule = |line: usize, what: &str| format!("src/azure/made_up.rs:{line}: production code differs by cfg({what})");
    let expected =
        [rule(2, "test"), rule(3, "not (test)"), rule(5, "debug_assertions"), rule(7, "feature = \"sandbox\"")];
    assert_eq!(told_of("src/azure/made_up.rs"), expected);
    assert_eq!(told_of("src/cli/made_up.rs").len(), 3, "the command line may ask for the sandbox");
}

#[test]
fn a_way_around_tls_is_told() {
    let text = "
/// Not this: http://in.a.comment
fn client() -> Client {
    let url = \"http://management.example\";
    let other = format!(\"http://{url}\");
    Client::builder().danger_accept_invalid_certs(true).build()
}
";
    let expected = [
        "src/azure/made_up.rs:4: http://management.example is an address without TLS",
        "src/azure/made_up.rs:5: http://{url} is an address without TLS",
        "src/azure/made_up.rs:6: danger_accept_invalid_certs goes around TLS",
    ];
    assert_eq!(told(production::broken(&Source::parse("src/azure/made_up.rs", text))), expected);
}

#[test]
fn values_that_are_computed_with_the_world_are_told() {
    let text = "
use std::{fmt, fs::File};
use tokio::time;
fn now() -> DateTime<Utc> { chrono::Utc::now() }
async fn wait() {}
";
    let expected = [
        "src/domain/made_up.rs:2: domain computes values; std::fs::File is the world",
        "src/domain/made_up.rs:3: domain computes values; tokio::time is the world",
        "src/domain/made_up.rs:4: domain computes values; chrono::Utc::now is the world",
        "src/domain/made_up.rs:5: domain computes values; it waits for nothing",
    ];
    assert_eq!(told(production::broken(&Source::parse("src/domain/made_up.rs", text))), expected);
    assert_eq!(production::broken(&Source::parse("src/store/made_up.rs", text)), []);
}
