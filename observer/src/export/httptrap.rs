//! Windows as an HTTPTrap takes them (Circonus documentation, "HTTPTrap"): histograms under wirelatency's names, for those
//! who have dashboards made of them; the others under our own, with stream tags.
//!
//! A trap adds up whatever it gets, so a window that is revised is sent as what it grew by.

use super::Export;
use super::growth::Growth;
use model::batch::{Batch, Value};
use model::histogram::Histogram;
use model::series::Series;
use model::units::CaptureTime;
use model::wirelatency::wirelatency_names;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;

/// How long a trap may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A trap, and what it was sent.
#[derive(Debug)]
pub struct HttpTrap {
    agent: Agent,
    url: String,
    growth: Growth,
}

impl HttpTrap {
    /// The URL holds a secret: it is told to nobody.
    pub fn new(url: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).build();
        Self { agent: config.into(), url: url.to_owned(), growth: Growth::default() }
    }
}

impl Export for HttpTrap {
    fn send(&mut self, batch: &Batch) -> Result<(), String> {
        let body = body(batch.id.window.start, &self.growth.of(batch));
        if !body.is_empty() {
            let sent = self.agent.put(&self.url).header("content-type", "application/json");
            sent.send(Json::Object(body).to_string()).map_err(|error| match error {
                ureq::Error::StatusCode(code) => format!("it answers with status {code}"),
                error => error.to_string().replace(&self.url, "its URL"),
            })?;
        }
        self.growth.settle(batch.clone());
        Ok(())
    }
}

/// Values by the names that the trap gets. Several series can have one.
fn body(start: CaptureTime, values: &[(Arc<Series>, Value)]) -> Map<String, Json> {
    let mut histograms: BTreeMap<String, Histogram> = BTreeMap::new();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (series, value) in values {
        for name in names(series) {
            match value {
                Value::Histogram(grown) => {
                    histograms.entry(name).or_default().merge_compact(grown);
                }
                Value::Delta(grown) => *counts.entry(name).or_default() += grown,
                Value::Gauge(_) | Value::Text(_) => {}
            }
        }
    }
    let millis = start.as_nanos() / 1_000_000;
    let said = |kind, value: Json| json!({ "_type": kind, "_value": value, "_ts": millis });
    let histograms = histograms
        .into_iter()
        .map(|(name, histogram)| (name, said("h", json!(histogram.to_strings()))));
    let counts = counts.into_iter().map(|(name, count)| (name, said("L", json!(count))));
    histograms.chain(counts).collect()
}

fn names(series: &Arc<Series>) -> Vec<String> {
    let names = wirelatency_names(series);
    if !names.is_empty() {
        return names;
    }
    // Stream tags: commas, colons, brackets and white space separate.
    let plain = |text: &str| {
        text.replace(|letter: char| ",:[]|".contains(letter) || letter.is_whitespace(), "_")
    };
    let tags = series.tags().filter(|(_, value)| !value.is_empty());
    let tags: Vec<String> =
        tags.map(|(tag, value)| format!("{}:{}", plain(tag), plain(value))).collect();
    let metric = series.metric().replace('.', "`");
    vec![match tags.is_empty() {
        true => metric,
        false => format!("{metric}|ST[{}]", tags.join(",")),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::batch::BatchId;
    use model::histogram::CompactHistogram;
    use model::window::WindowLength;

    fn batch(millis: &[u64]) -> Batch {
        let mut histogram = Histogram::new();
        millis.iter().for_each(|millis| histogram.record_nanos(millis * 1_000_000));
        let histogram = || Value::Histogram(CompactHistogram::from(&histogram));
        let http = [("wire", "http:80"), ("method", "GET"), ("route", "api"), ("status", "2xx")];
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(1_000, 0));
        let redis = [("wire", "redis:6379"), ("command", "GET")];
        let values = [
            ("http.total", &http[..], histogram()),
            ("ledger.packets", &[("entry", "tcp")], Value::Delta(millis.len() as u64)),
            ("redis.total", &redis, histogram()),
        ];
        let named = |(metric, tags, value)| (Arc::new(Series::new(metric, tags)), value);
        Batch {
            id: BatchId { source: "host".into(), run: 1, pipeline: 0, window },
            revision: 1,
            values: values.into_iter().map(named).collect(),
        }
    }

    #[test]
    fn names_are_wirelatencys_where_it_has_them() {
        let body = body(CaptureTime::from_parts(1_000, 0), &batch(&[1, 1, 2]).values);
        let expected = json!({
            "GET`api`2xx`latency": {"_type": "h", "_value": ["H[1.0e-03]=2", "H[2.0e-03]=1"], "_ts": 1_000_000},
            "redis`total|ST[command:GET,wire:redis_6379]": {"_type": "h", "_value": ["H[1.0e-03]=2", "H[2.0e-03]=1"], "_ts": 1_000_000},
            "ledger`packets|ST[entry:tcp]": {"_type": "L", "_value": 3, "_ts": 1_000_000},
        });
        assert_eq!(Json::Object(body), expected);
    }

    #[test]
    fn a_revision_is_sent_as_what_it_grew_by() {
        let (before, now) = (batch(&[1, 1]), batch(&[1, 1, 1, 5]));
        let mut growth = Growth::default();
        assert_eq!(growth.of(&before), before.values);
        growth.settle(before.clone());
        let grown = body(CaptureTime::from_parts(1_000, 0), &growth.of(&now));
        assert_eq!(grown["GET`api`2xx`latency"]["_value"], json!(["H[1.0e-03]=1", "H[5.0e-03]=1"]));
        assert_eq!(grown["ledger`packets|ST[entry:tcp]"]["_value"], json!(2));
        growth.settle(now.clone());
        assert!(growth.of(&now).is_empty());
    }
}
