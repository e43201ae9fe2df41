-- What happened and what was told is never changed or taken away: against mistakes, as the audit has it.
CREATE TRIGGER timeline_rows_stay BEFORE DELETE ON timeline
BEGIN SELECT RAISE(ABORT, 'timeline is append-only'); END;
CREATE TRIGGER timeline_rows_stand BEFORE UPDATE ON timeline
BEGIN SELECT RAISE(ABORT, 'timeline is append-only'); END;
CREATE TRIGGER alerts_rows_stay BEFORE DELETE ON alerts
BEGIN SELECT RAISE(ABORT, 'alerts is append-only'); END;
CREATE TRIGGER alerts_rows_stand BEFORE UPDATE ON alerts
BEGIN SELECT RAISE(ABORT, 'alerts is append-only'); END;
CREATE TRIGGER receipts_rows_stay BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts is append-only'); END;
CREATE TRIGGER receipts_rows_stand BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts is append-only'); END;
CREATE TRIGGER order_history_rows_stay BEFORE DELETE ON order_history
BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
CREATE TRIGGER order_history_rows_stand BEFORE UPDATE ON order_history
BEGIN SELECT RAISE(ABORT, 'order_history is append-only'); END;
