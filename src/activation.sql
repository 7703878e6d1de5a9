/*
 * Tracking of firmware activations (service request variant 11.3).
 */

CREATE TABLE poa.activation (
	activation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	device @extschema@.guid NOT NULL,
	chf @extschema@.guid NOT NULL,
	request_id text UNIQUE,
	received_at timestamptz NOT NULL,
	activates_at timestamptz NOT NULL,
	opens_at timestamptz NOT NULL,
	closes_at timestamptz NOT NULL,
	status text NOT NULL,
	manufacturer text,
	mpxn text,
	originator @extschema@.guid,
	firmware_hash bytea,
	tracked_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	ended_at timestamptz,
	ended_by text,
	CONSTRAINT status_is_known
		CHECK (status OPERATOR(pg_catalog.=) ANY
			(ARRAY['tracked', 'superseded', 'cancelled', 'succeeded', 'failed']))
) WITH (fillfactor = 80);	/* so that a change of status stays on its page and touches no index */

/*
 * divert.c knows these by name: the first is what an alert asks, the second
 * what it asks where the first knows of several windows.
 */
CREATE INDEX activation_chf_idx ON poa.activation USING hash (chf);
CREATE INDEX activation_chf_closes_at_idx ON poa.activation (chf, closes_at);
CREATE INDEX activation_device_idx ON poa.activation USING hash (device);

COMMENT ON TABLE poa.activation IS
	'firmware activations of eligible meters, each with the window in which an AD1 from the meter''s hub is suppressed; written by track_activation and its kin only';
COMMENT ON COLUMN poa.activation.activation_id IS 'number of the activation, in the order of arrival';
COMMENT ON COLUMN poa.activation.device IS 'GUID of the meter';
COMMENT ON COLUMN poa.activation.chf IS
	'GUID of the hub on whose alerts the window stands; follows the meter to another hub while the window has not closed';
COMMENT ON COLUMN poa.activation.request_id IS
	'RequestID of the service request, originator:target:counter; NULL where the caller gave none';
COMMENT ON COLUMN poa.activation.received_at IS 'UTC instant at which the DSP received the command';
COMMENT ON COLUMN poa.activation.activates_at IS
	'UTC instant of the activation: the execution time of a future-dated command, else received_at';
COMMENT ON COLUMN poa.activation.opens_at IS 'UTC instant at which the window opens, inside it';
COMMENT ON COLUMN poa.activation.closes_at IS 'UTC instant at which the window closes, inside it';
COMMENT ON COLUMN poa.activation.status IS
	'tracked and succeeded suppress; superseded (by a later command), cancelled and failed (the meter never rebooted) do not';
COMMENT ON COLUMN poa.activation.manufacturer IS 'manufacturer of the meter when tracked';
COMMENT ON COLUMN poa.activation.mpxn IS 'MPxN of the meter when tracked, NULL where it had none';
COMMENT ON COLUMN poa.activation.originator IS
	'GUID of the service user: the first part of request_id, NULL where that is no GUID';
COMMENT ON COLUMN poa.activation.firmware_hash IS 'hash of the firmware image to activate (32 octets), NULL where it is unknown';
COMMENT ON COLUMN poa.activation.tracked_at IS 'UTC instant, by the clock, at which the row was made';
COMMENT ON COLUMN poa.activation.ended_at IS
	'UTC instant at which the DSP received what ended it; NULL while it suppresses';
COMMENT ON COLUMN poa.activation.ended_by IS
	'what ended it: a RequestID, an outcome or the reason of a refusal; NULL while it suppresses';

SELECT pg_catalog.pg_extension_config_dump('poa.activation', '');
SELECT pg_catalog.pg_extension_config_dump('poa.activation_activation_id_seq', '');
COMMENT ON SEQUENCE poa.activation_activation_id_seq IS 'numbers of poa.activation; dumped, so that they go on after a restore';

/*
 * These functions set enable_seqscan off, because their plans are kept for the
 * session: one made while the table was new and small would go on reading the
 * whole of it.
 */
CREATE FUNCTION poa.track_activation(
	device @extschema@.guid,
	activates_at timestamptz DEFAULT NULL,
	request_id text DEFAULT NULL,
	received_at timestamptz DEFAULT pg_catalog.now()
) RETURNS bigint
	AS 'MODULE_PATHNAME', 'poa_track_activation' LANGUAGE C
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off;
COMMENT ON FUNCTION poa.track_activation(@extschema@.guid, timestamptz, text, timestamptz) IS
	'records the hub of an eligible meter as activation in progress and returns the activation_id, NULL where the device is not eligible; activates_at (UTC instant) NULL means on demand, at received_at; supersedes the meter''s pending activation; the same request_id again returns the same id and changes nothing. Raises 22023 for a NULL or infinite received_at or an infinite activates_at, 22008 for a window that ends after the year 294276 or begins before 4714 BC, 23505 for a request_id of another device, 25006 in a read-only transaction or on a standby, 09000 where a trigger on poa.activation keeps it out. Of triggers on poa.activation only those for each row fire (MP102B; DUIS 11.3)';

