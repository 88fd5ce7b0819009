//! Label and field selectors.

use serde_json::Value;

/// A label selector, all of whose terms hold (kubernetes.io, labels and selectors).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads `a=b,c!=d,e in (f, g),h notin (i),j,!k`.
    ///
    /// # Errors
    /// The term that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = split(text).into_iter().filter(|it| !it.is_empty()).map(|it| term(&it));
        Ok(Self { terms: terms.collect::<Result<_, _>>()? })
    }

    pub fn matches(&self, object: &Value) -> bool {
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        self.terms.iter().all(|it| match it {
            Term::In(key, values) => label(key).is_some_and(|it| values.iter().any(|value| value == it)),
            Term::NotIn(key, values) => label(key).is_none_or(|it| values.iter().all(|value| value != it)),
            Term::Exists(key) => label(key).is_some(),
            Term::Absent(key) => label(key).is_none(),
        })
    }
}

/// At the commas outside of parentheses.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0_i32);
    for letter in text.chars() {
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            _ => {
                depth += i32::from(letter == '(') - i32::from(letter == ')');
                if let Some(last) = parts.last_mut() {
                    last.push(letter);
                }
            }
        }
    }
    parts.into_iter().map(|it| it.trim().to_owned()).collect()
}

fn term(text: &str) -> Result<Term, String> {
    if let Some((key, values)) = text.split_once(" notin ") {
        return Ok(Term::NotIn(name(key)?, set(values)?));
    }
    if let Some((key, values)) = text.split_once(" in ") {
        return Ok(Term::In(name(key)?, set(values)?));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(Term::NotIn(name(key)?, vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Term::In(name(key)?, vec![value.trim().to_owned()]));
    }
    match text.strip_prefix('!') {
        Some(key) => Ok(Term::Absent(name(key)?)),
        None => Ok(Term::Exists(name(text)?)),
    }
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = |it: char| it.is_ascii_alphanumeric() || "-_./".contains(it);
    if text.is_empty() || !text.chars().all(fits) {
        return Err(format!("unable to parse requirement: found '{text}', expected: identifier"));
    }
    Ok(text.to_owned())
}

fn set(text: &str) -> Result<Vec<String>, String> {
    let inner = text.trim().strip_prefix('(').and_then(|it| it.strip_suffix(')'));
    let inner = inner.ok_or_else(|| format!("unable to parse requirement: found '{}', expected: '('", text.trim()))?;
    Ok(inner.split(',').map(|it| it.trim().to_owned()).collect())
}

/// A field selector over the few fields that clients ask for.
///
/// # Errors
/// The field that is not supported.
pub(super) fn fields(text: &str) -> Result<Vec<(String, String, bool)>, String> {
    let terms = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    terms.map(field).collect()
}

fn field(text: &str) -> Result<(String, String, bool), String> {
    let (key, value, equal) = match text.split_once("!=") {
        Some((key, value)) => (key, value, false),
        None => {
            let (key, value) = text.split_once('=').ok_or_else(|| format!("invalid selector: '{text}'"))?;
            (key, value.trim_start_matches('='), true)
        }
    };
    match key {
        "metadata.name"
        | "metadata.namespace"
        | "status.phase"
        | "spec.nodeName"
        | "involvedObject.name"
        | "involvedObject.namespace"
        | "involvedObject.uid"
        | "involvedObject.kind" => Ok((format!("/{}", key.replace('.', "/")), value.to_owned(), equal)),
        _ => Err(format!("field label not supported: {key}")),
    }
}

pub(super) fn fields_match(fields: &[(String, String, bool)], object: &Value) -> bool {
    fields.iter().all(|(pointer, wanted, equal)| {
        let found = object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        (found == wanted) == *equal
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(selector: &str) -> bool {
        let object =
            json!({"metadata": {"name": "x", "labels": {"release": "sonarqube", "sonarqube.datacenter/type": "app"}}});
        Selector::parse(selector).unwrap().matches(&object)
    }

    #[test]
    fn every_kind_of_term_is_understood() {
        assert!(matches("sonarqube.datacenter/type in (app, search),release=sonarqube"));
        assert!(matches("") && matches("release") && matches("!tier") && matches("tier notin (a,b)"));
        assert!(matches("release==sonarqube,release!=other"));
        assert!(!matches("sonarqube.datacenter/type in (search)"));
        assert!(!matches("release!=sonarqube") && !matches("!release") && !matches("tier"));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["a in b", "a b", "=x", "type in app)"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_are_compared_by_path() {
        let object = json!({"metadata": {"name": "x"}, "status": {"phase": "Running"}});
        let holds = |text: &str| fields_match(&fields(text).unwrap(), &object);
        assert!(holds("metadata.name=x,status.phase!=Failed"));
        assert!(!holds("metadata.name==y"));
        assert!(fields("spec.replicas=1").is_err());
    }
}
