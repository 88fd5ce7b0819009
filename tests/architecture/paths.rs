//! Every path by which a file names something of its own crate: `use` trees, paths in code, and the insides of macros
//! and attributes, which the parser leaves as tokens.

use super::source::Source;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ItemMod, ItemUse, Macro, MetaList, Path, UseTree};

/// A path from the root of the crate, as its names. No name at all is the root itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    pub names: Vec<String>,
}

/// All paths of `source` that begin with `crate`, `super` or `self`, made absolute; in the binary also `reveille`.
pub fn of(source: &Source) -> Vec<Named> {
    let binary = source.path == "src/main.rs";
    let mut reader = Reader { module: source.module(), own_name: binary.then_some("reveille"), found: Vec::new() };
    reader.visit_file(&source.syntax);
    reader.found
}

struct Reader {
    module: Vec<String>,
    /// The name under which the binary sees the library.
    own_name: Option<&'static str>,
    found: Vec<Named>,
}

impl Reader {
    fn note(&mut self, path: &[&Ident]) {
        let Some((first, rest)) = path.split_first() else { return };
        let Some(mut names) = self.start(first) else { return };
        let ups = rest.iter().take_while(|ident| **ident == "super").count();
        names.truncate(names.len().saturating_sub(ups));
        names.extend(rest[ups..].iter().map(ToString::to_string).filter(|name| name != "self"));
        self.found.push(Named { line: first.span().start().line, names });
    }

    /// Where a path that begins with `first` starts from, or nothing for a path into another crate or scope.
    fn start(&self, first: &Ident) -> Option<Vec<String>> {
        match first.to_string().as_str() {
            "crate" => Some(Vec::new()),
            "self" => Some(self.module.clone()),
            "super" => Some(self.module[..self.module.len().saturating_sub(1)].to_vec()),
            name => (self.own_name == Some(name)).then(Vec::new),
        }
    }

    fn leaves<'a>(&mut self, tree: &'a UseTree, above: &mut Vec<&'a Ident>) {
        match tree {
            UseTree::Path(path) => {
                above.push(&path.ident);
                self.leaves(&path.tree, above);
                above.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|item| self.leaves(item, above)),
            UseTree::Glob(_) => self.note(above),
            UseTree::Name(name) => self.note(&[above.as_slice(), &[&name.ident]].concat()),
            UseTree::Rename(rename) => self.note(&[above.as_slice(), &[&rename.ident]].concat()),
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(_) => {
                    let path = path_at(&trees, at);
                    if path.len() > 1 {
                        self.note(&path);
                    }
                    at += 3 * (path.len() - 1);
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// The names joined by `::` that begin at the name at `at`.
fn path_at(trees: &[TokenTree], at: usize) -> Vec<&Ident> {
    let TokenTree::Ident(first) = &trees[at] else { return Vec::new() };
    let mut path = vec![first];
    let mut rest = &trees[at + 1..];
    while let [TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(name), ..] = rest
        && (a.as_char(), b.as_char()) == (':', ':')
    {
        path.push(name);
        rest = &rest[3..];
    }
    path
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.leaves(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let names: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
        if names.len() > 1 {
            self.note(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        self.tokens(list.tokens.clone());
        visit::visit_meta_list(self, list);
    }
}
