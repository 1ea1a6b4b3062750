//! The command line of `wirelat observe`.

use clap::{Args, ValueEnum};
use model::window::WindowLength;
use model::wire::WireSpec;
use observer::capture::live::{LiveOptions, Method};
use std::net::SocketAddr;
use std::path::PathBuf;

/// By whom packets are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CaptureMethod {
    /// A ring of our own, or libpcap where packets begin with what only it knows.
    Auto,
    /// A ring of our own (AF_PACKET, TPACKET_V3).
    Ring,
    /// libpcap.
    Libpcap,
}

impl From<CaptureMethod> for Method {
    fn from(method: CaptureMethod) -> Self {
        match method {
            CaptureMethod::Auto => Self::Auto,
            CaptureMethod::Ring => Self::Ring,
            CaptureMethod::Libpcap => Self::Libpcap,
        }
    }
}

/// A part of one: 0.2 for `20%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(pub f64);

impl Percent {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
        let part = number.ok().filter(|number| number.is_finite() && *number > 0.0);
        part.map(|percent| Self(percent / 100.0)).ok_or("it is a percentage above 0, as in 20%")
    }
}

#[derive(Clone, Debug, PartialEq, Args)]
#[command(args_override_self = true)]
pub struct ObserveArguments {
    /// Capture here; repeatable. Without it on every interface that is up and has an address
    #[arg(long = "interface", short, value_name = "NAME")]
    pub interfaces: Vec<String>,
    /// Watch only this: PROTOCOL:PORT[,PORT…][:NAMES.json], as in http:8080 or tcp:6379; repeatable. Without it every
    /// connection's protocol is detected
    #[arg(long = "wire", value_name = "SPEC", value_parser = WireSpec::parse)]
    pub wires: Vec<WireSpec>,
    /// Read options from this file; what the command line says comes behind them. `packaging/observer.toml` is an example
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// Capture in this network namespace, as `ip netns` lists them, or /proc/PID/ns/net
    #[arg(long, value_name = "NAME")]
    pub netns: Option<String>,
    /// Say what this host allows and what would be watched, and end
    #[arg(long)]
    pub check: bool,
    /// Keep the distributions in this directory, window by window
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Push every window to the collector here, as in https://collector.example:8443
    #[arg(long, value_name = "URL")]
    pub push: Option<String>,
    /// The file that holds the token by which the collector knows this observer
    #[arg(long, value_name = "FILE", requires = "push")]
    pub token_file: Option<PathBuf>,
    /// Where windows lie until the collector has them
    #[arg(long, value_name = "DIR", default_value = "/var/lib/wirelat/spool")]
    pub spool: PathBuf,
    /// MiB that may lie there; beyond it the oldest give way
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub spool_max: u32,
    /// Send every window to an OpenTelemetry receiver (OTLP over HTTP), as in http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
    /// Put every window into this HTTPTrap, under wirelatency's names where it has them
    #[arg(long, value_name = "URL")]
    pub httptrap: Option<String>,
    /// Be scraped by Prometheus here, at /metrics, as in 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub prometheus: Option<SocketAddr>,
    /// Show every window to `wirelat top` here; /run/wirelat/observe.sock, where it can be had, without it
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// Write every transaction as a line of JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub transactions: Option<PathBuf>,
    /// Write every connection as a line of JSON
    #[arg(long, value_name = "FILE")]
    pub connections: Option<PathBuf>,
    /// Add request targets as they were sent to the transactions. They can hold personal data
    #[arg(long)]
    pub raw: bool,
    /// Length of the windows, one that meets the minute
    #[arg(long, value_name = "LENGTH", default_value = "10s", value_parser = WindowLength::parse)]
    pub window: WindowLength,
    /// What this observer is called where its windows are kept; this host's name, where it is not given
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// By whom packets are read
    #[arg(long, value_enum, default_value_t = CaptureMethod::Auto)]
    pub capture: CaptureMethod,
    /// Use no more of one CPU than this, as in 20%: names are done without first, then sizes; requests are always counted
    /// and timed
    #[arg(long, value_name = "PERCENT", value_parser = Percent::parse)]
    pub max_cpu: Option<Percent>,
    /// Keep only so many bytes of each packet: heads of messages behind them are lost, and counted
    #[arg(long, value_name = "BYTES", default_value_t = LiveOptions::SNAPLEN)]
    pub snaplen: u32,
    /// The kernel's ring for each interface, in MiB
    #[arg(long, value_name = "MIB", default_value_t = LiveOptions::RING_BYTES >> 20, value_parser = clap::value_parser!(u32).range(1..=2047))]
    pub ring: u32,
    /// Engines that share the connections, each on a thread, with a ring of its own where the kernel can share them out
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub pipelines: u8,
    /// Do without the filter of system calls by which, once attached, the kernel refuses whatever an observer has no
    /// business with
    #[arg(long)]
    pub no_seccomp: bool,
    /// Become this user once attached, if started as root; `root` stays root
    #[arg(long, value_name = "NAME", default_value = "nobody")]
    pub user: String,
}
