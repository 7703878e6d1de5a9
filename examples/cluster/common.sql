-- Every database of the cluster: the extension, its number, the table of alerts,
-- and the roles. A role has the same name and rights everywhere, so that
-- row-level security decides on each node as it does on one machine.

SET client_min_messages = warning;
CREATE EXTENSION poa_suppress;
SELECT poa.set_node(:node) \g /dev/null

CREATE TABLE alerts (
    response_id text,
    alert_code text NOT NULL,
    chf guid NOT NULL,
    mpxn text,
    device guid,
    outage_started_at timestamptz,
    received_at timestamptz NOT NULL,
    alert_count integer NOT NULL DEFAULT 1,
    PRIMARY KEY (response_id)
);
CREATE INDEX alerts_chf_received_at_idx ON alerts (chf, received_at);
SELECT poa.attach('alerts', device => 'device', key => 'response_id', started => 'outage_started_at') \g /dev/null

CREATE ROLE dsp LOGIN;                          -- writes alerts
CREATE ROLE operator LOGIN;
CREATE ROLE dno_southern LOGIN;                 -- distributor 20
CREATE ROLE replicator LOGIN REPLICATION;       -- reads everything: the DSP's own, never a DNO's
GRANT INSERT ON alerts TO dsp, operator;        -- the operator's for releases
GRANT SELECT ON alerts TO dsp, operator, replicator;
SELECT poa.grant_operator('operator') \g /dev/null
SELECT poa.grant_dno('dno_southern', 20) \g /dev/null
SELECT poa.grant_auditor('replicator') \g /dev/null
