//! The HTML page in a real browser: nothing asked for, nothing complained about, readable in every way it is looked at.
//!
//! With `REVEILLE_SCREENSHOTS=FOLDER` the pages, pictures and prints are kept there for people to look at.

use super::chromium::{Chromium, View};
use super::{lengths, stories};
use reveille::domain::report::Report;
use reveille::render::html;
use std::path::{Path, PathBuf};

/// Runs in the page, and says what is wrong with it.
const AUDIT: &str = include_str!("audit.js");

/// Every report that a reader may meet, by name.
fn gallery() -> Vec<(&'static str, Report)> {
    let hostile = "</script><script>alert(1)</script> \"'& \u{202e}drow ";
    vec![
        ("recovered", stories::recovered().report()),
        ("slowed", stories::slowed().report()),
        ("owed", stories::owing_the_fence().report()),
        ("no-capacity", stories::no_capacity().report()),
        ("needs-promotion", stories::needs_a_promotion().report()),
        ("declined", stories::declined().report()),
        ("no-outage", stories::no_outage().report()),
        ("assessed", stories::assessed().report()),
        ("quick", lengths::quick()),
        ("slow", lengths::slow()),
        ("waiting", lengths::waiting()),
        ("never-ended", lengths::never_ended()),
        ("chatty", lengths::chatty()),
        ("one-step", lengths::one_step()),
        ("twelve-steps", lengths::twelve_steps()),
        ("hostile", lengths::quoting(&format!("{hostile}{}", "unbroken".repeat(40)))),
        ("long-message", lengths::quoting(&"Allocation failed. ".repeat(527))),
    ]
}

/// Where a page and its pictures go.
struct Album {
    scratch: tempfile::TempDir,
    kept: Option<PathBuf>,
}

impl Album {
    fn new() -> Self {
        let kept = std::env::var_os("REVEILLE_SCREENSHOTS").map(PathBuf::from);
        Self { scratch: tempfile::tempdir().unwrap(), kept }
    }

    fn page(&self, name: &str, report: &Report) -> PathBuf {
        self.write(name, &html::report(report))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let page = self.kept.as_deref().unwrap_or(self.scratch.path()).join(format!("{name}.html"));
        std::fs::write(&page, text).unwrap();
        page
    }

    fn keep(&self, name: &str, picture: impl FnOnce() -> Vec<u8>) {
        if let Some(folder) = &self.kept {
            std::fs::write(folder.join(name), picture()).unwrap();
        }
    }
}

/// Width and scheme have nothing to do with each other, so two views show all four; people want to see each.
fn views(album: &Album) -> Vec<(u32, bool)> {
    let mut views = vec![(1280, false), (390, true)];
    if album.kept.is_some() {
        views.extend([(1280, true), (390, false)]);
    }
    views
}

fn look(browser: &mut Chromium, page: &Path, view: View, what: &str) {
    browser.open(page, view);
    assert_eq!(browser.requests(), [format!("file://{}", page.display())], "{what}: one request, the page itself");
    let findings = browser.evaluate(AUDIT);
    assert_eq!(findings, serde_json::json!([]), "{what}: {findings:#}");
    assert!(browser.complaints().is_empty(), "{what}: {:?}", browser.complaints());
}

#[test]
fn every_report_is_readable_in_a_browser_wide_and_narrow_light_and_dark() {
    let (album, mut browser) = (Album::new(), Chromium::start());
    for (name, report) in gallery() {
        let page = album.page(name, &report);
        for (width, dark) in views(&album) {
            let scheme = if dark { "dark" } else { "light" };
            let what = format!("{name}-{width}-{scheme}");
            look(&mut browser, &page, View { width, dark }, &what);
            album.keep(&format!("{what}.png"), || browser.picture());
        }
    }
}

/// Audits other pages in every way that people look at them.
pub fn audit(pages: &[(&str, String)]) {
    let (album, mut browser) = (Album::new(), Chromium::start());
    for (name, text) in pages {
        let page = album.write(name, text);
        for (width, dark) in views(&album) {
            let what = format!("{name}-{width}-{}", if dark { "dark" } else { "light" });
            look(&mut browser, &page, View { width, dark }, &what);
            album.keep(&format!("{what}.png"), || browser.picture());
        }
        browser.open(&page, View { width: 1280, dark: true });
        album.keep(&format!("{name}-a4.pdf"), || browser.print(8.27, 11.69));
        browser.media("print", "dark");
        assert_eq!(browser.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
        assert_eq!(browser.evaluate(AUDIT), serde_json::json!([]), "{name} on paper");
        browser.media("", "dark");
    }
}

#[test]
fn paper_shows_what_a_screen_keeps_folded_or_scrolls() {
    let (album, mut browser) = (Album::new(), Chromium::start());
    let mut report = lengths::chatty();
    report.owed = vec!["Allocation failed. ".repeat(527)];
    browser.open(&album.page("folded", &report), View { width: 1280, dark: false });
    let heights = "(() => {
        const [fold, head, long] = ['details', 'summary', '.long'].map((what) => document.querySelector(what));
        return [fold.offsetHeight > 2 * head.offsetHeight, long.clientHeight < long.scrollHeight];
    })()";
    assert_eq!(browser.evaluate(heights).to_string(), "[false,true]", "on a screen");
    browser.media("print", "light");
    assert_eq!(browser.evaluate(heights).to_string(), "[true,false]", "on paper");
}

