-- The network operator's database, which needs no extension.
--
--   psql -v distributor=20 -v connection='host=... dbname=... user=replicator' -f subscribe.sql
--
-- It stands at the DSP, beside the warehouse: a role with REPLICATION may read
-- every publication, so that the connection is the DSP's own, and the network
-- operator is a role here that reads these tables.

CREATE SCHEMA poa;
CREATE TABLE poa.suppression_log (
    log_id bigint PRIMARY KEY,
    logged_at timestamptz NOT NULL,
    diverted boolean NOT NULL,
    alert_code text NOT NULL,
    chf text NOT NULL,
    mpxn text,
    distributor_id smallint,
    decided_at timestamptz NOT NULL,
    device text NOT NULL,
    manufacturer text,
    request_id text,
    activates_at timestamptz NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    delay interval NOT NULL,
    alert_key text,
    outage_started_at timestamptz,
    hold_id bigint,
    originator text
);

CREATE TABLE alerts (
    response_id text PRIMARY KEY,
    alert_code text NOT NULL,
    chf text NOT NULL,
    mpxn text,
    received_at timestamptz NOT NULL,
    arrived_at timestamptz NOT NULL DEFAULT clock_timestamp()       -- here, by the clock
);

-- An alert that was kept back and is released arrives as any other does. By its
-- key it is the one that the log has.
CREATE VIEW suppressed_alert AS
SELECT l.log_id, l.decided_at AS received_at, l.mpxn, l.chf, l.device, l.manufacturer, l.request_id, l.activates_at, l.delay,
    a.response_id IS NOT NULL AS released, a.arrived_at AS released_at
FROM poa.suppression_log AS l
LEFT JOIN alerts AS a ON a.response_id = l.alert_key
WHERE l.diverted;

SELECT format('CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %I', 'feed_' || :distributor, :'connection', 'feed_' || :distributor)
\gexec
