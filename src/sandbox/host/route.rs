//! Route templates of HTTP functions, the part of ASP.NET's that function apps use: literals, `{x}`, `{x?}` and `{*rest}`.

/// A compiled template, prefix included.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq)]
enum Segment {
    Literal(String),
    Parameter { name: String, optional: bool },
    CatchAll(String),
}

/// Route values by name; an absent optional one is `None`.
pub type RouteValues = Vec<(String, Option<String>)>;

impl Route {
    /// # Errors
    /// What in the template is wrong, or not imitated here.
    pub fn parse(prefix: &str, template: &str) -> Result<Self, String> {
        let whole = format!("{}/{}", prefix.trim_matches('/'), template.trim_matches('/'));
        let segments: Vec<_> =
            whole.split('/').filter(|text| !text.is_empty()).map(Segment::parse).collect::<Result<_, _>>()?;
        let early = segments.iter().rev().skip(1).any(|segment| matches!(segment, Segment::CatchAll(_)));
        if early {
            return Err(format!("route {template}: a catch-all must come last"));
        }
        Ok(Self { segments })
    }

    /// The values when `path` (decoded, except `%2F`) is of this route. Literals match ignoring case.
    pub fn matches(&self, path: &str) -> Option<RouteValues> {
        let mut rest = path.trim_start_matches('/');
        let mut values = RouteValues::new();
        for segment in &self.segments {
            if let Segment::CatchAll(name) = segment {
                values.push((name.clone(), Some(rest).filter(|rest| !rest.is_empty()).map(str::to_owned)));
                return Some(values);
            }
            let (part, after) = rest.split_once('/').unwrap_or((rest, ""));
            segment.take(part, &mut values)?;
            rest = after;
        }
        rest.is_empty().then_some(values)
    }

    /// Sort key: the more exact template is asked first.
    pub fn vagueness(&self) -> Vec<u8> {
        self.segments.iter().map(Segment::vagueness).collect()
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            return if text.contains(['{', '}']) { Err(unknown(text)) } else { Ok(Self::Literal(text.to_owned())) };
        };
        let (name, catch_all) = inner.strip_prefix('*').map_or((inner, false), |name| (name, true));
        let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(unknown(text));
        }
        let name = name.to_owned();
        Ok(if catch_all { Self::CatchAll(name) } else { Self::Parameter { name, optional } })
    }

    fn take(&self, part: &str, values: &mut RouteValues) -> Option<()> {
        match self {
            Self::Literal(text) => text.eq_ignore_ascii_case(part).then_some(()),
            Self::Parameter { optional: false, .. } if part.is_empty() => None,
            Self::Parameter { name, .. } | Self::CatchAll(name) => {
                values.push((name.clone(), Some(part).filter(|part| !part.is_empty()).map(str::to_owned)));
                Some(())
            }
        }
    }

    fn vagueness(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter { .. } => 1,
            Self::CatchAll(_) => 2,
        }
    }
}

fn unknown(text: &str) -> String {
    format!("route segment {text} is not of a form imitated here")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<RouteValues> {
        Route::parse("api", template).unwrap().matches(path)
    }

    #[test]
    fn a_catch_all_takes_the_rest_or_null() {
        assert_eq!(
            values("v1/{*rest}", "/api/v1/plans/a%2Fb"),
            Some(vec![("rest".into(), Some("plans/a%2Fb".into()))])
        );
        assert_eq!(values("v1/{*rest}", "/api/v1"), Some(vec![("rest".into(), None)]));
        assert_eq!(values("v1/{*rest}", "/api/v2/x"), None);
    }

    #[test]
    fn literals_ignore_case_and_parameters_must_be_there() {
        assert_eq!(values("alert", "/API/Alert"), Some(vec![]));
        assert_eq!(values("alert", "/api/alert/more"), None);
        assert_eq!(values("x/{id}", "/api/x"), None);
        assert_eq!(values("x/{id?}", "/api/x"), Some(vec![("id".into(), None)]));
    }

    #[test]
    fn templates_outside_the_imitated_part_are_refused() {
        for template in ["{id:int}", "a{b}", "{*rest}/x"] {
            assert!(Route::parse("api", template).is_err(), "{template}");
        }
    }
}
