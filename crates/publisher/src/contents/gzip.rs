//! Gzip on several cores whose bytes do not depend on how many: the input is cut into blocks of
//! fixed size, each block is compressed by itself, and the pieces follow one another in one stream.
//!
//! Memory is bounded by the number of blocks in flight, whatever the size of the input: a block
//! travels producer -> compressor -> writer -> producer, and there are only so many of them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use sha2::{Digest as _, Sha256};

/// Bytes of input in one block. Smaller blocks compress worse, larger ones leave cores idle at the
/// end. Changing it changes every digest.
const BLOCK_BYTES: usize = 1 << 20;

/// Level of the compression, gzip's own default. Changing it changes every digest.
const LEVEL: u32 = 6;

/// Compressors at most. Each needs about 5 MiB with its blocks in flight, and everything together
/// stays below 64 MiB.
pub(super) const THREADS_MAX: usize = 8;

/// RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown operating system. Nothing
/// of the machine is in it.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// What went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compressed {
    pub(super) sha256: [u8; 32],
    pub(super) bytes: u64,
    pub(super) plain_sha256: [u8; 32],
    pub(super) plain_bytes: u64,
}

/// Compresses everything that `produce` writes into `output`.
///
/// The outer error is the output's, the inner one that of `produce`.
pub(super) fn compress<W: Write + Send, E>(
    threads: NonZeroUsize,
    output: W,
    produce: impl FnOnce(&mut Blocks) -> Result<(), E>,
) -> io::Result<Result<Compressed, E>> {
    let threads = threads.get().min(THREADS_MAX);
    let (free_sender, free) = channel();
    let (full_sender, full) = channel::<Block>();
    let (done_sender, done) = channel();
    for _ in 0..2 * threads + 2 {
        let _ = free_sender.send(Block::default());
    }
    let full = Mutex::new(full);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (full, done_sender) = (&full, done_sender.clone());
            scope.spawn(move || compress_blocks(full, &done_sender));
        }
        drop(done_sender);
        let writer = scope.spawn(move || write_in_order(output, &done, &free_sender));
        let mut blocks = Blocks::new(free, full_sender);
        let produced = produce(&mut blocks);
        let plain = blocks.finish();
        let written = writer.join().map_err(|_| io::Error::other("the writer stopped"))?;
        match produced {
            // When the output failed, the producer only saw that its pipe broke.
            Err(error) => written.map(|_| Err(error)),
            Ok(()) => {
                let ((sha256, bytes), (plain_sha256, plain_bytes)) = (written?, plain?);
                Ok(Ok(Compressed { sha256, bytes, plain_sha256, plain_bytes }))
            }
        }
    })
}

/// A piece of the input and what becomes of it. Its buffers are used again and again.
#[derive(Default)]
struct Block {
    index: u64,
    last: bool,
    plain: Vec<u8>,
    packed: Vec<u8>,
    crc: Crc,
}

/// Takes the input and cuts it into blocks.
pub(super) struct Blocks {
    free: Receiver<Block>,
    full: Sender<Block>,
    current: Block,
    hasher: Sha256,
    bytes: u64,
}

impl Blocks {
    fn new(free: Receiver<Block>, full: Sender<Block>) -> Self {
        Self { free, full, current: Block::default(), hasher: Sha256::new(), bytes: 0 }
    }

    /// Sends the current block on and waits for one that is free: this is what bounds the memory.
    fn send(&mut self, last: bool) -> io::Result<()> {
        let stopped = || io::Error::new(io::ErrorKind::BrokenPipe, "the output failed");
        let mut next = self.free.recv().map_err(|_| stopped())?;
        next.index = self.current.index + 1;
        next.plain.clear();
        let mut block = std::mem::replace(&mut self.current, next);
        block.last = last;
        self.full.send(block).map_err(|_| stopped())
    }

