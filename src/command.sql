/*
 * The register of commands that poa.receive was given: did it reach us, and why
 * was it not tracked?
 */
CREATE TABLE poa.command (
	request_id text,
	signed boolean NOT NULL,
	received_at timestamptz NOT NULL,
	device @extschema@.guid NOT NULL,
	action text NOT NULL,
	detail text,
	command_variant smallint,
	activates_at timestamptz,
	cancels boolean NOT NULL,
	originator @extschema@.guid,
	firmware_hash bytea,
	activation_id bigint,
	node integer DEFAULT coalesce(poa_internal.this_node(), 0),
	PRIMARY KEY (request_id, command_variant, node)
);
CREATE INDEX command_device_idx ON poa.command USING hash (device);
CREATE INDEX command_received_at_idx ON poa.command USING brin (received_at);
COMMENT ON TABLE poa.command IS
	'every service request 11.3 that poa.receive was given, with its answer.'
	' Of several receipts the first. One that was not eligible is judged again when it is delivered again. poa.purge_activations'
	' clears it';
COMMENT ON COLUMN poa.command.request_id IS 'RequestID, in upper case';
COMMENT ON COLUMN poa.command.signed IS 'true for a signed pre-command, false for the request for it';
COMMENT ON COLUMN poa.command.received_at IS 'UTC instant at which the DSP first received it';
COMMENT ON COLUMN poa.command.device IS 'GUID of the device that it is for';
COMMENT ON COLUMN poa.command.action IS
	'what poa.receive answered.'
	' One of tracked, retimed, duplicate, not_eligible, cancelled or ignored';
COMMENT ON COLUMN poa.command.detail IS 'the detail of that answer';
COMMENT ON COLUMN poa.command.command_variant IS 'CommandVariant: 4 for a request, 5, 6 or 7 for a signed pre-command';
COMMENT ON COLUMN poa.command.activates_at IS 'UTC instant that it names, NULL for on demand';
COMMENT ON COLUMN poa.command.cancels IS 'true for a cancellation';
COMMENT ON COLUMN poa.command.originator IS 'GUID of the service user who sent it';
COMMENT ON COLUMN poa.command.firmware_hash IS 'hash of the firmware image (32 octets), NULL for a cancellation';
COMMENT ON COLUMN poa.command.activation_id IS 'the activation, NULL where none was tracked';
COMMENT ON COLUMN poa.command.node IS 'number of the node that received it, 0 on a machine that is none';
SELECT pg_catalog.pg_extension_config_dump('poa.command', '');

CREATE FUNCTION poa_internal.record_command(
	request_id text,
	command_variant smallint,
	received_at timestamptz,
	device @extschema@.guid,
	action text,
	detail text,
	activates_at timestamptz,
	cancels boolean,
	firmware_hash bytea,
	activation_id bigint
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	key CONSTANT text := poa_internal.canonical_request_id($1);
BEGIN
	/* another node may have received it before the meter was moved here, with its commands */
	INSERT INTO poa.command AS c
	SELECT key, $2 <> 4, $3, $4, $5, $6, $2, $7, $8, poa_internal.request_part(key, 1), $9, $10
	WHERE NOT EXISTS (
		SELECT FROM poa.command AS o
		WHERE o.request_id = key AND o.command_variant = $2 AND o.node <> coalesce(poa_internal.this_node(), 0) AND o.action <> 'not_eligible')
	ON CONFLICT ON CONSTRAINT command_pkey DO UPDATE
	SET action = excluded.action, detail = excluded.detail, activation_id = excluded.activation_id
	WHERE c.action = 'not_eligible';
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION poa_internal.record_command(text, smallint, timestamptz, @extschema@.guid, text, text,
	timestamptz, boolean, bytea, bigint) IS
	'records a service request 11.3 and what was answered in poa.command.'
	' False where it was recorded before, unless as not eligible: then its answer is the new one';
SELECT poa_internal.permit(
	'FUNCTION poa_internal.record_command(text, smallint, timestamptz, @extschema@.guid, text, text, timestamptz, boolean, bytea, bigint)',
	'{operator}');
