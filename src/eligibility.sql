/*
 * Whether the activations of a device are tracked.
 */

/*
 * The rule.  It is written here only: tracking goes by "eligible", and
 * poa.eligibility explains the columns before it.
 */
CREATE FUNCTION poa_internal.criteria(device @extschema@.guid)
RETURNS TABLE (eligible boolean, inventory boolean, type boolean, generation boolean, manufacturer boolean, list boolean, hub boolean,
	device_type text, smets smallint, cpl text, name text, chf @extschema@.guid)
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
	SELECT c.inventory AND c.type AND c.generation AND c.manufacturer AND c.list AND c.hub, c.*
	FROM (
		SELECT d.device IS NOT NULL AS inventory, coalesce(d.device_type = 'ESME', false) AS type,
			coalesce(d.smets = 2, false) AS generation, m.manufacturer IS NOT NULL AS manufacturer,
			g.guid IS NOT NULL AS list, d.chf IS NOT NULL AS hub,
			d.device_type, d.smets, d.manufacturer AS cpl, m.name, d.chf
		FROM (SELECT) AS one
		LEFT JOIN poa.device AS d ON d.device OPERATOR(@extschema@.=) $1
		LEFT JOIN poa.manufacturer AS m ON m.manufacturer = d.manufacturer
		LEFT JOIN poa.guid_list AS g ON g.guid OPERATOR(@extschema@.=) $1
	) AS c;
END;
COMMENT ON FUNCTION poa_internal.criteria(@extschema@.guid) IS
	'the criteria of eligibility of a device, one row.'
	' eligible: all of the six are true, which never are NULL. After them what they go by, NULL where there is none:'
	' cpl is the identifier of its manufacturer (MP102B)';
SELECT poa_internal.permit('FUNCTION poa_internal.criteria(@extschema@.guid)', '{operator,auditor}');

CREATE FUNCTION poa.eligibility(device @extschema@.guid)
RETURNS TABLE (criterion text, met boolean, detail text)
LANGUAGE sql STABLE ROWS 6
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.criterion, e.met, e.detail
	FROM poa_internal.criteria($1) AS c
	CROSS JOIN LATERAL (VALUES
		(1, 'inventory', c.inventory,
			coalesce('device ' || $1::text, 'a NULL device')
			|| CASE WHEN c.inventory THEN ' is in poa.device' ELSE ' is not in poa.device' END),
		(2, 'type', c.type,
			'device type is ' || coalesce(c.device_type, 'unknown') || ', must be ESME'),
		(3, 'generation', c.generation,
			'SMETS generation is ' || coalesce(c.smets::text, 'unknown') || ', must be 2'),
		(4, 'manufacturer', c.manufacturer,
			'manufacturer ' || coalesce(c.cpl, 'unknown')
			|| CASE WHEN c.manufacturer THEN ' (' || c.name || ') is in poa.manufacturer'
				ELSE ' is not in poa.manufacturer'
					|| coalesce((SELECT ' (but ' || o.manufacturer || ' is)' FROM poa.manufacturer AS o
						WHERE o.manufacturer = upper(c.cpl)), '') END),
		(5, 'list', c.list,
			coalesce('device ' || $1::text, 'a NULL device')
			|| CASE WHEN c.list THEN ' is on poa.guid_list' ELSE ' is not on poa.guid_list' END),
		(6, 'hub', c.hub,
			coalesce('communications hub is ' || c.chf::text, 'the communications hub is unknown'))
	) AS e (n, criterion, met, detail)
	ORDER BY e.n
$$;
COMMENT ON FUNCTION poa.eligibility(@extschema@.guid) IS
	'whether the firmware activations of a device are tracked, and why.'
	' One row a criterion (inventory, type, generation, manufacturer, list, hub); all must be met.'
	' A NULL or unknown device meets none but, if it is there, list (MP102B)';
SELECT poa_internal.permit('FUNCTION poa.eligibility(@extschema@.guid)', '{operator,auditor}');
