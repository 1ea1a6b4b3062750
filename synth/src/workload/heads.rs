//! Message heads as clients and servers of the day write them.

use super::routes::{Target, reason};
use crate::random::Random;
use model::units::CaptureTime;
use std::fmt::Write;

/// The header lines that a client sends with every request.
#[derive(Debug)]
pub(crate) struct Agent {
    lines: &'static str,
    cookies: bool,
}

const HOSTS: [&str; 3] = ["shop.example.com", "api.example.com", "www.example.org"];

const AGENTS: [Agent; 4] = [
    Agent {
        lines: "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
                Accept: text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8\r\n\
                Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n",
        cookies: true,
    },
    Agent {
        lines: "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15\r\n\
                Accept: */*\r\nAccept-Language: de-DE,de;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n",
        cookies: true,
    },
    Agent {
        lines: "user-agent: orders-service/4.11.0 (go1.24)\r\naccept: application/json\r\n\
                accept-encoding: gzip\r\n",
        cookies: false,
    },
    Agent {
        lines: "User-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n\
                Connection: keep-alive\r\n",
        cookies: false,
    },
];

pub(crate) fn agent(random: &mut Random) -> Option<&'static Agent> {
    random.pick(&AGENTS)
}

/// The raw target of a request.
pub(crate) fn target(kind: Target, random: &mut Random) -> String {
    let mut text = String::with_capacity(52);
    // Writing into a string cannot fail.
    let _ = match kind {
        Target::Fixed(path) => write!(text, "{path}"),
        Target::User => write!(text, "/users/{}", random.between(1, 90_000)),
        Target::Order => write!(text, "/api/orders/{}", Uuid::new(random)),
        Target::Product => write!(text, "/api/products/{}", random.between(1, 4_000)),
        Target::Search => {
            let word = random.pick(&SEARCHES).copied().unwrap_or_default();
            write!(text, "/api/search?q={word}&page={}", random.between(1, 9))
        }
        Target::Asset => {
            let file = random.pick(&ASSETS).copied().unwrap_or_default();
            write!(text, "/static/{file}")
        }
        Target::Upload => write!(text, "/api/uploads/{:016x}", random.next_u64()),
        Target::Cart => write!(text, "/api/carts/{}", Uuid::new(random)),
    };
    text
}

const SEARCHES: [&str; 6] =
    ["lamp", "oak%20table", "chair+blue", "caf%C3%A9", "desk%2Flamp", "w%C3%BCrfel"];
const ASSETS: [&str; 8] = [
    "x.css",
    "app.js",
    "vendor.9f3a1c.js",
    "logo.svg",
    "font-latin.woff2",
    "hero.jpg",
    "icons.png",
    "print.css",
];

struct Uuid(u64, u64);

impl Uuid {
    fn new(random: &mut Random) -> Self {
        Self(random.next_u64(), random.next_u64())
    }
}

impl std::fmt::Display for Uuid {
    /// Version 4 (RFC 9562).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(high, low) = *self;
        write!(
            f,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 50),
            low & 0xffff_ffff_ffff
        )
    }
}

/// How a body is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing is said about it.
    None,
    Length(u64),
    Chunked {
        trailers: bool,
    },
}

/// What a request's head says beside its target.
pub(crate) struct RequestHead<'a> {
    pub(crate) method: &'static str,
    pub(crate) target: &'a str,
    pub(crate) version: &'static str,
    pub(crate) framing: Framing,
    pub(crate) expects_continue: bool,
    pub(crate) closes: bool,
}

