//! Recorded cases of every protocol but HTTP/1, with what their clients knew: `fixtures/<protocol>/<case>/`.

use super::Found;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The protocols whose cases are replayed.
pub(crate) const PROTOCOLS: [&str; 6] =
    ["cassandra", "http2", "kafka", "mysql", "postgres", "redis"];

/// `case.toml`; see `fixtures/README.md`.
#[derive(Debug, Deserialize)]
struct File {
    wires: Vec<String>,
    expect: Expect,
}

/// What the client knew: one entry of each list for each request, connection by connection, in order of sending.
#[derive(Debug, Deserialize)]
pub(crate) struct Expect {
    pub(crate) complete: bool,
    pub(crate) requests: usize,
    #[serde(default)]
    client_ports: Vec<u16>,
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default)]
    outcomes: Vec<String>,
    #[serde(default)]
    codes: Vec<String>,
    #[serde(default)]
    client_start_ns: Vec<u64>,
    #[serde(default)]
    client_end_ns: Vec<u64>,
    #[serde(default)]
    rows: Vec<i64>,
    #[serde(default)]
    names: Vec<String>,
    /// Where the client did not time its requests: how many there were, by operation.
    #[serde(default)]
    pub(crate) operation_counts: BTreeMap<String, usize>,
}

/// One recorded case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) capture: PathBuf,
    pub(crate) wires: Vec<String>,
    pub(crate) expect: Expect,
}

/// What the client knew of one request; empty texts are not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'c> {
    pub(crate) port: u16,
    pub(crate) operation: &'c str,
    outcome: &'c str,
    code: &'c str,
    name: &'c str,
    start_ns: u64,
    end_ns: u64,
    rows: Option<u64>,
}

/// All cases, protocol by protocol.
pub(crate) fn cases() -> Vec<Case> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases: Vec<Case> =
        PROTOCOLS.iter().flat_map(|protocol| of_protocol(&fixtures, protocol)).collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

fn of_protocol(fixtures: &Path, protocol: &str) -> Vec<Case> {
    let folder = fixtures.join(protocol);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let cases: Vec<Case> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| {
            let text = std::fs::read_to_string(path.join("case.toml")).unwrap();
            let file: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let name = format!("{protocol}_{}", path.file_name().unwrap().to_string_lossy());
            let capture = path.join("capture.pcap");
            Case { name, capture, wires: file.wires, expect: file.expect }
        })
        .collect();
    assert!(cases.len() >= 5, "only {} cases in {}", cases.len(), folder.display());
    cases
}

impl Expect {
    /// What the client knew, request by request.
    pub(crate) fn known(&self) -> Vec<Known<'_>> {
        fn text(list: &[String], place: usize) -> &str {
            list.get(place).map_or("", |text| text)
        }
        let known = |place: usize| Known {
            port: self.client_ports[place],
            operation: text(&self.operations, place),
            outcome: text(&self.outcomes, place),
            code: text(&self.codes, place),
            name: text(&self.names, place),
            start_ns: self.client_start_ns[place],
            end_ns: self.client_end_ns[place],
            rows: self.rows.get(place).and_then(|&rows| u64::try_from(rows).ok()),
        };
        assert!([0, self.requests].contains(&self.client_ports.len()), "{}", self.requests);
        (0..self.client_ports.len()).map(known).collect()
    }
}

impl Known<'_> {
    /// What is wrong with a report of this request.
    pub(crate) fn fault(&self, found: &Found) -> Option<String> {
        // What we say may be more exact, as the subcommand of a command, or be kept to ourselves.
        let own = found.operation.split(' ').next().unwrap_or_default();
        let is_part = own == self.operation || own.strip_suffix("Empty") == Some(self.operation);
        if !is_part && found.operation != "other" {
            return Some(format!("it is a {}", found.operation));
        }
        let outcome = found.outcome.name();
        let is_outcome = match self.outcome {
            "error" => matches!(outcome, "client_error" | "server_error"),
            "" => true,
            expected => outcome == expected,
        };
        if !is_outcome {
            return Some(format!("its outcome is {outcome}"));
        }
        // A script's own word is no code.
        let is_own_word = found.code.is_empty() && found.wire.starts_with("redis:");
        if !self.code.is_empty() && self.code != found.code && !is_own_word {
            return Some(format!("its code is {}", found.code));
        }
        if !self.name.is_empty() && self.name != "?" && self.name != found.name {
            return Some(format!("its name is {}", found.name));
        }
        if self.rows.is_some() && self.rows != found.rows {
            return Some(format!("its rows are {:?}", found.rows));
        }
        let [first, .., last] = found.moments;
        // A client that left did not wait for what it asked.
        let is_waited_for = !self.outcome.is_empty();
        let is_inside = first.is_none_or(|at| self.start_ns <= at)
            && (!is_waited_for || last.is_none_or(|at| at <= self.end_ns));
        (!is_inside).then(|| format!("it lies at {first:?} to {last:?}"))
    }
}

impl Case {
    /// Gives each request that the client knew one of those that were reported. Requests can be sent in one packet and
    /// answered in any order: who was done first takes the first that fits.
    pub(crate) fn pair<'c, 'r>(
        &self,
        known: &'c [Known<'c>],
        found: &[&'r Found],
    ) -> Result<Vec<(&'c Known<'c>, &'r Found)>, String> {
        let mut known: Vec<&Known<'_>> = known.iter().collect();
        known.sort_by_key(|known| (known.port, known.end_ns));
        let mut left: Vec<&Found> = found.to_vec();
        left.sort_by_key(|found| (found.moments[3].or(Some(found.decided)), found.moments[0]));
        let mut pairs = Vec::new();
        for known in known {
            let of_port = |found: &&&Found| port(found) == known.port;
            match left.iter().position(|found| of_port(&found) && known.fault(found).is_none()) {
                Some(place) => pairs.push((known, left.remove(place))),
                None => {
                    let near = left.iter().filter(of_port).take(3).map(|found| {
                        format!("\n    {}: {found:?}", known.fault(found).unwrap_or_default())
                    });
                    return Err(format!("nothing fits {known:?}{}", near.collect::<String>()));
                }
            }
        }
        match left.first() {
            Some(found) => Err(format!("the client knows nothing of {found:?}")),
            None => Ok(pairs),
        }
    }
}

/// The client's port.
pub(crate) fn port(found: &Found) -> u16 {
    found.client.rsplit_once(':').unwrap().1.parse().unwrap()
}
