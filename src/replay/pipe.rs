//! Standard input, read on a thread of its own: a replay that waits for it can still be stopped.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Bytes read at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// Blocks that wait to be replayed.
const BLOCKS: usize = 2;
/// How often a silent input looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// Standard input, which ends when `interrupted` is set.
pub struct Pipe {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    read: usize,
    interrupted: Arc<AtomicBool>,
}

impl Pipe {
    pub fn open(interrupted: &Arc<AtomicBool>) -> Self {
        let (sender, blocks) = sync_channel(BLOCKS);
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut block = vec![0; BLOCK_BYTES];
                let read = input.read(&mut block).map(|length| {
                    block.truncate(length);
                    block
                });
                let is_over = read.as_ref().map_or(true, Vec::is_empty);
                if sender.send(read).is_err() || is_over {
                    return;
                }
            }
        });
        Self { blocks, block: Vec::new(), read: 0, interrupted: Arc::clone(interrupted) }
    }

    /// The next block; an empty one at the end.
    fn next(&self) -> io::Result<Vec<u8>> {
        loop {
            match self.blocks.recv_timeout(LOOK) {
                Ok(block) => return block,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) if self.interrupted.load(Ordering::Relaxed) => {
                    return Ok(Vec::new());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.block.len() {
            (self.block, self.read) = (self.next()?, 0);
        }
        let mut rest = self.block.get(self.read..).unwrap_or_default();
        let length = rest.read(buffer)?;
        self.read += length;
        Ok(length)
    }
}
