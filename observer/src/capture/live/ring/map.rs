//! The kernel's ring in this process' memory: blocks that belong to the kernel or to us, by turns.

use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes in a block: more than any packet, offloaded ones included.
pub const BLOCK_BYTES: usize = 1 << 20;

/// Where a block says whose it is: behind its version and an offset (linux/if_packet.h, `tpacket_block_desc`).
const STATUS: usize = 8;

/// A ring's blocks.
#[derive(Debug)]
pub struct Map {
    start: NonNull<c_void>,
    blocks: usize,
}

// SAFETY: the memory is this value's own, and goes where it goes.
#[allow(unsafe_code)]
unsafe impl Send for Map {}

impl Map {
    /// Maps the ring that was set up on a socket.
    pub fn of(socket: impl AsFd, blocks: usize) -> io::Result<Self> {
        let bytes = NonZeroUsize::new(blocks * BLOCK_BYTES)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses.
        #[allow(unsafe_code)]
        let start = unsafe { mmap(None, bytes, protection, MapFlags::MAP_SHARED, socket, 0) }?;
        Ok(Self { start, blocks })
    }

    /// How many blocks there are.
    pub const fn blocks(&self) -> usize {
        self.blocks
    }

    fn status(&self, block: usize) -> &AtomicU32 {
        let offset = (block % self.blocks) * BLOCK_BYTES + STATUS;
        // SAFETY: inside the mapping, aligned, and only ever read and written as a whole, here and by the kernel.
        #[allow(unsafe_code)]
        unsafe {
            AtomicU32::from_ptr(self.start.as_ptr().byte_add(offset).cast())
        }
    }

    /// A block's bytes, if the kernel has handed it over: it does not write there before it is given back.
    pub fn block(&self, block: usize) -> Option<&[u8]> {
        if self.status(block).load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        let offset = (block % self.blocks) * BLOCK_BYTES;
        // SAFETY: inside the mapping. Nobody writes there: the block is ours, and `give_back` needs the map for itself.
        #[allow(unsafe_code)]
        unsafe {
            let start = self.start.as_ptr().byte_add(offset).cast::<u8>();
            Some(std::slice::from_raw_parts(start, BLOCK_BYTES))
        }
    }

    /// The kernel may write there again.
    pub fn give_back(&mut self, block: usize) {
        self.status(block).store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: mapped with this length; nothing borrows from it any more.
        #[allow(unsafe_code)]
        let _ = unsafe { munmap(self.start, self.blocks * BLOCK_BYTES) };
    }
}
