//! What a request is filed under, by protocol.

use crate::http1;

/// How a wire names its requests.
#[derive(Clone, Debug, Default)]
pub enum Naming {
    /// HTTP: routes of a file, or templates found in paths.
    Http(http1::Naming),
    /// Nothing to name.
    #[default]
    None,
}

impl Naming {
    /// Appends the name of a request's target to `out`, as UTF-8.
    pub fn name(&self, target: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Http(naming) => naming.name(target, out),
            Self::None => {}
        }
    }
}
