/*
 * Signs of life of a hub.
 */

CREATE TABLE poa.sign_of_life (
	guid @extschema@.guid NOT NULL,
	seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	what text
);
CREATE INDEX sign_of_life_guid_idx ON poa.sign_of_life (guid, seen_at);
COMMENT ON TABLE poa.sign_of_life IS
	'what was heard from hubs and devices beside the alerts in attached tables: outcomes of activations, by record_outcome, and any response that the DSP cares to insert. poa.purge_activations keeps the newest of each guid and what is younger';
COMMENT ON COLUMN poa.sign_of_life.guid IS 'GUID of the hub, or of a device on it';
COMMENT ON COLUMN poa.sign_of_life.seen_at IS 'UTC instant at which it was heard';
COMMENT ON COLUMN poa.sign_of_life.what IS 'what it said, for people to read; NULL where nobody noted it';
SELECT pg_catalog.pg_extension_config_dump('poa.sign_of_life', '');
SELECT poa_internal.permit('TABLE poa.sign_of_life', '{operator}', 'INSERT');
