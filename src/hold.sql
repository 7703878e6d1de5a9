/*
 * Holds: windows that do not suppress for a while.
 */

CREATE TABLE poa.hold_log (
	hold_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	held_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	held_by text NOT NULL,
	until timestamptz NOT NULL,
	reason text NOT NULL,
	chf @extschema@.guid,
	distributor_id smallint,
	manufacturer text,
	originator @extschema@.guid,
	ended_at timestamptz,
	ended_by text
);
/* hold.c searches it by name: those in force are the last of it */
CREATE INDEX hold_log_until_idx ON poa.hold_log (until) WHERE ended_at IS NULL;

COMMENT ON TABLE poa.hold_log IS
	'holds of suppression: who, when, until when, and why.'
	' Also when and by whom each was ended. Written by poa.hold and poa.end_hold';
COMMENT ON COLUMN poa.hold_log.hold_id IS 'number of the hold';
COMMENT ON COLUMN poa.hold_log.held_at IS
	'UTC instant, by the clock, at which it was made.'
	' It is in force from its commit on';
COMMENT ON COLUMN poa.hold_log.held_by IS 'name of the role that made it';
COMMENT ON COLUMN poa.hold_log.until IS 'UTC instant, not in it, until which it is in force';
COMMENT ON COLUMN poa.hold_log.reason IS 'the reason that was given';
COMMENT ON COLUMN poa.hold_log.chf IS 'the hub whose windows it meets, NULL for all';
COMMENT ON COLUMN poa.hold_log.distributor_id IS 'the distributor, as logged, whose alerts it meets, NULL for all';
COMMENT ON COLUMN poa.hold_log.manufacturer IS 'the manufacturer of the meter whose windows it meets, NULL for all';
COMMENT ON COLUMN poa.hold_log.originator IS 'the service user whose windows it meets, NULL for all';
COMMENT ON COLUMN poa.hold_log.ended_at IS 'UTC instant, by the clock, of its early end, NULL where it had none';
COMMENT ON COLUMN poa.hold_log.ended_by IS 'name of the role that ended it';

SELECT pg_catalog.pg_extension_config_dump('poa.hold_log', '');
SELECT pg_catalog.pg_extension_config_dump('poa.hold_log_hold_id_seq', '');
COMMENT ON SEQUENCE poa.hold_log_hold_id_seq IS 'numbers of poa.hold_log; dumped, so that they go on after a restore';

CREATE FUNCTION poa_internal.hold_in_force(chf @extschema@.guid, distributor_id smallint, manufacturer text,
	originator @extschema@.guid) RETURNS bigint
	AS 'MODULE_PATHNAME', 'poa_hold_in_force_sql' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa_internal.hold_in_force(@extschema@.guid, smallint, text, @extschema@.guid) IS
	'number of the hold that keeps a window from suppressing now, NULL without one.'
	' chf and distributor_id are those of the alert, as logged, manufacturer and originator those of the window; a hold that'
	' names what is NULL here does not meet it. Of several the first; what another session has committed counts whatever snapshot'
	' the caller has';
SELECT poa_internal.permit('FUNCTION poa_internal.hold_in_force(@extschema@.guid, smallint, text, @extschema@.guid)',
	'{operator,auditor}');