CREATE FUNCTION poa.cancel_activation(
	device @extschema@.guid,
	received_at timestamptz DEFAULT pg_catalog.now()
) RETURNS integer
	AS 'MODULE_PATHNAME', 'poa_cancel_activation' LANGUAGE C
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off;
COMMENT ON FUNCTION poa.cancel_activation(@extschema@.guid, timestamptz) IS
	'cancels the activations of a meter that have not started at received_at (UTC instant) and returns their number, 0 also for a NULL or unknown device. Raises 22023 for a NULL or infinite received_at (DUIS 11.3 with execution time 3000-12-31)';

CREATE FUNCTION poa.record_outcome(request_id text, outcome text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_record_outcome' LANGUAGE C
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off;
COMMENT ON FUNCTION poa.record_outcome(text, text) IS
	'records what the meter answered, just now, which is a sign of life, but for the same outcome again, a message that is delivered anew: succeeded keeps the window, no_image_held and hash_mismatch close it (the meter never rebooted), activation_failure changes nothing (it may have); only a tracked activation changes. True for a known request_id, false for an unknown or NULL one. Raises 22023 for another or NULL outcome (GBCS CS06)';

CREATE FUNCTION poa_internal.record_outcome_at(request_id text, outcome text, received_at timestamptz) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_record_outcome' LANGUAGE C
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off;
COMMENT ON FUNCTION poa_internal.record_outcome_at(text, text, timestamptz) IS
	'poa.record_outcome for an outcome received at a UTC instant, when the meter gave its sign of life. Also raises 22023 for a NULL or infinite received_at';

/*
 * A critical command comes twice under one RequestID: as a request, and then
 * signed, which is what reaches the meter.  Delivery is at least once.  What a
 * second delivery would do again, move a window or cancel, is done at the first
 * receipt only, which poa.activation alone does not tell.
 */
CREATE TABLE poa_internal.received_command (
	request_id text,
	signed boolean,
	received_at timestamptz NOT NULL,
	PRIMARY KEY (request_id, signed)
);
COMMENT ON TABLE poa_internal.received_command IS
	'cancellations and signed pre-commands that have been received, so that one that is delivered again does nothing again';
COMMENT ON COLUMN poa_internal.received_command.request_id IS 'RequestID of the service request, in upper case';
COMMENT ON COLUMN poa_internal.received_command.signed IS 'true for a signed pre-command, false for a request';
COMMENT ON COLUMN poa_internal.received_command.received_at IS 'UTC instant at which the DSP first received it';
SELECT pg_catalog.pg_extension_config_dump('poa_internal.received_command', '');

CREATE FUNCTION poa_internal.first_receipt(request_id text, signed boolean, received_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO poa_internal.received_command VALUES (upper($1), $2, $3)
	ON CONFLICT ON CONSTRAINT received_command_pkey DO NOTHING;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION poa_internal.first_receipt(text, boolean, timestamptz) IS
	'records that a request, or its signed pre-command, has been received at a UTC instant; false if it had been before. Raises 23502 for NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.first_receipt(text, boolean, timestamptz)', '{operator}');

CREATE FUNCTION poa_internal.retime_activation(request_id text, received_at timestamptz DEFAULT pg_catalog.now())
RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_retime_activation' LANGUAGE C
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off;
COMMENT ON FUNCTION poa_internal.retime_activation(text, timestamptz) IS
	'the signed pre-command of a request has been received at a UTC instant: the window of an on-demand activation that is tracked starts anew there, once, on the hub where the meter is now. True where it did, false where there was nothing to move, also for NULL. Raises 22023 for a NULL or infinite received_at (DUIS: the meter acts on the signed pre-command)';

SELECT poa_internal.permit('FUNCTION poa_internal.retime_activation(text, timestamptz)', '{operator}');
SELECT poa_internal.permit('FUNCTION poa.track_activation(@extschema@.guid, timestamptz, text, timestamptz)', '{operator}');
SELECT poa_internal.permit('FUNCTION poa.cancel_activation(@extschema@.guid, timestamptz)', '{operator}');
SELECT poa_internal.permit('FUNCTION poa.record_outcome(text, text)', '{operator}');
SELECT poa_internal.permit('FUNCTION poa_internal.record_outcome_at(text, text, timestamptz)', '{operator}');
