--
-- Explain: why an AD1 of a hub at an instant would be suppressed or not.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device (device, device_type, smets, manufacturer, chf) VALUES
	('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1'), ('00000000000000e2', 'ESME', 1, '1063', '00000000000000c1'),
	('00000000000000e3', 'ESME', 2, '1063', '00000000000000c3'), ('00000000000000a1', 'GSME', 2, '1063', '00000000000000c1');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', activates_at, request, received_at) IS NOT NULL AS tracked
FROM (VALUES ('1', NULL::timestamptz, timestamptz '2026-03-01 12:00'), ('2', NULL, '2026-03-01 12:20'),
	('3', '2026-03-02 12:00', '2026-03-01 13:00')) AS c (request, activates_at, received_at);
SELECT poa.cancel_activation('00000000000000e1', '2026-03-01 14:00');

-- in full: an ESME with its criteria, each activation, the verdict
SELECT * FROM poa.explain('00000000000000c1', '2026-03-01 12:25');
-- the verdict: it comes last, once, whatever else is known
CREATE FUNCTION pg_temp.verdict(chf guid, at timestamptz) RETURNS TABLE (met boolean, activation_id bigint, detail text) LANGUAGE sql AS $$
	SELECT e.met, e.activation_id, e.detail FROM poa.explain(chf, at) WITH ORDINALITY AS e (device, activation_id, criterion, met, detail, n)
	ORDER BY n DESC LIMIT 1
$$;
SELECT right(chf::text, 2) AS hub, at, v.*
FROM (VALUES (guid '00000000000000c1', timestamptz '2026-03-01 11:59:59'), ('00000000000000c1', '2026-03-01 12:00'),
	('00000000000000c1', '2026-03-01 12:20'),
	('00000000000000c1', '2026-03-01 12:50'), ('00000000000000c1', '2026-03-01 12:50:00.000001'), ('00000000000000c1', '2026-03-02 12:00'),
	('00000000000000c3', '2026-03-01 12:00'), ('00000000000000ff', '2026-03-01 12:00'), (NULL, '2026-03-01 12:00'),
	('00000000000000c1', NULL)) AS q (chf, at), pg_temp.verdict(q.chf, q.at) AS v;
SELECT count(*) FILTER (WHERE criterion = 'verdict') AS verdicts, count(*) AS rows FROM poa.explain('00000000000000ff');
SELECT count(*) AS untold FROM poa.explain('00000000000000c1', '2026-03-01 12:25') WHERE met IS NULL OR detail IS NULL OR criterion IS NULL;
SET poa_suppress.enabled = off;
SELECT * FROM pg_temp.verdict('00000000000000c1', '2026-03-01 12:00');
RESET poa_suppress.enabled;
SELECT met FROM poa.explain('00000000000000c1') WHERE criterion = 'verdict';
SELECT poa.track_activation('00000000000000e3') IS NOT NULL AS tracked;
SELECT met AS suppressed_now FROM poa.explain('00000000000000c3') WHERE criterion = 'verdict';

-- Explain and the trigger decide alike: every hub, at and around every edge.
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
INSERT INTO poa.device SELECT (4096 + n)::bigint::guid, 'ESME', 2, '1063', (8192 + n / 3)::bigint::guid FROM generate_series(0, 29) AS n;
INSERT INTO poa.guid_list SELECT (4096 + n)::bigint::guid FROM generate_series(0, 29) AS n;
SELECT count(poa.track_activation((4096 + n % 30)::bigint::guid,
	CASE WHEN n % 4 = 0 THEN timestamptz '2026-05-01' + n * interval '7 minutes' END,
	'n' || n, timestamptz '2026-05-01' + n * interval '5 minutes')) FROM generate_series(0, 44) AS n;
SELECT count(poa.record_outcome('n' || n,
	(ARRAY['succeeded', 'no_image_held', 'hash_mismatch', 'activation_failure'])[n % 7])) AS outcomes
	FROM generate_series(0, 44) AS n WHERE n % 7 BETWEEN 1 AND 4;
CREATE TABLE asked AS
	SELECT DISTINCT h.chf, at
		FROM poa.activation AS a, unnest(ARRAY[a.opens_at, a.opens_at - interval '1 us', a.closes_at, a.closes_at + interval '1 us',
		a.activates_at + interval '10 minutes']) AS at,
		LATERAL (SELECT a.chf UNION SELECT (8192 + a.activation_id % 10)::bigint::guid) AS h (chf)
	WHERE a.request_id IS NOT NULL;
INSERT INTO alerts SELECT 'AD1', chf, at FROM asked;
SELECT count(*) > 250 AS asked, count(*) FILTER (WHERE l.log_id IS NOT NULL) > 50 AS diverted,
	count(*) FILTER (WHERE l.log_id IS NULL) > 50 AS stored,
	count(*) FILTER (WHERE v.met <> (l.log_id IS NOT NULL) OR v.activation_id IS DISTINCT FROM l.activation_id) AS differently
FROM asked AS q CROSS JOIN LATERAL pg_temp.verdict(q.chf, q.at) AS v
	LEFT JOIN poa.suppression_log AS l ON l.chf = q.chf AND l.decided_at = q.at;
DROP TABLE alerts, asked;
