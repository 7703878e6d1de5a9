-- A view for applications that insist on one row for each INSERT.  Run by the
-- owner of the table.
--
-- What is inserted into the view goes into the attached table, which stores or
-- diverts it.  Either way the statement counts one row, and RETURNING has it
-- with its key.  That of a diverted alert is in no table; it stands in the log,
-- and its release brings the alert back under it.

CREATE VIEW alerts_one_row AS SELECT * FROM alerts;

-- what the table has for columns that are not given; the trigger does the key
ALTER VIEW alerts_one_row ALTER received_at SET DEFAULT now();

-- SECURITY DEFINER: a role that writes to the view needs no right on the table.
CREATE FUNCTION alerts_one_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.alert_id := coalesce(NEW.alert_id, nextval('alerts_alert_id_seq'));
    INSERT INTO alerts (alert_id, alert_code, chf, mpxn, received_at) OVERRIDING SYSTEM VALUE
    VALUES (NEW.alert_id, NEW.alert_code, NEW.chf, NEW.mpxn, NEW.received_at);
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION alerts_one_row() FROM PUBLIC;

CREATE TRIGGER alerts_one_row INSTEAD OF INSERT ON alerts_one_row
    FOR EACH ROW EXECUTE FUNCTION alerts_one_row();

-- SELECT is for RETURNING, and on the sequence for currval.
GRANT INSERT, SELECT ON alerts_one_row TO writer;
GRANT SELECT ON SEQUENCE alerts_alert_id_seq TO writer;
