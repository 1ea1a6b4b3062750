//! `GET /api/v1/series` and `GET /api/v1/tags`: what there is to ask about.

use crate::App;
use crate::refusal::Refusal;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use model::series::{Select, Series};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::StoreError;

/// Series in one answer; beyond it the answer says that there are more.
const SERIES_MAX: usize = 10_000;
/// Values of one tag in an answer.
const TAG_VALUES_MAX: usize = 1_000;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/api/v1/series", get(series)).route("/api/v1/tags", get(tags))
}

#[derive(Serialize)]
struct SeriesListed {
    series: Vec<SeriesName>,
    /// Whether there are more than these.
    truncated: bool,
}

#[derive(Serialize)]
struct SeriesName {
    metric: String,
    tags: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct TagsListed {
    metrics: BTreeSet<String>,
    tags: BTreeMap<String, TagValues>,
}

#[derive(Default, Serialize)]
struct TagValues {
    values: BTreeSet<String>,
    /// Whether there are more than these.
    truncated: bool,
}

/// `?metric=…` and `?TAG=VALUE`, each of which must be equal.
fn select(asked: Vec<(String, String)>) -> Select {
    let mut select = Select::default();
    for (name, value) in asked {
        match &*name {
            "metric" => select.metric = Some(value),
            _ => select.tags.push((name, value)),
        }
    }
    select
}

async fn found(app: &App, asked: Vec<(String, String)>) -> Result<Vec<Arc<Series>>, Refusal> {
    let found = app.store.series(&select(asked)).await;
    found.map_err(|error: StoreError| Refusal::Failing(error.to_string()))
}

async fn series(
    State(app): State<App>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Json<SeriesListed>, Refusal> {
    let found = found(&app, asked).await?;
    let name = |series: &Arc<Series>| SeriesName {
        metric: series.metric().to_owned(),
        tags: series.tags().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    };
    let truncated = found.len() > SERIES_MAX;
    let series = found.iter().take(SERIES_MAX).map(name).collect();
    Ok(Json(SeriesListed { series, truncated }))
}

async fn tags(
    State(app): State<App>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Result<Json<TagsListed>, Refusal> {
    let mut listed = TagsListed { metrics: BTreeSet::new(), tags: BTreeMap::new() };
    for series in found(&app, asked).await? {
        if !listed.metrics.contains(series.metric()) {
            listed.metrics.insert(series.metric().to_owned());
        }
        for (name, value) in series.tags() {
            let tag = match listed.tags.get_mut(name) {
                Some(tag) => tag,
                None => listed.tags.entry(name.to_owned()).or_default(),
            };
            if tag.values.contains(value) {
                continue;
            }
            match tag.values.len() < TAG_VALUES_MAX {
                true => drop(tag.values.insert(value.to_owned())),
                false => tag.truncated = true,
            }
        }
    }
    Ok(Json(listed))
}
