//! What every store keeps. A store passes when [`conformance`] returns; it panics where one fails.
//!
//! Each case is a function named after the risk that it covers, and has a store of its own.

// This is a test suite that other crates' tests call: panicking is how it answers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::missing_panics_doc)]

mod documents;
mod durability;
mod reading;
mod retention;
mod rollups;
mod support;
mod values;
mod writing;

use crate::Store;
use async_trait::async_trait;

/// Makes the stores that the cases run on.
#[async_trait]
pub trait Stage: Sync {
    /// What is tested.
    type Store: Store;

    /// A store with nothing in it.
    async fn fresh(&self) -> Self::Store;

    /// The same store after a restart; `None` where it does not outlive one.
    async fn reopened(&self, store: Self::Store) -> Option<Self::Store>;
}

/// Runs all cases.
pub async fn conformance(stage: &impl Stage) {
    writing::writing_twice_changes_nothing(stage).await;
    writing::a_higher_revision_replaces_the_whole_batch(stage).await;
    writing::a_lower_or_equal_revision_is_ignored(stage).await;
    writing::a_revision_can_empty_a_batch_and_fill_it_again(stage).await;
    writing::a_batch_is_one_identity_in_all_its_parts(stage).await;
    writing::a_series_named_twice_in_a_batch_is_merged(stage).await;
    writing::what_is_too_large_is_refused_whole(stage).await;
    writing::several_at_once_are_written_as_one_after_the_other(stage).await;
    writing::writers_at_once_lose_nothing(stage).await;
    writing::batches_together_are_as_one_after_the_other(stage).await;
    writing::a_series_that_one_batch_drops_and_another_takes_stays(stage).await;
    writing::one_that_is_too_large_refuses_all(stage).await;
    reading::sources_runs_and_pipelines_are_merged(stage).await;
    reading::merging_does_not_depend_on_arrival(stage).await;
    reading::ranges_hold_their_start_and_not_their_end(stage).await;
    reading::resolutions_are_apart(stage).await;
    reading::series_are_selected_by_metric_and_tags(stage).await;
    reading::hostile_names_are_kept_apart(stage).await;
    reading::many_series_come_in_order(stage).await;
    reading::many_rows_come_in_bounded_blocks(stage).await;
    reading::a_scan_sees_one_moment(stage).await;
    reading::a_visit_sees_what_a_scan_sees(stage).await;
    reading::empty_batches_show_as_windows(stage).await;
    reading::windows_come_once_however_many_report_them(stage).await;
    values::all_kinds_read_back(stage).await;
    values::counters_gauges_and_texts_merge(stage).await;
    values::histograms_merge_exactly(stage).await;
    retention::deleting_takes_what_is_before_and_no_more(stage).await;
    retention::deleting_forgets_series_that_have_no_rows_left(stage).await;
    retention::deleting_more_than_one_step_takes_all(stage).await;
    retention::what_was_deleted_can_be_written_again(stage).await;
    rollups::longer_windows_say_what_the_short_ones_say(stage).await;
    rollups::a_revision_reaches_what_was_rolled_up(stage).await;
    rollups::rollups_outlive_what_they_were_made_of(stage).await;
    rollups::what_comes_after_retention_is_refused(stage).await;
    rollups::deleting_takes_rollups_too(stage).await;
    documents::documents_compare_and_set(stage).await;
    documents::documents_are_listed_by_kind(stage).await;
    documents::a_deleted_document_never_fits_an_old_version(stage).await;
    documents::one_of_many_rivals_wins(stage).await;
    documents::notes_are_set_and_forgotten_with_batches(stage).await;
    durability::what_was_written_is_there_after_a_restart(stage).await;
    durability::revisions_are_remembered_after_a_restart(stage).await;
}
