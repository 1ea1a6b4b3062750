//! Which form a scrape asks for (RFC 9110, section 12.5.1).

/// How series are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text, version 0.0.4: who asks for nothing else gets it.
    Text,
    /// Protocol Buffers, which alone carry native histograms: only for who asks for exactly that.
    Protobuf,
}

impl Form {
    /// The value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// The form that an `Accept` header likes best.
    pub fn accepted(accept: &str) -> Self {
        let best = |form: Self| {
            let liked = accept.split(',').filter_map(|range| form.quality(range));
            liked.fold(0.0, f64::max)
        };
        let protobuf = best(Self::Protobuf);
        if protobuf > 0.0 && protobuf >= best(Self::Text) { Self::Protobuf } else { Self::Text }
    }

    /// How much a media range likes this form, from 0 to 1; `None` where it means another.
    fn quality(self, range: &str) -> Option<f64> {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next()?.to_ascii_lowercase();
        let is_meant = match self {
            Self::Text => matches!(&*media, "text/plain" | "text/*" | "*/*"),
            Self::Protobuf => media == "application/vnd.google.protobuf",
        };
        let mut quality = is_meant.then_some(1.0)?;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match (self, &*name.trim().to_ascii_lowercase()) {
                (_, "q") => quality = value.parse().unwrap_or(0.0),
                (Self::Protobuf, "proto") if value != "io.prometheus.client.MetricFamily" => {
                    return None;
                }
                (Self::Protobuf, "encoding") if value != "delimited" => return None,
                (Self::Text, "version") if value != "0.0.4" => return None,
                (_, _) => {}
            }
        }
        Some(quality)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protobuf_is_for_who_prefers_it() {
        const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        let accepted = |text: &str| Form::accepted(&text.replace("PROTOBUF", PROTOBUF));
        for text in [
            "PROTOBUF,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "PROTOBUF;q=0.6,text/plain;version=0.0.4;q=0.3",
            "text/plain;q=0.5, PROTOBUF ; q=0.7",
            "application/vnd.google.protobuf",
            r#"Application/Vnd.Google.Protobuf; proto="io.prometheus.client.MetricFamily""#,
        ] {
            assert_eq!(accepted(text), Form::Protobuf, "{text}");
        }
        for text in [
            "",
            "*/*",
            "text/plain",
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "PROTOBUF;q=0.3,text/plain;version=0.0.4;q=0.5",
            "PROTOBUF;q=0",
            "PROTOBUF;q=much",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            "application/vnd.google.protobuf;proto=other;encoding=delimited",
            ";;=,,q=1",
        ] {
            assert_eq!(accepted(text), Form::Text, "{text}");
        }
    }
}
