//! Where the broker is.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tokio::time::timeout;

use crate::Failure;

/// How long a broker gets to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Address of a broker, from `mqtt://[user[:password]@]host[:port]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Broker {
    /// Host name or address; an IPv6 address in brackets.
    pub(crate) host: String,
    /// Port.
    pub(crate) port: u16,
    /// User and password.
    pub(crate) login: Option<(String, String)>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Without user and password.
impl std::fmt::Display for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mqtt://{}:{}", self.host, self.port)
    }
}

impl Broker {
    /// Reads a URL; the error says what is wrong with it, without repeating a password.
    pub fn parse(url: &str) -> Result<Self, Failure> {
        let rest = match url.split_once("://") {
            Some(("mqtt" | "tcp", rest)) => rest.trim_end_matches('/'),
            Some(("mqtts" | "ssl", _)) => {
                return Err(Failure::new("--broker: mqtts:// is not spoken by the simulator; use mqtt://"));
            }
            _ => return Err(Failure::new("--broker: is not mqtt://[user:password@]host[:port]")),
        };
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(login.split_once(':').unwrap_or((login, ""))), address),
            None => (None, rest),
        };
        let (host, port) = match address.rsplit_once(':') {
            // A colon within brackets belongs to an IPv6 address.
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
            _ => (address, Some(1_883)),
        };
        let Some(port) = port.filter(|port| *port > 0) else {
            return Err(Failure::new("--broker: the port is not a number from 1 to 65535"));
        };
        if host.is_empty() {
            return Err(Failure::new("--broker: has no host"));
        }
        let login = login.map(|(user, password)| (decode(user), decode(password)));
        Ok(Self { host: host.to_owned(), port, login })
    }

    /// What a client library needs for one connection.
    pub(crate) fn options(&self, client_id: &str) -> MqttOptions {
        let mut options = MqttOptions::new(client_id, self.host.as_str(), self.port);
        options.set_keep_alive(Duration::from_secs(30));
        if let Some((user, password)) = &self.login {
            options.set_credentials(user, password);
        }
        options
    }

    /// Connects as nobody known, and subscribes; `queue` messages may wait to be sent, and that is at least as many as
    /// there are topics.
    pub(crate) async fn subscribe(
        &self,
        mut options: MqttOptions,
        queue: usize,
        topics: &[&str],
    ) -> Result<(AsyncClient, EventLoop), Failure> {
        options.set_clean_start(true);
        let (client, mut events) = AsyncClient::new(options, queue);
        for topic in topics {
            // The queue is longer than the list.
            let _ = client.try_subscribe(*topic, QoS::AtLeastOnce);
        }
        let mut open = topics.len();
        while open > 0 {
            let refused = |why: &str| Failure::new(format!("cannot subscribe at {self}: {why}"));
            match timeout(PATIENCE, events.poll()).await {
                Ok(Ok(Event::Incoming(Packet::SubAck(_)))) => open -= 1,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(refused(&error.to_string())),
                Err(_) => return Err(refused("no answer")),
            }
        }
        Ok((client, events))
    }
}

/// Resolves `%40` and the like; what is no such code stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_brokers() {
        let read = |url| Broker::parse(url).map(|b| (b.host, b.port, b.login));
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("mqtt://localhost").unwrap(), ("localhost".to_owned(), 1_883, None));
        assert_eq!(read("tcp://10.0.0.1:1884/").unwrap(), ("10.0.0.1".to_owned(), 1_884, None));
        assert_eq!(
            read("mqtt://sim:p%40ss:w@[::1]:2000").unwrap(),
            ("[::1]".to_owned(), 2_000, login("sim", "p@ss:w"))
        );
        assert_eq!(read("mqtt://sim@host").unwrap().2, login("sim", ""));
        for bad in ["localhost", "http://x", "mqtts://x", "mqtt://", "mqtt://h:0", "mqtt://h:99999"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let broker = Broker::parse("mqtt://sim:secret@host").unwrap();
        assert!(!format!("{broker} {broker:?}").contains("secret"));
        assert!(!Broker::parse("mqtt://sim:secret@host:x").unwrap_err().to_string().contains("secret"));
    }
}