/// An audit that finds nothing may also be one that does not look.
#[test]
fn the_audit_finds_what_is_wrong() {
    let (album, mut browser) = (Album::new(), Chromium::start());
    let page = album.page("spoilt", &stories::owing_the_fence().report());
    let spoil = [
        ("document.documentElement.style.setProperty('--quiet', '#999')", "has a contrast of 2."),
        ("document.querySelector('main').style.minWidth = '2000px'", "the page is "),
        ("document.querySelector('th').removeAttribute('scope')", "has no scope"),
        ("document.querySelector('#owed').id = 'next'", "the id next is there twice"),
        ("document.querySelector('#owed').id = 'gone'", "#owed leads nowhere"),
        ("document.querySelector('svg.wide .name').setAttribute('x', 300)", "lies over a bar"),
        ("document.querySelector('svg.wide .name').setAttribute('x', 860)", "leaves the drawing"),
        (
            "document.querySelectorAll('svg.wide .caption')[1].setAttribute('y', 13); \
          document.querySelectorAll('svg.wide .caption')[1].setAttribute('x', 460)",
            "lies over",
        ),
        ("document.querySelector('h1').remove()", "a heading of level 2 after "),
    ];
    for (change, finding) in spoil {
        browser.open(&page, View { width: 1280, dark: false });
        assert_eq!(browser.evaluate(AUDIT), serde_json::json!([]));
        browser.evaluate(change);
        let found = browser.evaluate(AUDIT);
        let found = found.as_array().unwrap();
        assert!(found.iter().any(|said| said.as_str().unwrap().contains(finding)), "{change}: {found:#?}");
    }
}

/// Were there a way to put something into the page, it would still load nothing and run nothing.
#[test]
fn the_policy_of_the_page_holds() {
    let (album, mut browser) = (Album::new(), Chromium::start());
    let page = album.page("policy", &stories::recovered().report());
    for attempt in [
        "fetch('https://example.com/x').catch(() => 0)",
        "new Image().src = 'https://example.com/y'",
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))",
        "document.body.append(Object.assign(document.createElement('style'), { textContent: 'body { opacity: 0 }' }))",
    ] {
        browser.open(&page, View { width: 1280, dark: false });
        browser.evaluate(&format!("{attempt}; new Promise((done) => setTimeout(done, 100))"));
        let said: Vec<String> = browser.complaints().iter().map(|complaint| complaint.to_string()).collect();
        assert!(said.iter().any(|said| said.contains("Content Security Policy")), "{attempt}: {said:#?}");
        assert_eq!(
            browser.evaluate("[window.ran === true, getComputedStyle(document.body).opacity]").to_string(),
            "[false,\"1\"]"
        );
    }
}

#[test]
fn every_report_can_be_printed() {
    let (album, mut browser) = (Album::new(), Chromium::start());
    for (name, report) in gallery() {
        let page = album.page(&format!("{name}-print"), &report);
        // A dark screen prints on white paper too.
        browser.open(&page, View { width: 1280, dark: true });
        // Printing takes long, and is what the looks under the medium "print" below say of every report.
        if album.kept.is_some() || name == "slow" {
            for (paper, width, height) in [("a4", 8.27, 11.69), ("letter", 8.5, 11.0)] {
                let print = browser.print(width, height);
                assert!(print.starts_with(b"%PDF"), "{name} on {paper}");
                album.keep(&format!("{name}-{paper}.pdf"), || print);
            }
        }
        browser.media("print", "dark");
        assert_eq!(browser.evaluate("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
        assert_eq!(browser.evaluate("getComputedStyle(document.querySelector('nav')).display"), "none");
        assert_eq!(browser.evaluate(AUDIT), serde_json::json!([]), "{name} on paper");
        browser.media("", "dark");
    }
}

#[test]
fn who_cannot_see_is_told_the_same() {
    let (album, mut browser) = (Album::new(), Chromium::start());
    let page = album.page("told", &stories::owing_the_fence().report());
    for width in [1280, 390] {
        browser.open(&page, View { width, dark: false });
        let told = browser.told();
        let has = |role: &str, name: &str| told.iter().any(|node| (node.0.as_str(), node.1.as_str()) == (role, name));
        for (role, name) in [
            ("heading", "Serving from centralus, not proven: that eastus2 is fenced: the fence is owed"),
            ("navigation", "Sections of this report"),
            ("region", "What to do next"),
            ("image", "Timeline of the run"),
            ("table", "Calls that change something"),
            ("columnheader", "Request ids"),
            ("banner", ""),
            ("main", ""),
        ] {
            assert!(has(role, name), "{role} {name:?} at {width}: {told:#?}");
        }
        let drawings = told.iter().filter(|node| node.0 == "image").count();
        assert_eq!(drawings, 1, "the drawing that is not shown is not told of");
    }
}