CREATE FUNCTION poa.hold(
	reason text,
	until timestamptz,
	chf @extschema@.guid DEFAULT NULL,
	distributor_id integer DEFAULT NULL,
	manufacturer text DEFAULT NULL,
	originator @extschema@.guid DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	id bigint;
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.hold()');
	IF coalesce(btrim(reason, E' \t\n\v\f\r'), '') = '' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'reason must not be blank',
			HINT = 'Say why suppression is held: it is kept on record.';
	ELSIF until IS NULL OR NOT isfinite(until) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'until must be a finite instant',
			DETAIL = format('until is %s.', coalesce(until::text, 'NULL')),
			HINT = 'A hold ends by itself; make another one where it has to last longer.';
	ELSIF until <= clock_timestamp() THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'until must be in the future',
			DETAIL = format('until is %s, and it is %s now.', until, clock_timestamp());
	ELSIF distributor_id NOT BETWEEN 0 AND 99 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'distributor_id must have two digits',
			DETAIL = format('distributor_id is %s.', distributor_id),
			HINT = 'It is the first two digits of an MPAN core.';
	END IF;
	/* what is not known now may be in a moment */
	IF distributor_id IS NOT NULL AND NOT EXISTS (
		SELECT FROM poa.distributor AS d WHERE d.distributor_id = hold.distributor_id)
	THEN
		RAISE WARNING USING MESSAGE = format('distributor %s is not in poa.distributor', distributor_id);
	END IF;
	IF manufacturer IS NOT NULL AND NOT EXISTS (
		SELECT FROM poa.manufacturer AS m WHERE m.manufacturer = hold.manufacturer)
	THEN
		RAISE WARNING USING MESSAGE = format('manufacturer %s is not in poa.manufacturer', manufacturer);
	END IF;
	IF chf IS NOT NULL
		AND NOT EXISTS (SELECT FROM poa.device AS d WHERE d.chf OPERATOR(@extschema@.=) hold.chf)
		AND NOT EXISTS (SELECT FROM poa.activation AS a WHERE a.chf OPERATOR(@extschema@.=) hold.chf)
	THEN
		RAISE WARNING USING
			MESSAGE = format('no device in poa.device is on hub %s, and no activation is tracked on it', chf),
			HINT = 'Is it the GUID of the communications hub, and not that of a meter?';
	END IF;

	INSERT INTO poa.hold_log AS h (held_by, until, reason, chf, distributor_id, manufacturer, originator)
	VALUES (poa_internal.caller(),
		until, reason, chf, distributor_id, manufacturer, originator)
	RETURNING h.hold_id INTO id;
	RETURN id;
END
$$;
COMMENT ON FUNCTION poa.hold(text, timestamptz, @extschema@.guid, integer, text, @extschema@.guid) IS
	'keeps windows from suppressing until a UTC instant.'
	' Returns the number of the hold. It meets windows of the hub chf, alerts of the distributor as logged, and windows of the'
	' manufacturer and of the originator: of all that are named, and of all windows where nothing is. It is in force from its'
	' commit on, by the clock when an alert is judged. An alert that is stored so leaves a row in the log. Raises 22023 for a'
	' NULL, past or infinite until, a blank reason or a distributor_id that does not have two digits, 25006 in a read-only'
	' transaction or on a standby; warns of a hub, distributor or manufacturer that is not known';
SELECT poa_internal.permit('FUNCTION poa.hold(text, timestamptz, @extschema@.guid, integer, text, @extschema@.guid)', '{operator}');

CREATE FUNCTION poa.end_hold(hold_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM poa_internal.refuse_at_warehouse('poa.end_hold()', $1);
	IF NOT EXISTS (SELECT FROM poa.hold_log AS h WHERE h.hold_id = $1) THEN
		RAISE undefined_object USING
			MESSAGE = format('hold %s does not exist', coalesce($1::text, 'NULL')),
			HINT = 'Holds are in poa.hold_log.';
	END IF;
	UPDATE poa.hold_log AS h SET
		ended_at = clock_timestamp(),
		ended_by = poa_internal.caller()
	WHERE h.hold_id = $1 AND h.ended_at IS NULL AND h.until > clock_timestamp();
END
$$;
COMMENT ON FUNCTION poa.end_hold(bigint) IS
	'ends a hold before its time.'
	' Its windows suppress again from the commit on; one that has ended stays as it is. Raises 42704 for an unknown number or'
	' NULL, 25006 in a read-only transaction or on a standby';
SELECT poa_internal.permit('FUNCTION poa.end_hold(bigint)', '{operator}');

CREATE FUNCTION poa_internal.holds_in_force() RETURNS SETOF poa.hold_log
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT h.* FROM poa.hold_log AS h WHERE h.ended_at IS NULL AND h.until > now()
$$;
COMMENT ON FUNCTION poa_internal.holds_in_force() IS 'the holds that are in force when the transaction begins';
SELECT poa_internal.permit('FUNCTION poa_internal.holds_in_force()', '{operator,auditor}');
