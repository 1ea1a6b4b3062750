//! The command line.

use crate::observe::{ObserveArguments, SOCKET};
use crate::store::{KeepArguments, StoreCommand};
use analyzer::target::Target;
use clap::{Args, Parser, Subcommand, ValueEnum};
use collector::access::Scope;
use collector::query::{Moment, parse_moment};
use model::histogram::Threshold;
use model::protocol::Protocol;
use model::units::Nanos;
use model::window::WindowLength;
use model::wire::WireSpec;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Times every request on the wire and counts the ones that were too slow.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read captures, time every request in them, print what was found
    Replay(Box<ReplayArguments>),
    /// Watch the wires of this server, as root: every window goes to a store, to Prometheus, to files
    Observe(Box<ObserveArguments>),
    /// Look at what an observer on this server sees, live, in the terminal
    Top(TopArguments),
    /// Receive what observers push, keep it, answer questions
    Collect(CollectArguments),
    /// Make, list and take back the tokens by which a collector knows who may use it
    #[command(subcommand)]
    Token(TokenCommand),
    /// Make a report from a store that a replay or an observer wrote
    #[command(subcommand)]
    Report(ReportCommand),
    /// Check a store, forget what is old in it, or export it
    #[command(subcommand)]
    Store(StoreCommand),
    /// Ask a store: a pipeline such as 'find("http.total") | merge() | percentile(50, 99)'; docs/query.md has the language
    Query(Box<QueryArguments>),
    /// Synthesize a capture of known latencies
    Synth(Box<SynthArguments>),
}

/// How text output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    Text,
    /// The same numbers for programs.
    Json,
}

/// What to count against.
#[derive(Debug, Args)]
pub struct ObjectiveArguments {
    /// Count the requests that took this long or longer, as in 200ms or 1.5s; repeatable
    #[arg(long = "objective", value_name = "SPAN", value_parser = objective)]
    pub objectives: Vec<Threshold>,
    /// Percentage of the requests that must be faster than the objective
    #[arg(long, value_name = "PERCENT", default_value = "99.9", value_parser = Target::parse)]
    pub target: Target,
}

fn objective(text: &str) -> Result<Threshold, String> {
    Nanos::parse(text).map(|span| Threshold::from_nanos(span.0)).map_err(|error| error.to_string())
}

fn protocol(text: &str) -> Result<Protocol, String> {
    Protocol::from_name(text).ok_or_else(|| format!("it must be one of {}", Protocol::NAMES))
}

#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Captures: pcap or pcapng, plain, gzip or zstd; several are merged by time; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Watch only this: PROTOCOL:PORT[,PORT…][:ROUTES.json], as in http:8080 or tcp:6379; repeatable. Without it every
    /// connection's protocol is detected
    #[arg(long = "wire", value_name = "SPEC", value_parser = WireSpec::parse)]
    pub wires: Vec<WireSpec>,
    /// Write every transaction as a line of JSON; `-` is standard output, which then carries nothing else
    #[arg(long, value_name = "FILE")]
    pub transactions: Option<PathBuf>,
    /// Write every connection as a line of JSON
    #[arg(long, value_name = "FILE")]
    pub connections: Option<PathBuf>,
    /// Add request targets as they were sent to the transactions. They can hold personal data
    #[arg(long)]
    pub raw: bool,
    /// Length of the windows, one that meets the minute, as 1s, 10s or 5m; without it 100 to 500 of them are made
    #[arg(long, value_name = "LENGTH", value_parser = WindowLength::parse)]
    pub window: Option<WindowLength>,
    /// Keep the distributions in this directory. Writing the same replay twice changes nothing
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// What the store calls who observed
    #[arg(long, value_name = "NAME", default_value = "replay")]
    pub source: String,
    /// Write the report as one HTML file
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// The report's heading
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(flatten)]
    pub objectives: ObjectiveArguments,
    /// Engines that share the connections, each on a thread; the output is the same with any number
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub pipelines: u8,
}

#[derive(Debug, Args)]
pub struct TopArguments {
    /// The observer's socket
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    pub socket: PathBuf,
    /// Count the requests that took this long or longer, as in 200ms or 1.5s
    #[arg(long, value_name = "SPAN", value_parser = objective)]
    pub objective: Option<Threshold>,
    /// Print one picture as plain text, and end
    #[arg(long)]
    pub once: bool,
}

#[derive(Debug, Args)]
pub struct CollectArguments {
    /// Keep everything in this directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Listen here. Anywhere but on this host's loopback only with tokens: see `wirelat token`
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8480")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub keep: KeepArguments,
    /// Speak TLS, with this certificate and those that vouch for it, in PEM
    #[arg(long, value_name = "FILE.pem", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM
    #[arg(long, value_name = "FILE.pem", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// Who may use a collector. One that is running knows of a change within seconds.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token, and print it: it is not shown again
    Add(TokenAddArguments),
    /// List the tokens' names and what they let do
    List(TokenArguments),
    /// Take a token back
    Remove(TokenRemoveArguments),
}

