//! Reading a log as tiles of 256 (C2SP `tlog-tiles`).

use super::log::Log;

const TILE_WIDTH: usize = 256;
const TILE_HEIGHT: usize = 8;

/// The bytes of `entries/N[.p/W]` or `L/N[.p/W]`, if the log is that long.
pub(crate) fn read(log: &Log, path: &str) -> Option<Vec<u8>> {
    let (level, tile) = path.split_once('/')?;
    let (index, width) = parse_tile(tile)?;
    let start = index.checked_mul(TILE_WIDTH)?;
    let end = start.checked_add(width)?;
    if level == "entries" {
        let mut bundle = Vec::new();
        for entry in log.entries.get(start..end)? {
            bundle.extend(u16::try_from(entry.body.len()).ok()?.to_be_bytes());
            bundle.extend(&entry.body);
        }
        return Some(bundle);
    }
    let level: usize = level.parse().ok()?;
    Some(log.tree.level(level.checked_mul(TILE_HEIGHT)?).get(start..end)?.concat())
}

/// The index, written in groups of three digits (`x001/x234/067`), and the width of a partial tile.
fn parse_tile(tile: &str) -> Option<(usize, usize)> {
    let (path, width) = match tile.split_once(".p/") {
        Some((path, width)) => (path, width.parse().ok()?),
        None => (tile, TILE_WIDTH),
    };
    if width == 0 || width > TILE_WIDTH {
        return None;
    }
    let mut index = 0_usize;
    for group in path.split('/') {
        let digits: usize = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    Some((index, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_hold_hashes_and_entries_as_far_as_the_log_goes() {
        let mut log = Log::open(None, "log").unwrap();
        for number in 0..300_u32 {
            log.append(0, number.to_be_bytes().to_vec()).unwrap();
        }
        let cases = [
            ("0/000", Some(256 * 32), "a full tile of leaf hashes"),
            ("0/001.p/44", Some(44 * 32), "the partial tile at the end"),
            ("0/001", None, "not full yet"),
            ("1/000.p/1", Some(32), "the first complete tile, one level up"),
            ("1/000.p/2", None, "there is no second one"),
            ("entries/000", Some(256 * 6), "a full bundle: length and four bytes each"),
            ("entries/001.p/44", Some(44 * 6), "the partial bundle"),
            ("entries/x999/x999/x999/x999/x999/x999/x999/999", None, "beyond any log"),
            ("0/000.p/0", None, "no tile has no width"),
            ("0", None, "no index"),
        ];
        for (path, length, reason) in cases {
            assert_eq!(read(&log, path).map(|bytes| bytes.len()), length, "{reason}");
        }
    }
}
