//! Files that the command line names: read within a limit, written whole.

use std::io::Read as _;

use camino::Utf8Path;
use serde::Serialize;

use crate::failure::Failure;

/// The bytes of a file that may have no more than this many. The limit is kept by what is read and
/// not by what the file says of itself: a device says that it is empty.
///
/// # Errors
/// It cannot be read, or has more.
pub(crate) fn read(path: &Utf8Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let why = |why: std::io::Error| Failure::file(path, "read", why);
    let file = std::fs::File::open(path).map_err(why)?;
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(why)?;
    if bytes.len() as u64 > bytes_max {
        return Err(Failure::data(format!("{path} has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// Writes one line of JSON.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_json(path: &Utf8Path, value: &impl Serialize) -> Result<(), Failure> {
    write_line(path, serde_json::to_vec(value))
}

/// Writes JSON that people read and keep in git.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_pretty_json(path: &Utf8Path, value: &impl Serialize) -> Result<(), Failure> {
    write_line(path, serde_json::to_vec_pretty(value))
}

fn write_line(path: &Utf8Path, json: serde_json::Result<Vec<u8>>) -> Result<(), Failure> {
    let why = |why: std::io::Error| Failure::file(path, "write", why);
    let mut json = json.map_err(|error| why(error.into()))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("file");
        std::fs::write(&path, b"12345").unwrap();
        for (bytes_max, expected, why) in [
            (u64::MAX, Ok(5), "no limit that could be met"),
            (5, Ok(5), "just within"),
            (4, Err(65), "a byte more"),
            (0, Err(65), "nothing is allowed"),
        ] {
            let read = read(&path, bytes_max).map(|bytes| bytes.len());
            assert_eq!(read.map_err(|failure| failure.exit_code), expected, "{why}");
        }
        let absent = read(&path.with_extension("absent"), 5).unwrap_err();
        assert_eq!(absent.exit_code, 74, "what cannot be read is another failure");
        let device = read(Utf8Path::new("/dev/zero"), 5).unwrap_err();
        assert_eq!(device.exit_code, 65, "it says that it has no bytes, and has no end");
    }
}
