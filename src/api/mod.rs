//! HTTP: the register, incidents, people, devices, live events, health and metrics.
