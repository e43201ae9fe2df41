//! MQTT: the ingest link, the publisher and the embedded broker.
