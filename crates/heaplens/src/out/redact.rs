//! Texts without directories and hosts.

/// What stands for a server of which nothing else would be left.
const HOST: &str = "[host]";

/// The last part of a path, or of an address without its server: `/srv/my app/main.rs:7` is `main.rs:7`.
pub(crate) fn redacted_path(path: &str) -> &str {
    let (rest, nothing) = match path.split_once("://") {
        Some((_, address)) => (address.find(['/', '?', '#']).map_or("", |at| &address[at..]), HOST),
        None => (path, ""),
    };
    let rest = rest.trim_end_matches(is_separator);
    let last = rest.rfind(is_separator).map_or(rest, |at| &rest[at + 1..]);
    // What follows a `?` right behind the server says nothing without it.
    if last.is_empty() || (nothing == HOST && last.starts_with(['?', '#'])) { nothing } else { last }
}

/// A sentence, each path and address in it cut down to its last part. A path with spaces is taken for several, so that
/// paths by themselves are for [`redacted_path`].
pub(crate) fn redacted(sentence: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',' | ';');
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while !rest.is_empty() {
        let word = rest.find(ends).unwrap_or(rest.len());
        // A colon behind a path belongs to the sentence.
        let path = rest[..word].trim_end_matches(':');
        out.push_str(redacted_path(path));
        let end = rest[word..].chars().next().map_or(word, |end| word + end.len_utf8());
        out.push_str(&rest[path.len()..end]);
        rest = &rest[end..];
    }
    out
}

/// An option that was typed, without a pattern that could tell of a directory: cut down it would be another one.
pub(crate) fn redacted_option(option: &str) -> String {
    match option.split_once(' ') {
        Some((name, pattern)) if pattern.contains(is_separator) => format!("{name} …"),
        _ => option.to_owned(),
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_part_of_a_path_is_left() {
        for (path, wanted) in [
            ("/srv/app/main.rs:7", "main.rs:7"),
            ("/home/jane/My Project, (old)/it's.heap", "it's.heap"),
            ("C:\\Users\\me\\a.heap", "a.heap"),
            ("dumps/", "dumps"),
            ("http://db7:4000/debug/prof/mem", "mem"),
            ("http://db7:4000", "[host]"),
            ("http://db7:4000/", "[host]"),
            ("http://db7:4000?seconds=1", "[host]"),
            ("https://user:word@db7/#x", "[host]"),
            ("plain", "plain"),
            ("/", ""),
            ("", ""),
        ] {
            assert_eq!(redacted_path(path), wanted, "{path}");
        }
    }

    #[test]
    fn an_option_is_told_whole_or_not_at_all() {
        for (option, wanted) in [
            ("--thread 7", "--thread 7"),
            (r#"--focus "a b|c""#, r#"--focus "a b|c""#),
            (r#"--focus "\\bx\\b""#, "--focus …"),
            (r#"--hide "/home/jane/x""#, "--hide …"),
        ] {
            assert_eq!(redacted_option(option), wanted);
        }
    }

    #[test]
    fn sentences_keep_all_else() {
        for (sentence, wanted) in [
            ("dumps/a.heap: damaged: line 3", "a.heap: damaged: line 3"),
            (
                "no symbols for 3 places (/opt/x/libm.so); give it",
                "no symbols for 3 places (libm.so); give it",
            ),
            ("http://db7:4000: it answered 404", "[host]: it answered 404"),
            ("asked http://db7:4000/buildid/ab, no answer", "asked ab, no answer"),
            ("", ""),
        ] {
            assert_eq!(redacted(sentence), wanted, "{sentence}");
        }
    }
}
