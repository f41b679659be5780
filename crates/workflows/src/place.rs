//! Places in files as findings have them.

use sealwright_policy::Place;

/// A place in a file.
pub(crate) fn in_file(path: &str, at: &sealwright_yaml::Place) -> Place {
    let place = Place::file(path);
    if at.line == 0 { place } else { place.at(at.line, at.column.max(1)) }
}
