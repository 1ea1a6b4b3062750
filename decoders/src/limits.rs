//! Every limit, named, in one place. Beyond a limit something is given up, by name, and counted.

use model::units::Nanos;

/// A request without the first byte of an answer for this long is `unanswered`.
pub const ANSWER_TIMEOUT: Nanos = Nanos::from_seconds(60);

/// A hole that the receiver has acknowledged is given up as never captured after this long: until then a slower card
/// queue may still bring it.
pub const GAP_GRACE: Nanos = Nanos::from_millis(100);

/// A connection's holes are looked at this often, at most, while no packet of it comes.
pub const GAP_TIMER_MIN: Nanos = Nanos::from_millis(1);

/// A hole that nobody acknowledged is given up after this long: until then the sender may send it again.
pub const HOLE_TIMEOUT: Nanos = Nanos::from_seconds(10);

/// A closed connection is remembered this long, so that late copies of its packets are not taken for a new one.
pub const CLOSED_LINGER: Nanos = Nanos::from_seconds(5);

/// A connection that was silent for this long is forgotten; if it speaks again it is joined mid-stream.
pub const IDLE_TIMEOUT: Nanos = Nanos::from_seconds(3_600);

/// Idle connections are looked for this often.
pub const IDLE_SWEEP: Nanos = Nanos::from_seconds(600);

/// Connections held at a time.
pub const FLOWS_MAX: usize = 4_000_000;

/// Bytes held for one direction of a connection while they wait for an earlier segment, or for the rest of a message head.
pub const HELD_BYTES_MAX: usize = 256 * 1024;

/// Bytes held for all connections together; past it, holes are given up at once and messages that are not whole are let go.
pub const HELD_BYTES_TOTAL_MAX: usize = 256 * 1024 * 1024;

/// Rooms for messages that are not whole, kept for the next connection that needs one.
pub const SPARE_RARE_MAX: usize = 64;

/// Bytes that a buffer in such a room may keep.
pub const SPARE_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// Bytes of one segment that the snap length cut. A capture can claim any number; the longest offload segments are of
/// 512 KiB, and what is missing beyond shows as a hole.
pub const MISSING_MAX: u32 = 16 * 1024 * 1024;

/// Bytes of a message head. Servers refuse heads of more than 8 to 64 KiB.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Bytes of an inline command of Redis, as its servers have it.
pub const INLINE_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a MySQL statement that are looked at; what is longer is named by its beginning.
pub const MYSQL_STATEMENT_BYTES_MAX: usize = 64 * 1024;

/// Prepared statements of a MySQL connection whose names are remembered; the server's own limit for all is 16,382.
pub const MYSQL_STATEMENTS_MAX: usize = 16_384;

/// Statements of a MySQL connection that are being prepared at a time.
pub const MYSQL_PREPARING_MAX: usize = 256;

/// Bytes of a chunk-size line with its extensions.
pub const CHUNK_LINE_BYTES_MAX: usize = 4 * 1024;

/// Requests open at a time on one connection. Cassandra's clients may have 32,768, and Postgres's pipeline at will.
pub const OPEN_REQUESTS_MAX: u16 = 65_000;

/// Pairs whose proof is awaited, on one connection.
pub const PROVISIONAL_MAX: usize = 256;

/// Segments after which a connection that no decoder recognizes is given up.
pub const PROBES_MAX: u8 = 64;

/// Bytes kept while decoders are unsure about a connection.
pub const PROBE_BYTES_MAX: usize = 4 * 1024;

/// Routes, statements or topics a wire; the rest is filed under `other`.
pub const NAMES_MAX: usize = 1_000;

/// Texts a wire whose names are kept at hand.
pub const RECENT_NAMES: usize = 256;

/// Bytes of such a text.
pub const RECENT_TEXT_BYTES_MAX: usize = 1024;

/// Names a wire that are known by a key: prepared statements, topics.
pub const REFERENCES_MAX: usize = 65_536;

/// Keys whose names are remembered for all connections.
pub const LEARNED_MAX: usize = 65_536;

/// Verbs a wire: methods, opcodes, commands; Redis has the most, about 400.
pub const OPERATIONS_MAX: usize = 512;

/// Wires that detection may add.
pub const WIRES_MAX: usize = 256;

/// Bytes of a name; longer ones are cut.
pub const NAME_BYTES_MAX: usize = 200;

/// Bytes at the front of a Cassandra message's body, decompressed, that are looked at: statements that are longer have no
/// name, and rows behind longer metadata no count.
pub const FRONT_BYTES_MAX: usize = 32 * 1024;

/// Cassandra statements of one connection that are being prepared at a time.
pub const PREPARES_MAX: usize = 1_024;

/// Bytes of an HTTP/2 header table, by HPACK's count (RFC 7541, section 4.1); peers may agree on more. What falls out early
/// is unknown.
pub const HPACK_TABLE_BYTES_MAX: u32 = 64 * 1024;

/// HTTP/2 streams open at a time on one connection. Servers allow 100 to 1,000.
pub const STREAMS_MAX: usize = 4_096;

/// Bytes of a statement's text that are read to name it.
pub const STATEMENT_BYTES_MAX: usize = 16 * 1024;

/// Postgres: prepared statements of a connection whose names are known.
pub const PREPARED_MAX: usize = 4_096;

/// Postgres: portals of a connection, beside the one without a name, whose statements are known.
pub const PORTALS_MAX: usize = 256;

/// Postgres: statements of one Query message behind its first that are named.
pub const PARTS_MAX: u16 = 1_000;

/// Postgres: messages of a client that the server is due to answer, four for each request that can be open.
pub const STEPS_MAX: usize = 260_000;

/// Topics, and record batches, of one Kafka message that are sampled.
pub const TOPICS_SAMPLED_MAX: usize = 1_024;
