/*
 * All that is known of a hub, a device or an MPxN, in time order.
 */

CREATE FUNCTION poa_internal.refuse_subject(subject text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	text CONSTANT text := regexp_replace(subject, '^\s+|\s+$', '', 'g');
	bare CONSTANT text := regexp_replace(subject, '\s', '', 'g');
BEGIN
	RAISE invalid_parameter_value USING
		MESSAGE = format('invalid subject: %s', coalesce(quote_literal(subject), 'NULL')),
		DETAIL = 'A subject is the GUID of a hub or a device, or an MPxN of 6 to 13 digits.',
		HINT = CASE
			WHEN poa_internal.request_part(text, 2) IS NOT NULL THEN
				format('It is a RequestID; its device is %s.', poa_internal.request_part(text, 2))
			WHEN text ~ '^[0-9]{14,15}$' THEN
				format('It has %s digits: a GUID that has lost leading zeros is %s.', length(text), lpad(text, 16, '0'))
			WHEN bare ~ '^[0-9]{6,13}$' THEN format('Without blanks it is the MPxN %s.', bare)
			WHEN text ~ '^[0-9]{1,5}$' THEN 'Log rows are looked up by number in poa.suppressed_alert.'
			WHEN text ~ '^[0-9A-Fa-f:-]+$' THEN
				'A GUID has 16 hex digits, bare or in pairs with one separator, such as 00-DB-12-34-56-78-90-A0.'
			ELSE 'Name it as it stands in poa.suppressed_alert or poa.device.' END;
END
$$;
COMMENT ON FUNCTION poa_internal.refuse_subject(text) IS
	'raises 22023 for what is no subject of poa.timeline.'
	' The hint says what it could have been';
REVOKE ALL ON FUNCTION poa_internal.refuse_subject(text) FROM PUBLIC;

/*
 * The subject as devices and hubs.  A device brings the hubs that it is or was
 * on, a hub the devices that are or were there, and an MPxN the hubs of its
 * alerts too.
 */
CREATE FUNCTION poa_internal.subject_of(subject text, OUT devices @extschema@.guid[], OUT hubs @extschema@.guid[], OUT mpxn text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
	guid CONSTANT @extschema@.guid := @extschema@.try_guid(subject);
BEGIN
	/* with white space around it, as a GUID may have */
	mpxn := substring(subject FROM '^\s*([0-9]{6,13})\s*$');
	IF mpxn IS NULL AND guid IS NULL THEN
		PERFORM poa_internal.refuse_subject(subject);
	END IF;
	devices := ARRAY(
		SELECT d.device FROM poa.device AS d WHERE d.mpxn = subject_of.mpxn
		UNION SELECT a.device FROM poa.activation AS a WHERE a.mpxn = subject_of.mpxn
		UNION SELECT guid WHERE guid IS NOT NULL);
	hubs := ARRAY(
		SELECT d.chf FROM unnest(devices) AS s (device) JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) s.device
		WHERE d.chf IS NOT NULL
		UNION SELECT m.chf FROM unnest(devices) AS s (device) JOIN poa.device_move AS m ON m.device OPERATOR(@extschema@.=) s.device
		UNION SELECT a.chf FROM unnest(devices) AS s (device) JOIN poa.activation AS a ON a.device OPERATOR(@extschema@.=) s.device
		UNION SELECT l.chf FROM poa.suppression_log AS l WHERE l.mpxn = subject_of.mpxn
		UNION SELECT guid WHERE guid IS NOT NULL);
	/* a hub is not its own device, but is named as one where it is the subject */
	IF guid IS NOT NULL THEN
		devices := ARRAY(
			SELECT s.device FROM unnest(devices) AS s (device)
			UNION SELECT d.device FROM poa.device AS d WHERE d.chf OPERATOR(@extschema@.=) guid
			UNION SELECT m.device FROM poa.device_move AS m WHERE m.chf OPERATOR(@extschema@.=) guid
			UNION SELECT a.device FROM poa.activation AS a WHERE a.chf OPERATOR(@extschema@.=) guid);
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.subject_of(text) IS
	'the devices, hubs and MPxN of a subject of poa.timeline.'
	' The MPxN is NULL for a GUID. Raises 22023 for what is neither a GUID nor an MPxN';
REVOKE ALL ON FUNCTION poa_internal.subject_of(text) FROM PUBLIC;

/*
 * What belongs to them.  PL/pgSQL keeps the plans of these functions, which take
 * longer than they run.
 */

/* alerts in the attached tables, but for those that the log has */
CREATE FUNCTION poa_internal.timeline_of_alerts(devices @extschema@.guid[], hubs @extschema@.guid[],
	from_at timestamptz, to_at timestamptz)
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid, device @extschema@.guid, mpxn text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT a.at,
		CASE WHEN a.code = 'AD1' THEN 'stored' WHEN a.code ~ poa_internal.restoration_codes() THEN 'restoration' ELSE 'alert' END,
		concat(a.code, CASE WHEN a.code = 'AD1' THEN ' was stored in ' ELSE ' in ' END, a.source::regclass,
			', outage from ' || poa_internal.said_at(a.started)),
		a.chf, a.device, a.mpxn
	FROM (
		SELECT a.* FROM poa_internal.query_attached(
			$query$
				SELECT a.source, a.code, a.at, a.started, a.chf, a.device, a.mpxn
				FROM span AS s JOIN alert AS a ON a.chf OPERATOR(@extschema@.=) s.guid
			$query$, $3, $4, NULL, $2, NULL, NULL, 'chf')
			AS a (source oid, code text, at timestamptz, started timestamptz, chf @extschema@.guid, device @extschema@.guid, mpxn text)
		UNION
		SELECT a.* FROM poa_internal.query_attached(
			$query$
				SELECT a.source, a.code, a.at, a.started, a.chf, a.device, a.mpxn
				FROM span AS s JOIN alert AS a ON a.device OPERATOR(@extschema@.=) s.guid
			$query$, $3, $4, NULL, $1, NULL, NULL, 'device')
			AS a (source oid, code text, at timestamptz, started timestamptz, chf @extschema@.guid, device @extschema@.guid, mpxn text)
	) AS a
	WHERE a.code IS DISTINCT FROM 'AD1' OR NOT EXISTS (
		SELECT FROM poa.suppression_log AS l
		WHERE l.chf OPERATOR(@extschema@.=) a.chf AND l.decided_at = a.at AND l.mpxn IS NOT DISTINCT FROM a.mpxn);
END
$$;
COMMENT ON FUNCTION poa_internal.timeline_of_alerts(@extschema@.guid[], @extschema@.guid[], timestamptz, timestamptz) IS
	'the alerts in attached tables for poa.timeline.'
	' An AD1 that the log has is left to it';
REVOKE ALL ON FUNCTION poa_internal.timeline_of_alerts(@extschema@.guid[], @extschema@.guid[], timestamptz, timestamptz) FROM PUBLIC;

/* what was suppressed, shadowed or held, and released */
CREATE FUNCTION poa_internal.timeline_of_log(hubs @extschema@.guid[], of_mpxn text)
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid, device @extschema@.guid, mpxn text,
	activation_id bigint, log_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH entry AS MATERIALIZED (
		SELECT l.* FROM unnest($1) AS h (chf) JOIN poa.suppression_log AS l ON l.chf OPERATOR(@extschema@.=) h.chf
		UNION
		SELECT l.* FROM poa.suppression_log AS l WHERE l.mpxn = $2
	)
	SELECT e.decided_at,
		CASE WHEN e.diverted THEN 'suppressed' WHEN e.hold_id IS NOT NULL THEN 'held' ELSE 'shadow' END,
		concat(e.alert_code, CASE WHEN e.diverted THEN ' was suppressed' WHEN e.hold_id IS NOT NULL
				THEN ' was stored because of hold ' || e.hold_id ELSE ' would have been suppressed' END,
			', ', poa_internal.said_for(e.delay), ' after the activation at ', poa_internal.said_at(e.activates_at),
			', window to ', poa_internal.said_at(e.closes_at), ', outage from ' || poa_internal.said_at(e.outage_started_at)),
		e.chf, e.device, e.mpxn, e.activation_id, e.log_id
	FROM entry AS e
	UNION ALL
	SELECT r.released_at, 'released', concat(r.reason, ' (by ', r.released_by, ')'), e.chf, e.device, e.mpxn, e.activation_id, e.log_id
	FROM entry AS e JOIN poa.release_log AS r ON r.log_id = e.log_id;
END
$$;
COMMENT ON FUNCTION poa_internal.timeline_of_log(@extschema@.guid[], text) IS
	'the rows of the suppression log and its releases for poa.timeline';
REVOKE ALL ON FUNCTION poa_internal.timeline_of_log(@extschema@.guid[], text) FROM PUBLIC;

/* commands, what was heard of them, and their windows */
CREATE FUNCTION poa_internal.timeline_of_commands(devices @extschema@.guid[])
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid, device @extschema@.guid, mpxn text, activation_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH activation AS MATERIALIZED (
		SELECT a.* FROM unnest($1) AS s (device) JOIN poa.activation AS a ON a.device OPERATOR(@extschema@.=) s.device
	)
	SELECT c.received_at, 'command',
		concat(CASE WHEN c.signed THEN 'signed pre-command ' ELSE 'request ' END, c.request_id, coalesce(' of ' || o.name, ''),
			CASE WHEN c.cancels THEN ', cancels' ELSE coalesce(', for ' || poa_internal.said_at(c.activates_at), ', on demand') END,
			': ', c.action, coalesce(', ' || c.detail, '')),
		NULL::@extschema@.guid, c.device, NULL, c.activation_id
	FROM unnest($1) AS s (device)
	JOIN poa.command AS c ON c.device OPERATOR(@extschema@.=) s.device
	LEFT JOIN poa.originator AS o ON o.originator OPERATOR(@extschema@.=) c.originator
	UNION ALL
	/* several nodes may have noted it: the one received first counts */
	(SELECT DISTINCT ON (m.device, m.kind, coalesce(m.request_id, m.received_at::text))
		m.received_at, m.kind, concat(m.detail, ' for ' || m.request_id), NULL::@extschema@.guid, m.device, NULL, NULL::bigint
	FROM unnest($1) AS s (device) JOIN poa_internal.message AS m ON m.device OPERATOR(@extschema@.=) s.device
	WHERE m.kind IN ('outcome', 'refusal', 'cancellation')
	ORDER BY m.device, m.kind, coalesce(m.request_id, m.received_at::text), m.received_at, m.message_id)
	UNION ALL
	SELECT n.changed_at, n.status,
		concat('activation ', n.activation_id, ' at ', poa_internal.said_at(n.activates_at),
			coalesce(', ended by ' || n.ended_by, ''), ' (by ', n.by_whom, ')'),
		n.chf, a.device, a.mpxn, n.activation_id
	FROM activation AS a JOIN poa.activation_change AS n ON n.activation_id = a.activation_id
	UNION ALL
	SELECT w.at, w.what, concat('activation ', a.activation_id, ' is ', a.status, coalesce(', request ' || a.request_id, '')),
		a.chf, a.device, a.mpxn, a.activation_id
	FROM activation AS a
	CROSS JOIN LATERAL (VALUES (a.opens_at, 'window opens'), (a.closes_at, 'window closes')) AS w (at, what)
	WHERE poa_internal.suppresses(a.status);
END
$$;
COMMENT ON FUNCTION poa_internal.timeline_of_commands(@extschema@.guid[]) IS
	'commands, outcomes, and changes of activations for poa.timeline.'
	' With the answers to commands, and the windows';
REVOKE ALL ON FUNCTION poa_internal.timeline_of_commands(@extschema@.guid[]) FROM PUBLIC;

/* what was heard of devices and hubs beside alerts, and where they were */
CREATE FUNCTION poa_internal.timeline_of_devices(devices @extschema@.guid[], hubs @extschema@.guid[])
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid, device @extschema@.guid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT v.seen_at, 'sign of life', v.what,
		CASE WHEN v.guid OPERATOR(@extschema@.=) ANY ($2) THEN v.guid END, v.guid
	FROM (SELECT unnest($1) UNION SELECT unnest($2)) AS s (guid)
	JOIN poa.sign_of_life AS v ON v.guid OPERATOR(@extschema@.=) s.guid
	UNION ALL
	SELECT n.at, 'no answer', concat('response ', n.code), NULL, n.guid
	FROM (SELECT unnest($1) UNION SELECT unnest($2)) AS s (guid)
	JOIN poa.no_answer AS n ON n.guid OPERATOR(@extschema@.=) s.guid
	UNION ALL
	SELECT q.at, 'asked', 'a request was sent to the device', NULL, q.device
	FROM unnest($1) AS s (device) JOIN poa.asked AS q ON q.device OPERATOR(@extschema@.=) s.device
	UNION ALL
	SELECT m.until, 'moved', concat('the device left the hub, it is on ', coalesce(d.chf::text, 'none'), ' now'), m.chf, m.device
	FROM unnest($1) AS s (device) JOIN poa.device_move AS m ON m.device OPERATOR(@extschema@.=) s.device
	LEFT JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) m.device;
