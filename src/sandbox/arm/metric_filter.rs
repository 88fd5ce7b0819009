//! The `$filter` of a metrics query: `or` between values of one dimension, `and` between dimensions.

/// One dimension and the values of it that are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// As the caller wrote it.
    pub dimension: String,
    /// `*` is any.
    pub values: Vec<String>,
}

impl Wanted {
    pub fn takes(&self, actual: &str) -> bool {
        self.values.iter().any(|it| it == "*" || it.eq_ignore_ascii_case(actual))
    }
}

/// `OriginGroup eq '*' and (Origin eq 'a' or Origin eq 'b')`, with or without the brackets.
///
/// # Errors
/// What is wrong with it, for people.
pub(super) fn parse(text: &str) -> Result<Vec<Wanted>, String> {
    let parts = text.split(" and ").map(str::trim).filter(|it| !it.is_empty());
    parts.map(|it| wanted(it).ok_or_else(|| format!("Invalid filter: {it}"))).collect()
}

/// `or` cannot separate two dimensions.
fn wanted(text: &str) -> Option<Wanted> {
    let inner = text.strip_prefix('(').and_then(|it| it.strip_suffix(')')).unwrap_or(text);
    let clauses: Vec<(&str, &str)> = inner.split(" or ").map(clause).collect::<Option<_>>()?;
    let (dimension, _) = clauses.first()?;
    let same = clauses.iter().all(|(name, _)| name.eq_ignore_ascii_case(dimension));
    let values = clauses.iter().map(|(_, value)| (*value).to_owned()).collect();
    same.then(|| Wanted { dimension: (*dimension).to_owned(), values })
}

fn clause(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once(" eq ")?;
    let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let name = Some(name.trim()).filter(|it| it.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, parse};

    fn wanted(dimension: &str, values: &[&str]) -> Wanted {
        Wanted { dimension: dimension.into(), values: values.iter().map(|it| (*it).to_owned()).collect() }
    }

    #[test]
    fn a_filter_is_dimensions_with_quoted_values() {
        let and = parse("Origin eq 'a.example.com' and OriginGroup eq '*'").unwrap();
        assert_eq!(and, [wanted("Origin", &["a.example.com"]), wanted("OriginGroup", &["*"])]);
        for both in ["Origin eq 'a' or origin eq 'b' and G eq 'c'", "(Origin eq 'a' or origin eq 'b') and G eq 'c'"] {
            assert_eq!(parse(both).unwrap(), [wanted("Origin", &["a", "b"]), wanted("G", &["c"])]);
        }
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for wrong in ["Origin eq a.example.com", "Origin = 'a'", "Origin eq 'a' or Group eq 'b'", "(Origin eq 'a'"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
