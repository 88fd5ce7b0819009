//! What `psql` or `pg_isready` is told.

use std::collections::BTreeMap;
use std::time::Duration;

/// What libpq waits for a server without `PGCONNECT_TIMEOUT`: as long as the kernel does.
const KERNEL_PATIENCE: Duration = Duration::from_secs(130);

/// A call of one of the two programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    pub only_ready: bool,
    pub host: String,
    pub port: String,
    pub user: String,
    pub database: String,
    pub password: Option<String>,
    pub with_tls: bool,
    pub patience: Duration,
    pub sql: Vec<String>,
    pub tuples_only: bool,
    pub unaligned: bool,
}

/// Options that take a value: letter and name.
const VALUED: [(char, &str); 10] = [
    ('h', "host"),
    ('p', "port"),
    ('U', "username"),
    ('d', "dbname"),
    ('c', "command"),
    ('t', "timeout"),
    ('v', "set"),
    ('f', "file"),
    ('P', "pset"),
    ('F', "field-separator"),
];

/// Options in the order in which they were given; those without a value have an empty one.
type Options = Vec<(String, String)>;

impl Command {
    pub fn parse(words: &[String], environment: &BTreeMap<String, String>) -> Option<Self> {
        let (program, rest) = words.split_first()?;
        let only_ready = program.ends_with("pg_isready");
        let (options, plain) = options(rest, only_ready);
        let option = |name: &str| options.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value.clone());
        let variable = |name: &str| environment.get(name).cloned();
        let user = option("username").or_else(|| plain.get(1).cloned()).or_else(|| variable("PGUSER"));
        let user = user.unwrap_or_else(|| "root".to_owned());
        let database = option("dbname").or_else(|| plain.first().cloned()).or_else(|| variable("PGDATABASE"));
        let seconds = option("timeout").or_else(|| variable("PGCONNECT_TIMEOUT")).and_then(|it| it.parse().ok());
        Some(Self {
            only_ready,
            host: option("host").or_else(|| variable("PGHOST")).unwrap_or_default(),
            port: option("port").or_else(|| variable("PGPORT")).unwrap_or_else(|| "5432".to_owned()),
            database: database.unwrap_or_else(|| user.clone()),
            user,
            password: variable("PGPASSWORD"),
            with_tls: variable("PGSSLMODE").is_none_or(|it| it != "disable"),
            patience: seconds.filter(|it| *it > 0).map_or(KERNEL_PATIENCE, Duration::from_secs),
            sql: options.iter().filter(|(name, _)| name == "command").map(|(_, value)| value.clone()).collect(),
            tuples_only: option("tuples-only").is_some(),
            unaligned: option("no-align").is_some(),
        })
    }
}

/// Options and what is none. `-t` is a time-out of `pg_isready` and no value of `psql`.
fn options(words: &[String], only_ready: bool) -> (Options, Vec<String>) {
    let (mut options, mut plain) = (Options::new(), Vec::new());
    let valued = |letter: char| VALUED.iter().find(|(it, _)| *it == letter && (letter != 't' || only_ready));
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let takes = VALUED.iter().any(|(_, it)| *it == name);
            let value = value.map(str::to_owned).or_else(|| takes.then(|| words.next().cloned()).flatten());
            options.push((name.to_owned(), value.unwrap_or_default()));
        } else if let Some(letters) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
            for (place, letter) in letters.char_indices() {
                let Some((_, name)) = valued(letter) else {
                    options.push((flag(letter).to_owned(), String::new()));
                    continue;
                };
                let joined = &letters[place + letter.len_utf8()..];
                let value =
                    if joined.is_empty() { words.next().cloned().unwrap_or_default() } else { joined.to_owned() };
                options.push(((*name).to_owned(), value));
                break;
            }
        } else {
            plain.push(word.clone());
        }
    }
    (options, plain)
}

fn flag(letter: char) -> &'static str {
    match letter {
        't' => "tuples-only",
        'A' => "no-align",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Command {
        let words: Vec<String> = line.split('|').map(str::to_owned).collect();
        let environment = [("PGHOST", "env.example"), ("PGUSER", "reveille"), ("PGCONNECT_TIMEOUT", "3")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Command::parse(&words, &environment).unwrap()
    }

    #[test]
    fn options_come_before_the_environment() {
        let psql = parsed("psql|-h|db|--port=6432|-tAc|select 1|sonarqube");
        assert_eq!((psql.host.as_str(), psql.port.as_str(), psql.database.as_str()), ("db", "6432", "sonarqube"));
        assert_eq!((psql.sql.as_slice(), psql.tuples_only, psql.unaligned), (&["select 1".to_owned()][..], true, true));
        let bare = parsed("psql|--tuples-only|--command|select 2");
        assert_eq!((bare.host.as_str(), bare.user.as_str(), bare.unaligned), ("env.example", "reveille", false));
        assert_eq!((bare.patience, bare.sql.len()), (Duration::from_secs(3), 1));
    }

    #[test]
    fn a_time_out_of_pg_isready_is_no_format_of_psql() {
        let ready = parsed("pg_isready|-t|7|-h|db");
        assert!(ready.only_ready && !ready.tuples_only);
        assert_eq!((ready.patience, ready.port.as_str()), (Duration::from_secs(7), "5432"));
    }
}