pub(crate) fn request(head: &RequestHead<'_>, agent: &Agent, random: &mut Random) -> Vec<u8> {
    let mut text = String::with_capacity(640);
    let host = random.pick(&HOSTS).copied().unwrap_or_default();
    let RequestHead { method, target, version, .. } = head;
    let _ = write!(text, "{method} {target} {version}\r\nHost: {host}\r\n");
    text.push_str(agent.lines);
    if agent.cookies {
        let _ =
            write!(text, "Cookie: session={:016x}{:016x}", random.next_u64(), random.next_u64());
        for index in 0..random.below(5) {
            let _ = write!(text, "; pref{index}={:012x}", random.next_u64() >> 16);
        }
        let _ = write!(text, "\r\nReferer: https://{host}/\r\n");
    } else {
        let _ = write!(text, "Authorization: Bearer {:016x}", random.next_u64());
        for _ in 0..random.between(2, 8) {
            let _ = write!(text, "{:016x}", random.next_u64());
        }
        text.push_str("\r\n");
    }
    if method.starts_with('P') {
        text.push_str("Content-Type: application/json\r\n");
    }
    framing_lines(&mut text, head.framing);
    if head.expects_continue {
        text.push_str("Expect: 100-continue\r\n");
    }
    if head.closes {
        text.push_str("Connection: close\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// What an answer's head says.
pub(crate) struct ResponseHead {
    pub(crate) version: &'static str,
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    pub(crate) closes: bool,
    pub(crate) at: CaptureTime,
}

pub(crate) fn response(head: &ResponseHead, random: &mut Random) -> Vec<u8> {
    let mut text = String::with_capacity(420);
    let _ = write!(text, "{} {} {}\r\nDate: ", head.version, head.status, reason(head.status));
    date(&mut text, head.at);
    text.push_str("\r\nServer: nginx\r\n");
    if head.framing != Framing::None {
        text.push_str("Content-Type: application/json; charset=utf-8\r\n");
    }
    framing_lines(&mut text, head.framing);
    if head.status == 302 {
        text.push_str("Location: /account\r\n");
    }
    if matches!(head.status, 200 | 304) {
        let _ = write!(text, "ETag: \"{:016x}\"\r\n", random.next_u64());
        text.push_str(
            "Cache-Control: private, max-age=0, must-revalidate\r\nVary: Accept-Encoding\r\n",
        );
    }
    let _ = write!(text, "X-Request-Id: {:016x}\r\n", random.next_u64());
    if random.chance(0.4) {
        text.push_str("Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n");
    }
    if head.closes {
        text.push_str("Connection: close\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The interim answer that asks for a body.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

fn framing_lines(text: &mut String, framing: Framing) {
    let _ = match framing {
        Framing::None => Ok(()),
        Framing::Length(len) => write!(text, "Content-Length: {len}\r\n"),
        Framing::Chunked { trailers: false } => write!(text, "Transfer-Encoding: chunked\r\n"),
        Framing::Chunked { trailers: true } => {
            write!(text, "Transfer-Encoding: chunked\r\nTrailer: Server-Timing\r\n")
        }
    };
}

/// Trailers of a chunked body.
pub(crate) fn trailers(random: &mut Random) -> String {
    format!("Server-Timing: app;dur={}\r\n", random.between(1, 900))
}

/// IMF-fixdate (RFC 9110, section 5.6.7).
fn date(text: &mut String, at: CaptureTime) {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (at.as_seconds() / 86_400, at.as_seconds() % 86_400);
    // Days to a civil date, in eras of 400 years that begin in March (Howard Hinnant,
    // "chrono-Compatible Low-Level Date Algorithms").
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    let _ = write!(
        text,
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS.get((days % 7) as usize).copied().unwrap_or_default(),
        MONTHS.get(month as usize).copied().unwrap_or_default(),
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_dates() {
        for (seconds, expected) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_749_513_600, "Tue, 10 Jun 2025 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_704_067_199, "Sun, 31 Dec 2023 23:59:59 GMT"),
        ] {
            let mut text = String::new();
            date(&mut text, CaptureTime::from_parts(seconds, 0));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn heads_are_of_realistic_sizes() {
        let mut random = Random::new(5, 5);
        for _ in 0..1_000 {
            let target = target(Target::Order, &mut random);
            let agent = agent(&mut random).unwrap();
            let head = RequestHead {
                method: "GET",
                target: &target,
                version: "HTTP/1.1",
                framing: Framing::None,
                expects_continue: false,
                closes: false,
            };
            let request = request(&head, agent, &mut random);
            assert!((200..=600).contains(&request.len()), "{}", request.len());
        }
    }
}
