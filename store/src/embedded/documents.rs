//! Small documents with compare-and-set.

use super::EmbeddedStore;
use super::engine::View;
use super::keys;
use super::values::Filed;
use crate::{Document, StoreError};

pub(super) fn document(view: &View, kind: &str, name: &str) -> Result<Option<Filed>, StoreError> {
    let filed = view.get(&keys::document(kind, name))?;
    filed.map(|filed| Filed::decode(&filed)).transpose()
}

/// By name.
pub(super) fn documents(view: &View, kind: &str) -> Result<Vec<(String, Document)>, StoreError> {
    let prefix = keys::documents_of(kind);
    let mut documents = Vec::new();
    for pair in view.prefix(&prefix) {
        let (key, filed) = pair?;
        if let Some(document) = Filed::decode(&filed)?.live() {
            documents.push((keys::read_document_name(&key, &prefix)?, document));
        }
    }
    Ok(documents)
}

impl EmbeddedStore {
    /// Files a text, or deletes the document where there is none, if the version is `expected`.
    pub(super) fn file(
        &self,
        kind: &str,
        name: &str,
        expected: u64,
        text: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut state = self.state_mut();
        let filed = document(&self.engine.view(), kind, name)?;
        let live = matches!(filed, Some(Filed::Live(_)));
        let version = filed.as_ref().map_or(0, Filed::version);
        let fits = if live { version == expected } else { expected == 0 && text.is_some() };
        if !fits {
            return Ok(false);
        }
        let version = version.saturating_add(1);
        let filed = match text {
            Some(text) => Filed::Live(Document { version, text: text.to_owned() }),
            None => Filed::Deleted(version),
        };
        let mut draft = self.draft(&state);
        draft.changes.put(keys::document(kind, name), filed.encode());
        state.commit(draft)?;
        Ok(true)
    }
}
