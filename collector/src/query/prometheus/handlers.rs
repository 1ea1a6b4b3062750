//! The routes.

use super::catalog::{Family, NAME, Selector, families};
use super::evaluate::Evaluator;
use super::form;
use super::parameters::Parameters;
use super::plan::{plan, selector};
use super::read::read;
use crate::App;
use crate::query::failure::Failure;
use crate::query::held::{held, reach};
use crate::query::http::Desk;
use crate::query::reading::blocking;
use axum::extract::{Path, RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use model::exposition::Kind;
use model::histogram::Unit;
use model::series::unit;
use model::units::CaptureTime;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::Store;

/// The routes under `/prometheus`, for the URL of a data source.
pub(in crate::query) fn router() -> Router<App> {
    let api = Router::new()
        .route("/query", get(instant).post(instant))
        .route("/query_range", get(range).post(range))
        .route("/labels", get(labels).post(labels))
        .route("/label/{name}/values", get(values))
        .route("/series", get(series).post(series))
        .route("/metadata", get(metadata))
        .route("/status/buildinfo", get(build));
    // Clients try whether anybody is there.
    let there = get(async || "The API of Prometheus is at /prometheus/api/v1.\n");
    Router::new().route("/prometheus/", there).nest("/prometheus/api/v1", api)
}

type Desks = Extension<Arc<Desk>>;

async fn instant(
    State(app): State<App>,
    Extension(desk): Desks,
    RawForm(form): RawForm,
) -> Response {
    let parameters = Parameters::read(&form);
    asked(&desk, evaluate(&app, &parameters, false)).await
}

async fn range(State(app): State<App>, Extension(desk): Desks, RawForm(form): RawForm) -> Response {
    let parameters = Parameters::read(&form);
    asked(&desk, evaluate(&app, &parameters, true)).await
}

async fn evaluate(app: &App, parameters: &Parameters, is_range: bool) -> Answered {
    let tree = plan(parameters.required("query")?)?;
    let newest = newest(&*app.store).await?;
    let times = if is_range { parameters.range(newest)? } else { parameters.instant(newest)? };
    let store = Arc::clone(&app.store);
    blocking(async move |bounds| {
        let mut cells = None;
        // Data sources are tried with 1+1: that reads nothing.
        if !tree.readings().is_empty() {
            cells = read(&store, &tree, &times, &bounds).await?;
        }
        let notes =
            cells.as_mut().map(|cells| std::mem::take(&mut cells.notes)).unwrap_or_default();
        let mut evaluator = Evaluator { cells, times: &times, notes };
        let found = evaluator.tree(&tree)?;
        let data =
            if is_range { form::range(&found, &times) } else { form::instant(&found, &times) };
        Ok((data, evaluator.notes))
    })
    .await
}

/// The end of what there is: what is now, for those who ask for no time.
async fn newest(store: &dyn Store) -> Result<CaptureTime, Failure> {
    Ok(reach(&held(store).await?).end)
}

async fn listed(app: &App) -> Result<Vec<Family>, Failure> {
    let store = Arc::clone(&app.store);
    blocking(async move |_| {
        let held = held(&*store).await?;
        families(&*store, &held).await
    })
    .await
}

/// The selectors of `match[]`; without one everything matches.
fn selectors(parameters: &Parameters) -> Result<Vec<Selector>, Failure> {
    parameters.all("match[]").map(selector).collect()
}

/// Each matching series under each of its matching names.
fn matching(
    families: &[Family],
    selectors: &[Selector],
    mut take: impl FnMut(&str, &model::series::Series),
) {
    for family in families {
        for (name, _) in family.names() {
            for series in &family.series {
                let fits = |selector: &Selector| {
                    selector.matches_name(&name) && selector.matches_tags(|tag| series.tag(tag))
                };
                if selectors.is_empty() || selectors.iter().any(fits) {
                    take(&name, series);
                }
            }
        }
    }
}

async fn labels(
    State(app): State<App>,
    Extension(desk): Desks,
    RawForm(form): RawForm,
) -> Response {
    let parameters = Parameters::read(&form);
    let work = async {
        let (selectors, families) = (selectors(&parameters)?, listed(&app).await?);
        let mut names: BTreeSet<String> = BTreeSet::new();
        matching(&families, &selectors, |_, series| {
            names.insert(NAME.to_owned());
            names.extend(series.tags().map(|(name, _)| name.to_owned()));
        });
        Ok((json!(names), Vec::new()))
    };
    asked(&desk, work).await
}

async fn values(
    State(app): State<App>,
    Extension(desk): Desks,
    Path(label): Path<String>,
    RawForm(form): RawForm,
) -> Response {
    let parameters = Parameters::read(&form);
    let work = async {
        let (selectors, families) = (selectors(&parameters)?, listed(&app).await?);
        let mut values: BTreeSet<String> = BTreeSet::new();
        matching(&families, &selectors, |name, series| {
            let value = if label == NAME { Some(name) } else { series.tag(&label) };
            values.extend(value.map(str::to_owned));
        });
        Ok((json!(values), Vec::new()))
    };
    asked(&desk, work).await
}

async fn series(
    State(app): State<App>,
    Extension(desk): Desks,
    RawForm(form): RawForm,
) -> Response {
    let parameters = Parameters::read(&form);
    let work = async {
        let (selectors, families) = (selectors(&parameters)?, listed(&app).await?);
        if selectors.is_empty() {
            return Err(Failure::Asked("the parameter match[] is missing".to_owned()));
        }
        let mut found = Vec::new();
        matching(&families, &selectors, |name, series| {
            let tags = series.tags().map(|(name, value)| (name.to_owned(), json!(value)));
            let named = std::iter::once((NAME.to_owned(), json!(name)));
            found.push(Value::Object(named.chain(tags).collect::<Map<_, _>>()));
        });
        Ok((Value::Array(found), Vec::new()))
    };
    asked(&desk, work).await
}

async fn metadata(State(app): State<App>, Extension(desk): Desks) -> Response {
    let work = async {
        let described = |family: Family| {
            let kind = match family.kind {
                Kind::Histogram => "histogram",
                Kind::Counter => "counter",
                Kind::Level => "gauge",
            };
            let unit = match (family.kind, unit(&family.metric)) {
                (Kind::Histogram, Some(Unit::Seconds)) => "seconds",
                (Kind::Histogram, Some(Unit::Bytes)) => "bytes",
                (_, _) => "",
            };
            (family.name, json!([{ "type": kind, "help": family.metric, "unit": unit }]))
        };
        let all = listed(&app).await?.into_iter().map(described);
        Ok((Value::Object(all.collect::<Map<_, _>>()), Vec::new()))
    };
    asked(&desk, work).await
}

/// Clients choose what to ask by the version: this is the Prometheus whose API is spoken here.
pub(super) const SPOKEN: &str = "2.54.0";

async fn build() -> Json<Value> {
    let revision = concat!("wirelat-", env!("CARGO_PKG_VERSION"));
    let data = json!({ "version": SPOKEN, "revision": revision, "branch": "", "buildUser": "", "buildDate": "", "goVersion": "" });
    Json(json!({ "status": "success", "data": data }))
}

/// Data, and what to know beside it.
type Answered = Result<(Value, Vec<String>), Failure>;

/// Does the work when its turn comes, and says it as this API does.
async fn asked(desk: &Desk, work: impl Future<Output = Answered>) -> Response {
    let (status, kind, failure) = match desk.turn(work).await {
        Some(Ok((data, notes))) if notes.is_empty() => {
            return Json(json!({ "status": "success", "data": data })).into_response();
        }
        Some(Ok((data, notes))) => {
            return Json(json!({ "status": "success", "data": data, "warnings": notes }))
                .into_response();
        }
        Some(Err(failure @ (Failure::Query(_) | Failure::Asked(_)))) => {
            (StatusCode::BAD_REQUEST, "bad_data", failure.to_string())
        }
        Some(Err(failure @ Failure::TooMuch(_))) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "execution", failure.to_string())
        }
        Some(Err(failure)) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", failure.to_string()),
        None => {
            let busy = "too many queries wait: ask again".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", busy)
        }
    };
    let refused = json!({ "status": "error", "errorType": kind, "error": failure });
    (status, Json(refused)).into_response()
}

#[cfg(test)]
mod tests {
    use super::super::read::Times;
    use super::*;

    #[test]
    fn one_time_is_the_end_of_what_there_is() {
        let newest = CaptureTime::from_parts(90, 0);
        let Times { start, end, .. } = Parameters::read(&"".into()).instant(newest).unwrap();
        assert_eq!((start, end), (newest, newest));
    }
}
