//! What servers offer: how often each route is asked for, how long it takes, what it answers.

use model::units::Nanos;

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) target: Target,
    /// How often, relative to the others.
    pub(crate) weight: u32,
    pub(crate) latency: Latency,
    /// Answers other than the usual one, with their shares.
    pub(crate) statuses: &'static [(u16, f64)],
    pub(crate) usual: u16,
    /// Whether its answers are made while they are sent.
    pub(crate) streams: bool,
}

/// How long a server works on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latency {
    pub(crate) median: Nanos,
    pub(crate) sigma: f64,
    /// Median where a cache has the answer, and how often it has.
    pub(crate) cached: Option<(Nanos, f64)>,
}

/// What stands in the request line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Fixed(&'static str),
    /// `/users/4711`
    User,
    /// `/api/orders/<uuid>`
    Order,
    /// `/api/products/815`
    Product,
    /// `/api/search?q=…`
    Search,
    /// `/static/app-1f.css`
    Asset,
    /// `/api/uploads/<hex>`
    Upload,
    /// `/api/carts/<uuid>`
    Cart,
}

const fn around(median_us: u64, sigma: f64) -> Latency {
    Latency { median: Nanos::from_micros(median_us), sigma, cached: None }
}

const fn route(
    method: &'static str,
    target: Target,
    weight: u32,
    latency: Latency,
    usual: u16,
    statuses: &'static [(u16, f64)],
) -> Route {
    Route { method, target, weight, latency, statuses, usual, streams: false }
}

/// Every route.
pub(crate) static ROUTES: [Route; 15] = [
    route("GET", Target::User, 16, around(8_000, 0.45), 200, &[(404, 0.02), (500, 0.002)]),
    route("GET", Target::Order, 13, around(18_000, 0.5), 200, &[(404, 0.01), (500, 0.003)]),
    route(
        "POST",
        Target::Fixed("/api/orders"),
        6,
        around(42_000, 0.5),
        201,
        &[(400, 0.02), (500, 0.004)],
    ),
    route("GET", Target::Asset, 24, around(600, 0.4), 200, &[(304, 0.35), (404, 0.005)]),
    route(
        "POST",
        Target::Fixed("/login"),
        4,
        around(65_000, 0.25),
        302,
        &[(401, 0.08), (429, 0.01)],
    ),
    Route {
        latency: Latency {
            median: Nanos::from_millis(95),
            sigma: 0.3,
            cached: Some((Nanos::from_micros(2_500), 0.72)),
        },
        ..route("GET", Target::Product, 14, around(0, 0.0), 200, &[(404, 0.01)])
    },
    Route {
        streams: true,
        ..route("GET", Target::Search, 7, around(55_000, 0.6), 200, &[(400, 0.01), (500, 0.004)])
    },
    route("PUT", Target::User, 3, around(22_000, 0.4), 204, &[(404, 0.02), (409, 0.01)]),
    route("PATCH", Target::Cart, 2, around(15_000, 0.4), 200, &[(409, 0.02)]),
    route("DELETE", Target::Cart, 2, around(12_000, 0.4), 204, &[(404, 0.03)]),
    route("HEAD", Target::Asset, 2, around(400, 0.4), 200, &[(404, 0.02)]),
    route("HEAD", Target::Product, 1, around(2_000, 0.4), 200, &[(404, 0.02)]),
    route("OPTIONS", Target::Fixed("/api/orders"), 1, around(300, 0.3), 204, &[]),
    route("GET", Target::Fixed("/health"), 3, around(250, 0.3), 200, &[]),
    route("POST", Target::Upload, 2, around(80_000, 0.5), 201, &[(413, 0.01), (500, 0.005)]),
];

/// The sum of all weights.
pub(crate) fn weights() -> u32 {
    ROUTES.iter().map(|route| route.weight).sum()
}

/// What a status is called (RFC 9110, section 15).
pub(crate) const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        409 => "Conflict",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}
