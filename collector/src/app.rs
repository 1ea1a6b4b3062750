//! What all requests share.

use crate::access::Access;
use crate::ingest::Ingest;
use crate::meters::Meters;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;

/// The state behind every route; cheap to clone. When the last clone is dropped, what was taken is on disk.
#[derive(Clone)]
pub struct App {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    pub(crate) access: Arc<Access>,
    pub(crate) ingest: Arc<Ingest>,
    pub(crate) meters: Arc<Meters>,
}

impl App {
    /// Over a store that is open; `directory` is where it is, if it is on a disk. Starts the thread that writes.
    pub fn start(
        store: Arc<dyn Store>,
        directory: Option<PathBuf>,
        access: Arc<Access>,
    ) -> io::Result<Self> {
        let meters = Arc::new(Meters::default());
        let ingest = Ingest::start(Arc::clone(&store), directory, Arc::clone(&meters))?;
        Ok(Self { store, access, ingest: Arc::new(ingest), meters })
    }
}
