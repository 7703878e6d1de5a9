/*
 * Signs of life of a hub.
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
