//! One key of the file and the ways to read its value. Each gives `None` after noting what is wrong.

use super::expand;
use super::reader::{Basis, Reader, Section};
use crate::domain::duration;
use crate::domain::resource::{HostPort, ResourceId};
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::de::{DeArray, DeTable, DeValue};

/// Nothing Reveille waits for takes longer; what is longer is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// One key, present or not.
pub(super) struct Entry<'a> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) path: String,
    /// Byte offset of the value; of the section when the key is absent.
    pub(super) at: usize,
    pub(super) value: Option<&'a DeValue<'a>>,
}

impl<'a> Entry<'a> {
    pub(super) fn is_absent(&self) -> bool {
        self.value.is_none()
    }

    pub(super) fn reject(&self, message: impl Into<String>) {
        self.reader.reject(Basis::Value, self.at, &self.path, message);
    }

    /// Rejects a text and quotes it as it is written, so that no app setting's value is shown.
    pub(super) fn reject_value(&self, why: impl std::fmt::Display) {
        let written = self.value.and_then(DeValue::as_str).unwrap_or_default();
        let with_settings = if written.contains('%') { ", app settings put in," } else { "" };
        self.reject(format!("{written:?}{with_settings} {why}"));
    }

    fn wrong_type(&self, expected: &str) {
        if let Some(value) = self.value {
            self.reject(format!("is a value of type {}, expected {expected}", value.type_str()));
        }
    }

    pub(super) fn typed<T>(&self, expected: &str, read: impl FnOnce(&'a DeValue<'a>) -> Option<T>) -> Option<T> {
        let Some(value) = self.value else {
            self.reader.expect(&self.path, expected);
            return None;
        };
        let found = read(value);
        if found.is_none() {
            self.wrong_type(expected);
        }
        found
    }

    /// A text that is not empty, with app settings put in.
    pub(super) fn text(&self) -> Option<String> {
        self.text_as("a text")
    }

    fn text_as(&self, expected: &str) -> Option<String> {
        let written = self.typed(expected, DeValue::as_str)?;
        match expand::expand(written, self.reader.env) {
            Ok(text) if text.trim().is_empty() => {
                self.reject_value(format_args!("is empty; expected {expected}"));
                None
            }
            Ok(text) => Some(text.into_owned()),
            Err(why) => {
                self.reject(why);
                None
            }
        }
    }

    /// A text of a certain kind; `read` says why it is not one.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &self,
        expected: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text_as(expected)?;
        read(&text).map_err(|why| self.reject_value(why)).ok()
    }

    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let names = choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        self.parsed(&format!("one of {names}"), |text| {
            let found = choices.iter().find(|(name, _)| *name == text);
            found.map(|(_, value)| *value).ok_or_else(|| match choices.len() {
                1 => format!("is not {names}"),
                _ => format!("is not one of {names}"),
            })
        })
    }

    /// A duration of any length up to a year, zero included.
    pub(super) fn duration_or_zero(&self) -> Option<Duration> {
        self.parsed("a duration such as \"30m\"", |text| match duration::parse(text) {
            Err(_) => Err("is not a duration; expected one such as 45s, 30m or 1h 30m"),
            Ok(long) if long > LONGEST => Err("is longer than a year"),
            Ok(duration) => Ok(duration),
        })
    }

    pub(super) fn duration(&self) -> Option<Duration> {
        let duration = self.duration_or_zero()?;
        if duration.is_zero() {
            self.reject_value("must be longer than nothing");
            return None;
        }
        Some(duration)
    }

    pub(super) fn flag(&self) -> Option<bool> {
        self.typed("true or false", DeValue::as_bool)
    }

    pub(super) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let integer = self.typed(&expected, DeValue::as_integer)?;
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            self.reject(format!("{integer} is not {expected}"));
        }
        number
    }

    /// A percentage above 0 and up to 100.
    pub(super) fn percentage(&self) -> Option<f64> {
        let expected = "a percentage above 0 and up to 100";
        let text = self.typed(expected, |value| match value {
            DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str()),
            DeValue::Float(float) => Some(float.as_str()),
            _ => None,
        })?;
        let number = text.parse().ok().filter(|number| *number > 0.0 && *number <= 100.0);
        if number.is_none() {
            self.reject(format!("{text} is not {expected}"));
        }
        number
    }

    /// A host name with an optional port.
    pub(super) fn host(&self) -> Option<HostPort> {
        self.parsed("a host name", |text| {
            HostPort::parse(text).map_err(|_| {
                "is not a host name; expected a name such as sonar.example.com, with an optional :port, \
                 without https:// and path"
            })
        })
    }

    /// A resource id of one type, such as `Microsoft.ContainerService/managedClusters`.
    pub(super) fn resource(&self, resource_type: &str) -> Option<ResourceId> {
        let expected = format!("the resource id of a {resource_type}");
        self.parsed(&expected, |text| match ResourceId::parse(text) {
            Ok(id) if id.is_type(resource_type) => Ok(id),
            Ok(id) => Err(format!("names a {}, expected a {resource_type}", id.resource_type())),
            Err(_) => Err(format!(
                "is not a resource id; expected \
                 /subscriptions/…/resourceGroups/…/providers/{resource_type}/{{name}}"
            )),
        })
    }

    /// How the table of this key is called in a file: names of plans and numbers do not stand there.
    fn header(&self) -> String {
        match self.path.rsplit_once('.') {
            Some((within, key)) if within.starts_with("plan") => format!("plan.{key}"),
            _ => self.path.clone(),
        }
    }

    pub(super) fn section(&self) -> Option<Section<'a>> {
        let table = self.typed(&format!("a table, written [{}]", self.header()), DeValue::as_table)?;
        Some(self.child(self.path.clone(), table))
    }

    /// An array of tables (`[[plan]]`). Each is called by its own name, or by its number.
    pub(super) fn sections(&self) -> Vec<Section<'a>> {
        let expected = format!("an array of tables, written [[{}]]", self.header());
        let Some(array) = self.typed(&expected, DeValue::as_array) else {
            return Vec::new();
        };
        self.elements(array)
            .enumerate()
            .filter_map(|(index, element)| {
                let table = element.typed("a table", DeValue::as_table)?;
                let name = Section::own_name(table).map(|name| format!("{}.{name}", self.path));
                Some(element.child(name.unwrap_or_else(|| format!("{}[{}]", self.path, index + 1)), table))
            })
            .collect()
    }

    /// The same, where a single table (`[plan.drill]`) does as well.
    pub(super) fn sections_or_one(&self) -> Vec<Section<'a>> {
        match self.value {
            None => Vec::new(),
            Some(DeValue::Table(table)) => vec![self.child(self.path.clone(), table)],
            Some(_) => self.sections(),
        }
    }

    /// The elements of an array; nothing when the key is absent.
    pub(super) fn list(&self) -> Option<Vec<Entry<'a>>> {
        let array = self.typed("an array", DeValue::as_array)?;
        Some(self.elements(array).collect())
    }

    fn elements(&self, array: &'a DeArray<'a>) -> impl Iterator<Item = Entry<'a>> {
        array.iter().map(|element| Entry {
            reader: self.reader,
            path: self.path.clone(),
            at: element.span().start,
            value: Some(element.get_ref()),
        })
    }

    pub(super) fn child(&self, path: String, table: &'a DeTable<'a>) -> Section<'a> {
        Section::new(self.reader, path, self.at, table)
    }
}
