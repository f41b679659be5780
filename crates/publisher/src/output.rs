//! The two streams: the answer on stdout, talk on stderr.

use std::io::{self, Write as _};

/// A line for people. Nothing can be done when even this cannot be written; above all, a
/// publication does not stop half way because nobody listens.
pub fn say(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(anstream::stderr(), "{text}");
    }
}

/// The answer of a command. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// It cannot be written for another reason, such as a full disk.
pub fn answer(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
