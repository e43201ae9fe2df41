//! `afstand serve`: the service, against a real broker.

use std::path::PathBuf;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::out;
use crate::clock::Clock;
use crate::config::Settings;
use crate::service::{Plan, Service};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Settings in TOML; every key can be overridden from the environment (`AFSTAND_STORE__URL`).
    #[arg(long)]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let settings = match Settings::load(&arguments.config) {
        Ok(settings) => settings,
        Err(error) => {
            out::say(error);
            return super::unusable_input();
        }
    };
    super::start_log(&settings.log);
    let warnings: Vec<String> = settings.said_at_start().collect();
    let plan = Plan {
        store_url: settings.store_url,
        broker: settings.mqtt.link,
        traccar_topic: settings.mqtt.traccar_topic,
        keys: settings.mqtt.tracker_keys,
        listen: settings.api.listen,
        tokens: settings.api.tokens,
        sign_in: settings.sign_in,
        links: None,
        map: settings.map,
        push: settings.push,
        orders_dir: settings.orders_dir,
        desks: settings.desks,
        contacts: settings.contacts,
        clock: Clock::system(),
        rules: settings.rules,
    };
    super::on_runtime(async {
        let stop = CancellationToken::new();
        super::cancel_on_signal(stop.clone())?;
        let service = Service::start(plan).await.map_err(|error| error.to_string())?;
        // What keeps it from starting is one line and stands alone.
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        tracing::info!(address = %service.address, "the API answers; devices are heard once the broker is connected");
        service.run(stop).await.map_err(|error| error.to_string())?;
        tracing::info!("stopped; everything decided is stored");
        Ok(())
    })
}
