//! Goes through a message by its layout, field by field, and stops at what is of interest.
//!
//! It can stop anywhere and go on with the next bytes: what it keeps is where it stands. It asks for a few hundred bytes
//! at most at a time; everything longer is passed over by its length.

use super::layout::{Field, Layout, What, all};
use super::records::{self, Batch, Head};

/// Lists within lists, the header, and the message itself.
const DEPTH_MAX: usize = 5;

/// The longest name that a topic can have (org.apache.kafka.common.internals.Topic).
const TOPIC_BYTES_MAX: u32 = 249;

/// Bytes of an id (protocol guide, "Protocol Primitive Types": UUID).
const ID_BYTES: usize = 16;

/// The request header behind the correlation id: the client's id, which is never compact.
const CLIENT_ID: Layout = &[Field::CLIENT_ID];
const TEXTS: Layout = &[all(What::Text)];
const TOPICS: Layout = &[all(What::Topic)];

/// Something of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact<'a> {
    Error(i16),
    /// Milliseconds.
    Throttle(i32),
    Topic(&'a [u8]),
    /// A topic whose name is longer than any can be.
    LongTopic,
    TopicId(u128),
    /// A topic's id and its name.
    Meaning(u128, &'a [u8]),
    Acks(i16),
    SessionId(i32),
    SessionEpoch(i32),
    /// So many bytes of record batches follow.
    Records(u32),
    Batch(Batch),
    /// Batches that cannot be counted.
    UnknownBatches,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Something of interest: so many bytes were read, so many more are to be passed over.
    Found { read: u32, pass: u32, fact: Fact<'a> },
    /// Nothing of interest: likewise.
    Pass { read: u32, pass: u32 },
    /// What comes next is not whole.
    Need,
    /// Everything of interest was found.
    Done,
    /// The bytes are not what the layout says.
    Odd,
}

/// Why a field cannot be read.
enum Stop {
    Need,
    Odd,
}

/// A structure that is being read, and how many of its kind are still to come, itself included.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    layout: Layout,
    left: u32,
    at: u8,
    /// No tagged fields follow, whatever the version.
    is_bare: bool,
}

/// Tagged fields behind a structure (KIP-482).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tags {
    #[default]
    None,
    /// Their number comes next.
    Count,
    /// So many are still to come.
    Left(u32),
}

/// A place in a message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    levels: [Level; DEPTH_MAX],
    depth: u8,
    version: u8,
    is_flexible: bool,
    tags: Tags,
    /// Bytes of record batches that are still to come.
    records: u32,
}

impl Walk {
    /// Of a request, behind its correlation id. `has_client`: its header has a client's id.
    pub(super) fn request(
        layout: Layout,
        version: u8,
        is_flexible: bool,
        has_client: bool,
    ) -> Self {
        let mut walk = Self { version, is_flexible, ..Self::default() };
        walk.push(Level { layout, left: 1, ..Level::default() });
        if has_client {
            walk.push(Level { layout: CLIENT_ID, left: 1, ..Level::default() });
        }
        walk
    }

    /// Of an answer, behind its correlation id. `has_tags`: its header has tagged fields.
    pub(super) fn response(layout: Layout, version: u8, is_flexible: bool, has_tags: bool) -> Self {
        let mut walk = Self { version, is_flexible, ..Self::default() };
        // What follows the last field is not looked at.
        walk.push(Level { layout, left: 1, is_bare: true, ..Level::default() });
        if has_tags {
            walk.push(Level { left: 1, ..Level::default() });
        }
        walk
    }

