/*
 * Firmware activations, each with its window, and what was known of them when.
 * Tracking is in track.sql, what decides on their states in settle.sql.
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
	/* one constant, as each statement reads the expression anew */
	CONSTRAINT status_is_known
		CHECK (status OPERATOR(pg_catalog.=) ANY ('{tracked,superseded,cancelled,succeeded,failed}'::text[]))
) WITH (fillfactor = 80);	/* so that a change of status stays on its page and touches no index */

/*
 * divert.c searches these by name: the first for an alert, the second where the
 * first has more windows of the hub than one.
 */
CREATE INDEX activation_chf_idx ON poa.activation USING hash (chf);
CREATE INDEX activation_chf_closes_at_idx ON poa.activation (chf, closes_at);
CREATE INDEX activation_device_idx ON poa.activation USING hash (device);

COMMENT ON TABLE poa.activation IS
	'firmware activations of eligible meters, each with its window.'
	' In the window an AD1 from the meter''s hub is suppressed. Written by track_activation and its kin only';
COMMENT ON COLUMN poa.activation.activation_id IS 'number of the activation, in the order of arrival';
COMMENT ON COLUMN poa.activation.device IS 'GUID of the meter';
COMMENT ON COLUMN poa.activation.chf IS
	'GUID of the hub on whose alerts the window stands.'
	' It follows the meter to another hub while the window has not closed';
COMMENT ON COLUMN poa.activation.request_id IS
	'RequestID of the service request, originator:target:counter.'
	' In upper case; a text that is no RequestID as it was given; NULL where the caller gave none';
COMMENT ON COLUMN poa.activation.received_at IS
	'UTC instant at which the DSP received the command.'
	' The earlier one, where both of its forms came';
COMMENT ON COLUMN poa.activation.activates_at IS
	'UTC instant of the activation.'
	' The execution time of a future-dated command, else received_at. That of the signed pre-command where there is one';
COMMENT ON COLUMN poa.activation.opens_at IS 'UTC instant at which the window opens, inside it';
COMMENT ON COLUMN poa.activation.closes_at IS 'UTC instant at which the window closes, inside it';
COMMENT ON COLUMN poa.activation.status IS
	'tracked, superseded, cancelled, succeeded or failed.'
	' tracked and succeeded suppress; superseded (by a later command), cancelled and failed (the meter never rebooted) do not';
COMMENT ON COLUMN poa.activation.manufacturer IS 'manufacturer of the meter when tracked';
COMMENT ON COLUMN poa.activation.mpxn IS 'MPxN of the meter when tracked, NULL where it had none';
COMMENT ON COLUMN poa.activation.originator IS
	'GUID of the service user, NULL where there is none.'
	' It is the first part of request_id, where that is a GUID';
COMMENT ON COLUMN poa.activation.firmware_hash IS 'hash of the firmware image to activate (32 octets), NULL where it is unknown';
COMMENT ON COLUMN poa.activation.tracked_at IS 'UTC instant, by the clock, at which the row was made';
COMMENT ON COLUMN poa.activation.ended_at IS
	'UTC instant at which the DSP received what ended it; NULL while it suppresses';
COMMENT ON COLUMN poa.activation.ended_by IS
	'what ended it, NULL while it suppresses.'
	' A RequestID, an outcome or the reason of a refusal';

SELECT pg_catalog.pg_extension_config_dump('poa.activation', '');
SELECT pg_catalog.pg_extension_config_dump('poa.activation_activation_id_seq', '');
COMMENT ON SEQUENCE poa.activation_activation_id_seq IS 'numbers of poa.activation; dumped, so that they go on after a restore';

CREATE TABLE poa.activation_change (
	change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	activation_id bigint NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	by_whom text NOT NULL DEFAULT SESSION_USER,
	status text NOT NULL,
	chf @extschema@.guid NOT NULL,
	activates_at timestamptz NOT NULL,
	opens_at timestamptz NOT NULL,
	closes_at timestamptz NOT NULL,
	received_at timestamptz NOT NULL,
	ended_at timestamptz,
	ended_by text,
	transaction_id xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id()
);
CREATE INDEX activation_change_activation_id_idx ON poa.activation_change (activation_id);
/* by which poa.release_genuine finds what is new; the table grows in the order of time */
CREATE INDEX activation_change_changed_at_idx ON poa.activation_change USING brin (changed_at) WITH (autosummarize = on);
COMMENT ON TABLE poa.activation_change IS
	'what was known of each activation when.'
	' A row for its tracking and for each change of status, hub or time. Append-only; poa.purge_activations removes the changes of'
	' the activations that it removes';
COMMENT ON COLUMN poa.activation_change.change_id IS 'number of the change, in the order of arrival';
COMMENT ON COLUMN poa.activation_change.activation_id IS 'the activation, of which the columns below are the state after the change';
COMMENT ON COLUMN poa.activation_change.changed_at IS 'UTC instant of the change, by the clock';
COMMENT ON COLUMN poa.activation_change.by_whom IS 'name of the role whose session made the change';
COMMENT ON COLUMN poa.activation_change.status IS 'as in poa.activation';
COMMENT ON COLUMN poa.activation_change.chf IS 'GUID of the hub on which the window stands';
COMMENT ON COLUMN poa.activation_change.activates_at IS 'UTC instant, as in poa.activation';
COMMENT ON COLUMN poa.activation_change.opens_at IS 'UTC instant at which the window opens';
COMMENT ON COLUMN poa.activation_change.closes_at IS 'UTC instant at which the window closes';
COMMENT ON COLUMN poa.activation_change.received_at IS 'UTC instant, as in poa.activation';
COMMENT ON COLUMN poa.activation_change.ended_at IS 'UTC instant, as in poa.activation';
COMMENT ON COLUMN poa.activation_change.ended_by IS 'as in poa.activation';
COMMENT ON COLUMN poa.activation_change.transaction_id IS
	'number of the transaction that made the change.'
	' After a restore from a dump that of the old server';
SELECT pg_catalog.pg_extension_config_dump('poa.activation_change', '');
SELECT pg_catalog.pg_extension_config_dump('poa.activation_change_change_id_seq', '');
COMMENT ON SEQUENCE poa.activation_change_change_id_seq IS 'numbers of poa.activation_change; dumped, so that they go on after a restore';

/* not for INSERT, which a restore does: track_command records what it adds */
CREATE FUNCTION poa_internal.record_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
BEGIN
	INSERT INTO poa.activation_change (activation_id, status, chf, activates_at, opens_at, closes_at, received_at, ended_at, ended_by)
	SELECT n.* FROM (
		SELECT a.activation_id, a.status, a.chf, a.activates_at, a.opens_at, a.closes_at, a.received_at, a.ended_at, a.ended_by FROM after AS a
		EXCEPT
		SELECT a.activation_id, a.status, a.chf, a.activates_at, a.opens_at, a.closes_at, a.received_at, a.ended_at, a.ended_by FROM before AS a
	) AS n;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.record_change() IS
	'trigger: a row in poa.activation_change for each change of an activation';
REVOKE ALL ON FUNCTION poa_internal.record_change() FROM PUBLIC;
CREATE TRIGGER record_change AFTER UPDATE ON poa.activation
	REFERENCING OLD TABLE AS before NEW TABLE AS after
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.record_change();
COMMENT ON TRIGGER record_change ON poa.activation IS 'what was known of an activation stays on record';
