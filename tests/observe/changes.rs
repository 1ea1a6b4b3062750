//! What changes while the observer runs: its file of options, and how much CPU time it may use.

use crate::common::{Observer, ask, folder, is_root, serve, text};
use serde_json::Value;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

fn found(lines: &Path) -> Vec<Value> {
    let said = std::fs::read_to_string(lines).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn write_options(file: &Path, servers: &[SocketAddr], routes: &Path) {
    let mut options = String::from("interface = [\"lo\"]\nwindow = \"1s\"\n");
    for server in servers {
        let (port, routes) = (server.port(), text(routes));
        options +=
            &format!("[[wire]]\nprotocol = \"http\"\nports = [{port}]\nnames = \"{routes}\"\n");
    }
    std::fs::write(file, options).unwrap();
}

fn write_routes(file: &Path, name: &str) {
    let routes = format!("{{\"routes\":[{{\"path\":\"^/fast\",\"name\":\"{name}\"}}]}}");
    std::fs::write(file, routes).unwrap();
}

#[test]
fn a_wire_comes_and_a_wire_goes_and_no_request_is_lost() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let folder = folder();
    let [lines, options, routes] =
        ["lines", "observer.toml", "routes.json"].map(|name| folder.path().join(name));
    let (first, second) = (serve(), serve());
    write_routes(&routes, "before");
    write_options(&options, &[first], &routes);
    let observer = Observer::start(&["--config", text(&options), "--transactions", text(&lines)]);
    let connect = |server| TcpStream::connect(server).unwrap();
    let (mut to_first, mut to_second) = (connect(first), connect(second));
    (0..20).for_each(|_| drop((ask(&mut to_first, "/fast"), ask(&mut to_second, "/fast"))));

    // What the kernel still holds is read with the old names.
    std::thread::sleep(Duration::from_millis(500));

    // The second comes; its connection is there already.
    write_routes(&routes, "after");
    write_options(&options, &[first, second], &routes);
    observer.signal("-HUP");
    let said = observer.await_said("watching");
    assert!(said.contains(&format!("http:{}", second.port())), "{said}");
    // The engines hear it with the packets that come next.
    std::thread::sleep(Duration::from_millis(500));
    (0..20).for_each(|_| drop((ask(&mut to_first, "/fast"), ask(&mut to_second, "/fast"))));

    // The first goes; its connection is followed to its end.
    write_options(&options, &[second], &routes);
    observer.signal("-HUP");
    observer.await_said("watching");
    std::thread::sleep(Duration::from_millis(500));
    (0..20).for_each(|_| drop((ask(&mut to_first, "/fast"), ask(&mut to_second, "/fast"))));
    let mut late = connect(first);
    (0..20).for_each(|_| drop(ask(&mut late, "/fast")));

    // What cannot be read changes nothing.
    std::fs::write(&options, "window = \"1s").unwrap();
    observer.signal("-HUP");
    observer.await_said("everything stays as it was");
    (0..20).for_each(|_| drop(ask(&mut to_second, "/fast")));
    observer.stop();

    let found = found(&lines);
    let count = |server: SocketAddr, name: &str| {
        let is_it = |line: &&Value| {
            line["server"] == server.to_string() && line["name"] == name && line["code"] == "200"
        };
        found.iter().filter(is_it).count()
    };
    assert_eq!((count(first, "before"), count(first, "after")), (20, 40));
    assert_eq!((count(second, "before"), count(second, "after")), (0, 60));
    assert_eq!(found.len(), 120, "nothing else was watched");
}

#[test]
fn without_cpu_time_names_and_sizes_go_but_no_request() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let folder = folder();
    let lines = folder.path().join("lines");
    let server = serve();
    let wire = format!("http:{}", server.port());
    let observer = Observer::start(&[
        "--interface",
        "lo",
        "--wire",
        &wire,
        "--max-cpu",
        "0.001%",
        "--transactions",
        text(&lines),
    ]);
    let mut stream = TcpStream::connect(server).unwrap();
    ask(&mut stream, "/fast");
    observer.await_said("names are not read");
    observer.await_said("names and sizes are not read");
    std::thread::sleep(Duration::from_millis(500));
    let count = (0..50).map(|_| ask(&mut stream, "/fast")).count();
    observer.stop();
    let found = found(&lines);
    assert_eq!(found.len(), 1 + count);
    let [first, .., last] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (first["name"].as_str(), first["response_bytes"].as_u64()),
        (Some("/fast"), Some(43))
    );
    assert_eq!((last["name"].as_str(), last["response_bytes"].as_u64()), (Some("other"), None));
    assert!(last["total_ns"].as_u64().is_some(), "{last}");
}
