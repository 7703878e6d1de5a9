/*
 * A month of a million alerts, half of them AD1, of which the industry's 17,113
 * fall into windows, brought through the trigger.
 */
CREATE PROCEDURE bench.make_month(n_alerts bigint, n_suppressed bigint) LANGUAGE plpgsql AS $$
DECLARE
	step CONSTANT interval := interval '31 days' / n_alerts;
BEGIN
	CALL bench.reset('poa_suppress');
	TRUNCATE poa.activation, poa.command;
	INSERT INTO poa.activation (device, chf, request_id, received_at, activates_at, opens_at, closes_at, status)
	SELECT bench.meter(n), bench.hub(n), '90-B3-D5-1F-30-01-00-00:' || bench.meter(n) || ':1', a.at, a.at, a.at,
		a.at + interval '30 minutes', 'succeeded'
	FROM generate_series(1, 4 * n_suppressed) AS n
	CROSS JOIN LATERAL (SELECT timestamptz '2026-03-01Z' + n * (n_alerts / (4 * n_suppressed)) * step) AS a (at);
	-- verify goes by what is on record of each activation
	INSERT INTO poa.activation_change (activation_id, status, chf, activates_at, opens_at, closes_at, received_at)
	SELECT a.activation_id, a.status, a.chf, a.activates_at, a.opens_at, a.closes_at, a.received_at FROM poa.activation AS a;
	ANALYZE poa.activation, poa.activation_change;
	CREATE TABLE bench.month (LIKE poa_suppress.alerts INCLUDING ALL);
	PERFORM poa.attach('bench.month');
	INSERT INTO bench.month (alert_code, chf, mpxn, outage_started_at, received_at)
	SELECT CASE WHEN n % 2 = 0 THEN '8F36' ELSE 'AD1' END, bench.hub(20000000 + n), bench.mpan(n), m.at - interval '190 seconds', m.at
	FROM generate_series(1, n_alerts) AS n CROSS JOIN LATERAL (SELECT timestamptz '2026-03-01Z' + n * step) AS m (at)
	UNION ALL
	SELECT 'AD1', a.chf, bench.mpan(a.activation_id), a.activates_at, a.activates_at + interval '10 minutes'
	FROM poa.activation AS a WHERE a.activation_id % 4 = 0;
	ANALYZE bench.month, poa.suppression_log;
END
$$;
