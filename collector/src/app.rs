//! What all requests share.

use std::sync::Arc;
use store::Store;

/// The state behind every route; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
}

impl App {
    /// Over a store that is open.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}
