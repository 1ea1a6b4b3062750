//! Room in memory: who finds none is asked to come back, before memory grows.

use crate::limits::IN_FLIGHT_BYTES_MAX;
use crate::refusal::Refusal;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that requests may hold.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    free: Arc<Semaphore>,
}

/// Bytes that one request holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    free: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Admission {
    pub(crate) fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(IN_FLIGHT_BYTES_MAX)) }
    }

    /// Room for a request that has nothing yet.
    pub(crate) fn room(&self) -> Room {
        Room { free: Arc::clone(&self.free), held: None }
    }

    pub(crate) fn in_flight_bytes(&self) -> usize {
        IN_FLIGHT_BYTES_MAX.saturating_sub(self.free.available_permits())
    }
}

impl Room {
    /// Takes more, or says that there is no more.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let bytes = u32::try_from(bytes).map_err(|_| Refusal::Busy)?;
        let more = Arc::clone(&self.free).try_acquire_many_owned(bytes);
        let more = more.map_err(|_| Refusal::Busy)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let admission = Admission::new();
        let mut first = admission.room();
        first.take(IN_FLIGHT_BYTES_MAX - 1).unwrap();
        let mut second = admission.room();
        second.take(1).unwrap();
        assert_eq!(second.take(1), Err(Refusal::Busy));
        assert_eq!(admission.in_flight_bytes(), IN_FLIGHT_BYTES_MAX);
        drop(first);
        second.take(1).unwrap();
        assert_eq!(admission.in_flight_bytes(), 2);
    }
}
