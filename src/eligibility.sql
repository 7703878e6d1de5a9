/*
 * Whether the activations of a device are tracked.
 */

/*
 * The rule of eligibility for people to read.  track_activation asks the same
 * five questions in C (activation.c); a test compares the two.
 */
CREATE FUNCTION poa.eligibility(device @extschema@.guid)
RETURNS TABLE (criterion text, met boolean, detail text)
LANGUAGE sql STABLE ROWS 6
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.criterion, coalesce(c.met, false), c.detail
	FROM (SELECT) AS one
	LEFT JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) $1
	LEFT JOIN poa.manufacturer AS m ON m.manufacturer = d.manufacturer
	LEFT JOIN poa.guid_list AS g ON g.guid OPERATOR(@extschema@.=) $1
	CROSS JOIN LATERAL (VALUES
		(1, 'inventory', d.device IS NOT NULL,
			CASE WHEN d.device IS NULL THEN coalesce('device ' || $1::text, 'a NULL device') || ' is not in poa.device'
				ELSE 'device ' || $1::text || ' is in poa.device' END),
		(2, 'type', d.device_type = 'ESME',
			'device type is ' || coalesce(d.device_type, 'unknown') || ', must be ESME'),
		(3, 'generation', d.smets = 2,
			'SMETS generation is ' || coalesce(d.smets::text, 'unknown') || ', must be 2'),
		(4, 'manufacturer', m.manufacturer IS NOT NULL,
			'manufacturer ' || coalesce(d.manufacturer, 'unknown')
			|| CASE WHEN m.manufacturer IS NULL THEN ' is not in poa.manufacturer'
					|| coalesce((SELECT ' (but ' || o.manufacturer || ' is)' FROM poa.manufacturer AS o
						WHERE o.manufacturer = upper(d.manufacturer)), '')
				ELSE ' (' || m.name || ') is in poa.manufacturer' END),
		(5, 'list', g.guid IS NOT NULL,
			coalesce('device ' || $1::text, 'a NULL device')
			|| CASE WHEN g.guid IS NULL THEN ' is not' ELSE ' is' END || ' on poa.guid_list'),
		(6, 'hub', d.chf IS NOT NULL,
			CASE WHEN d.chf IS NULL THEN 'the communications hub is unknown'
				ELSE 'communications hub is ' || d.chf::text END)
	) AS c (n, criterion, met, detail)
	ORDER BY c.n
$$;
COMMENT ON FUNCTION poa.eligibility(@extschema@.guid) IS
	'whether the firmware activations of a device are tracked, one row a criterion (inventory, type, generation, manufacturer, list, hub) and why; all must be met. A NULL or unknown device meets none but, if it is there, list (MP102B)';
SELECT poa_internal.permit('FUNCTION poa.eligibility(@extschema@.guid)', '{operator,auditor}');
