//! Commands (MySQL source documentation, "Command Phase"; MariaDB manual, "Text Protocol" and "Binary Protocol").

/// How a command is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    /// OK, EOF or ERR.
    #[default]
    Single,
    /// Not at all.
    Nothing,
    /// Results: OK, ERR, rows, or the wish for a file.
    Results,
    /// A statement's number, its parameters and columns.
    Statement,
    /// Columns up to an end.
    Fields,
    /// Rows up to an end.
    Rows,
    /// One packet of text.
    Text,
    /// Steps of a login up to OK or ERR.
    Login,
    /// Packets without an end.
    Stream,
}

const ANSWERS: [Answer; 9] = [
    Answer::Single,
    Answer::Nothing,
    Answer::Results,
    Answer::Statement,
    Answer::Fields,
    Answer::Rows,
    Answer::Text,
    Answer::Login,
    Answer::Stream,
];

/// What a command says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing that is looked at.
    Nothing,
    /// A statement.
    Statement,
    /// The number of a prepared statement.
    Number,
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) code: u8,
    /// Without the `COM_` and `STMT_` of its name in the manual.
    pub(super) name: &'static str,
    pub(super) answer: Answer,
    pub(super) says: Says,
}

/// Codes that have a meaning of their own here.
pub(super) mod code {
    pub(crate) const QUERY: u8 = 0x03;
    pub(crate) const CHANGE_USER: u8 = 0x11;
    pub(crate) const PREPARE: u8 = 0x16;
    pub(crate) const EXECUTE: u8 = 0x17;
    pub(crate) const CLOSE: u8 = 0x19;
    pub(crate) const RESET_CONNECTION: u8 = 0x1f;
}

const fn command(code: u8, name: &'static str, answer: Answer) -> Command {
    Command { code, name, answer, says: Says::Nothing }
}

const fn saying(code: u8, name: &'static str, answer: Answer, says: Says) -> Command {
    Command { code, name, answer, says }
}

const COMMANDS: [Command; 29] = [
    command(0x01, "Quit", Answer::Nothing),
    command(0x02, "InitDb", Answer::Single),
    saying(code::QUERY, "Query", Answer::Results, Says::Statement),
    command(0x04, "FieldList", Answer::Fields),
    command(0x05, "CreateDb", Answer::Single),
    command(0x06, "DropDb", Answer::Single),
    command(0x07, "Refresh", Answer::Single),
    command(0x08, "Shutdown", Answer::Single),
    command(0x09, "Statistics", Answer::Text),
    command(0x0a, "ProcessInfo", Answer::Results),
    command(0x0c, "ProcessKill", Answer::Single),
    command(0x0d, "Debug", Answer::Single),
    command(0x0e, "Ping", Answer::Single),
    command(code::CHANGE_USER, "ChangeUser", Answer::Login),
    command(0x12, "BinlogDump", Answer::Stream),
    command(0x13, "TableDump", Answer::Stream),
    command(0x15, "RegisterReplica", Answer::Single),
    saying(code::PREPARE, "Prepare", Answer::Statement, Says::Statement),
    saying(code::EXECUTE, "Execute", Answer::Results, Says::Number),
    saying(0x18, "SendLongData", Answer::Nothing, Says::Number),
    saying(code::CLOSE, "Close", Answer::Nothing, Says::Number),
    saying(0x1a, "Reset", Answer::Single, Says::Number),
    command(0x1b, "SetOption", Answer::Single),
    saying(0x1c, "Fetch", Answer::Rows, Says::Number),
    command(0x1e, "BinlogDumpGtid", Answer::Stream),
    command(code::RESET_CONNECTION, "ResetConnection", Answer::Single),
    command(0x20, "Clone", Answer::Stream),
    command(0x21, "SubscribeGroupReplication", Answer::Stream),
    saying(0xfa, "BulkExecute", Answer::Results, Says::Number),
];

impl Command {
    /// The login is no command, and counted as one.
    pub(super) const LOGIN: Self = command(0, "Login", Answer::Login);

    pub(super) fn of(code: u8) -> Option<Self> {
        COMMANDS.into_iter().find(|command| command.code == code)
    }
}

/// What the reader of an answer must know of its request: how it is answered, the packets that asked, and of a statement
/// that is prepared its number among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) answer: Answer,
    pub(super) packets: u8,
    pub(super) prepared: u16,
}

impl Tag {
    pub(super) fn number(self) -> u32 {
        let [low, high] = self.prepared.to_le_bytes();
        u32::from_le_bytes([self.answer as u8, self.packets, low, high])
    }

    pub(super) fn of(number: u32) -> Self {
        let [answer, packets, low, high] = number.to_le_bytes();
        let answer = ANSWERS.get(usize::from(answer)).copied().unwrap_or_default();
        Self { answer, packets, prepared: u16::from_le_bytes([low, high]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (place, answer) in ANSWERS.into_iter().enumerate() {
            assert_eq!(answer as usize, place);
            let tag = Tag { answer, packets: 3, prepared: 40_000 };
            assert_eq!(Tag::of(tag.number()), tag);
        }
        assert_eq!(Tag::of(u32::MAX).answer, Answer::Single);
    }

    #[test]
    fn codes() {
        assert!(COMMANDS.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(Command::of(0x0e).unwrap().name, "Ping");
        assert_eq!(Command::of(0x00), None);
    }
}
