-- What happened and what was told is never changed or taken away: against mistakes, as the audit has it.
CREATE FUNCTION rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER timeline_rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
FOR EACH STATEMENT EXECUTE FUNCTION rows_stay();
CREATE TRIGGER alerts_rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON alerts
FOR EACH STATEMENT EXECUTE FUNCTION rows_stay();
CREATE TRIGGER receipts_rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
FOR EACH STATEMENT EXECUTE FUNCTION rows_stay();
CREATE TRIGGER order_history_rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON order_history
FOR EACH STATEMENT EXECUTE FUNCTION rows_stay();
