/*
 * What was suppressed and saved, by month and distributor.
 */

CREATE FUNCTION poa_internal.alerts_of(alert_count jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(alert_count) OPERATOR(pg_catalog.=) 'number'
	THEN least(greatest(alert_count::numeric, 1), 999999999)
	ELSE 1 END;
COMMENT ON FUNCTION poa_internal.alerts_of(jsonb) IS
	'how many alerts an AD1 stands for, by its alert_count, as poa.suppression_monthly counts; 1 where it does not say (DUIS: the DCC throttles)';
REVOKE ALL ON FUNCTION poa_internal.alerts_of(jsonb) FROM PUBLIC;

CREATE FUNCTION poa_internal.visit_cost() RETURNS numeric
	AS 'MODULE_PATHNAME', 'poa_visit_cost' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.visit_cost() IS
	'the setting poa_suppress.visit_cost: cost of one site visit in GBP, 80 by default (MP102B)';
SELECT poa_internal.permit('FUNCTION poa_internal.visit_cost()', '{dno,operator,auditor}');

CREATE VIEW poa.suppression_monthly
	(month, distributor_id, distributor, suppressed, released, visits_avoided, saving)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT m.month, m.distributor_id, d.name, m.suppressed, m.released,
		m.suppressed OPERATOR(pg_catalog.-) m.released,
		(m.suppressed OPERATOR(pg_catalog.-) m.released)::numeric OPERATOR(pg_catalog.*) poa_internal.visit_cost()
	FROM (
		SELECT poa_internal.utc_month(l.decided_at), l.distributor_id,
			pg_catalog.sum(a.alerts)::bigint,
			coalesce(pg_catalog.sum(a.alerts) FILTER (WHERE r.log_id IS NOT NULL), 0)::bigint
		FROM poa.suppression_log AS l
		LEFT JOIN poa.release_log AS r ON r.log_id OPERATOR(pg_catalog.=) l.log_id
		CROSS JOIN LATERAL (
			/* the DCC throttles: one AD1 may stand for several */
			SELECT CASE WHEN pg_catalog.jsonb_typeof(l.alert OPERATOR(pg_catalog.->) 'alert_count'::text)
					OPERATOR(pg_catalog.=) 'number'
				THEN least(greatest((l.alert OPERATOR(pg_catalog.->>) 'alert_count'::text)::numeric, 1), 999999999)
				ELSE 1 END
		) AS a (alerts)
		WHERE l.diverted
		GROUP BY 1, 2
	) AS m (month, distributor_id, suppressed, released)
	LEFT JOIN poa.distributor AS d ON d.distributor_id OPERATOR(pg_catalog.=) m.distributor_id;
COMMENT ON VIEW poa.suppression_monthly IS
	'diverted alerts by UTC month of the alert and by distributor, as far as the reader may see them';
COMMENT ON COLUMN poa.suppression_monthly.month IS 'first day of the month, in UTC';
COMMENT ON COLUMN poa.suppression_monthly.distributor_id IS 'distributor, NULL for alerts without one';
COMMENT ON COLUMN poa.suppression_monthly.distributor IS 'name of the distributor';
COMMENT ON COLUMN poa.suppression_monthly.suppressed IS 'number of alerts that were diverted; a throttled AD1 counts as many as the column alert_count of its table says';
COMMENT ON COLUMN poa.suppression_monthly.released IS 'number of those that were released later';
COMMENT ON COLUMN poa.suppression_monthly.visits_avoided IS 'suppressed less released';
COMMENT ON COLUMN poa.suppression_monthly.saving IS 'visits_avoided at the cost of a visit, GBP (setting poa_suppress.visit_cost)';
SELECT poa_internal.permit('TABLE poa.suppression_monthly', '{dno}', 'SELECT');
