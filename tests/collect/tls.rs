//! TLS: a certificate is shown, and nothing is said in the clear.

use crate::common::{Collector, batch, command, free_port, push, rows, text};
use std::fs;
use std::path::Path;
use std::process::Command;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A certificate for 127.0.0.1 that vouches for itself; `None` where openssl is not installed.
fn certificate(folder: &Path) -> Option<()> {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=collector", "-keyout", "key.pem"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"])
        .args(["-out", "cert.pem"])
        .output()
        .ok()?;
    assert!(made.status.success(), "{made:?}");
    Some(())
}

#[test]
fn with_a_certificate_only_tls_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let Some(()) = certificate(folder.path()) else {
        println!("openssl is not installed: TLS was not tested");
        return;
    };
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let data = folder.path().join("data");
    let options = ["--tls-cert", text(&cert), "--tls-key", text(&key)];
    let collector = Collector::start(&data, free_port(), &options);
    let url = collector.url("/api/v1/batches");
    let trusted = Certificate::from_pem(&fs::read(&cert).unwrap()).unwrap();
    let trusting = |roots| {
        let tls = TlsConfig::builder().root_certs(roots).build();
        Agent::from(Agent::config_builder().tls_config(tls).http_status_as_error(false).build())
    };
    let (knowing, other) =
        (trusting(RootCerts::new_with_certs(&[trusted])), trusting(RootCerts::new_with_certs(&[])));
    let secured = url.replace("http://", "https://");
    assert!(push(&knowing, &url, &[batch("a", 1)]).is_err(), "in the clear");
    assert!(push(&other, &secured, &[batch("a", 1)]).is_err(), "the certificate is not known");
    assert_eq!(push(&knowing, &secured, &[batch("a", 1)]).unwrap(), 204);
    collector.stop();
    assert_eq!(rows(&data).len(), batch("a", 1).values.len());
    let options = ["--tls-cert", text(&key), "--tls-key", text(&key)];
    let refused = command(&data, free_port(), &options).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.lines().count() == 1, "{said}");
}
