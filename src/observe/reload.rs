//! SIGHUP: the wires are read again, and no request is lost for it.

use super::arguments::ObserveArguments;
use super::capture::Orders;
use super::config;
use crate::failure::say;
use crate::replay::wires;
use decoders::engine::Order;
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;

/// Takes SIGHUP from now on.
pub fn on_signal(arguments: ObserveArguments, orders: Orders) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGHUP])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            match reload(&arguments, &orders) {
                Ok(said) => say(&said),
                Err(error) => say(&format!("warning: everything stays as it was: {error:#}")),
            }
        }
    });
    Ok(())
}

/// Reads the file of options and the files of names again, and tells the engines.
fn reload(started: &ObserveArguments, orders: &Orders) -> anyhow::Result<String> {
    let now = config::resolved(started)?;
    orders.give(&Order::Watch(wires(&now.wires)?.into()));
    let others = ObserveArguments { wires: started.wires.clone(), ..now.clone() };
    let rest = match others == *started {
        true => "",
        false => "; the other options that changed take effect at the next start",
    };
    Ok(format!("watching {} now{rest}", wires_of(&now)))
}

/// For people: what is watched.
pub fn wires_of(arguments: &ObserveArguments) -> String {
    let wires: Vec<String> = arguments.wires.iter().map(ToString::to_string).collect();
    if wires.is_empty() { "every protocol it knows".into() } else { wires.join(", ") }
}
