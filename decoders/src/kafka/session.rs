//! Fetch sessions (KIP-227): a request says only what changes since the one before.

use super::heard::Topics;

/// What is known of a session's topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Known {
    /// There is no session yet.
    #[default]
    Nothing,
    /// All of them: the request that asked for it was seen. The next one says what number it was given.
    Asked,
    /// All of them.
    All(i32),
    /// Those that were named since: it began before we came.
    Some(i32),
}

/// The fetch session of a connection: a client has one with each broker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Session {
    known: Known,
    topics: Topics,
}

impl Session {
    /// What a request is about that names `topics`, and whether its answer may name more. Epoch 0 asks for a session, −1 is
    /// without one.
    pub(super) fn asked(&mut self, id: i32, epoch: i32, topics: Topics) -> (Topics, bool) {
        if epoch <= 0 {
            let known = if epoch == 0 { Known::Asked } else { Known::Nothing };
            *self = Self { known, topics };
            return (topics, false);
        }
        self.known = match self.known {
            Known::Asked => Known::All(id),
            Known::All(own) | Known::Some(own) if own == id => self.known,
            _ => {
                self.topics = Topics::None;
                Known::Some(id)
            }
        };
        self.topics.add(topics);
        (self.topics, matches!(self.known, Known::Some(_)))
    }

    /// The answer names topics of a session that began before we came.
    pub(super) fn answered(&mut self, topics: Topics) -> Topics {
        self.topics.add(topics);
        self.topics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::names::NameId;

    #[test]
    fn a_session_remembers_its_topics() {
        let [a, b] = [NameId::reference(1), NameId::reference(2)].map(Topics::One);
        let mut session = Session::default();
        assert_eq!(session.asked(0, 0, a), (a, false));
        assert_eq!(session.asked(7, 1, Topics::None), (a, false));
        assert_eq!(session.asked(7, 2, a), (a, false));
        assert_eq!(session.asked(7, 3, b), (Topics::Several, false));
        assert_eq!(session.asked(7, 4, Topics::None), (Topics::Several, false));
        assert_eq!(session.asked(0, -1, b), (b, false), "without a session");
        assert_eq!(session.asked(9, 5, Topics::None), (Topics::None, true), "joined");
        assert_eq!(session.answered(a), a);
        assert_eq!(session.asked(9, 6, Topics::None), (a, true));
    }
}