    fn finish(mut self) -> io::Result<([u8; 32], u64)> {
        self.send(true)?;
        Ok((self.hasher.finalize().into(), self.bytes))
    }
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = BLOCK_BYTES - self.current.plain.len();
        let taken = &bytes[..bytes.len().min(room)];
        self.current.plain.reserve_exact(BLOCK_BYTES - self.current.plain.len());
        self.current.plain.extend_from_slice(taken);
        self.hasher.update(taken);
        self.bytes += taken.len() as u64;
        if self.current.plain.len() == BLOCK_BYTES {
            self.send(false)?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compress_blocks(full: &Mutex<Receiver<Block>>, done: &Sender<io::Result<Block>>) {
    let mut compressor = Compress::new(Compression::new(LEVEL), false);
    loop {
        let received = full.lock().map(|full| full.recv());
        let Ok(Ok(mut block)) = received else { return };
        let result = compress_block(&mut compressor, &mut block).map(|()| block);
        if done.send(result).is_err() {
            return;
        }
    }
}

/// A block that is not the last ends on a byte boundary without ending the stream.
fn compress_block(compressor: &mut Compress, block: &mut Block) -> io::Result<()> {
    block.crc.reset();
    block.crc.update(&block.plain);
    block.packed.clear();
    compressor.reset();
    let flush = if block.last { FlushCompress::Finish } else { FlushCompress::Sync };
    loop {
        block.packed.reserve(BLOCK_BYTES / 2);
        let read = usize::try_from(compressor.total_in()).map_err(io::Error::other)?;
        let status = compressor.compress_vec(&block.plain[read..], &mut block.packed, flush)?;
        let all_read = compressor.total_in() == block.plain.len() as u64;
        let room_left = block.packed.len() < block.packed.capacity();
        if status == Status::StreamEnd || (!block.last && all_read && room_left) {
            return Ok(());
        }
    }
}

fn write_in_order(
    mut output: impl Write,
    done: &Receiver<io::Result<Block>>,
    free: &Sender<Block>,
) -> io::Result<([u8; 32], u64)> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut write = |piece: &[u8]| {
        hasher.update(piece);
        bytes += piece.len() as u64;
        output.write_all(piece)
    };
    let mut crc = Crc::new();
    let (mut early, mut next, mut finished) = (BTreeMap::new(), 0, false);
    write(&HEADER)?;
    for block in done {
        let block = block?;
        early.insert(block.index, block);
        while let Some(block) = early.remove(&next) {
            write(&block.packed)?;
            crc.combine(&block.crc);
            (next, finished) = (next + 1, block.last);
            let _ = free.send(block);
        }
    }
    if !finished {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input ended early"));
    }
    write(&crc.sum().to_le_bytes())?;
    write(&crc.amount().to_le_bytes())?;
    output.flush()?;
    Ok((hasher.finalize().into(), bytes))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::Read as _;

    use super::*;

    fn gzip(threads: usize, plain: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        let threads = NonZeroUsize::new(threads).unwrap();
        let compressed = compress(threads, &mut packed, |blocks| {
            plain.chunks(70_001).try_for_each(|chunk| blocks.write_all(chunk))
        });
        let compressed = compressed.unwrap().unwrap();
        assert_eq!(compressed.bytes, packed.len() as u64);
        assert_eq!(compressed.plain_bytes, plain.len() as u64);
        assert_eq!(compressed.sha256, <[u8; 32]>::from(Sha256::digest(&packed)));
        assert_eq!(compressed.plain_sha256, <[u8; 32]>::from(Sha256::digest(plain)));
        packed
    }

    /// Not compressible at all, which needs the most room.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_le_bytes()[7]
        };
        std::iter::repeat_with(next).take(bytes).collect()
    }

    #[test]
    fn it_is_read_back_whatever_the_size() {
        for (plain, why) in [
            (vec![], "nothing"),
            (b"apiVersion: v1\n".to_vec(), "less than a block"),
            (vec![b'x'; BLOCK_BYTES], "exactly a block"),
            (vec![b'x'; 5 * BLOCK_BYTES + 1], "a byte more than some blocks"),
            (noise(2 * BLOCK_BYTES + 9), "what cannot be compressed"),
        ] {
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(&gzip(2, &plain)[..]).read_to_end(&mut read).unwrap();
            assert!(read == plain, "{why}");
        }
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_number_of_threads() {
        let plain: Vec<u8> = [noise(3 * BLOCK_BYTES), vec![7; 4 * BLOCK_BYTES]].concat();
        let one = gzip(1, &plain);
        for threads in [2, 3, 8, 64] {
            assert!(gzip(threads, &plain) == one, "{threads} threads");
        }
    }

    #[test]
    fn nothing_of_the_machine_is_in_the_header() {
        assert_eq!(gzip(1, b"x")[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    }

    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_ends_it_and_says_so() {
        let plain = noise(40 * BLOCK_BYTES);
        let two = NonZeroUsize::new(2).unwrap();
        let result = compress(two, Full(BLOCK_BYTES), |blocks| blocks.write_all(&plain));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn when_the_input_fails_its_error_comes_out() {
        let two = NonZeroUsize::new(2).unwrap();
        let result = compress(two, Vec::new(), |_| Err::<(), _>("vanished"));
        assert_eq!(result.unwrap().unwrap_err(), "vanished");
        let fine = compress(two, Vec::new(), |_| Ok::<(), Infallible>(()));
        assert!(fine.unwrap().is_ok());
    }
}
