//! As much of a shell as a probe needs.

use std::collections::BTreeMap;

type Environment = BTreeMap<String, String>;

/// Kubernetes's own replacement of `$(NAME)`; what is not known stays as it is.
pub(super) fn substituted(word: &str, environment: &Environment) -> String {
    environment.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("$({name})"), value))
}

/// The program with its arguments: the words themselves, or what a shell is told to run of the known programs.
pub(super) fn program(words: &[String], environment: &Environment) -> Option<Vec<String>> {
    let is_shell = |it: &str| matches!(it.rsplit('/').next(), Some("sh" | "bash" | "ash"));
    match words {
        [shell, rest @ ..] if is_shell(shell) => {
            let script = rest.iter().find(|it| !it.starts_with('-'))?;
            let all = split(script, environment);
            let from = all.iter().position(|it| is_known(it))?;
            let until = |it: &&String| !matches!(it.as_str(), ";" | "&&" | "||" | "|" | "2>&1");
            Some(all[from..].iter().take_while(until).cloned().collect())
        }
        [first, ..] if is_known(first) => Some(words.to_vec()),
        _ => None,
    }
}

fn is_known(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("psql" | "pg_isready"))
}

/// Words at blanks outside of quotes, with variables replaced outside of single quotes.
pub(in crate::sandbox::kubernetes) fn split(text: &str, environment: &Environment) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (None, ';') => {
                words.extend(word.take());
                words.push(";".to_owned());
            }
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == letter => quote = None,
            (None | Some('"'), '$') => {
                let braced = letters.next_if_eq(&'{').is_some();
                let mut name = String::new();
                while let Some(it) = letters.next_if(|it| it.is_ascii_alphanumeric() || *it == '_') {
                    name.push(it);
                }
                if braced {
                    letters.next_if_eq(&'}');
                }
                word.get_or_insert_default().push_str(environment.get(&name).map_or("", String::as_str));
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(of: &[&str]) -> Vec<String> {
        of.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn a_shell_runs_the_program_that_is_known() {
        let environment = Environment::from([("PGHOST".to_owned(), "db".to_owned())]);
        let script = "set -e; pg_isready -h \"$PGHOST\" -p ${PGPORT} && echo '$PGHOST'";
        assert_eq!(
            program(&words(&["/bin/sh", "-ec", script]), &environment),
            Some(words(&["pg_isready", "-h", "db", "-p", ""]))
        );
        assert_eq!(program(&words(&["curl", "x"]), &environment), None);
        assert_eq!(split("a 'b $PGHOST' \"$PGHOST c\"", &environment), ["a", "b $PGHOST", "db c"]);
        assert_eq!(substituted("$(PGHOST):$(OTHER)", &environment), "db:$(OTHER)");
    }
}
