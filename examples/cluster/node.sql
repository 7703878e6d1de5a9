-- A node: what the proxy calls beside the functions of poa.

CREATE SCHEMA cluster;
GRANT USAGE ON SCHEMA cluster TO PUBLIC;

CREATE FUNCTION cluster.node() RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN :node;
COMMENT ON FUNCTION cluster.node IS 'the number of this node, for reports of all nodes';

-- Where a reader of a queue has got to: the offset moves in the transaction that
-- brings the alerts, so that each is read once.
CREATE TABLE cluster.consumed (
    partition integer PRIMARY KEY,
    next_offset bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON cluster.consumed TO dsp;

-- The inventory comes by the proxy.

CREATE FUNCTION cluster.put_device(device guid, device_type text, smets smallint, manufacturer text, chf guid, mpxn text) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO poa.device AS d VALUES (device, device_type, smets, manufacturer, chf, mpxn)
    ON CONFLICT ON CONSTRAINT device_pkey DO UPDATE
    SET device_type = excluded.device_type, smets = excluded.smets, manufacturer = excluded.manufacturer, chf = excluded.chf,
        mpxn = excluded.mpxn;
END;
COMMENT ON FUNCTION cluster.put_device IS 'inserts or updates a row of the inventory; windows follow the meter to its hub';

-- Without triggers, which record that a device that is deleted leaves its hub.
CREATE FUNCTION cluster.hand_over(device guid) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET session_replication_role = replica
BEGIN ATOMIC
    DELETE FROM poa.device AS d WHERE d.device = hand_over.device;
END;
COMMENT ON FUNCTION cluster.hand_over IS 'removes a device that another node has now; it stays on its hub';
REVOKE ALL ON FUNCTION cluster.hand_over FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cluster.hand_over TO operator;

CREATE FUNCTION cluster.leave(device guid, chf guid) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    UPDATE poa.device AS d SET chf = leave.chf WHERE d.device = leave.device;
    SELECT cluster.hand_over(leave.device);
END;
COMMENT ON FUNCTION cluster.leave IS 'removes a meter that is on a hub of another node now; its windows leave the hub that it was on';
