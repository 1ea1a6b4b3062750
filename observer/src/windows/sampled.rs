//! What one window says of one thing that is measured by itself.

use super::tags::SeriesTable;
use crate::catalog::Catalog;
use decoders::output::{Sample, SampleKind};
use foldhash::fast::FixedState;
use model::histogram::Bin;
use model::names::NameId;
use model::wire::WireId;
use std::collections::HashMap;

/// What is filed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SampleKey {
    wire: WireId,
    kind: SampleKind,
    name: NameId,
}

impl SampleKey {
    pub(super) const fn of(sample: &Sample) -> Self {
        Self { wire: sample.wire, kind: sample.kind, name: sample.name }
    }
}

/// The ordinal of a sample's bin.
pub(super) fn ordinal(sample: &Sample) -> u16 {
    Bin::from_scaled(sample.value, sample.kind.scale()).ordinal()
}

/// The series of everything that was sampled.
#[derive(Debug, Default)]
pub(super) struct SampleSeries(HashMap<SampleKey, u32, FixedState>);

impl SampleSeries {
    /// The number of a series.
    pub(super) fn of(
        &mut self,
        key: &SampleKey,
        catalog: &Catalog,
        table: &mut SeriesTable,
    ) -> u32 {
        let SampleKey { wire, kind, name } = *key;
        *self.0.entry(*key).or_insert_with(|| {
            let name = kind.name_tag().map(|tag| (tag, catalog.name(wire, name)));
            let tags = [Some(("wire", catalog.label(wire))), name, kind.tag()];
            let tags: Vec<_> = tags.into_iter().flatten().collect();
            table.tagged(kind.metric(), &tags)
        })
    }
}
