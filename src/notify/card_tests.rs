use super::*;
use crate::domain::names::{IncidentId, PlanName, RunId};

fn notice() -> Notice {
    Notice {
        id: "r1/3".into(),
        plan: Some(PlanName::new("sonarqube")),
        run: Some(RunId::new("sonarqube.20261123T030000Z.ab12")),
        incident: Some(IncidentId::new("sonarqube.i20261123T025900Z.cd34")),
        moment: Moment::NeedsOperator,
        outcome: None,
        headline: "sonarqube needs an operator".into(),
        summary_lines: vec!["The writer is in recovery".into()],
        ask: Some("Promote the replica".into()),
        commands: vec!["az postgres flexible-server replica promote --name pg_sonar_b".into()],
        report: None,
        journal_head: "9f".repeat(32),
        at: "2026-11-23T03:10:00Z".parse().unwrap(),
    }
}

fn message(notice: &Notice) -> (usize, Vec<Value>) {
    let bytes = workflow_message(notice);
    let message: Value = serde_json::from_slice(&bytes).unwrap();
    (bytes.len(), message["attachments"][0]["content"]["body"].as_array().unwrap().clone())
}

/// All texts that know no Markdown, in order.
fn plain_texts(body: &[Value]) -> Vec<&str> {
    body.iter().filter_map(|element| element["inlines"][0]["text"].as_str()).collect()
}

#[test]
fn the_escapes_are_exactly_the_active_marks() {
    let cases = [
        ("nothing to do (here), at 3.5 s - or so", "nothing to do (here), at 3.5 s - or so"),
        ("**bold** _soft_", r"\*\*bold\*\* \_soft\_"),
        ("[click](http://evil)", r"\[click\](http://evil)"),
        (r"C:\x", r"C:\\x"),
        ("- item", r"\- item"),
        ("  + item", r"  \+ item"),
        ("12. item", r"12\. item"),
        ("12.5 minutes", "12.5 minutes"),
        ("-5 degrees", "-5 degrees"),
        ("", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(escaped(text), expected);
    }
}

#[test]
fn markdown_in_headline_and_facts_is_escaped() {
    let outcome = Some("[recovered](http://evil)".into());
    let (_, body) = message(&Notice { headline: "*x* failed".into(), outcome, ..notice() });
    assert_eq!(body[0]["text"], r"\*x\* failed");
    let facts = body[1]["facts"].as_array().unwrap();
    let outcome = facts.iter().find(|fact| fact["title"] == "Outcome").unwrap();
    assert_eq!(outcome["value"], r"\[recovered\](http://evil)");
}

#[test]
fn commands_can_be_copied_as_they_are() {
    let (_, body) = message(&notice());
    assert_eq!(plain_texts(&body)[2], "az postgres flexible-server replica promote --name pg_sonar_b");
    assert_eq!(body[4]["inlines"][0]["fontType"], "Monospace");
}

#[test]
fn a_long_summary_is_cut_and_the_cut_is_counted() {
    let summary_lines: Vec<String> = (0..500).map(|number| format!("line {number} {}", "x".repeat(150))).collect();
    let (size, body) = message(&Notice { summary_lines, ..notice() });
    assert!(size <= LARGEST_MESSAGE, "{size}");
    assert!(size > LARGEST_MESSAGE - 1000, "only {size} bytes were used");
    let texts = plain_texts(&body);
    let shown = texts.iter().filter(|text| text.starts_with("line ")).count();
    let run = "sonarqube.20261123T030000Z.ab12";
    let note = format!("… left out here: {} of 500 lines. All of them: reveille report {run}", 500 - shown);
    assert!(texts.contains(&note.as_str()), "{note}");
    assert!(texts.contains(&"Promote the replica"), "the ask gave way to the summary");
    assert!(texts.iter().any(|text| text.starts_with("az postgres")), "the command gave way to the summary");
}

#[test]
fn commands_are_left_out_whole_and_counted() {
    let commands: Vec<String> = (0..20).map(|number| format!("az {number} {}", "y".repeat(1900))).collect();
    let (size, body) = message(&Notice { commands: commands.clone(), ..notice() });
    assert!(size <= LARGEST_MESSAGE, "{size}");
    let texts = plain_texts(&body);
    let shown: Vec<&&str> = texts.iter().filter(|text| text.starts_with("az ")).collect();
    assert!(!shown.is_empty());
    assert!(shown.iter().all(|text| commands.iter().any(|command| command == **text)), "a command was cut");
    assert!(texts.last().unwrap().starts_with(&format!("… left out here: {} of 20 commands", 20 - shown.len())));
}

#[test]
fn a_command_too_long_to_show_does_not_displace_the_others() {
    let commands = vec!["z".repeat(50_000), "az short".to_owned()];
    let (_, body) = message(&Notice { commands, ..notice() });
    let texts = plain_texts(&body);
    assert!(texts.contains(&"az short"));
    assert!(texts.last().unwrap().starts_with("… left out here: 1 of 2 commands"));
}

/// Whatever the texts hold: quotes and backslashes double in JSON, control characters grow sixfold, emoji take four.
#[test]
fn no_text_can_make_the_message_too_large() {
    for nasty in ["\"", "\\", "\u{1}", "\u{1f525}", "*", "\u{2028}", "\n"] {
        let long = nasty.repeat(30_000);
        let notice = Notice {
            plan: Some(PlanName::new(&long)),
            run: Some(RunId::new("r")),
            outcome: Some(long.clone()),
            headline: long.clone(),
            summary_lines: vec![long.clone(); 300],
            ask: Some(long.clone()),
            commands: vec![nasty.repeat(LONGEST_COMMAND); 30],
            journal_head: long,
            ..notice()
        };
        let (size, _) = message(&notice);
        assert!(size <= LARGEST_MESSAGE, "{nasty:?}: {size}");
    }
}

#[test]
fn clipping_keeps_whole_characters_and_shows_that_it_cut() {
    assert_eq!(clipped("häuser", 6), "häuser");
    assert_eq!(clipped("häuser", 3), "hä…");
    assert_eq!(clipped("two\nlines\t", 20), "two lines ");
}
