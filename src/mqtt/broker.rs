//! An MQTT broker within this process: for the demo, small sites and tests.
//!
//! It keeps sessions and their messages in files, so that a restart loses nothing that was acknowledged.
//! About 8,000 messages a second; beyond that, run a broker of its own (see the deployment notes).

mod disk;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::config::{AuthConfig, AuthMethod, RateLimitConfig, StorageBackend, StorageConfig};
use mqtt5::broker::storage::DynamicStorage;
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, MqttBroker};
use tokio::task::JoinHandle;

use disk::Disk;

/// Messages kept for a client that is away. Above it the oldest go: for the service itself that is
/// about eight hours of a hundred pairs with a fix a minute each.
const QUEUE_MESSAGES: usize = 100_000;
/// Bytes kept for a client that is away.
const QUEUE_BYTES: usize = 512 * 1024 * 1024;
/// Messages sent to a client ahead of its acknowledgement, when it allows as many. Enough for 20,000 messages
/// a second with acknowledgements 50 ms later; the broker looks through all of them for each one.
const IN_FLIGHT: u16 = 1_000;
/// Largest packet taken, in bytes: no larger than what the ingest link accepts.
const LARGEST_PACKET: usize = 16 * 1024 * 1024;

/// How long stopping may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Settings of an [`EmbeddedBroker`].
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder for sessions, queued and retained messages.
    pub data_dir: PathBuf,
    /// File with `user:hash` lines (argon2, as `mqttv5 passwd` writes them). Without it everybody may
    /// connect: listen on the local machine only.
    pub password_file: Option<PathBuf>,
    /// File that says who may publish and subscribe to what, in the format of the `mqtt5` broker.
    pub acl_file: Option<PathBuf>,
}

impl EmbeddedSettings {
    /// A broker without accounts.
    pub fn open(listen: SocketAddr, data_dir: impl Into<PathBuf>) -> Self {
        Self { listen, data_dir: data_dir.into(), password_file: None, acl_file: None }
    }

    fn config(&self) -> BrokerConfig {
        let storage = StorageConfig::new()
            .with_backend(StorageBackend::File)
            .with_base_dir(self.data_dir.clone())
            .with_max_queued_messages_per_client(QUEUE_MESSAGES)
            .with_max_queued_bytes_per_client(QUEUE_BYTES);
        BrokerConfig::new()
            .with_bind_address(self.listen)
            .with_storage(storage)
            .with_auth(self.auth())
            .with_max_packet_size(LARGEST_PACKET)
            .with_max_outbound_inflight(IN_FLIGHT)
            .with_sys_topics_enabled(false)
    }

    fn auth(&self) -> AuthConfig {
        AuthConfig {
            allow_anonymous: self.password_file.is_none(),
            password_file: self.password_file.clone(),
            acl_file: self.acl_file.clone(),
            auth_method: if self.password_file.is_some() { AuthMethod::Password } else { AuthMethod::None },
            // It would shut out everybody behind an address for what one device there does wrong.
            rate_limit: RateLimitConfig { enabled: false, ..RateLimitConfig::default() },
            ..AuthConfig::default()
        }
    }
}

/// Why the embedded broker does not run.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It could not be started: the address is taken, or a folder or file cannot be used.
    #[error("the embedded broker cannot start on {listen} with {}: {why}", data_dir.display())]
    Start {
        /// Where it should listen.
        listen: SocketAddr,
        /// Its folder.
        data_dir: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It ended with an error.
    #[error("the embedded broker ended: {0}")]
    Ended(String),
}

/// A running broker. [`EmbeddedBroker::stop`] writes down everything; dropping it, or killing the process, may
/// lose what came in just before, also what was acknowledged to its sender.
pub struct EmbeddedBroker {
    address: SocketAddr,
    shutdown: Shutdown,
    storage: Option<Arc<DynamicStorage>>,
    task: JoinHandle<Result<(), String>>,
}

struct Shutdown(BrokerShutdownHandle);

impl std::fmt::Debug for EmbeddedBroker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedBroker").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

impl EmbeddedBroker {
    /// Starts the broker and returns when it accepts connections.
    pub async fn start(settings: EmbeddedSettings) -> Result<Self, BrokerError> {
        let failed = |why: String| BrokerError::Start {
            listen: settings.listen,
            data_dir: settings.data_dir.clone(),
            why: why.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let disk = Arc::new(Disk::default());
        let config = settings.config().with_event_handler(disk.clone());
        let mut broker = MqttBroker::with_config(config).await.map_err(|error| failed(error.to_string()))?;
        let address = broker.local_addr().ok_or_else(|| failed("it does not listen".into()))?;
        let mut ready = broker.ready_receiver();
        let shutdown = Shutdown(broker.shutdown_handle());
        let storage = broker.storage();
        if let Some(storage) = &storage {
            disk.is(storage);
        }
        let mut task = tokio::spawn(async move { broker.run().await.map_err(|error| error.to_string()) });
        tokio::select! {
            ended = &mut task => {
                let why = match ended {
                    Ok(Err(why)) => why,
                    Ok(Ok(())) => "it ended at once".into(),
                    Err(error) => error.to_string(),
                };
                return Err(failed(why));
            }
            // An error here means that the broker is gone, which the other branch tells about.
            Ok(_) = ready.wait_for(|ready| *ready) => {}
        }
        Ok(Self { address, shutdown, storage, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `mqtt://…`, for the links.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// Stops taking connections, ends those there are, and waits until all is written.
    pub async fn stop(self) -> Result<(), BrokerError> {
        let ended = |why: &dyn std::fmt::Display| BrokerError::Ended(why.to_string());
        drop(self.shutdown);
        match tokio::time::timeout(STOP_WITHIN, self.task).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(why))) => return Err(ended(&why)),
            Ok(Err(panicked)) => return Err(ended(&panicked)),
            Err(_) => return Err(ended(&"it did not finish in time")),
        }
        // `run` writes to disk when it is told to stop, but the connections hand back what was under way only
        // after that; without a second time those messages would be lost.
        match self.storage {
            Some(storage) if !disk::written(&storage).await => Err(ended(&"not everything could be written")),
            _ => Ok(()),
        }
    }
}
