//! The operations of Azure Resource Manager that Reveille uses, each described once: the client makes its requests of the
//! description, and `plan` prints it, together with the action that a role has to allow.

use super::error::CallName;
use crate::domain::outlook::{PlannedCall, Wire};
use reqwest::{Method, Url};

/// One operation on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// What is done, to be followed by the resource: `read cluster`.
    pub operation: &'static str,
    pub way: Way,
    /// What follows the resource in the path; each `{}` takes one name.
    pub below: &'static str,
    /// `api-version`. `None` where Azure itself hands out the whole link.
    pub version: Option<&'static str>,
    /// What a role has to allow (learn.microsoft.com, Azure permissions by resource provider).
    pub action: &'static str,
}

/// How it is asked for, and whether it changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Get,
    /// Only reads, and has to be posted all the same.
    PostToRead,
    Post,
}

/// A resource with what fills the rest of an operation's address.
#[derive(Debug, Clone, Copy)]
pub struct On<'a> {
    /// The path that the operation's own part follows: a resource id, or a subscription.
    pub resource: &'a str,
    /// For each `{}`.
    pub names: &'a [&'a str],
    /// Beside `api-version`.
    pub query: &'a [(&'a str, &'a str)],
}

impl<'a> On<'a> {
    /// The resource itself.
    pub fn just(resource: &'a str) -> Self {
        Self { resource, names: &[], query: &[] }
    }
}

impl Api {
    /// A read of what is `below` a resource.
    pub const fn get(
        operation: &'static str,
        below: &'static str,
        version: &'static str,
        action: &'static str,
    ) -> Self {
        Self { operation, way: Way::Get, below, version: Some(version), action }
    }

    /// A POST.
    pub const fn post(
        operation: &'static str,
        below: &'static str,
        version: &'static str,
        action: &'static str,
    ) -> Self {
        Self { operation, way: Way::Post, below, version: Some(version), action }
    }

    /// The same operation, which changes nothing although it is a POST.
    pub const fn only_reads(self) -> Self {
        Self { way: Way::PostToRead, ..self }
    }

    pub fn method(self) -> Method {
        match self.way {
            Way::Get => Method::GET,
            Way::Post | Way::PostToRead => Method::POST,
        }
    }

    /// What it is called in errors.
    pub fn name(self, object: &str) -> CallName {
        CallName { operation: self.operation, object: object.to_owned() }
    }

    /// The path that it acts on, as errors name it where that is clearer than the resource.
    pub fn path(self, on: On<'_>) -> String {
        let below = on.names.iter().fold(self.below.to_owned(), |below, name| below.replacen("{}", name, 1));
        format!("{}{below}", on.resource)
    }

    /// Where it goes, at the Azure Resource Manager whose address is `base`.
    pub fn url(self, base: &Url, on: On<'_>) -> Url {
        let mut url = base.clone();
        url.set_path(&self.path(on));
        let version = self.version.map(|version| ("api-version", version));
        let query: Vec<(&str, &str)> = version.into_iter().chain(on.query.iter().copied()).collect();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // Form encoding writes a space as `+`, which not every service reads as one; a real plus is `%2B` by then.
        let encoded = url.query().map(|query| query.replace('+', "%20"));
        url.set_query(encoded.as_deref());
        url
    }

    /// The operation as `plan` prints it. What is only known in a run stands in braces; `scope` is where its action is
    /// looked for in role assignments.
    pub(super) fn planned(self, base: &Url, on: On<'_>, scope: &str) -> PlannedCall {
        let url = self.url(base, on).to_string().replace("%7B", "{").replace("%7D", "}");
        let wire = Wire::Azure {
            method: self.method().to_string(),
            url,
            action: self.action.to_owned(),
            scope: scope.to_owned(),
        };
        PlannedCall::new(self.operation, wire, self.way == Way::Post)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Api = Api::get("read origin group", "/groups/{}/{}", "2025-01-01", "Some.Provider/groups/read");

    fn base() -> Url {
        Url::parse("https://management.azure.com").unwrap()
    }

    #[test]
    fn names_and_query_go_into_the_address() {
        let on = On { resource: "/subscriptions/s", names: &["a", "b"], query: &[("$filter", "Origin eq 'x+y'")] };
        assert_eq!(
            READ.url(&base(), on).as_str(),
            "https://management.azure.com/subscriptions/s/groups/a/b?api-version=2025-01-01&%24filter=Origin%20eq%20%27x%2By%27"
        );
    }

    #[test]
    fn what_only_a_run_knows_is_printed_in_braces() {
        let on = On { resource: "/subscriptions/s", names: &["{group}", "b"], query: &[("from", "{time}")] };
        let Wire::Azure { url, method, .. } = READ.planned(&base(), on, "/subscriptions/s").wire else { panic!() };
        assert_eq!(method, "GET");
        assert!(url.ends_with("/groups/{group}/b?api-version=2025-01-01&from={time}"), "{url}");
    }

    #[test]
    fn a_post_that_reads_changes_nothing() {
        let post = Api::post("ask", "/ask", "2025-01-01", "Some.Provider/ask/action");
        assert!(post.planned(&base(), On::just("/x"), "/x").mutates);
        let asked = post.only_reads();
        assert_eq!((asked.method(), asked.planned(&base(), On::just("/x"), "/x").mutates), (Method::POST, false));
    }
}
