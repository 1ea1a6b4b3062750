//! A file of options: each key is a long option, and what the command line says comes behind it.
//!
//! ```toml
//! interface = ["eth0", "lo"]
//! window = "10s"
//! prometheus = "127.0.0.1:9464"
//!
//! [[wire]]
//! protocol = "http"
//! ports = [80, 8080]
//! names = "/etc/wirelat/routes.json"
//! ```

use super::arguments::ObserveArguments;
use crate::arguments::{Arguments, Command};
use anyhow::Context;
use clap::Parser;
use std::ffi::OsString;
use std::path::Path;
use toml::{Table, Value};

/// The options of the file that the arguments name, with the command line's behind them.
pub fn resolved(arguments: &ObserveArguments) -> anyhow::Result<ObserveArguments> {
    let Some(file) = arguments.config.as_deref() else { return Ok(arguments.clone()) };
    let mut own: Vec<OsString> = std::env::args_os().collect();
    let behind = own.split_off(own.len().min(2));
    own.extend(self::arguments(file)?.into_iter().map(OsString::from));
    own.extend(behind);
    let arguments = Arguments::try_parse_from(own);
    let arguments = arguments.map_err(|error| {
        // The first line says it; the rest is how the program is used.
        let said = error.to_string();
        anyhow::anyhow!("{}: {}", file.display(), said.lines().next().unwrap_or_default())
    })?;
    match arguments.command {
        Command::Observe(arguments) => Ok(*arguments),
        _ => anyhow::bail!("{}: it holds options of `observe`", file.display()),
    }
}

/// The file's options as arguments.
fn arguments(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read {}; name a file of options", file.display()))?;
    read(&text).with_context(|| file.display().to_string())
}

fn read(text: &str) -> anyhow::Result<Vec<String>> {
    let table: Table = text.parse()?;
    let mut arguments = Vec::new();
    for (key, value) in &table {
        anyhow::ensure!(key != "config" && key != "check", "`{key}` belongs on the command line");
        let values = match value {
            Value::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            arguments.extend(argument(key, value)?);
        }
    }
    Ok(arguments)
}

fn argument(key: &str, value: &Value) -> anyhow::Result<Option<String>> {
    let text = match value {
        Value::Boolean(true) => return Ok(Some(format!("--{key}"))),
        Value::Boolean(false) => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Table(wire) if key == "wire" => spec(wire)?,
        other => anyhow::bail!("`{key}` cannot be a {}", other.type_str()),
    };
    Ok(Some(format!("--{key}={text}")))
}

/// A `[[wire]]` as the command line takes it.
fn spec(wire: &Table) -> anyhow::Result<String> {
    let mut spec = String::new();
    for (key, value) in wire {
        anyhow::ensure!(
            matches!(&**key, "protocol" | "ports" | "names"),
            "a wire has `protocol`, `ports` and `names`, and no `{key}`"
        );
        anyhow::ensure!(
            *key != "names" || value.is_str(),
            "a wire's `names` is the path of a file"
        );
    }
    let protocol = wire.get("protocol").and_then(Value::as_str);
    spec.push_str(protocol.context("a wire needs a `protocol`, as in protocol = \"http\"")?);
    let ports = wire.get("ports").and_then(Value::as_array);
    let ports = ports.context("a wire needs `ports`, as in ports = [80]")?;
    let ports = ports.iter().map(|port| port.as_integer().map(|port| port.to_string()));
    let ports: Option<Vec<String>> = ports.collect();
    spec.push(':');
    spec.push_str(&ports.context("a wire's `ports` are numbers")?.join(","));
    if let Some(names) = wire.get("names").and_then(Value::as_str) {
        spec.push(':');
        spec.push_str(names);
    }
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_options() {
        let text = r#"
            interface = ["eth0", "lo"]
            window = "10s"
            ring = 128
            raw = true
            [[wire]]
            protocol = "http"
            ports = [80, 8080]
            names = "routes.json"
            [[wire]]
            protocol = "tcp"
            ports = [6379]
        "#;
        let mut arguments = read(text).unwrap();
        arguments.sort();
        let expected = [
            "--interface=eth0",
            "--interface=lo",
            "--raw",
            "--ring=128",
            "--window=10s",
            "--wire=http:80,8080:routes.json",
            "--wire=tcp:6379",
        ];
        assert_eq!(arguments, expected);
        assert_eq!(read("raw = false\nwire = [\"http:80\"]").unwrap(), ["--wire=http:80"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("check = true", "belongs on the command line"),
            ("window = 1.5", "`window` cannot be a float"),
            ("[[wire]]\nports = [80]", "needs a `protocol`"),
            ("[[wire]]\nprotocol = \"http\"", "needs `ports`"),
            ("[[wire]]\nprotocol = \"http\"\nports = [80]\nroutes = \"x\"", "no `routes`"),
            ("window", "TOML parse error"),
        ] {
            let said = format!("{:#}", read(text).unwrap_err());
            assert!(said.contains(expected), "{said}");
        }
    }
}
