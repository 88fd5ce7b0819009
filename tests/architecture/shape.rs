//! The shape of files: how long they are, what only certain ones may hold.

use super::source::{Finding, Source};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemTrait, Macro, Meta};

const LINES: usize = 400;
/// Blank lines and comments not counted.
const ENTRY_LINES: usize = 60;

/// Traits outside of the ports, each with the reason why it is none.
const TRAITS_ELSEWHERE: [(&str, &str, &str); 1] = [(
    "src/sandbox/planes/postgres/types.rs",
    "Catalog",
    "the sandbox may import no port, and its SQL types are derived with and without a database behind them",
)];

/// Files that are too long to be one idea; `main.rs` and `lib.rs` are tables of contents.
pub fn too_long(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    if lines > LINES {
        return Some(source.finding(LINES + 1, format!("{lines} lines, over {LINES}")));
    }
    let code = source.text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    let entry = matches!(source.path.as_str(), "src/main.rs" | "src/lib.rs");
    (entry && code > ENTRY_LINES).then(|| source.finding(1, format!("{code} lines of code, over {ENTRY_LINES}")))
}

/// Unfinished code, tests switched off without a word, and traits that are not ports.
pub fn out_of_place(source: &Source) -> Vec<Finding> {
    let mut reader = Reader { source, found: Vec::new() };
    reader.visit_file(&source.syntax);
    reader.found
}

struct Reader<'a> {
    source: &'a Source,
    found: Vec<Finding>,
}

impl Reader<'_> {
    fn note(&mut self, span: proc_macro2::Span, rule: String) {
        self.found.push(self.source.finding(span.start().line, rule));
    }

    fn may_define(&self, name: &str) -> bool {
        let path = self.source.path.as_str();
        let listed = TRAITS_ELSEWHERE.iter().any(|(file, listed, _)| (*file, *listed) == (path, name));
        path == "src/engine/ports.rs" || !path.starts_with("src/") || listed
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        if !self.may_define(&item.ident.to_string()) {
            let rule = format!("the trait {} is outside of the ports (src/engine/ports.rs)", item.ident);
            self.note(item.ident.span(), rule);
        }
        visit::visit_item_trait(self, item);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(name) = call.path.segments.last().map(|segment| &segment.ident)
            && (name == "todo" || name == "unimplemented" || name == "dbg")
        {
            self.note(name.span(), format!("{name}! is left over"));
        }
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::Path(path) = &attribute.meta
            && let Some(name) = path.get_ident()
            && name == "ignore"
        {
            self.note(name.span(), "a test is ignored and does not say why".to_owned());
        }
        visit::visit_attribute(self, attribute);
    }
}