    /// The next thing in `rest`, of a message of which `left` bytes are still to come. What is of no interest and at hand
    /// is passed over on the way.
    pub(super) fn next<'a>(&mut self, rest: &'a [u8], left: u32) -> Step<'a> {
        let mut at = 0;
        loop {
            let here = rest.get(at as usize..).unwrap_or_default();
            let step = match (self.records, self.tags) {
                (0, Tags::None) => self.field(here, left - at),
                (0, _) => self.tagged(here),
                (_, _) => self.batch(here),
            };
            let (read, pass, fact) = match step {
                Ok(None) => continue,
                Ok(Some(Step::Found { read, pass, fact })) => (read, pass, Some(fact)),
                Ok(Some(Step::Pass { read, pass })) => (read, pass, None),
                Err(Stop::Odd) | Ok(Some(Step::Odd)) => return Step::Odd,
                // What was passed over is told first.
                Err(Stop::Need) | Ok(Some(Step::Need | Step::Done)) if at > 0 => {
                    return Step::Pass { read: at, pass: 0 };
                }
                Err(Stop::Need) | Ok(Some(Step::Need)) => return Step::Need,
                Ok(Some(Step::Done)) => return Step::Done,
            };
            let read = at + read;
            let Some(end) = read.checked_add(pass).filter(|&end| end <= left) else {
                return Step::Odd;
            };
            match fact {
                Some(fact) => return Step::Found { read, pass, fact },
                None if end as usize <= rest.len() => at = end,
                None => return Step::Pass { read, pass },
            }
        }
    }

    fn push(&mut self, level: Level) -> bool {
        let place = self.levels.get_mut(usize::from(self.depth));
        let Some(place) = place else { return false };
        *place = level;
        self.depth += 1;
        true
    }

    fn level(&mut self) -> Option<&mut Level> {
        self.levels.get_mut(usize::from(self.depth).checked_sub(1)?)
    }

    /// The next field of the innermost structure.
    fn field<'a>(&mut self, rest: &'a [u8], left: u32) -> Result<Option<Step<'a>>, Stop> {
        let (version, is_flexible) = (self.version, self.is_flexible);
        let Some(level) = self.level() else { return Ok(Some(Step::Done)) };
        let fields = level.layout.get(usize::from(level.at)..).unwrap_or_default();
        let absent = fields.iter().take_while(|field| !field.is_in(version)).count();
        level.at += absent as u8;
        match fields.get(absent) {
            Some(Field { what: What::Pass(bytes), .. }) => {
                level.at += 1;
                Ok(Some(Step::Pass { read: 0, pass: u32::from(*bytes) }))
            }
            Some(field) => self.read(field.what, rest, left).map(Some),
            None if is_flexible && !level.is_bare => {
                // Hardly any structure has one.
                if rest.first() == Some(&0) {
                    self.close();
                    return Ok(Some(Step::Pass { read: 1, pass: 0 }));
                }
                self.tags = Tags::Count;
                Ok(None)
            }
            None => {
                self.close();
                Ok(None)
            }
        }
    }

    /// The innermost structure is over.
    fn close(&mut self) {
        self.tags = Tags::None;
        let Some(level) = self.level() else { return };
        level.at = 0;
        level.left = level.left.saturating_sub(1);
        if level.left == 0 {
            self.depth -= 1;
        }
    }

    fn tagged<'a>(&mut self, rest: &'a [u8]) -> Result<Option<Step<'a>>, Stop> {
        if let Tags::Left(count @ 1..) = self.tags {
            let (_, tag) = varint(rest)?;
            let (size, length) = varint(rest.get(tag as usize..).unwrap_or_default())?;
            self.tags = Tags::Left(count - 1);
            return Ok(Some(Step::Pass { read: tag + length, pass: size }));
        }
        if self.tags == Tags::Count {
            let (count, read) = varint(rest)?;
            self.tags = Tags::Left(count);
            return Ok(Some(Step::Pass { read, pass: 0 }));
        }
        self.close();
        Ok(None)
    }

    /// Reads a field, and moves on behind it.
    fn read<'a>(&mut self, what: What, rest: &'a [u8], left: u32) -> Result<Step<'a>, Stop> {
        let pass = |read, pass| Step::Pass { read, pass };
        let found = |read, fact| Step::Found { read, pass: 0, fact };
        let mut inner = None;
        let step = match what {
            What::Pass(bytes) => pass(0, u32::from(bytes)),
            What::ClientId => {
                let (length, read) = short(rest)?;
                pass(read, length)
            }
            What::Text => {
                let (length, read) = self.text(rest)?;
                pass(read, length)
            }
            What::Bytes => {
                let (length, read) = self.count(rest)?;
                pass(read, length)
            }
            What::Numbers(bytes) => {
                let (count, read) = self.count(rest)?;
                pass(read, count.checked_mul(u32::from(bytes)).ok_or(Stop::Odd)?)
            }
            What::Texts | What::Topics | What::List(_) => {
                let (count, read) = self.count(rest)?;
                // Everything in a list has a byte at least.
                if count > left {
                    return Err(Stop::Odd);
                }
                let (layout, is_bare) = match what {
                    What::List(layout) => (layout, false),
                    What::Topics => (TOPICS, true),
                    _ => (TEXTS, true),
                };
                inner = (count > 0).then_some(Level { layout, left: count, at: 0, is_bare });
                pass(read, 0)
            }
            What::First => {
                let (count, read) = self.count(rest)?;
                if count == 0 {
                    self.depth = 0;
                }
                pass(read, 0)
            }
            What::Group(layout) => {
                inner = Some(Level { layout, left: 1, ..Level::default() });
                pass(0, 0)
            }
            What::Optional(layout) => {
                let [marker] = take(rest)?;
                let is_there = marker & 0x80 == 0;
                inner = is_there.then_some(Level { layout, left: 1, ..Level::default() });
                pass(1, 0)
            }
            What::Error => found(2, Fact::Error(i16::from_be_bytes(take(rest)?))),
            What::Throttle => found(4, Fact::Throttle(i32::from_be_bytes(take(rest)?))),
            What::Acks => found(2, Fact::Acks(i16::from_be_bytes(take(rest)?))),
            What::SessionId => found(4, Fact::SessionId(i32::from_be_bytes(take(rest)?))),
            What::SessionEpoch => found(4, Fact::SessionEpoch(i32::from_be_bytes(take(rest)?))),
            What::TopicId => found(16, Fact::TopicId(u128::from_be_bytes(take(rest)?))),
            What::Topic => self.topic(rest)?,
            What::TopicAndId => self.topic_and_id(rest)?,
            What::Records => {
                let (length, read) = self.count(rest)?;
                if length > left {
                    return Err(Stop::Odd);
                }
                self.records = length;
                found(read, Fact::Records(length))
            }
        };
        if let Some(level) = self.level() {
            level.at += 1;
        }
        match inner {
            Some(level) if !self.push(level) => Err(Stop::Odd),
            _ => Ok(step),
        }
    }

    fn topic<'a>(&self, rest: &'a [u8]) -> Result<Step<'a>, Stop> {
        let (length, read) = self.text(rest)?;
        if length > TOPIC_BYTES_MAX {
            return Ok(Step::Found { read, pass: length, fact: Fact::LongTopic });
        }
        let end = read + length;
        let name = rest.get(read as usize..end as usize).ok_or(Stop::Need)?;
        Ok(Step::Found { read: end, pass: 0, fact: Fact::Topic(name) })
    }

    fn topic_and_id<'a>(&self, rest: &'a [u8]) -> Result<Step<'a>, Stop> {
        let (length, read) = self.text(rest)?;
        if length > TOPIC_BYTES_MAX {
            return Ok(Step::Pass { read, pass: length.checked_add(16).ok_or(Stop::Odd)? });
        }
        let behind = rest.get(read as usize..).ok_or(Stop::Need)?;
        let (name, behind) = behind.split_at_checked(length as usize).ok_or(Stop::Need)?;
        let id = u128::from_be_bytes(take::<ID_BYTES>(behind)?);
        Ok(Step::Found { read: read + length + 16, pass: 0, fact: Fact::Meaning(id, name) })
    }

    /// The length of a string, and of that length; nothing where it is null.
    fn text(&self, rest: &[u8]) -> Result<(u32, u32), Stop> {
        if self.is_flexible { compact(rest) } else { short(rest) }
    }

    /// The length of an array, bytes or records, likewise.
    fn count(&self, rest: &[u8]) -> Result<(u32, u32), Stop> {
        if self.is_flexible {
            return compact(rest);
        }
        match i32::from_be_bytes(take(rest)?) {
            -1 => Ok((0, 4)),
            count => Ok((u32::try_from(count).map_err(|_| Stop::Odd)?, 4)),
        }
    }

    /// The next record batch.
    fn batch<'a>(&mut self, rest: &'a [u8]) -> Result<Option<Step<'a>>, Stop> {
        let step = match records::head(rest, self.records) {
            Head::Need => return Err(Stop::Need),
            Head::Batch { read, bytes, batch } => {
                self.records -= bytes;
                Step::Found { read, pass: bytes - read, fact: Fact::Batch(batch) }
            }
            Head::Rest => Step::Pass { read: 0, pass: std::mem::take(&mut self.records) },
            Head::Unknown => {
                let pass = std::mem::take(&mut self.records);
                Step::Found { read: 0, pass, fact: Fact::UnknownBatches }
            }
        };
        Ok(Some(step))
    }
}

fn take<const N: usize>(rest: &[u8]) -> Result<[u8; N], Stop> {
    rest.first_chunk().copied().ok_or(Stop::Need)
}

/// The length of a string that is not compact.
fn short(rest: &[u8]) -> Result<(u32, u32), Stop> {
    match i16::from_be_bytes(take(rest)?) {
        -1 => Ok((0, 2)),
        length => Ok((u32::try_from(length).map_err(|_| Stop::Odd)?, 2)),
    }
}

/// A compact length: one more than it is, 0 for null.
fn compact(rest: &[u8]) -> Result<(u32, u32), Stop> {
    let (length, read) = varint(rest)?;
    Ok((length.saturating_sub(1), read))
}

/// UNSIGNED_VARINT: seven bits a byte, the lowest first.
fn varint(rest: &[u8]) -> Result<(u32, u32), Stop> {
    let mut value = 0_u64;
    for (&byte, place) in rest.iter().zip(0_u32..5) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((u32::try_from(value).map_err(|_| Stop::Odd)?, place + 1));
        }
    }
    Err(if rest.len() < 5 { Stop::Need } else { Stop::Odd })
}

#[cfg(test)]
mod tests;
