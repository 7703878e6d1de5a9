/*
 * What traffic says of a device: that it was heard, asked, or did not answer.
 * Which of it is a sign of life of a hub is in sign_of_life.sql.
 */

CREATE TABLE poa.sign_of_life (
	guid @extschema@.guid NOT NULL,
	seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	what text,
	sign_id bigint GENERATED ALWAYS AS IDENTITY,
	PRIMARY KEY (guid, seen_at, sign_id)	/* by which it is looked up, too */
);
COMMENT ON TABLE poa.sign_of_life IS
	'what was heard from hubs and devices beside the alerts in attached tables.'
	' Outcomes of activations are written by record_outcome; any response may be inserted.'
	' poa.purge_activations keeps the newest of each guid and what is younger';
COMMENT ON COLUMN poa.sign_of_life.guid IS 'GUID of the hub, or of a device on it';
COMMENT ON COLUMN poa.sign_of_life.seen_at IS 'UTC instant at which it was heard';
COMMENT ON COLUMN poa.sign_of_life.what IS 'what it said, as a note; NULL where there is none';
COMMENT ON COLUMN poa.sign_of_life.sign_id IS 'number of the row, by which like ones differ';
SELECT pg_catalog.pg_extension_config_dump('poa.sign_of_life', '');
SELECT pg_catalog.pg_extension_config_dump('poa.sign_of_life_sign_id_seq', '');
COMMENT ON SEQUENCE poa.sign_of_life_sign_id_seq IS 'numbers of poa.sign_of_life; dumped, so that they go on after a restore';
SELECT poa_internal.permit('TABLE poa.sign_of_life', '{operator}', 'INSERT, MAINTAIN');

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
