//! Annotations of GitHub Actions: commands that its runner reads from a step's output, one a line
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>).

use super::doubt::doubt;
use super::message::{Message, suppressions};
use super::{Options, sentence};
use crate::check::{Check, Outcome};
use crate::error::Error;
use crate::out::escape;
use std::io::Write;

const TITLE: &str = "heaplens check";

/// Writes a line for each finding, beside the code where the place is known, and one for each reason why there is no answer;
/// a notice if it passed.
///
/// # Errors
/// Those of `out`.
pub fn write(check: &Check, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    for finding in &check.findings {
        let message = Message::new(check, finding, options);
        let text = std::iter::once(message.headline.clone()).chain(message.details(options));
        // Only files of the repository can be annotated.
        let place = match message.place.filter(|(file, _)| !file.starts_with('/')) {
            Some((file, line)) => format!("file={},line={line},", property(&file)),
            None => String::new(),
        };
        writeln!(out, "::error {place}title={TITLE}::{}", lines(text))?;
    }
    for open in &check.measured.doubts {
        let text = format!("{}: {}", Outcome::Inconclusive.name(), doubt(open));
        writeln!(out, "::warning title={TITLE}::{}", lines([text]))?;
    }
    for said in suppressions(check).iter().filter(|said| !said.starts_with("suppressed")) {
        writeln!(out, "::warning title={TITLE}::{}", lines([said]))?;
    }
    if check.outcome == Outcome::Passed {
        writeln!(out, "::notice title={TITLE}::{}", lines([sentence(check, options)]))?;
    }
    Ok(())
}

/// The text of a command; line breaks are what `%0A` stands for.
fn lines(text: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let lines = text.into_iter().map(|line| data(&escape::terminal(line.as_ref())));
    lines.collect::<Vec<_>>().join("%0A")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(&escape::terminal(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_line_or_a_property() {
        assert_eq!(lines(["100 % a\n::error::b", "c:d,e"]), "100 %25 a\\n::error::b%0Ac:d,e");
        assert_eq!(property("a:b,c%\r\n.rs"), "a%3Ab%2Cc%25\\r\\n.rs");
    }
}
