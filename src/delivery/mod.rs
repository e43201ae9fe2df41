//! From the outbox to recipients: victim devices and desks, over MQTT and signed webhooks.
