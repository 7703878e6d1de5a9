-- The proxy: on which node a hub or a device is. It holds the whole inventory,
-- and no alert passes here.

CREATE SCHEMA cluster;
GRANT USAGE ON SCHEMA cluster TO PUBLIC;

CREATE TABLE cluster.node (
    node integer PRIMARY KEY,           -- as poa.set_node was given
    connection text NOT NULL            -- of libpq; no user, as each role stays itself
);

-- Hubs are mapped to 64 partitions for good, and partitions to nodes: a node
-- that is added takes over some, and the others stay where they are.
CREATE TABLE cluster.partition (
    partition integer PRIMARY KEY,
    node integer NOT NULL REFERENCES cluster.node
);
GRANT SELECT ON cluster.partition TO PUBLIC;    -- those who write alerts read it

CREATE FUNCTION cluster.partition_of(chf guid) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN poa.node_of(chf, 64);
COMMENT ON FUNCTION cluster.partition_of IS 'the partition of a hub, from 0; NULL for NULL';

CREATE FUNCTION cluster.spread() RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO cluster.partition
    SELECT p, n.node FROM generate_series(0, 63) AS p
    JOIN (SELECT node, row_number() OVER (ORDER BY node) - 1 AS turn, count(*) OVER () AS nodes FROM cluster.node) AS n ON n.turn = p % n.nodes;
END;
COMMENT ON FUNCTION cluster.spread IS 'deals the partitions out to the nodes, once';
REVOKE ALL ON FUNCTION cluster.spread FROM PUBLIC;

-- The hub by which a device finds its node: the one it is on, or was on last.
CREATE TABLE cluster.directory (
    device guid PRIMARY KEY,
    chf guid NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON cluster.directory TO operator;

-- A command holds the device until it is done on its node, and waits while the
-- device moves to another (cluster.put_device).
CREATE FUNCTION cluster.partition_of_device(device guid) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(device::bigint);
    RETURN cluster.partition_of(coalesce((SELECT d.chf FROM cluster.directory AS d WHERE d.device OPERATOR(public.=) $1), $1));
END
$$;
COMMENT ON FUNCTION cluster.partition_of_device IS
    'the partition where what is known of a device stands; one that is in no inventory has that of its own GUID';

CREATE FUNCTION cluster.partition_of_request(request_id text) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    device CONSTANT public.guid := public.try_guid(split_part(request_id, ':', 2));
BEGIN
    IF device IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('"%s" is no RequestID', request_id),
            DETAIL = 'A RequestID is originator:target:counter, and its target leads to the node.';
    END IF;
    RETURN cluster.partition_of_device(device);
END
$$;
COMMENT ON FUNCTION cluster.partition_of_request IS 'that of the target of a RequestID. Raises 22023 for another text, or NULL';

-- What is not about one device may be looked at anywhere.
CREATE FUNCTION cluster.partition_of_message(message text) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fields CONSTANT jsonb := poa_internal.message_fields(message);
    request_id text := CASE poa_internal.message_kind(fields)
        WHEN 'answer' THEN (poa_internal.read_answer(fields)).request_id
        WHEN 'refusal' THEN (poa_internal.read_refusal(fields)).request_id END;
    device CONSTANT public.guid := coalesce(public.try_guid(split_part(request_id, ':', 2)), poa_internal.message_device(fields));
BEGIN
    RETURN CASE WHEN device IS NULL THEN 0 ELSE cluster.partition_of_device(device) END;
END
$$;
COMMENT ON FUNCTION cluster.partition_of_message IS 'that of the device that a message is about';

CREATE FUNCTION cluster.partition_of_number(number bigint) RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    partition integer;
BEGIN
    SELECT min(p.partition) INTO partition FROM cluster.partition AS p WHERE p.node = number / 1000000000000;
    IF partition IS NULL THEN
        RAISE undefined_object USING
            MESSAGE = format('%s is not a number of a node in this cluster', coalesce(number::text, 'NULL')),
            DETAIL = 'Numbers of node N begin at N * 10^12 + 1.';
    END IF;
    RETURN partition;
END
$$;
COMMENT ON FUNCTION cluster.partition_of_number IS
    'a partition on the node that has given out a log_id, activation_id or hold_id. Raises 42704 where there is none';

CREATE PUBLICATION inventory FOR TABLE poa.device;
