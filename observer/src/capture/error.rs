//! What can be wrong with a capture, and what to do about it.

use std::fmt;
use std::io;
use thiserror::Error;

/// Why nothing can be read, or no more.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// No name was given.
    #[error("no capture to read: name at least one file, or `-` for standard input")]
    NoInput,
    /// Nothing has this name.
    #[error("{file}: no such file; check the path")]
    NotFound {
        /// As the user wrote it.
        file: String,
    },
    /// The file may not be read.
    #[error(
        "{file}: permission denied; captures often belong to root: read it with sudo, or chown it"
    )]
    PermissionDenied {
        /// As the user wrote it.
        file: String,
    },
    /// The name is that of a directory.
    #[error("{file}: is a directory; name the capture files in it, as in {file}/*.pcap")]
    IsDirectory {
        /// As the user wrote it.
        file: String,
    },
    /// Not a byte in it.
    #[error(
        "{file}: is empty; the program that captured may not have flushed yet (tcpdump -U does)"
    )]
    Empty {
        /// As the user wrote it.
        file: String,
    },
    /// Another failure of the system.
    #[error("{file}: cannot read at byte {offset}: {error}")]
    Read {
        /// As the user wrote it.
        file: String,
        /// Bytes read before, of the uncompressed stream.
        offset: u64,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Neither pcap nor pcapng, compressed or not.
    #[error("{file}: is not a pcap or pcapng capture: it {looks}; record one with tcpdump -w")]
    NotACapture {
        /// As the user wrote it.
        file: String,
        /// What it looks like instead.
        looks: String,
    },
    /// A capture or an archive in another format.
    #[error("{file}: is {what}, which is not read; {advice}")]
    OtherFormat {
        /// As the user wrote it.
        file: String,
        /// The format.
        what: &'static str,
        /// How to make a capture of it.
        advice: &'static str,
    },
    /// Shorter than its own header.
    #[error("{file}: ends inside the header of the capture, after {length} bytes; record it again")]
    HeaderCut {
        /// As the user wrote it.
        file: String,
        /// Its length, uncompressed.
        length: u64,
    },
    /// Damaged before the first packet.
    #[error(
        "{file}: is damaged at byte {offset}, before the first packet: {damage}; record it again"
    )]
    Damaged {
        /// As the user wrote it.
        file: String,
        /// Where, in the uncompressed stream.
        offset: u64,
        /// What.
        damage: Damage,
    },
    /// No interface was named, and none was found.
    #[error("no interface to watch: none is up and has an address; name one with --interface")]
    NoInterface,
    /// An interface cannot be captured on.
    #[error("interface {interface}: {said}; {advice}")]
    Interface {
        /// Its name.
        interface: String,
        /// What libpcap says.
        said: String,
        /// What to do.
        advice: &'static str,
    },
    /// None of its packets can be decoded.
    #[error(
        "{file}: has packets of link type {link} only, which is not decoded; capture on an Ethernet, loopback or \
         `any` interface (numbers: tcpdump.org/linktypes.html)"
    )]
    LinkTypeUnknown {
        /// As the user wrote it.
        file: String,
        /// The number in the registry.
        link: u16,
    },
}

impl CaptureError {
    /// What the system says of an interface, and what to do about it.
    pub(super) fn of_interface(interface: &str, error: &dyn fmt::Display) -> Self {
        let said = error.to_string();
        let advice = match said.to_lowercase() {
            said if said.contains("permission") || said.contains("not permitted") => {
                "run as root, or give the program CAP_NET_RAW"
            }
            said if said.contains("no such device") => {
                "`wirelat observe --check` lists the interfaces of this host"
            }
            _ => "`wirelat observe --check` says what this host allows",
        };
        Self::Interface { interface: interface.to_owned(), said, advice }
    }
}

impl CaptureWarning {
    /// What the system says of an interface that was captured.
    pub(super) fn gone(interface: &str, reason: &dyn fmt::Display) -> Self {
        Self::InterfaceGone { interface: interface.to_owned(), reason: reason.to_string() }
    }
}

/// What was wrong with a capture of which the packets before count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureWarning {
    /// An interface went away; it is looked for again.
    InterfaceGone {
        /// Its name.
        interface: String,
        /// What the system says.
        reason: String,
    },
    /// The last record is not whole: the capture was stopped or copied while it was written.
    Truncated {
        /// As the user wrote it.
        file: String,
        /// Where the record begins, in the uncompressed stream.
        offset: u64,
        /// How many bytes are missing of it, as far as is known.
        missing: u64,
    },
    /// What follows cannot be read.
    Damaged {
        /// As the user wrote it.
        file: String,
        /// Where, in the uncompressed stream.
        offset: u64,
        /// What.
        damage: Damage,
    },
}

impl fmt::Display for CaptureWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceGone { interface, reason } => {
                write!(f, "interface {interface}: {reason}; it is looked for again every second")
            }
            Self::Truncated { file, offset, missing } => write!(
                f,
                "{file}: ends inside the record at byte {offset}, of which {missing} bytes are missing; \
                 the packets before it count"
            ),
            Self::Damaged { file, offset, damage } => write!(
                f,
                "{file}: is damaged at byte {offset}: {damage}; only the packets before it count"
            ),
        }
    }
}

/// A contradiction in a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// Longer than anything captured.
    #[error("a record of {length} bytes, more than the limit of {limit}")]
    TooLong {
        /// What the record says.
        length: u64,
        /// What is believed.
        limit: u64,
    },
    /// A record header of zeros: the file was laid out but not written.
    #[error("zeros where a record should be")]
    Zeros,
    /// A pcapng block that its parts do not fit into, or whose two lengths differ.
    #[error("a block of type {kind:#x} with a wrong length of {length}")]
    BlockLength {
        /// Its type.
        kind: u32,
        /// Its length.
        length: u32,
    },
    /// A pcapng section that is none.
    #[error("a section with an unknown byte order or version")]
    Section,
    /// A pcapng packet of an interface that was never described.
    #[error("a packet of interface {0}, which was never described")]
    Interface(u32),
    /// More interfaces than are kept.
    #[error("more than {0} interfaces")]
    Interfaces(usize),
    /// The compressed stream is cut or broken.
    #[error("the compressed stream cannot be unpacked ({0})")]
    Compression(String),
}
