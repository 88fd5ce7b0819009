//! Which names are legal: the same for every backend, so that a state can move from one to another.

/// Azure allows 1024 characters in a blob name; the rest is left to a backend's own prefix.
const LONGEST_NAME: usize = 900;
/// File systems allow 255 bytes in a file name; the rest is left to suffixes.
const LONGEST_SEGMENT: usize = 200;
/// What the backends on files and in Azure put behind names. A folder that ends like this could be taken for an entry.
pub(crate) const LOG_SUFFIX: &str = ".log";
pub(crate) const DOCUMENT_SUFFIX: &str = ".document";

/// Whether `name` can name a log or document.
///
/// Segments of ASCII letters, digits, `.`, `-` and `_`, separated by single slashes; none begins or ends with a dot,
/// so none is a way up, hidden, or a name that Azure refuses; folders do not end with `.log` or `.document`.
pub fn is_legal(name: &str) -> bool {
    let (folders, last) = name.rsplit_once('/').unwrap_or(("", name));
    is_prefix(name) && is_segment(last) && !last.ends_with('.') && are_folders(folders)
}

/// Whether `prefix` can begin a legal name: nothing at all, whole folders, or part of a segment at its end.
pub fn is_prefix(prefix: &str) -> bool {
    let (folders, last) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    prefix.len() <= LONGEST_NAME
        && !prefix.starts_with('/')
        && are_folders(folders)
        && (last.is_empty() || is_segment(last))
}

fn are_folders(folders: &str) -> bool {
    folders.is_empty() || folders.split('/').all(is_folder)
}

fn is_folder(segment: &str) -> bool {
    let like_an_entry = segment.ends_with(LOG_SUFFIX) || segment.ends_with(DOCUMENT_SUFFIX);
    is_segment(segment) && !segment.ends_with('.') && !like_an_entry
}

/// A segment, or the first part of one: it may still end with a dot.
fn is_segment(text: &str) -> bool {
    (1..=LONGEST_SEGMENT).contains(&text.len())
        && !text.starts_with('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ledgers_runs_and_documents_are_legal() {
        for name in ["a", "plans/sonarqube/ledger", "runs/sonarqube.20261123T010203Z.ab12/journal", "A_1-b.c"] {
            assert!(is_legal(name), "{name}");
        }
    }

    #[test]
    fn ways_out_of_the_directory_are_illegal() {
        for name in
            ["", "/", "..", "../a", "a/../b", "a/..", "/a", "a/", "a//b", ".", "./a", ".hidden", "a/.lock", "a\\b"]
        {
            assert!(!is_legal(name), "{name}");
        }
    }

    #[test]
    fn odd_characters_and_lengths_are_illegal() {
        let long_segment = "a".repeat(LONGEST_SEGMENT + 1);
        let long_name = "abc/".repeat(LONGEST_NAME / 4) + "abc";
        for name in [
            "a b",
            "a\0b",
            "ä",
            "a\nb",
            "a:b",
            "a~",
            "a.",
            "a./b",
            "x.log/y",
            "x.document/y",
            &long_segment,
            &long_name,
        ] {
            assert!(!is_legal(name), "{name}");
        }
    }

    #[test]
    fn a_prefix_may_stop_anywhere_in_a_legal_name() {
        let name = "runs/sonarqube.20261123/journal";
        for end in 0..=name.len() {
            assert!(is_prefix(&name[..end]), "{}", &name[..end]);
        }
    }

    #[test]
    fn a_prefix_that_no_name_can_begin_with_is_illegal() {
        for prefix in ["/", "..", "a/..", "a//", "a/../", ".", "a*"] {
            assert!(!is_prefix(prefix), "{prefix}");
        }
    }
}
