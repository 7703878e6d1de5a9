--
-- Figures for a monitor.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET TimeZone = 'Pacific/Auckland';

-- nothing there yet
SELECT name, labels, value FROM poa.metrics WHERE labels = '{}';
SELECT count(*) FROM poa.metrics WHERE name = 'poa_suppress_alerts_diverted_total' AND value = 0;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '2 days', '2 days');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device UNION SELECT '00000000000000e2';
ANALYZE poa.guid_list, poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('alerts'), poa.attach('shadowed', mode => 'shadow');

-- in one transaction, so that midnight does not fall into it
BEGIN;
SELECT poa.track_activation('00000000000000e1', request_id => 'r1', received_at => now()) IS NOT NULL AS tracked;
SELECT poa.record_outcome('r1', 'succeeded');
SELECT poa.track_activation('00000000000000e1', now() + interval '1 hour', 'r2') IS NOT NULL AS tracked;
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c1', t, m
FROM (VALUES (date_trunc('day', now(), 'UTC'))) AS midnight (t),
	unnest(ARRAY['1000000000001', '2000000000001', '2000000000001', '9900000000001', NULL]) AS m
UNION ALL SELECT 'AD1', '00000000000000c1', date_trunc('day', now(), 'UTC') - interval '1 microsecond', '1000000000001';
INSERT INTO shadowed SELECT 'AD1', '00000000000000c1', now(), '2000000000001' FROM generate_series(1, 3);
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE mpxn = '1000000000001';
SELECT labels ->> 'distributor_id' AS distributor_id, value FROM poa.metrics
WHERE name = 'poa_suppress_alerts_diverted_total' AND value > 0 ORDER BY 1;
SELECT count(*) FROM poa.metrics WHERE name = 'poa_suppress_alerts_diverted_total';
SELECT name, labels, CASE WHEN name LIKE '%timestamp%' THEN value - extract(epoch FROM now())::float8 ELSE value END AS value
FROM poa.metrics WHERE name <> 'poa_suppress_alerts_diverted_total';
COMMIT;

-- totals stay as they were after a purge
BEGIN;
SELECT poa.purge_log('infinity') AS log_rows, poa.purge_activations('infinity') AS activations;
SELECT name, value FROM poa.metrics WHERE name IN ('poa_suppress_log_entries_total', 'poa_suppress_activations_total');
SELECT detail FROM poa.health() WHERE check_name = 'logging';
ROLLBACK;
-- names and labels follow the rules of Prometheus, no series comes twice, nothing is NULL
SELECT * FROM poa.metrics
WHERE name !~ '^poa_suppress_[a-z0-9_]+$' OR value IS NULL OR jsonb_typeof(labels) <> 'object'
	OR EXISTS (SELECT FROM jsonb_each(labels) AS l WHERE jsonb_typeof(l.value) <> 'string' OR l.key !~ '^[a-z_]+$');
SELECT name, labels FROM poa.metrics GROUP BY 1, 2 HAVING count(*) > 1;
-- health is that of poa.health()
SELECT count(*) FROM poa.health() AS h
JOIN poa.metrics AS m ON m.name = 'poa_suppress_health' AND m.labels ->> 'check' = h.check_name AND m.value = h.ok::int;

-- who may read it
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_auditor('regress_poa_auditor'), poa.grant_dno('regress_poa_dno', 20);
CREATE TEMP TABLE answer AS SELECT * FROM poa.metrics;
GRANT SELECT ON answer TO regress_poa_auditor;
SET ROLE regress_poa_auditor;
SELECT count(*) FROM (TABLE answer EXCEPT SELECT * FROM poa.metrics) AS different;
SET ROLE regress_poa_dno;
SELECT count(*) FROM poa.metrics;
RESET ROLE;
SELECT poa.revoke_all(r) FROM unnest(ARRAY['regress_poa_auditor', 'regress_poa_dno']) AS r;
DROP TABLE alerts, shadowed, answer;
DROP ROLE regress_poa_auditor, regress_poa_dno;
