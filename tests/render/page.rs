//! The HTML page as text: what it holds, and what no text in it can do.

use super::{lengths, stories};
use insta::assert_snapshot;
use proptest::prelude::*;
use reveille::render::html;

/// Tags and attributes of a page, without any text: what a browser would build.
fn shape(page: &str) -> Vec<&str> {
    let body = page.split_once("</style>").expect("a style").1;
    body.split('<')
        .skip(1)
        .map(|part| part.split('>').next().unwrap_or_default())
        .map(|tag| tag.split(' ').next().unwrap())
        .collect()
}

#[test]
fn a_recovery_as_a_page() {
    let page = html::report(&stories::recovered().report());
    // The style is looked at in a browser, and its digest changes with it.
    let (before, rest) = page.split_once("<style>").unwrap();
    let body = rest.split_once("</style>").unwrap().1;
    let head =
        before.replace(&before[before.find("sha256-").unwrap()..before.find("'; img").unwrap()], "sha256-[digest]");
    let shown = format!("{head}{body}").replace("><", ">\n<");
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    insta::with_settings!({ snapshot_path => place }, { assert_snapshot!(shown) });
}

#[test]
fn the_verdict_comes_first_and_the_chain_last() {
    let page = html::report(&stories::owing_the_fence().report());
    let order = [
        "Serving from centralus",
        "17m 18s, within the target of 30m",
        "first sign of the outage",
        "centralus seen to serve",
        "id=\"not-proven\"",
        "id=\"owed\"",
        "id=\"next\"",
        "az aks stop --subscription",
        "id=\"timeline\"",
        "id=\"steps\"",
        "Seen from",
        "id=\"calls\"",
        "c0ffee00-0002",
        "id=\"notifications\"",
        "id=\"integrity\"",
        "9a9a9a9a",
        "3f3f3f3f",
    ];
    let main = page.split_once("</nav>").unwrap().1;
    let whole = page.split_once("<main").unwrap().1;
    assert!(whole.starts_with(" id=\"main\"><div class=\"verdict careful\">"), "{whole:.80}");
    let places: Vec<usize> =
        order[1..].iter().map(|text| main.find(text).unwrap_or_else(|| panic!("no {text}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn every_state_has_its_word_and_its_colour() {
    let verdict = |report| {
        let page = html::report(&report);
        let from = page.split_once("<div class=\"verdict ").unwrap().1;
        let class = from.split('"').next().unwrap().to_owned();
        let word = from.split_once("</span> ").unwrap().1.split('<').next().unwrap().to_owned();
        (class, word)
    };
    let cases = [
        (stories::recovered().report(), "good", "recovered"),
        (stories::serving_not_proven().report(), "careful", "serving"),
        (stories::owing_the_fence().report(), "careful", "serving"),
        (stories::no_outage().report(), "good", "no outage"),
        (stories::assessed().report(), "bad", "not ready"),
        (stories::no_capacity().report(), "bad", "failed"),
        (stories::declined().report(), "bad", "declined"),
        (stories::needs_a_promotion().report(), "careful", "running, needs a person"),
        (lengths::one_step(), "good", "fenced"),
    ];
    for (report, class, word) in cases {
        assert_eq!(verdict(report), (class.to_owned(), word.to_owned()));
    }
}

#[test]
fn the_page_forbids_itself_everything_but_its_own_style() {
    let page = html::report(&stories::recovered().report());
    assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"), "{page:.400}");
    for foreign in ["<script", "http://", "https://", "src=", "@import", "url(http", "style=\"", "onclick"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn times_in_which_a_person_was_waited_for_are_told() {
    let page = html::report(&lengths::slow());
    assert!(page.contains("waited for a person from 02:14:50 to 02:44:50"), "the approval");
    assert!(
        page.contains(
            "<dt>Waited for <bdi>approval of the run</bdi></dt><dd><time>02:14:50 UTC</time> – <time>02:44:50"
        )
    );
    assert!(page.contains("Waited for a person <time>02:46:51</time> – <time>"), "the promotion");
    let open = html::report(&stories::needs_a_promotion().report());
    assert!(open.contains("</time> – open: <bdi>The writer endpoint leads to a replica in recovery.</bdi>"));
}

#[test]
fn the_newest_findings_are_shown_and_the_earlier_ones_folded() {
    let page = html::report(&lengths::chatty());
    let (before, behind) = page.split_once("</details>").unwrap();
    assert!(before.contains("<summary>19 earlier findings</summary>"), "{before}");
    assert!(before.contains("Starting (19)") && behind.contains("Starting (20)"));
    assert!(behind.contains("<strong>Proof: </strong><bdi>centralus: provisioningState Succeeded"), "{behind}");
}

#[test]
fn a_run_that_goes_on_says_when_its_target_has_passed() {
    let passed = "30m, until <time>02:40:00 UTC</time>, which has passed";
    assert!(html::report(&lengths::never_ended()).contains(passed));
    assert!(!html::report(&stories::needs_a_promotion().report()).contains("which has passed"));
}

#[test]
fn a_report_of_an_earlier_version_is_a_page_too() {
    let mut json = serde_json::to_value(stories::needs_a_promotion().report()).unwrap();
    let members = json.as_object_mut().unwrap();
    assert!(members.remove("as_of").is_some() && members.remove("waits").is_some());
    let page = html::report(&serde_json::from_value(json).unwrap());
    assert!(page.contains("not ended"));
}

#[test]
fn a_script_stays_a_text() {
    let page = html::report(&lengths::quoting("</style></svg><script>alert(\"1\")</script><img src=x onerror='x'>"));
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"));
}

#[test]
fn what_would_turn_the_writing_around_is_shown_instead() {
    let page = html::report(&lengths::quoting("az \u{202e}ptos\u{2066} \u{200f}x"));
    assert!(page.contains("az [U+202E]ptos[U+2066] [U+200F]x"));
    assert!(!page.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200f}')));
}

#[test]
fn a_message_of_ten_thousand_characters_is_all_there() {
    let long = "Allocation failed. ".repeat(526) + "the end";
    let page = html::report(&lengths::quoting(&long));
    assert!(page.contains("the end</bdi></div>"), "in full, in a box that scrolls");
    let title = page.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0;
    assert!(title.len() < 300 && title.ends_with("…</bdi>"), "{title}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever Azure or a person wrote, the page is built the same.
    #[test]
    fn no_text_changes_how_a_page_is_built(anything in "(\\PC|[<>&\"'\\\\/= \n\r\u{0}\u{202e}]){1,60}") {
        prop_assume!(!anything.trim().is_empty());
        let (page, calm) = (html::report(&lengths::quoting(&anything)), html::report(&lengths::quoting("calm")));
        prop_assert_eq!(shape(&page), shape(&calm), "{}", page);
    }
}
