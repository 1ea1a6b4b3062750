//! Everything that is bounded, and by how much.

use std::time::Duration;

/// Bytes of a request's body as it is sent, compressed or not.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Bytes of a body once it is unpacked.
pub const UNPACKED_BYTES_MAX: usize = 64 << 20;
/// Memory that a zstd frame may ask for, as a power of two.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Bytes of bodies, packed, unpacked and read, that all requests together may hold until they are on disk.
pub const IN_FLIGHT_BYTES_MAX: usize = 256 << 20;
/// Bytes that the values of one request may take once they are read: names stand in each series anew.
pub const READ_BYTES_MAX: usize = 96 << 20;
/// Values of one request.
pub const VALUES_MAX: usize = 500_000;

/// Requests that wait to be written.
pub const WAITING_REQUESTS_MAX: usize = 1_024;
/// Values that are written in one change: what follows waits for the next.
pub const GROUP_VALUES_MAX: usize = 20_000;

/// Series that one source may name in a day.
pub const SERIES_PER_SOURCE_MAX: usize = 200_000;
/// Sources that may write in a day.
pub const SOURCES_MAX: usize = 100_000;
/// Bytes of a source's name.
pub const SOURCE_BYTES_MAX: usize = 256;

/// Bytes that must be free where the store is: below it nothing is taken, so that what is held can still be sorted.
pub const FREE_BYTES_MIN: u64 = 256 << 20;

/// Connections at a time. What comes beyond them waits in the kernel.
pub const CONNECTIONS_MAX: usize = 4_096;
/// How long a client may take for its TLS handshake, and until the next request's head is there: longer than clients rest.
pub const HEAD_PATIENCE: Duration = Duration::from_secs(75);
/// How long a client may take to send a body.
pub const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// How long the end waits for requests that are under way.
pub const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// What a client is asked to wait for when there is no room.
pub const RETRY_AFTER: Duration = Duration::from_secs(2);
