/*
 * More than one machine: the number of a node, the range of numbers that it
 * gives out, and the node of a hub.  set_node.sql sets it.
 */

CREATE TABLE poa.node (
	node integer PRIMARY KEY,
	set_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	set_by text NOT NULL DEFAULT CURRENT_USER,
	CONSTRAINT node_is_0_to_9000 CHECK (node OPERATOR(pg_catalog.>=) 0 AND node OPERATOR(pg_catalog.<=) 9000)
);
CREATE UNIQUE INDEX node_one_row ON poa.node ((true));
COMMENT ON TABLE poa.node IS
	'the number of this server among several.'
	' Empty where there is one machine. Written by poa.set_node only';
COMMENT ON COLUMN poa.node.node IS 'number of the node, 1 to 9000, or 0 for the warehouse.'
	' The warehouse is where the others send their logs';
COMMENT ON COLUMN poa.node.set_at IS 'UTC instant at which it was set';
COMMENT ON COLUMN poa.node.set_by IS 'name of the role that set it';
SELECT pg_catalog.pg_extension_config_dump('poa.node', '');

CREATE FUNCTION poa.node_of(chf @extschema@.guid, nodes integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF nodes < 1 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('nodes must be positive, not %s', nodes);
	END IF;
	RETURN (@extschema@.guid_hash(chf)::bigint & 4294967295) % nodes;
END
$$;
COMMENT ON FUNCTION poa.node_of(@extschema@.guid, integer) IS
	'the node of a hub, of some number of nodes, counted from 0.'
	' The hash of the GUID as an unsigned number of 32 bits, modulo nodes: as PL/Proxy has it with modular_mapping, and the same in'
	' every version; the partitions of a table PARTITION BY HASH are others. NULL for NULL. Raises 22023 for nodes below 1';
SELECT poa_internal.permit('FUNCTION poa.node_of(@extschema@.guid, integer)', '{dno,operator,auditor}');

/*
 * Node n gives out the numbers from n * 10^12 + 1 on, up to those of the next.
 * All are exact in a double, which JSON and spreadsheets make of them.
 */
CREATE FUNCTION poa_internal.node_of_number(number bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE	/* not STRICT, to be inlined */
RETURN $1 / 1000000000000;
COMMENT ON FUNCTION poa_internal.node_of_number(bigint) IS
	'the node that gave a number out.'
	' 0 for a number of a machine that is no node, NULL for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.node_of_number(bigint)', '{operator,auditor}');

CREATE FUNCTION poa_internal.this_node() RETURNS integer
	AS 'MODULE_PATHNAME', 'poa_this_node' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.this_node() IS 'the number of this node, of poa.node; NULL where it has none';
SELECT poa_internal.permit('FUNCTION poa_internal.this_node()', '{operator,auditor}');

CREATE FUNCTION poa_internal.refuse_at_warehouse(what text, number bigint DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'poa_refuse_at_warehouse_sql' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.refuse_at_warehouse(text, bigint) IS
	'raises 55000 at the warehouse, and names the node that gave the number out.'
	' what is the function that is not called there; without a number the error names no node. Nothing elsewhere';
SELECT poa_internal.permit('FUNCTION poa_internal.refuse_at_warehouse(text, bigint)', '{operator}');
