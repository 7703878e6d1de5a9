--
-- When a window suppresses: what reports go by, and the decision at the insert,
-- say the same.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '5 minutes', '30 minutes');
CREATE TEMP TABLE state AS
	SELECT status, n, (100 + n)::bigint::guid AS hub
		FROM unnest(ARRAY['tracked', 'superseded', 'cancelled', 'succeeded', 'failed']) WITH ORDINALITY AS s (status, n);
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf) SELECT n::bigint::guid, 'ESME', 2, '1063', hub FROM state;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT count(poa.track_activation(n::bigint::guid, request_id => status, received_at => '2026-03-01 12:00')) FROM state;
-- a status of each kind, however it comes about
UPDATE poa.activation SET status = request_id;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
CREATE TEMP TABLE instant AS
	SELECT edge + n * interval '1 microsecond' AS at
	FROM unnest(ARRAY[timestamptz '2026-03-01 11:55', '2026-03-01 12:00', '2026-03-01 12:30']) AS edge, generate_series(-1, 1) AS n
	UNION ALL VALUES (timestamptz 'infinity'), ('-infinity');
INSERT INTO alerts SELECT 'AD1', s.hub, i.at FROM state AS s CROSS JOIN instant AS i;
SELECT s.status, poa_internal.suppresses(s.status), count(*) AS instants, count(l.log_id) AS diverted,
	bool_and((l.log_id IS NOT NULL) = (poa_internal.suppresses(s.status)
		AND poa_internal.window_holds(a.opens_at, a.closes_at, i.at))) AS agree
FROM state AS s CROSS JOIN instant AS i JOIN poa.activation AS a ON a.chf = s.hub
LEFT JOIN poa.suppression_log AS l ON l.chf = s.hub AND l.decided_at = i.at
GROUP BY s.status ORDER BY s.status;
SELECT i.at FROM instant AS i WHERE poa_internal.window_holds('2026-03-01 11:55', '2026-03-01 12:30', i.at) ORDER BY i.at;
-- every status has an answer, and only these exist
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'status_is_known' AND conrelid = 'poa.activation'::regclass;
SELECT poa_internal.suppresses(NULL), poa_internal.window_holds(NULL, '2026-03-01', '2026-03-01'),
	poa_internal.window_holds('2026-03-01', '2026-03-01', '2026-03-01');
-- both are inlined, so that an index on the hub and the end serves
EXPLAIN (COSTS OFF)
SELECT a.activation_id FROM poa.activation AS a
WHERE a.chf = '00000000000000c1' AND poa_internal.suppresses(a.status) AND poa_internal.window_holds(a.opens_at, a.closes_at, '2026-03-01');
-- days have 24 hours
SELECT poa_internal.utc_plus('2026-03-28 12:00+00', '1 day') = '2026-03-29 12:00+00' AS spring;
SET TimeZone = 'Europe/London';
SELECT poa_internal.utc_plus('2026-03-28 12:00+00', '1 day') = '2026-03-29 12:00+00' AS spring_in_london;
\set SHOW_CONTEXT never
SELECT poa_internal.utc_plus('294276-12-31 23:45+00', '30 minutes');
DROP TABLE alerts;
