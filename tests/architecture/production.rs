//! What production code must not hold: a switch that only tests turn, a way around TLS, and, where only values are
//! allowed, the world.

use super::source::{Finding, Source};
use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Attribute, ExprMethodCall, ItemFn, ItemMod, LitStr, Macro, MetaList, Path};

/// Names that look like addresses and are never called.
const NAMES_NOT_ADDRESSES: [&str; 3] = [
    "http://adaptivecards.io/schemas/adaptive-card.json",
    "http://schemas.microsoft.com/2017/07/functions/claims/keyid",
    "http://schemas.microsoft.com/2017/07/functions/claims/authlevel",
];

/// reqwest's and rustls's ways to take a certificate unseen.
const AROUND_TLS: [&str; 6] = [
    "danger_accept_invalid_certs",
    "danger_accept_invalid_hostnames",
    "tls_danger_accept_invalid_certs",
    "tls_danger_accept_invalid_hostnames",
    "dangerous",
    "with_custom_certificate_verifier",
];

/// Layers that compute values from values.
const PURE: [&str; 2] = ["domain", "render"];
const WORLD: [&[&str]; 10] = [
    &["tokio"],
    &["reqwest"],
    &["axum"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
    &["Utc", "now"],
    &["Instant", "now"],
    &["SystemTime", "now"],
];

/// Every such line of `source`. Test modules may hold anything; the sandbox is a test double as a whole.
pub fn broken(source: &Source) -> Vec<Finding> {
    let layer = source.layer().unwrap_or_default();
    let test_file = source.path.ends_with("_tests.rs");
    if layer == "sandbox" || test_file {
        return Vec::new();
    }
    let mut reader = Reader { source, pure: PURE.contains(&layer.as_str()), layer, found: Vec::new() };
    reader.visit_file(&source.syntax);
    reader.found
}

struct Reader<'a> {
    source: &'a Source,
    layer: String,
    pure: bool,
    found: Vec<Finding>,
}

impl Reader<'_> {
    fn note(&mut self, span: Span, rule: impl Into<String>) {
        self.found.push(self.source.finding(span.start().line, rule));
    }

    /// The sandbox is a part of the program that may be left out, so the map and the command line may ask for it.
    fn may_ask_for(&self, condition: &str) -> bool {
        let map = self.source.path == "src/lib.rs" || self.layer == "cli";
        condition == "feature = \"sandbox\"" && map
    }

    fn condition(&mut self, span: Span, condition: &str) {
        if !self.may_ask_for(condition) {
            self.note(span, format!("production code differs by cfg({condition})"));
        }
    }
}

fn is_test_module(item: &ItemMod) -> bool {
    item.attrs.iter().any(|attribute| condition_of(attribute).is_some_and(|(_, condition)| condition == "test"))
}

fn condition_of(attribute: &Attribute) -> Option<(Span, String)> {
    let list: &MetaList = attribute.meta.require_list().ok()?;
    let name = list.path.get_ident()?;
    (name == "cfg" || name == "cfg_attr").then(|| (name.span(), list.tokens.to_string()))
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test_module(item) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Some((span, condition)) = condition_of(attribute) {
            self.condition(span, &condition);
        }
        // Not deeper: a doc comment is a string, and may show any address.
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(name) = call.path.get_ident()
            && name == "cfg"
        {
            self.condition(name.span(), &call.tokens.to_string());
        }
        self.literals(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        self.address(literal.span(), &literal.value());
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if AROUND_TLS.iter().any(|name| call.method == name) {
            self.note(call.method.span(), format!("{} goes around TLS", call.method));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if let Some(keyword) = item.sig.asyncness
            && self.pure
        {
            self.note(keyword.span, format!("{} computes values; it waits for nothing", self.layer));
        }
        visit::visit_item_fn(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for path in flat(&item.tree) {
            self.world(item.use_token.span, &path);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if let Some(first) = path.segments.first() {
            let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.world(first.ident.span(), &names);
        }
        visit::visit_path(self, path);
    }
}

impl Reader<'_> {
    fn world(&mut self, span: Span, names: &[String]) {
        let touches = |banned: &&[&str]| names.windows(banned.len()).any(|window| window == *banned);
        if self.pure && WORLD.iter().any(touches) {
            self.note(span, format!("{} computes values; {} is the world", self.layer, names.join("::")));
        }
    }

    fn address(&mut self, span: Span, text: &str) {
        if text.starts_with("http://") && !NAMES_NOT_ADDRESSES.contains(&text) {
            self.note(span, format!("{text} is an address without TLS"));
        }
    }

    fn literals(&mut self, tokens: proc_macro2::TokenStream) {
        for tree in tokens {
            match tree {
                proc_macro2::TokenTree::Group(group) => self.literals(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    let span = literal.span();
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.address(span, &text.value());
                    }
                }
                _ => {}
            }
        }
    }
}

fn flat(tree: &syn::UseTree) -> Vec<Vec<String>> {
    let under = |name: &syn::Ident, below: Vec<Vec<String>>| {
        below.into_iter().map(|path| [vec![name.to_string()], path].concat()).collect()
    };
    match tree {
        syn::UseTree::Path(path) => under(&path.ident, flat(&path.tree)),
        syn::UseTree::Group(group) => group.items.iter().flat_map(flat).collect(),
        syn::UseTree::Glob(_) => vec![Vec::new()],
        syn::UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        syn::UseTree::Rename(rename) => vec![vec![rename.ident.to_string()]],
    }
}
