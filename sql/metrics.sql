--
-- Figures for a monitor.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET TimeZone = 'Pacific/Auckland';

-- nothing there yet, but series of distributors, evidence and actions
SELECT name, labels, value FROM poa.metrics WHERE labels = '{}';
SELECT name, count(*), sum(value) FROM poa.metrics WHERE name ~ '^poa_(alerts|releases|messages)' GROUP BY name ORDER BY name;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '2 days', '2 days');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '2300000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device UNION SELECT '00000000000000e2';
ANALYZE poa.guid_list, poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, alert_count integer) PARTITION BY RANGE (received_at);
CREATE TABLE alerts_old PARTITION OF alerts FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE alerts_new PARTITION OF alerts FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('alerts'), poa.attach('shadowed', mode => 'shadow');
CREATE VIEW figure AS SELECT replace(name, 'poa_', '') AS name, coalesce(v.value, '') AS label, m.value
FROM poa.metrics AS m LEFT JOIN LATERAL jsonb_each_text(m.labels) AS v ON true;
CREATE VIEW total AS SELECT name, string_agg(label || ': ' || value, ', ' ORDER BY label) AS values
FROM figure WHERE name ~ '^(alerts|releases)' AND value > 0 GROUP BY name ORDER BY name;

-- one transaction, so that midnight does not fall into it
BEGIN;
SELECT poa.track_activation('00000000000000e1', request_id => 'r1', received_at => now()) IS NOT NULL AS tracked;
SELECT poa.record_outcome('r1', 'succeeded');
SELECT poa.track_activation('00000000000000e1', now() + interval '1 hour', 'r2') IS NOT NULL AS tracked;
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c1', now(), m
FROM unnest(ARRAY['1000000000001', '2000000000001', '2000000000002', '9900000000001', NULL]) AS m
UNION ALL SELECT 'AD1', '00000000000000c1', now() - interval '1 day', '1000000000001';
-- stored are those of hubs without a window; a throttled one counts more than once, one without an MPxN for its hub's meters
INSERT INTO alerts VALUES ('AD1', '00000000000000c2', now(), '2000000000003', 3), ('AD1', '00000000000000c2', now(), NULL, NULL),
	('AD1', '00000000000000c1', now() - interval '3 days', NULL, 1), ('8F36', '00000000000000c2', now(), '2000000000003', NULL);
INSERT INTO shadowed SELECT 'AD1', '00000000000000c1', now(), '2000000000001' FROM generate_series(1, 3);
SELECT poa.hold('test', now() + interval '1 day', distributor_id => 22) AS hold;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', now(), '2200000000001', NULL);
INSERT INTO poa.command VALUES ('a', false, now(), '00000000000000e1', 'tracked', NULL, 4, NULL, false),
	('b', false, now() - interval '25 hours', '00000000000000e1', 'tracked', NULL, 4, NULL, false),
	('c', false, now() - interval '23 hours', '00000000000000e1', 'not_eligible', NULL, 4, NULL, false);
SELECT * FROM total;
SELECT name, label, CASE WHEN name LIKE '%timestamp%' THEN value - extract(epoch FROM now())::float8 ELSE value END AS value
FROM figure WHERE name !~ '^(alerts|releases)';
-- as the views have it
SELECT count(*), (SELECT value FROM figure WHERE name = 'open_windows') = count(*) AS open_windows FROM poa.open_window;
-- a hold that has ended is not in force
SELECT poa.end_hold(1);
SELECT value AS holds FROM figure WHERE name = 'holds';

-- what another node has numbered and a meter brought along is not the newest
INSERT INTO poa.activation (activation_id, device, chf, received_at, activates_at, opens_at, closes_at, status) OVERRIDING SYSTEM VALUE
SELECT 9000000000001, a.device, a.chf, t, t, t, t, 'tracked'
FROM poa.activation AS a, (VALUES (now() - interval '3 days')) AS v (t) WHERE a.request_id = 'r1';
SELECT name, label, CASE WHEN name LIKE '%timestamp%' THEN value - extract(epoch FROM now())::float8 ELSE value END AS value
FROM figure WHERE name ~ 'activation' AND value > 0;

