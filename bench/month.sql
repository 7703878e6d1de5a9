/*
 * A suppression log of some years up to the end of 2025, written past the
 * trigger in the order of time, and a role that may see one distributor in it.
 */
CREATE ROLE bench_dno;
SELECT poa.grant_dno('bench_dno', 12) \g /dev/null

CREATE PROCEDURE bench.fill_log(n_rows bigint, years integer) LANGUAGE plpgsql AS $$
BEGIN
	CALL bench.reset('poa_suppress');
	INSERT INTO poa.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code, chf, mpxn,
		distributor_id, decided_at, activation_id, matched, device, manufacturer, request_id, activates_at, opens_at, closes_at, delay)
	SELECT a.at, true, 'public', 'alerts',
		jsonb_build_object('alert_id', a.i, 'alert_code', 'AD1', 'chf', a.chf, 'mpxn', a.mpxn,
			'outage_started_at', a.at - interval '190 seconds', 'received_at', a.at),
		'AD1', a.chf, a.mpxn, left(a.mpxn, 2)::smallint, a.at, a.i, ARRAY[a.i], a.device, '1063',
		'90-B3-D5-1F-30-01-00-00:' || a.device || ':1', a.activated, a.activated, a.activated + interval '30 minutes', a.at - a.activated
	FROM (
		SELECT i, bench.hub(i) AS chf, bench.meter(i) AS device, bench.mpan(i) AS mpxn,
			t.at, t.at - interval '10 minutes' AS activated
		FROM generate_series(1, n_rows) AS i
		CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01' - years * interval '365 days' * ((n_rows - i)::double precision / n_rows)) AS t (at)
	) AS a;
	/* one in a thousand was released */
	INSERT INTO poa.release_log (log_id, released_by, reason)
	SELECT log_id, 'bench', 'no supply' FROM poa.suppression_log WHERE log_id % 1000 = 0;
	ANALYZE poa.suppression_log, poa.release_log;
END
$$;