END
$$;
COMMENT ON FUNCTION poa_internal.timeline_of_devices(@extschema@.guid[], @extschema@.guid[]) IS
	'signs of life, missing answers and moves to other hubs for poa.timeline';
REVOKE ALL ON FUNCTION poa_internal.timeline_of_devices(@extschema@.guid[], @extschema@.guid[]) FROM PUBLIC;

/* holds that meet the hubs or what stands on them */
CREATE FUNCTION poa_internal.timeline_of_holds(devices @extschema@.guid[], hubs @extschema@.guid[], distributors smallint[])
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT e.at, e.what,
		concat('hold ', h.hold_id, CASE WHEN e.what = 'hold' THEN ' to ' || poa_internal.said_at(h.until) || ': ' || h.reason END,
			' (by ', e.by_whom, ')'),
		h.chf
	FROM poa.hold_log AS h
	CROSS JOIN LATERAL (VALUES
		(h.held_at, 'hold', h.held_by),
		(least(h.ended_at, h.until), 'hold ends', coalesce(h.ended_by, 'itself'))
	) AS e (at, what, by_whom)
	WHERE (h.chf IS NULL OR h.chf OPERATOR(@extschema@.=) ANY ($2))
		AND (h.distributor_id IS NULL OR h.distributor_id = ANY ($3))
		AND (h.manufacturer IS NULL OR h.manufacturer IN (
			SELECT d.manufacturer FROM unnest($1) AS s (device) JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) s.device))
		AND (h.originator IS NULL OR EXISTS (
			SELECT FROM unnest($1) AS s (device) JOIN poa.activation AS a ON a.device OPERATOR(@extschema@.=) s.device
			WHERE a.originator OPERATOR(@extschema@.=) h.originator));
