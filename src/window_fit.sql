/*
 * Does the window fit the delays that are seen?
 */

CREATE VIEW poa.window_fit
	(manufacturer, month, alerts, p50, p95, p99, longest, share_in_last_5_minutes)
WITH (security_invoker = true, security_barrier = true) AS
	SELECT f.manufacturer, f.month, f.alerts, f.p[1], f.p[2], f.p[3], f.longest,
		pg_catalog.trim_scale(f.late::numeric OPERATOR(pg_catalog./) f.alerts::numeric)
	FROM (
		SELECT l.manufacturer, poa_internal.utc_month(l.decided_at),
			pg_catalog.count(*),
			pg_catalog.percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY l.delay),
			pg_catalog.max(l.delay),
			pg_catalog.count(*) FILTER (WHERE l.decided_at
				OPERATOR(pg_catalog.>=) (l.closes_at OPERATOR(pg_catalog.-) interval '5 minutes'))
		FROM poa.suppression_log AS l
		GROUP BY 1, 2
	) AS f (manufacturer, month, alerts, p, longest, late);
COMMENT ON VIEW poa.window_fit IS
	'do the windows fit: how long after the activation the alerts came.'
	' By manufacturer and UTC month, as far as visible to the reader. Diverted alerts and those of shadow mode alike, which is'
	' there to judge the window before it counts; released ones too. An alert after the window is not here but in its table';
COMMENT ON COLUMN poa.window_fit.manufacturer IS
	'CPL identifier of the manufacturer.'
	' NULL for meters that were not in poa.device';
COMMENT ON COLUMN poa.window_fit.month IS 'first day of the month of the alerts, in UTC';
COMMENT ON COLUMN poa.window_fit.alerts IS 'number of log rows; a throttled AD1 counts once';
COMMENT ON COLUMN poa.window_fit.p50 IS
	'interval from activation to alert that half of the alerts kept to.'
	' Interpolated between two of them; negative before the activation';
COMMENT ON COLUMN poa.window_fit.p95 IS 'the same for 95 in 100';
COMMENT ON COLUMN poa.window_fit.p99 IS 'the same for 99 in 100';
COMMENT ON COLUMN poa.window_fit.longest IS 'the longest delay, interval';
COMMENT ON COLUMN poa.window_fit.share_in_last_5_minutes IS
	'fraction, 0 to 1, of the alerts in the last five minutes of their window.'
	' Where it grows, windows have become short for the meters, and later alerts are missed';
SELECT poa_internal.permit('TABLE poa.window_fit', '{dno}', 'SELECT');
