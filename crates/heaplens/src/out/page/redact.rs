//! Texts without directories and hosts.

/// The text, each path and address in it cut down to its last part: `/srv/app/main.rs:7` is `main.rs:7`.
pub fn redacted(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',' | ';');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(ends).unwrap_or(rest.len());
        out.push_str(last_part(&rest[..word]));
        let end = rest[word..].chars().next().map_or(word, |end| word + end.len_utf8());
        out.push_str(&rest[word..end]);
        rest = &rest[end..];
    }
    out
}

fn last_part(word: &str) -> &str {
    let is_separator = |c| matches!(c, '/' | '\\');
    // What ends in a separator, or with `:` behind the path, is cut before that.
    let body = word.trim_end_matches(|c| is_separator(c) || c == ':');
    match body.rfind(is_separator) {
        Some(at) => &word[at + 1..],
        None if body.is_empty() => "",
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn only_the_last_part_of_a_path_is_left() {
        for (text, wanted) in [
            ("/srv/app/main.rs:7", "main.rs:7"),
            ("dumps/a.heap: damaged: line 3", "a.heap: damaged: line 3"),
            ("http://db7:4000/debug/prof/mem", "mem"),
            ("C:\\Users\\me\\a.heap", "a.heap"),
            ("no symbols for 3 places (/opt/x/libm.so)", "no symbols for 3 places (libm.so)"),
            ("plain", "plain"),
            ("/", ""),
            ("", ""),
        ] {
            assert_eq!(redacted(text), wanted, "{text}");
        }
    }
}