-- by evidence; what is released is still suppressed, and no stored alert more
SELECT poa.release(l.log_id, r.reason)
FROM (SELECT log_id, row_number() OVER (ORDER BY log_id) AS n FROM poa.suppression_log WHERE diverted) AS l
JOIN (VALUES (1, 'evidence: started, neighbours'), (2, 'evidence: second'), (3, 'no sign of life 00:15:00 after its window'),
	(4, 'evidence: Gossip'), (5, 'customer has no supply')) AS r (n, reason) USING (n);
SELECT * FROM total;
COMMIT;

-- totals do not fall by a purge, nor when a partition or a table goes; what comes after that is added
SELECT poa.purge_log('infinity') AS log_rows, poa.purge_activations('infinity') AS activations;
SELECT * FROM total WHERE name <> 'alerts_stored';
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c1', now(), '2000000000004' RETURNING 'stored';
SELECT * FROM total WHERE name <> 'alerts_stored';
BEGIN;
SELECT poa.purge_log('infinity') AS log_rows;
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c1', now(), '2000000000005' RETURNING 'stored';
SELECT * FROM total WHERE name = 'alerts_suppressed';
ROLLBACK;
SELECT * FROM total WHERE name = 'alerts_suppressed';
CREATE TEMP TABLE before AS SELECT * FROM figure WHERE name = 'alerts_stored';
DROP TABLE alerts_new;
SELECT count(*) FROM (TABLE before EXCEPT SELECT * FROM figure) AS fallen;
CREATE TABLE alerts_new PARTITION OF alerts FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
DROP TABLE shadowed;
SELECT count(*) FROM (TABLE before EXCEPT SELECT * FROM figure) AS fallen;
-- a clock that is wrong keeps no other from being counted
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c3', t, '1400000000001'
FROM unnest('{infinity,-infinity,2099-01-01}'::timestamptz[]) AS t;
SELECT value FROM figure WHERE name = 'alerts_stored' AND label = '14';
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c3', now(), '1400000000001';
SELECT value FROM figure WHERE name = 'alerts_stored' AND label = '14';

-- where it cannot be kept, it is counted all the same
INSERT INTO alerts SELECT 'AD1', guid '00000000000000c3', now(), '1500000000001';
BEGIN READ ONLY;
SELECT value FROM figure WHERE name = 'alerts_stored' AND label = '15';
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT value FROM figure WHERE name = 'alerts_stored' AND label = '15';
ROLLBACK;
SELECT count(*) FROM poa_internal.metric_total WHERE label = '15';
SELECT value FROM figure WHERE name = 'alerts_stored' AND label = '15';
SELECT count(*) FROM poa_internal.metric_total WHERE label = '15';

-- totals are those of before a purge, also where nothing has ever been read
DELETE FROM poa_internal.metric_total;
BEGIN;
SELECT count(*) FROM poa.suppression_log WHERE diverted;
SELECT poa.purge_log('infinity');
SELECT * FROM total WHERE name = 'alerts_suppressed';
ROLLBACK;

-- names and labels follow the rules of Prometheus, no series comes twice, nothing is NULL
SELECT * FROM poa.metrics
WHERE name !~ '^poa_[a-z0-9_]+$' OR value IS NULL OR jsonb_typeof(labels) <> 'object'
	OR EXISTS (SELECT FROM jsonb_each(labels) AS l WHERE jsonb_typeof(l.value) <> 'string' OR l.key !~ '^[a-z_]+$');
SELECT name, labels FROM poa.metrics GROUP BY 1, 2 HAVING count(*) > 1;
-- health is that of poa.health()
SELECT count(*) FROM poa.health_now AS h
JOIN poa.metrics AS m ON m.name = 'poa_health' AND m.labels ->> 'check' = h.check_name AND m.value = h.ok::int;

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
SELECT count(*) FROM poa.health_now;
RESET ROLE;
SELECT poa.revoke_all(r) FROM unnest(ARRAY['regress_poa_auditor', 'regress_poa_dno']) AS r;
DROP VIEW total, figure;
DROP TABLE alerts, answer, before;
DROP ROLE regress_poa_auditor, regress_poa_dno;
