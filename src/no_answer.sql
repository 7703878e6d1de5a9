/*
 * Devices that could not be reached.
 */
CREATE TABLE poa.no_answer (
	guid @extschema@.guid,
	at timestamptz DEFAULT pg_catalog.now(),
	code text,
	node integer DEFAULT coalesce(poa_internal.this_node(), 0),
	PRIMARY KEY (guid, at, code, node)
);
COMMENT ON TABLE poa.no_answer IS
	'requests without an answer, to devices on hubs with an open alert.'
	' An alert is open that is suppressed and not released, with nothing heard since. Written by poa.receive from the DCC''s'
	' response; operators may add what does not pass there. poa.purge_activations clears it';
COMMENT ON COLUMN poa.no_answer.guid IS 'GUID of the device that a request was for';
COMMENT ON COLUMN poa.no_answer.at IS 'UTC instant at which the DSP received that there is no answer';
COMMENT ON COLUMN poa.no_answer.code IS
	'ResponseCode of the missing answer.'
	' E20: the DCC could not communicate with the device; E21: no response was received (DUIS)';
COMMENT ON COLUMN poa.no_answer.node IS 'number of the node that wrote the row, 0 on a machine that is none';
SELECT pg_catalog.pg_extension_config_dump('poa.no_answer', '');
SELECT poa_internal.permit('TABLE poa.no_answer', '{operator}', 'INSERT, MAINTAIN');
