/*
 * Why an alert would be suppressed or not.
 */

CREATE FUNCTION poa_internal.is_enabled() RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_is_enabled' LANGUAGE C STABLE;
COMMENT ON FUNCTION poa_internal.is_enabled() IS 'the setting poa_suppress.enabled, false while the kill switch is thrown';
SELECT poa_internal.permit('FUNCTION poa_internal.is_enabled()', '{operator,auditor}');

/*
 * The decision of divert.c for people to read; a test compares the two.
 */
CREATE FUNCTION poa.explain(chf @extschema@.guid, at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (device @extschema@.guid, activation_id bigint, criterion text, met boolean, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH activation AS (
		SELECT a.*, poa_internal.suppresses(a.status) AS suppresses,
			poa_internal.window_holds(a.opens_at, 'infinity', $2) AS opened,
			poa_internal.window_holds('-infinity', a.closes_at, $2) AS not_closed,
			poa_internal.hold_in_force(a.chf, poa_internal.distributor_of(a.mpxn), a.manufacturer, a.originator) AS hold_id
		FROM poa.activation AS a WHERE a.chf OPERATOR(@extschema@.=) $1
	), deciding AS (
		SELECT a.* FROM activation AS a
		WHERE a.suppresses AND poa_internal.window_holds(a.opens_at, a.closes_at, $2) AND a.hold_id IS NULL
		ORDER BY a.activates_at DESC, a.activation_id DESC LIMIT 1
	), meter AS (
		SELECT d.device FROM poa.device AS d
		WHERE d.chf OPERATOR(@extschema@.=) $1 AND d.device_type = 'ESME'
		UNION SELECT a.device FROM activation AS a
	), line AS (
		SELECT 1 AS part, m.device, NULL::bigint AS activation_id, e.n, e.criterion, e.met, e.detail
		FROM meter AS m
		CROSS JOIN LATERAL poa.eligibility(m.device) WITH ORDINALITY AS e (criterion, met, detail, n)
		UNION ALL
		SELECT 1, a.device, a.activation_id, c.n, c.criterion, c.met, c.detail
		FROM activation AS a
		CROSS JOIN LATERAL (VALUES
			(1, 'status', a.suppresses, 'activation is ' || a.status),
			(2, 'opens', coalesce(a.opened, false), 'window opens at ' || a.opens_at::text),
			(3, 'closes', coalesce(a.not_closed, false), 'window closes at ' || a.closes_at::text),
			(4, 'hold', a.hold_id IS NULL, coalesce((
				SELECT format('hold %s of %s is in force until %s: %s', h.hold_id, h.held_by, h.until, h.reason)
				FROM poa.hold_log AS h WHERE h.hold_id = a.hold_id), 'no hold is in force'))
		) AS c (n, criterion, met, detail)
		UNION ALL
		SELECT 2, d.device, d.activation_id, 1, 'verdict', d.activation_id IS NOT NULL AND poa_internal.is_enabled(),
			CASE WHEN $1 IS NULL THEN 'stored: an alert without a hub is not judged'
				WHEN $2 IS NULL THEN 'stored: an alert without an instant is not judged'
				WHEN NOT EXISTS (SELECT FROM meter AS m) THEN 'stored: no meter is on hub ' || $1::text
					|| ' in poa.device, and no activation is tracked on it; is it the hub''s GUID?'
				WHEN d.activation_id IS NULL AND EXISTS (
						SELECT FROM activation AS a
						WHERE a.suppresses AND poa_internal.window_holds(a.opens_at, a.closes_at, $2))
					THEN 'stored: each window of the hub that holds ' || $2::text || ' is kept from suppressing by a hold'
				WHEN d.activation_id IS NULL THEN 'stored: no suppressing window of the hub holds ' || $2::text
				WHEN NOT poa_internal.is_enabled() THEN 'stored: poa_suppress.enabled is off'
				ELSE 'suppressed: ' || $2::text || ' is in the window from ' || d.opens_at::text
					|| ' to ' || d.closes_at::text || ', activation at ' || d.activates_at::text END
		FROM (SELECT) AS one LEFT JOIN deciding AS d ON true
	)
	SELECT l.device, l.activation_id, l.criterion, l.met, l.detail
	FROM line AS l
	ORDER BY l.part, l.device USING OPERATOR(@extschema@.<), l.activation_id NULLS FIRST, l.n
$$;
COMMENT ON FUNCTION poa.explain(@extschema@.guid, timestamptz) IS
	'why an AD1 of a hub at a UTC instant would be suppressed now or not.'
	' Each ESME of the hub with the criteria of eligibility (activation_id NULL), each activation tracked on it with'
	' status, opens, closes and hold (met = false where a hold is in force, the distributor being that of the meter),'
	' last the verdict, met where the AD1 would be suppressed. A NULL hub or instant is never suppressed';
SELECT poa_internal.permit('FUNCTION poa.explain(@extschema@.guid, timestamptz)', '{operator,auditor}');
