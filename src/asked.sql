/*
 * Requests to devices that are asked about.
 */
CREATE TABLE poa.asked (
	device @extschema@.guid,
	at timestamptz DEFAULT pg_catalog.now(),
	node integer DEFAULT coalesce(poa_internal.this_node(), 0),
	PRIMARY KEY (device, at, node)
);
COMMENT ON TABLE poa.asked IS
	'requests to devices on hubs with an open alert.'
	' An alert is open that is suppressed and not released, with nothing heard since. Written by poa.receive as they pass;'
	' operators may add what does not pass there. poa.purge_activations clears it';
COMMENT ON COLUMN poa.asked.device IS 'GUID of the device that a request is for';
COMMENT ON COLUMN poa.asked.at IS 'UTC instant of the request';
COMMENT ON COLUMN poa.asked.node IS 'number of the node that wrote the row, 0 on a machine that is none';
SELECT pg_catalog.pg_extension_config_dump('poa.asked', '');
SELECT poa_internal.permit('TABLE poa.asked', '{operator}', 'INSERT, MAINTAIN');
