/*
 * What a sign of life of a hub is: the one rule, from when it counts, and which
 * devices were on the hub then.
 */

/* without SET, so that it is inlined */
CREATE FUNCTION poa_internal.outage_start(outage_started_at timestamptz, decided_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.isfinite($1) THEN $1 ELSE $2 END;
COMMENT ON FUNCTION poa_internal.outage_start(timestamptz, timestamptz) IS
	'the UTC instant from which an outage counts.'
	' Its start where that is known and finite, else that of its alert';
SELECT poa_internal.permit('FUNCTION poa_internal.outage_start(timestamptz, timestamptz)', '{dno,operator,auditor}');

/*
 * Where a device was: on the hub that poa.device names since it left the last
 * one in poa.device_move, and on each of those until it left.
 */
CREATE FUNCTION poa_internal.devices_of(ids bigint[], hubs @extschema@.guid[], starts timestamptz[], ends timestamptz[])
RETURNS TABLE (id bigint, device @extschema@.guid, from_at timestamptz, to_at timestamptz)
LANGUAGE sql STABLE ROWS 10000
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH span AS MATERIALIZED (
		SELECT * FROM unnest(ids, hubs, starts, ends) AS s (id, hub, from_at, to_at)
	), stay AS (
		SELECT s.id, d.device, s.from_at, s.to_at, (
			SELECT max(v.until) FROM poa.device_move AS v WHERE v.device OPERATOR(@extschema@.=) d.device
		) AS since, 'infinity'::timestamptz AS until
		FROM span AS s JOIN poa.device AS d ON d.chf OPERATOR(@extschema@.=) s.hub
		UNION ALL
		SELECT s.id, m.device, s.from_at, s.to_at, (
			SELECT max(v.until) FROM poa.device_move AS v
			WHERE v.device OPERATOR(@extschema@.=) m.device AND v.until < m.until
		), m.until
		FROM span AS s JOIN poa.device_move AS m ON m.chf OPERATOR(@extschema@.=) s.hub AND m.until > s.from_at
	)
	SELECT s.id, s.device, greatest(s.from_at, s.since), least(s.to_at, s.until)
	FROM stay AS s
	WHERE greatest(s.from_at, s.since) < least(s.to_at, s.until)
$$;
COMMENT ON FUNCTION poa_internal.devices_of(bigint[], @extschema@.guid[], timestamptz[], timestamptz[]) IS
	'the devices that were on hubs between UTC instants, and when.'
	' ids, hubs, starts and ends stand side by side; from_at (not included) and to_at (included) are the part of such a span'
	' for which the device was on its hub';
REVOKE ALL ON FUNCTION poa_internal.devices_of(bigint[], @extschema@.guid[], timestamptz[], timestamptz[]) FROM PUBLIC;

/* as text, because the owner of an attached table, as which it is compared, may call no function of ours */
CREATE FUNCTION poa_internal.restoration_codes() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '^8F3[5-9A-C]$'::text;
COMMENT ON FUNCTION poa_internal.restoration_codes() IS
	'the regular expression of the codes that tell that the supply is restored.'
	' 8F35 and 8F36, by phase 8F37 to 8F3C (GBCS)';
REVOKE ALL ON FUNCTION poa_internal.restoration_codes() FROM PUBLIC;

/*
 * The rule.  A code of four hexadecimal digits comes from a device (GBCS); a
 * DCC alert such as N12 or N13 says that none was reached.  Most hubs are heard
 * within a day, for which later partitions need not be searched; nor is more
 * than a day before searched for the first delivery of what came again.
 */
CREATE FUNCTION poa_internal.first_sign_of_life(
	ids bigint[],
	hubs @extschema@.guid[],
	starts timestamptz[],
	ends timestamptz[],
	restoration boolean DEFAULT false
) RETURNS TABLE (id bigint, at timestamptz, code text, chf @extschema@.guid, device @extschema@.guid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	query text := $query$SELECT r.* FROM (
		WITH heard AS NOT MATERIALIZED (
			SELECT s.id, s.from_at + interval '1 day' AS soon, a.at, a.code, a.chf, a.device
			FROM span AS s JOIN alert AS a
				ON a.%1$I OPERATOR(@extschema@.=) s.guid AND a.at > s.from_at AND a.at <= s.to_at
			WHERE a.code ~ %2$L
				/* what is delivered again counts at its first time */
				AND NOT EXISTS (SELECT FROM alert AS o
					WHERE o.%1$I OPERATOR(@extschema@.=) s.guid AND o.key = a.key AND o.at <= s.from_at)
		), near AS MATERIALIZED (
			SELECT DISTINCT ON (h.id) h.id, h.at, h.code, h.chf, h.device FROM heard AS h WHERE h.at <= h.soon
			ORDER BY h.id, h.at, h.code, h.device
		)
		TABLE near
		UNION ALL
		SELECT * FROM (
			SELECT DISTINCT ON (h.id) h.id, h.at, h.code, h.chf, h.device FROM heard AS h
			WHERE h.at > h.soon AND h.id NOT IN (SELECT n.id FROM near AS n)
			ORDER BY h.id, h.at, h.code, h.device
		) AS late
	) AS r$query$;
	codes text := CASE WHEN restoration THEN poa_internal.restoration_codes() ELSE '^[0-9A-Fa-f]{4}$' END;
BEGIN
	RETURN QUERY
	WITH voice AS MATERIALIZED (
		SELECT d.* FROM poa_internal.devices_of(ids, hubs, starts, ends) AS d
	), span AS (
		SELECT s.* FROM unnest(ids, hubs, starts, ends) AS s (id, guid, from_at, to_at)
		UNION ALL
		SELECT v.* FROM voice AS v
	), heard AS (
		SELECT a.*
		FROM (SELECT min(s.from_at) AS from_at, max(s.to_at) AS to_at FROM unnest(starts, ends) AS s (from_at, to_at)) AS s
		CROSS JOIN poa_internal.query_attached(format(query, 'chf', codes), s.from_at - interval '1 day', s.to_at, ids, hubs, starts, ends, 'chf')
			AS a (id bigint, at timestamptz, code text, chf @extschema@.guid, device @extschema@.guid)
		UNION ALL
		SELECT a.*
		FROM (SELECT array_agg(v.id) AS ids, array_agg(v.device) AS guids, array_agg(v.from_at) AS starts,
				array_agg(v.to_at) AS ends, min(v.from_at) AS from_at, max(v.to_at) AS to_at FROM voice AS v) AS v
		CROSS JOIN poa_internal.query_attached(format(query, 'device', codes), v.from_at - interval '1 day', v.to_at,
				v.ids, v.guids, v.starts, v.ends, 'device')
			AS a (id bigint, at timestamptz, code text, chf @extschema@.guid, device @extschema@.guid)
		UNION ALL
		SELECT s.id, l.seen_at, NULL, NULL, l.guid
		FROM span AS s JOIN poa.sign_of_life AS l
			ON l.guid OPERATOR(@extschema@.=) s.guid AND l.seen_at > s.from_at AND l.seen_at <= s.to_at
		WHERE NOT restoration
	)
	SELECT DISTINCT ON (h.id) h.id, h.at, h.code, h.chf, h.device FROM heard AS h
	ORDER BY h.id, h.at, h.code, h.device;
END
$$;
COMMENT ON FUNCTION poa_internal.first_sign_of_life(bigint[], @extschema@.guid[], timestamptz[], timestamptz[], boolean) IS
	'the first sign of life of each of some hubs between UTC instants.'
	' No row where there is none. ids, hubs, starts (not included) and ends (included) stand side by side. A sign of life is an'
	' alert of a device (four hexadecimal digits) in an attached table, by its hub or by a device that was on the hub then, or a'
	' row in poa.sign_of_life of either, whose code is NULL here. An alert of the same key as one before counts as that one.'
	' restoration: only the restoration alerts, 8F35 to 8F3C (GBCS)';
REVOKE ALL ON FUNCTION poa_internal.first_sign_of_life(bigint[], @extschema@.guid[], timestamptz[], timestamptz[], boolean) FROM PUBLIC;
