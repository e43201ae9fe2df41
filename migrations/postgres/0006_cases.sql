-- What quiet hours kept from victims: few rows, looked for at every start.
CREATE INDEX deliveries_quiet ON deliveries (incident) WHERE why = 'quiet_hours';
