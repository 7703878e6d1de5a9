/*
 * What was suppressed and saved, by month and distributor.
 */

CREATE FUNCTION poa_internal.visit_cost() RETURNS numeric
	AS 'MODULE_PATHNAME', 'poa_visit_cost' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.visit_cost() IS
	'the setting poa_suppress.visit_cost.'
	' GBP for a site visit, 80 by default (MP102B)';
SELECT poa_internal.permit('FUNCTION poa_internal.visit_cost()', '{dno,operator,auditor}');

/*
 * One outage is one visit, however many alerts report it.  The hub stands as a
 * number: a view that groups by a guid would come before the operators of its
 * type when pg_upgrade restores them.
 */
CREATE VIEW poa_internal.outage
	(month, distributor_id, hub, activation_id, originator, first_at, suppressed, released, log_ids)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT poa_internal.utc_month(l.decided_at), l.distributor_id, CAST(l.chf AS bigint), l.activation_id,
		pg_catalog.min(l.originator::text), pg_catalog.min(l.decided_at),
		pg_catalog.sum(poa_internal.alerts_of(l.alert OPERATOR(pg_catalog.->) 'alert_count'::text)),
		coalesce(pg_catalog.sum(poa_internal.alerts_of(l.alert OPERATOR(pg_catalog.->) 'alert_count'::text))
			FILTER (WHERE r.log_id IS NOT NULL), 0::numeric),
		pg_catalog.array_agg(l.log_id)
	FROM poa.suppression_log AS l
	LEFT JOIN poa.release_log AS r ON r.log_id OPERATOR(pg_catalog.=) l.log_id
	WHERE l.diverted
	GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW poa_internal.outage IS
	'what diverted alerts report: pairs of a hub and its deciding activation.'
	' One row each by UTC month of the alert and by distributor, as far as visible to the reader';
COMMENT ON COLUMN poa_internal.outage.month IS 'first day of the month, in UTC';
COMMENT ON COLUMN poa_internal.outage.distributor_id IS 'distributor, NULL for alerts without one';
COMMENT ON COLUMN poa_internal.outage.hub IS 'GUID of the hub, as a number';
COMMENT ON COLUMN poa_internal.outage.activation_id IS 'the deciding activation';
COMMENT ON COLUMN poa_internal.outage.originator IS 'GUID of the service user who sent its command, as text; NULL where unknown';
COMMENT ON COLUMN poa_internal.outage.first_at IS 'UTC instant of its first alert in this line';
COMMENT ON COLUMN poa_internal.outage.suppressed IS 'number of its alerts; a throttled one counts as often as its alert_count says';
COMMENT ON COLUMN poa_internal.outage.released IS 'number of those that were released later, counted likewise';
COMMENT ON COLUMN poa_internal.outage.log_ids IS 'its rows in poa.suppression_log';
SELECT poa_internal.permit('TABLE poa_internal.outage', '{dno}', 'SELECT');

CREATE VIEW poa.suppression_monthly
	(month, distributor_id, distributor, suppressed, released, visits_avoided, saving, outages)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT m.month, m.distributor_id, d.name, m.suppressed, m.released, m.visits_avoided,
		m.visits_avoided::numeric OPERATOR(pg_catalog.*) poa_internal.visit_cost(), m.outages
	FROM (
		SELECT o.month, o.distributor_id, pg_catalog.sum(o.suppressed)::bigint, pg_catalog.sum(o.released)::bigint,
			pg_catalog.count(*) FILTER (WHERE o.released OPERATOR(pg_catalog.=) 0::numeric), pg_catalog.count(*)
		FROM poa_internal.outage AS o
		GROUP BY 1, 2
	) AS m (month, distributor_id, suppressed, released, visits_avoided, outages)
	LEFT JOIN poa.distributor AS d ON d.distributor_id OPERATOR(pg_catalog.=) m.distributor_id;
COMMENT ON VIEW poa.suppression_monthly IS
	'diverted alerts by UTC month of the alert and by distributor.'
	' As far as visible to the reader';
COMMENT ON COLUMN poa.suppression_monthly.month IS 'first day of the month, in UTC';
COMMENT ON COLUMN poa.suppression_monthly.distributor_id IS 'distributor, NULL for alerts without one';
COMMENT ON COLUMN poa.suppression_monthly.distributor IS 'name of the distributor';
COMMENT ON COLUMN poa.suppression_monthly.suppressed IS
	'number of alerts that were diverted. A throttled AD1 counts as often as the column alert_count of its table says';
COMMENT ON COLUMN poa.suppression_monthly.released IS 'number of those that were released later, counted likewise';
COMMENT ON COLUMN poa.suppression_monthly.visits_avoided IS 'outages of which no alert in this line was released';
COMMENT ON COLUMN poa.suppression_monthly.saving IS
	'visits_avoided at the cost of a visit, GBP (setting poa_suppress.visit_cost)';
COMMENT ON COLUMN poa.suppression_monthly.outages IS
	'distinct pairs of hub and deciding activation. One counts in each line that has an alert of it';
SELECT poa_internal.permit('TABLE poa.suppression_monthly', '{dno}', 'SELECT');
