//! Which windows and resolutions there are: read from the batches' heads.

use super::engine::View;
use super::keys::{self, Table, WriterId};
use crate::{StoreError, TimeRange};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;

/// Heads of one window that are passed over one by one; then the next window is looked up, which
/// costs as much as passing over some dozens.
const HEADS_PASSED_MAX: u32 = 16;

pub(super) fn windows(
    view: &View,
    range: TimeRange,
    resolution: WindowLength,
) -> Result<Vec<CaptureTime>, StoreError> {
    let heads_from = |from| view.range(at(resolution, from), at(resolution, range.end.max(from)));
    let mut starts: Vec<CaptureTime> = Vec::new();
    let (mut heads, mut passed) = (heads_from(range.start), 0);
    while let Some(head) = heads.next() {
        let (window, _) = keys::read_head(&head?.0)?;
        if starts.last() != Some(&window.start) {
            starts.push(window.start);
            passed = 0;
        } else if passed < HEADS_PASSED_MAX {
            passed += 1;
        } else {
            heads = heads_from(window.start.plus(Nanos(1)));
        }
    }
    Ok(starts)
}

pub(super) fn resolutions(
    view: &View,
) -> Result<Vec<(WindowLength, CaptureTime, CaptureTime)>, StoreError> {
    let mut resolutions = Vec::new();
    let mut from = Table::Head.start();
    while let Some(head) = view.range(from, Table::Row.start()).next() {
        let (first, _) = keys::read_head(&head?.0)?;
        let end = keys::heads_end(first.length);
        let last = match view.range(at(first.length, first.start), end.clone()).next_back() {
            Some(head) => keys::read_head(&head?.0)?.0.start,
            None => first.start,
        };
        resolutions.push((first.length, first.start, last));
        from = end;
    }
    Ok(resolutions)
}

fn at(resolution: WindowLength, start: CaptureTime) -> Vec<u8> {
    keys::head(resolution, start, WriterId::FIRST)
}
