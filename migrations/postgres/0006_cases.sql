-- What quiet hours kept from victims: few rows, looked for at every start.
CREATE INDEX deliveries_quiet ON deliveries (incident) WHERE why = 'quiet_hours';

-- The pattern of a case over weeks.
CREATE INDEX alerts_by_order ON alerts (order_id, raised_at, seq);
