-- Commands and reports on all nodes, by PL/Proxy. Each function has the name and
-- the arguments of the one in schema poa that it calls.
--
-- PL/Proxy connects as the role that calls, so that rights and row-level security
-- decide on the node. It commits on each node by itself.

CREATE EXTENSION plproxy;
CREATE SCHEMA plproxy;
GRANT USAGE ON SCHEMA plproxy TO PUBLIC;

-- The map is read again when its version has changed.
CREATE TABLE cluster.map (version integer NOT NULL);
INSERT INTO cluster.map VALUES (1);
CREATE FUNCTION cluster.map_changed() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE cluster.map SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER map_changed AFTER INSERT OR UPDATE OR DELETE ON cluster.partition
    FOR EACH STATEMENT EXECUTE FUNCTION cluster.map_changed();
CREATE TRIGGER map_changed AFTER UPDATE ON cluster.node
    FOR EACH STATEMENT EXECUTE FUNCTION cluster.map_changed();

CREATE FUNCTION plproxy.get_cluster_version(cluster_name text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'SELECT version FROM cluster.map';

-- Partitions of one node share one connection.
CREATE FUNCTION plproxy.get_cluster_partitions(cluster_name text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'SELECT n.connection FROM cluster.partition AS p JOIN cluster.node AS n USING (node) ORDER BY p.partition';

CREATE FUNCTION plproxy.get_cluster_config(cluster_name text, OUT key text, OUT val text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ VALUES ('modular_mapping', '1') $$;

-- ------------------------------------------------------------- on one node

CREATE FUNCTION cluster.track_activation(device guid, activates_at timestamptz DEFAULT NULL, request_id text DEFAULT NULL,
    received_at timestamptz DEFAULT now()) RETURNS bigint
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_device(device); TARGET poa.track_activation; $$;

CREATE FUNCTION cluster.cancel_activation(device guid, received_at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_device(device); TARGET poa.cancel_activation; $$;

CREATE FUNCTION cluster.record_outcome(request_id text, outcome text) RETURNS boolean
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_request(request_id); TARGET poa.record_outcome; $$;

CREATE FUNCTION cluster.refuse_activation(request_id text, reason text, received_at timestamptz DEFAULT now()) RETURNS boolean
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_request(request_id); TARGET poa.refuse_activation; $$;

CREATE FUNCTION cluster.receive(message text, received_at timestamptz DEFAULT now())
RETURNS TABLE (action text, activation_id bigint, detail text)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_message(message); TARGET poa.receive; $$;

CREATE FUNCTION cluster.release(log_id bigint, reason text) RETURNS void
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_number(log_id); TARGET poa.release; $$;

CREATE FUNCTION cluster.end_hold(hold_id bigint) RETURNS void
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of_number(hold_id); TARGET poa.end_hold; $$;

CREATE FUNCTION cluster.explain(chf guid, at timestamptz DEFAULT now())
RETURNS TABLE (device guid, activation_id bigint, criterion text, met boolean, detail text)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON cluster.partition_of(chf); TARGET poa.explain; $$;

-- ------------------------------------------------------------ on all nodes

CREATE FUNCTION cluster.hold(reason text, until timestamptz, chf guid DEFAULT NULL, distributor_id integer DEFAULT NULL,
    manufacturer text DEFAULT NULL, originator guid DEFAULT NULL) RETURNS TABLE (node integer, hold_id bigint)
LANGUAGE plproxy
AS $$
    CLUSTER 'poa'; RUN ON ALL;
    SELECT cluster.node() AS node, h.h AS hold_id FROM poa.hold(reason, until, chf, distributor_id, manufacturer, originator) AS h (h);
$$;

CREATE FUNCTION cluster.verify(from_at timestamptz, to_at timestamptz)
RETURNS TABLE (node integer, check_name text, ok boolean, detail text)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON ALL; SELECT cluster.node() AS node, v.* FROM poa.verify(from_at, to_at) AS v; $$;

CREATE FUNCTION cluster.health() RETURNS TABLE (node integer, check_name text, ok boolean, detail text)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON ALL; SELECT cluster.node() AS node, h.* FROM poa.health() AS h; $$;

CREATE FUNCTION cluster.replay(from_at timestamptz, to_at timestamptz, window_before interval DEFAULT NULL,
    window_after interval DEFAULT NULL)
RETURNS TABLE (node integer, distributor_id smallint, alerts bigint, suppressed bigint, would_suppress bigint,
    newly_suppressed bigint, newly_forwarded bigint, saving numeric)
LANGUAGE plproxy
AS $$
    CLUSTER 'poa'; RUN ON ALL;
    SELECT cluster.node() AS node, r.* FROM poa.replay(from_at, to_at, window_before, window_after) AS r;
$$;

CREATE FUNCTION cluster.still_dark(grace interval DEFAULT '15 minutes', as_of timestamptz DEFAULT now())
RETURNS TABLE (node integer, log_id bigint, chf guid, mpxn text, distributor_id smallint, decided_at timestamptz,
    closes_at timestamptz, dark_for interval)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON ALL; SELECT cluster.node() AS node, s.* FROM poa.still_dark(grace, as_of) AS s; $$;

CREATE FUNCTION cluster.genuine(as_of timestamptz DEFAULT now(), since timestamptz DEFAULT NULL)
RETURNS TABLE (node integer, log_id bigint, chf guid, mpxn text, distributor_id smallint, decided_at timestamptz, evidence text,
    detail text)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON ALL; SELECT cluster.node() AS node, g.* FROM poa.genuine(as_of, since) AS g; $$;

CREATE FUNCTION cluster.suppression_monthly()
RETURNS TABLE (node integer, month date, distributor_id smallint, distributor text, suppressed bigint, released bigint,
    visits_avoided bigint, saving numeric, outages bigint)
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON ALL; SELECT cluster.node() AS node, m.* FROM poa.suppression_monthly AS m; $$;

-- ------------------------------------------------------------ the inventory

CREATE FUNCTION cluster.export_windows_at(partition integer, device guid) RETURNS jsonb
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON partition; SELECT w.w FROM poa.export_windows(device) AS w (w); $$;

CREATE FUNCTION cluster.import_windows_at(partition integer, windows jsonb) RETURNS integer
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON partition; SELECT w.w FROM poa.import_windows(windows) AS w (w); $$;

CREATE FUNCTION cluster.put_device_at(partition integer, device guid, device_type text, smets smallint, manufacturer text, chf guid,
    mpxn text) RETURNS void
LANGUAGE plproxy
AS $$
    CLUSTER 'poa'; RUN ON partition;
    SELECT p.p FROM cluster.put_device(device, device_type, smets, manufacturer, chf, mpxn) AS p (p);
$$;

CREATE FUNCTION cluster.leave_at(partition integer, device guid, chf guid) RETURNS void
LANGUAGE plproxy
AS $$ CLUSTER 'poa'; RUN ON partition; SELECT l.l FROM cluster.leave(device, chf) AS l (l); $$;

CREATE FUNCTION cluster.put_device(device guid, device_type text, smets smallint, manufacturer text, chf guid, mpxn text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    was integer;
    goes integer;
BEGIN
    PERFORM pg_advisory_xact_lock(device::bigint);      -- commands for it wait
    was := cluster.partition_of_device(device);
    goes := coalesce(cluster.partition_of(chf), was);
    IF (SELECT count(DISTINCT p.node) = 2 FROM cluster.partition AS p WHERE p.partition IN (was, goes)) THEN
        PERFORM cluster.import_windows_at(goes, cluster.export_windows_at(was, device));
        PERFORM cluster.put_device_at(goes, device, device_type, smets, manufacturer, chf, mpxn);
        PERFORM cluster.leave_at(was, device, chf);
    ELSE
        PERFORM cluster.put_device_at(goes, device, device_type, smets, manufacturer, chf, mpxn);
    END IF;
    INSERT INTO cluster.directory AS d VALUES (device, coalesce(chf, device))
    ON CONFLICT ON CONSTRAINT directory_pkey DO UPDATE SET chf = excluded.chf WHERE put_device.chf IS NOT NULL;
    INSERT INTO poa.device AS d VALUES (device, device_type, smets, manufacturer, chf, mpxn)
    ON CONFLICT ON CONSTRAINT device_pkey DO UPDATE
    SET device_type = excluded.device_type, smets = excluded.smets, manufacturer = excluded.manufacturer, chf = excluded.chf,
        mpxn = excluded.mpxn;
END
$$;
COMMENT ON FUNCTION cluster.put_device IS
    'inserts or updates a row of the inventory, here and on the node of its hub.'
    ' Where the meter comes from another node, its windows go ahead of it and leave there last. May be repeated';