END
$$;
COMMENT ON FUNCTION poa_internal.timeline_of_holds(@extschema@.guid[], @extschema@.guid[], smallint[]) IS
	'the holds for poa.timeline.'
	' Those that meet alerts of these hubs and distributors or windows of these devices';
REVOKE ALL ON FUNCTION poa_internal.timeline_of_holds(@extschema@.guid[], @extschema@.guid[], smallint[]) FROM PUBLIC;

/*
 * A row is that of the distributor of its MPxN, else of its device's, else of a
 * meter's on its hub.
 */
CREATE FUNCTION poa_internal.timeline_of(distributors smallint[], subject text, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid, device @extschema@.guid, mpxn text,
	activation_id bigint, log_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	of record;
BEGIN
	PERFORM poa_internal.check_range(from_at, to_at);
	SELECT s.* INTO of FROM poa_internal.subject_of(subject) AS s;
	RETURN QUERY
	WITH meter AS MATERIALIZED (
		SELECT d.device, d.chf, d.mpxn, poa_internal.distributor_of(d.mpxn) AS distributor_id
		FROM poa.device AS d
		WHERE d.device OPERATOR(@extschema@.=) ANY (of.devices)
	), line AS (
		SELECT l.* FROM poa_internal.timeline_of_log(of.hubs, of.mpxn) AS l
		UNION ALL
		SELECT c.*, NULL FROM poa_internal.timeline_of_commands(of.devices) AS c
		UNION ALL
		SELECT a.*, NULL, NULL FROM poa_internal.timeline_of_alerts(of.devices, of.hubs, from_at, to_at) AS a
		UNION ALL
		SELECT d.*, NULL, NULL, NULL FROM poa_internal.timeline_of_devices(of.devices, of.hubs) AS d
	), whose AS MATERIALIZED (
		SELECT n.*, coalesce(poa_internal.distributor_of(n.mpxn),
			(SELECT m.distributor_id FROM meter AS m WHERE m.device OPERATOR(@extschema@.=) n.device),
			(SELECT min(m.distributor_id) FROM meter AS m WHERE m.chf OPERATOR(@extschema@.=) n.chf),
			'-1'::smallint) AS distributor_id
		FROM line AS n
	), own AS (
		SELECT w.* FROM whose AS w WHERE w.distributor_id = ANY (distributors)
		UNION ALL
		SELECT h.*, NULL, NULL, NULL, NULL, NULL
		FROM (SELECT array_agg(DISTINCT w.distributor_id) AS ids FROM whose AS w WHERE w.distributor_id = ANY (distributors)) AS d
		CROSS JOIN LATERAL poa_internal.timeline_of_holds(of.devices, of.hubs, d.ids) AS h
		WHERE d.ids IS NOT NULL
	)
	SELECT o.at, o.what, o.detail, o.chf, o.device, o.mpxn, o.activation_id, o.log_id
	FROM own AS o
	WHERE o.at >= from_at AND o.at < to_at
	ORDER BY o.at, o.log_id, o.activation_id, o.what;
END
$$;
COMMENT ON FUNCTION poa_internal.timeline_of(smallint[], text, timestamptz, timestamptz) IS
	'poa.timeline for the given distributors, -1 being none.'
	' Run by poa.timeline as the owner of the extension';
REVOKE ALL ON FUNCTION poa_internal.timeline_of(smallint[], text, timestamptz, timestamptz) FROM PUBLIC;

CREATE FUNCTION poa.timeline(subject text, from_at timestamptz DEFAULT '-infinity', to_at timestamptz DEFAULT 'infinity')
RETURNS TABLE (at timestamptz, what text, detail text, chf @extschema@.guid, device @extschema@.guid, mpxn text,
	activation_id bigint, log_id bigint)
	AS 'MODULE_PATHNAME', 'poa_report' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa.timeline(text, timestamptz, timestamptz) IS
	'all that is known of a hub, a device or an MPxN in time order.'
	' From from_at on and before to_at, UTC instants. what: command, outcome, refusal, cancellation; tracked, succeeded,'
	' superseded, cancelled or failed (when that was known of an activation); window opens, window closes; stored (an AD1),'
	' suppressed, shadow, held, released; restoration, alert; sign of life, no answer, asked; moved; hold, hold ends. A device brings'
	' the hubs that it is or was on, a hub the devices that are or were there. As far as the caller may see it. No row'
	' for an unknown subject. Raises 22023 for what is neither a GUID nor an MPxN of 6 to 13 digits, 22004 for a NULL instant';
SELECT poa_internal.permit('FUNCTION poa.timeline(text, timestamptz, timestamptz)', '{dno,operator,auditor}');
