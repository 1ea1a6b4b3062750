//! A packet socket of Linux (packet(7)), and what is set on it.

use crate::capture::live::filter::Program;
use nix::libc;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Everything that passes, whatever it carries (linux/if_ether.h).
const ETH_P_ALL: u16 = 3;

/// A packet socket.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Of no interface yet: nothing comes in before [`Self::bind`].
    pub fn open() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: no memory is passed; what comes back is a new descriptor that nobody else owns, or negative.
        #[allow(unsafe_code)]
        let socket = unsafe {
            match libc::socket(libc::AF_PACKET, kind, 0) {
                descriptor @ 0.. => OwnedFd::from_raw_fd(descriptor),
                _ => return Err(io::Error::last_os_error()),
            }
        };
        Ok(Self(socket))
    }

    /// Packets of this interface come in from now on.
    pub fn bind(&self, interface: u32) -> io::Result<()> {
        // SAFETY: an address of zeros is one.
        #[allow(unsafe_code)]
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = ETH_P_ALL.to_be();
        address.sll_ifindex = i32::try_from(interface).unwrap_or_default();
        let length = size_of_val(&address) as libc::socklen_t;
        // SAFETY: the address lives until the call returns, and is as long as is said.
        #[allow(unsafe_code)]
        let result = unsafe {
            let address = (&raw const address).cast::<libc::sockaddr>();
            libc::bind(self.0.as_raw_fd(), address, length)
        };
        done(result)
    }

    /// Sets an option of packet sockets.
    pub fn set<T: Copy>(&self, option: i32, value: &T) -> io::Result<()> {
        let length = size_of::<T>() as libc::socklen_t;
        // SAFETY: the value lives until the call returns, and is as long as is said.
        #[allow(unsafe_code)]
        let result = unsafe {
            let value = (&raw const *value).cast::<libc::c_void>();
            libc::setsockopt(self.0.as_raw_fd(), libc::SOL_PACKET, option, value, length)
        };
        done(result)
    }

    /// What the kernel dropped since it was last asked.
    pub fn dropped(&self) -> io::Result<u32> {
        let statistics: libc::tpacket_stats_v3 = self.get(libc::PACKET_STATISTICS)?;
        Ok(statistics.tp_drops)
    }

    /// Reads an option of packet sockets, a structure of numbers.
    pub fn get<T: Copy>(&self, option: i32) -> io::Result<T> {
        // SAFETY: every `T` here is made of integers, for which zeros are a value; the kernel writes at most as many bytes
        // as it is told there are.
        #[allow(unsafe_code)]
        unsafe {
            let mut value: T = mem::zeroed();
            let mut length = size_of::<T>() as libc::socklen_t;
            let place = (&raw mut value).cast::<libc::c_void>();
            let (socket, level) = (self.0.as_raw_fd(), libc::SOL_PACKET);
            done(libc::getsockopt(socket, level, option, place, &raw mut length))?;
            Ok(value)
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn done(result: i32) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Has the kernel pass on only what the program lets through. The exchange is atomic: no packet is judged by neither
/// program. libpcap's own function throws away what waits to be read.
pub fn attach_filter(descriptor: BorrowedFd<'_>, program: &Program) -> io::Result<()> {
    let instructions = program.instructions();
    let program = libc::sock_fprog {
        len: u16::try_from(instructions.len()).unwrap_or(u16::MAX),
        // The kernel only reads them.
        filter: instructions.as_ptr().cast_mut(),
    };
    let length = size_of_val(&program) as libc::socklen_t;
    // SAFETY: the program and its instructions live until the call returns.
    #[allow(unsafe_code)]
    let result = unsafe {
        let (level, option) = (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER);
        let program = (&raw const program).cast::<libc::c_void>();
        libc::setsockopt(descriptor.as_raw_fd(), level, option, program, length)
    };
    done(result)
}
