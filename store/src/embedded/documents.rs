//! Small documents with compare-and-set.

use super::EmbeddedStore;
use super::engine::View;
use super::keys;
use super::values::Filed;
use super::write::Draft;
use crate::{Document, Note, StoreError};

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

impl Draft {
    /// Sets a document or forgets it, whatever is there.
    pub(super) fn note(&mut self, view: &View, note: &Note) -> Result<(), StoreError> {
        let key = keys::document(&note.kind, &note.name);
        let Some(text) = &note.text else {
            self.changes.delete(key);
            return Ok(());
        };
        let before = document(view, &note.kind, &note.name)?.as_ref().map_or(0, Filed::version);
        let document = Document { version: before.saturating_add(1), text: text.clone() };
        self.changes.put(key, Filed::Live(document).encode());
        Ok(())
    }
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
