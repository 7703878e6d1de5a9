-- The feed of one network operator, at the warehouse or at a single machine:
-- its part of the log, and its alerts.
--
--   psql -v distributor=20 -f publish.sql
--
-- The columns are named, so that one that a later version adds does not stop
-- the subscriber. What is purged here stays there.

SELECT format($$
    CREATE PUBLICATION %I FOR TABLE
        poa.suppression_log (log_id, logged_at, diverted, alert_code, chf, mpxn, distributor_id, decided_at, device, manufacturer,
            request_id, activates_at, opens_at, closes_at, delay, alert_key, outage_started_at, hold_id, originator)
            WHERE (distributor_id = %s),
        alerts (response_id, alert_code, chf, mpxn, received_at)
            WHERE (mpxn ~ '^%s[0-9]{11}$')
        WITH (publish = 'insert')
$$, 'feed_' || :distributor, :distributor, :distributor) \gexec
