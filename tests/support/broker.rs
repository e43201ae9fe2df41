//! A broker of one's own, of either kind, that can be stopped and started again in the same place.

use std::net::Ipv4Addr;

use afstand::mqtt::{EmbeddedBroker, EmbeddedSettings};

use super::mosquitto::{Mosquitto, free_port};

pub enum Broker {
    Embedded { broker: Option<EmbeddedBroker>, settings: EmbeddedSettings, folder: tempfile::TempDir },
    Mosquitto(Mosquitto),
}

impl Broker {
    /// The one within this process: needs nothing installed.
    pub async fn embedded() -> Self {
        let mut broker = Self::embedded_away();
        broker.start().await;
        broker
    }

    /// The same, not running yet.
    pub fn embedded_away() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the broker");
        let settings =
            EmbeddedSettings::open((Ipv4Addr::LOCALHOST, free_port()).into(), folder.path().join("broker"));
        Self::Embedded { broker: None, settings, folder }
    }

    /// mosquitto, if there is one.
    pub fn mosquitto() -> Option<Self> {
        Mosquitto::start().map(Self::Mosquitto)
    }

    pub fn port(&self) -> u16 {
        match self {
            Self::Embedded { settings, .. } => settings.listen.port(),
            Self::Mosquitto(mosquitto) => mosquitto.port(),
        }
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port())
    }

    pub async fn stop(&mut self) {
        match self {
            Self::Embedded { broker, .. } => {
                broker.take().expect("it runs").stop().await.expect("it stops in order");
            }
            Self::Mosquitto(mosquitto) => mosquitto.stop(),
        }
    }

    pub async fn start(&mut self) {
        match self {
            Self::Embedded { broker, settings, .. } => {
                *broker = Some(EmbeddedBroker::start(settings.clone()).await.expect("the broker starts"));
            }
            Self::Mosquitto(mosquitto) => mosquitto.run(),
        }
    }
}
