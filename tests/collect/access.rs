//! Who may do what: without tokens only this host, and nothing of an administrator's.

use crate::common::{Collector, batch, client, command, free_port, rows, wirelat};
use model::batch::wire_form;
use std::net::SocketAddr;
use std::path::Path;
use ureq::Agent;

fn add(data: &Path, scope: &str, name: &str) -> String {
    let done = wirelat(&["token", "add", "--scope", scope, name, "--data"], data);
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn asked(client: &Agent, url: &str, token: Option<&str>) -> u16 {
    let mut request = client.get(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.call().unwrap().status().as_u16()
}

fn pushed(client: &Agent, url: &str, token: &str) -> u16 {
    let request = client.post(url).header("content-type", "application/x-protobuf");
    let request = request.header("authorization", format!("Bearer {token}"));
    request.send(&wire_form::encode([&batch("a", 1)])[..]).unwrap().status().as_u16()
}

#[test]
fn elsewhere_it_listens_only_with_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let anywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused = command(folder.path(), anywhere, &[]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("make a token first: wirelat token add"), "{said}");
}

#[test]
fn a_token_lets_do_what_its_scope_says() {
    let (folder, client) = (tempfile::tempdir().unwrap(), client());
    let [push, read, admin] =
        ["push", "read", "admin"].map(|scope| add(folder.path(), scope, &format!("my-{scope}")));
    let collector = Collector::start(folder.path(), free_port(), &[]);
    let (series, batches) = (collector.url("/api/v1/series"), collector.url("/api/v1/batches"));
    let tokens = collector.url("/api/v1/tokens");
    assert_eq!(asked(&client, &collector.url("/health"), None), 200);
    let of_series = [None, Some("x"), Some(&*push), Some(&*read), Some(&*admin)];
    let statuses = of_series.map(|token| asked(&client, &series, token));
    assert_eq!(statuses, [401, 401, 403, 200, 200]);
    let statuses = [&*read, &*push, &*admin].map(|token| pushed(&client, &batches, token));
    assert_eq!(statuses, [403, 204, 204]);
    let statuses = [&*push, &*read, &*admin].map(|token| asked(&client, &tokens, Some(token)));
    assert_eq!(statuses, [403, 403, 200]);
    // The trap's id is the token's name, its secret the token.
    let trap = |id: &str, secret: &str| {
        let url = collector.url(&format!("/module/httptrap/{id}/{secret}"));
        client.put(&url).send("{\"a\":1}").unwrap().status().as_u16()
    };
    let statuses =
        [("my-push", &*push), ("other", &push), ("my-read", &read)].map(|(id, it)| trap(id, it));
    assert_eq!(statuses, [200, 401, 403]);
    // Administrators' deeds are noted, and hold at once.
    let wanted = "{\"name\":\"new\",\"scopes\":[\"read\"]}";
    let request = client.post(&tokens).header("authorization", format!("Bearer {admin}"));
    let mut answer = request.header("content-type", "application/json").send(wanted).unwrap();
    assert_eq!(answer.status(), 201);
    let made = answer.body_mut().read_to_string().unwrap();
    let made = made.split('"').find(|text| text.starts_with("wirelat_")).unwrap();
    assert_eq!(asked(&client, &series, Some(made)), 200);
    let request = client.delete(format!("{tokens}/new"));
    let answer = request.header("authorization", format!("Bearer {admin}")).call().unwrap();
    assert_eq!((answer.status().as_u16(), asked(&client, &series, Some(made))), (204, 401));
    let log = std::fs::read_to_string(folder.path().join("audit.log")).unwrap();
    assert_eq!(log.lines().count(), 5, "{log}");
    assert!(log.lines().last().unwrap().contains("\"who\":\"my-admin\""), "{log}");
    assert!(!log.contains(made) && !log.contains(&*push), "a token in the log");
    collector.stop();
    assert_eq!(rows(folder.path()).len(), 5, "what was refused left nothing");
}

#[test]
fn without_tokens_nobody_administers_and_no_foreign_name_is_answered() {
    let (folder, client) = (tempfile::tempdir().unwrap(), client());
    let collector = Collector::start(folder.path(), free_port(), &[]);
    assert_eq!(asked(&client, &collector.url("/api/v1/series"), None), 200);
    assert_eq!(asked(&client, &collector.url("/api/v1/tokens"), None), 403);
    let request = client.get(collector.url("/api/v1/series")).header("host", "evil.example");
    assert_eq!(request.call().unwrap().status(), 403);
}