#[derive(Debug, Args)]
pub struct TokenArguments {
    /// The collector's directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

#[derive(Debug, Args)]
pub struct TokenAddArguments {
    #[command(flatten)]
    pub of: TokenArguments,
    /// What it lets do: push, read, or admin, which is everything; repeatable
    #[arg(long = "scope", value_name = "push|read|admin", required = true)]
    pub scopes: Vec<Scope>,
    /// What it is called; for an HTTPTrap, its id
    #[arg(value_name = "NAME")]
    pub name: String,
}

#[derive(Debug, Args)]
pub struct TokenRemoveArguments {
    #[command(flatten)]
    pub of: TokenArguments,
    /// What it is called
    #[arg(value_name = "NAME")]
    pub name: String,
}

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// The heatmap as a picture: PNG, or SVG by the file's name
    Heatmap(HeatmapArguments),
    /// The SLA report as one HTML file, or as text or JSON on standard output
    Sla(SlaArguments),
}

/// What to read.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    /// Windows of this length, where the store holds several
    #[arg(long, value_name = "LENGTH", value_parser = WindowLength::parse)]
    pub window: Option<WindowLength>,
    /// The heading
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    #[command(flatten)]
    pub objectives: ObjectiveArguments,
}

#[derive(Debug, Args)]
pub struct HeatmapArguments {
    #[command(flatten)]
    pub input: StoreArguments,
    /// Where to write it: FILE.png or FILE.svg
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Its width, in points
    #[arg(long, value_name = "POINTS", default_value_t = 1200)]
    pub width: u32,
    /// Its height, in points
    #[arg(long, value_name = "POINTS", default_value_t = 640)]
    pub height: u32,
}

#[derive(Debug, Args)]
pub struct SlaArguments {
    #[command(flatten)]
    pub input: StoreArguments,
    /// Write an HTML file; without it the report goes to standard output
    #[arg(short, long, value_name = "FILE.html")]
    pub output: Option<PathBuf>,
    /// What to print, without --output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How an answer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// Lines for people.
    Text,
    /// One JSON document.
    Json,
    /// A table.
    Csv,
}

#[derive(Debug, Args)]
pub struct QueryArguments {
    /// The query
    #[arg(value_name = "QUERY")]
    pub query: String,
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    /// From when: 2026-11-22T10:00:00Z, seconds since 1970, or -1h before the end of what there is; without it the beginning
    #[arg(long, value_name = "TIME", value_parser = parse_moment, allow_hyphen_values = true)]
    pub start: Option<Moment>,
    /// To when; without it the end
    #[arg(long, value_name = "TIME", value_parser = parse_moment, allow_hyphen_values = true)]
    pub end: Option<Moment>,
    /// Length of the answer's steps, as 10s or 1h; without it about 300 are made
    #[arg(long, value_name = "LENGTH", value_parser = Nanos::parse)]
    pub step: Option<Nanos>,
    /// Read windows of this length only, where the store holds several
    #[arg(long, value_name = "LENGTH", value_parser = WindowLength::parse)]
    pub window: Option<WindowLength>,
    /// What to print
    #[arg(long, value_enum, default_value_t = QueryFormat::Text)]
    pub format: QueryFormat,
}

#[derive(Debug, Args)]
pub struct SynthArguments {
    /// The capture to write; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Write the known latencies beside it, as lines of JSON
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// What is spoken
    #[arg(long, value_name = "http|postgres|cassandra|kafka", default_value = "http", value_parser = protocol)]
    pub protocol: Protocol,
    /// How many requests
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    pub transactions: u64,
    /// How load and latencies go: steady, or a day with quiet nights and three incidents
    #[arg(long, value_name = "steady|day", default_value = "steady")]
    pub profile: synth::Profile,
    /// The same seed and options give the same bytes
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Connections open at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    pub connections: u32,
    /// Part of the packets lost before the capture point: only their retransmission is captured
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub loss: f64,
    /// Part of the packets lost behind the capture point: captured twice
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub loss_after: f64,
    /// Part of the packets overtaken by later ones
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub reorder: f64,
    /// Part of the packets captured twice, as at two capture points
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub duplicate: f64,
    /// Part of the packets that the capture drops
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub drop: f64,
    /// Begin the capture this long after the traffic, as in 30s
    #[arg(long, value_name = "SPAN", value_parser = Nanos::parse)]
    pub skip: Option<Nanos>,
    /// Keep only so many bytes of each packet
    #[arg(long, value_name = "BYTES")]
    pub snaplen: Option<u32>,
}
