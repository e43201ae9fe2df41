//! Playing a world against a broker until somebody says stop.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use zones::{Role, Timestamp};

use crate::Failure;
use crate::broker::Broker;
use crate::clock::now;

use super::city::{City, Emission};
use super::connection::{Command, Connection, Ears, Line};

/// Devices that each get a connection of their own when nobody says how many connections there should be.
const OWN_CONNECTIONS: usize = 500;
/// Connections when there are more devices than that.
const SHARED_CONNECTIONS: usize = 50;
/// Pairs of whom errands are told too; of more only what matters is.
const FEW_PAIRS: usize = 20;

/// What to play, and where.
#[derive(Debug, Clone)]
pub struct Live {
    /// The broker.
    pub broker: Broker,
    /// Seed of the world.
    pub seed: u64,
    /// Number of pairs; the demonstration has its own.
    pub pairs: usize,
    /// How much faster than the clock people move.
    pub speed: f64,
    /// Play [`City::demo`].
    pub demo: bool,
    /// Where to write the orders for the service.
    pub orders: Option<PathBuf>,
    /// Number of connections; `None`: one a device up to 500 devices, else 50. Only a device with a connection of
    /// its own has a real last will.
    pub connections: Option<usize>,
}

/// The payload of a command.
#[derive(Debug, Deserialize)]
struct CommandJson {
    fix_interval_s: u32,
    until: Timestamp,
}

impl Live {
    /// Plays until Ctrl-C, telling on `out` what happens; then says that every device is off line and goodbye.
    /// Fails when the orders cannot be written or the broker cannot be reached at the start.
    pub async fn play(&self, out: &mut (impl Write + Send)) -> Result<(), Failure> {
        let start = now();
        let mut city = if self.demo {
            City::demo(self.seed, start)
        } else {
            City::with_speed(self.seed, self.pairs, start, self.speed)
        };
        if let Some(path) = &self.orders {
            std::fs::write(path, city.orders_json()).map_err(|e| Failure::file(path, &e))?;
            say(out, &format!("orders are in {}", path.display()));
        }
        let (commands, mut asked) = mpsc::channel(1_000);
        let (troubles, mut trouble) = mpsc::channel(10);
        let connections = self.connect(&city, &Ears { commands, troubles }).await?;
        say(
            out,
            &format!("{} devices on {} connections to {}", city.devices(), connections.len(), self.broker),
        );
        let devices: BTreeMap<String, usize> = (0..city.devices()).map(|i| (city.device(i).1, i)).collect();
        let mut on_line = vec![false; city.devices()];
        let mut tick = interval(Duration::from_millis(50));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = tokio::signal::ctrl_c();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                _ = &mut stop => break,
                Some(trouble) = trouble.recv() => say(out, &trouble),
                Some(command) = asked.recv() => obey(&mut city, &devices, &command),
                _ = tick.tick() => {
                    let step = send_due(&mut city, &connections, &mut on_line);
                    tokio::select! {
                        () = step => {}
                        // A broker that is away holds up the world, not its end.
                        _ = &mut stop => break,
                    }
                    tell(&mut city, out);
                }
            }
        }
        say(out, "stopping: every device goes off line");
        close(&city, connections, &on_line).await;
        Ok(())
    }

    async fn connect(&self, city: &City, ears: &Ears) -> Result<Vec<Connection>, Failure> {
        let devices = city.devices();
        let usual = if devices <= OWN_CONNECTIONS { devices } else { SHARED_CONNECTIONS };
        let count = self.connections.unwrap_or(usual).clamp(1, devices.max(1));
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let own = count == devices;
            let members = || (index..devices).step_by(count).map(|device| city.device(device));
            let wearers = members().filter(|(role, _)| *role == Role::Wearer);
            let line = Line {
                broker: self.broker.clone(),
                client_id: if own {
                    city.device(index).1
                } else {
                    format!("simulator-{}-{index}", self.seed)
                },
                will: own.then(|| topic(&city.device(index), "online")),
                // A shared connection would need thousands of subscriptions: its wearers are asked nothing.
                command_topics: wearers
                    .take(usize::from(own))
                    .map(|device| topic(&device, "command"))
                    .collect(),
            };
            connections.push(Connection::open(line, ears.clone()).await?);
        }
        Ok(connections)
    }
}

fn tell(city: &mut City, out: &mut impl Write) {
    while let Some(narration) = city.narrate_before(now()) {
        if narration.noteworthy || city.devices() <= 2 * FEW_PAIRS {
            say(out, &format!("{:.19}Z  {}", narration.at.to_string(), narration.text));
        }
    }
}

async fn send_due(city: &mut City, connections: &[Connection], on_line: &mut [bool]) {
    while let Some(emission) = city.next_before(now()) {
        if emission.retain {
            on_line[emission.device] = emission.payload == b"1";
        }
        connections[emission.device % connections.len()].send(emission).await;
    }
}

fn obey(city: &mut City, devices: &BTreeMap<String, usize>, command: &Command) {
    if let (Some(device), Ok(json)) =
        (devices.get(&command.device), serde_json::from_slice::<CommandJson>(&command.payload))
    {
        city.command(*device, json.fix_interval_s, json.until);
    }
}

async fn close(city: &City, connections: Vec<Connection>, on_line: &[bool]) {
    for device in (0..city.devices()).filter(|device| on_line[*device]) {
        let topic = topic(&city.device(device), "online");
        let goodbye = Emission { at: now(), device, topic, payload: b"0".to_vec(), retain: true };
        let sent = connections[device % connections.len()].send(goodbye);
        // A broker that is away will publish the last wills itself.
        let _ = tokio::time::timeout(Duration::from_secs(1), sent).await;
    }
    let closing: Vec<_> = connections.into_iter().map(|c| tokio::spawn(c.close())).collect();
    for connection in closing {
        let _ = connection.await;
    }
}

fn topic((role, device): &(Role, String), leaf: &str) -> String {
    format!("afstand/v1/{}/{device}/{leaf}", role.as_str())
}

fn say(out: &mut impl Write, line: &str) {
    // Nobody listens any more: the world goes on.
    let _ = writeln!(out, "{line}");
}
