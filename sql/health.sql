--
-- Is all well: each check, when it is and when it is not.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

-- those that are not well, and how many checks there are; instants differ from run to run
CREATE TEMP VIEW trouble AS
	SELECT h.n || '/' || count(*) OVER () AS n, h.check_name, h.ok,
		replace(regexp_replace(h.detail, '\d{4}-[-0-9:.+ ]*\d', 'INSTANT'), session_user, 'SUPERUSER') AS detail
	FROM poa.health() WITH ORDINALITY AS h (check_name, ok, detail, n)
	ORDER BY h.n;
-- just created: what is to be done
SELECT * FROM trouble;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00000000000000e1');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
SELECT poa.track_activation('00000000000000e1', received_at => now()) IS NOT NULL AS tracked;
CREATE TABLE alerts (alert_code text, "the \000 hub" guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts', chf => 'the \000 hub');
SELECT * FROM trouble WHERE NOT ok;
-- an index that does not begin with the hub, one of some rows, and at last one that helps
CREATE INDEX ON alerts (received_at, "the \000 hub");
CREATE INDEX ON alerts ("the \000 hub") WHERE alert_code = 'AD1';
CREATE INDEX ON alerts USING brin ("the \000 hub");
SELECT check_name FROM trouble WHERE NOT ok;
CREATE INDEX ON alerts USING hash ("the \000 hub");
SELECT count(*) FROM trouble WHERE NOT ok;

-- a partitioned table: each partition counts
CREATE TABLE parted (alert_code text, chf guid, received_at timestamptz, mpxn text) PARTITION BY RANGE (received_at);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE "parted New" PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
SELECT poa.attach('parted', mode => 'shadow');
CREATE INDEX ON parted_old (chf, received_at);
ALTER TABLE parted_old DISABLE TRIGGER "~poa_suppress";
SELECT * FROM trouble WHERE NOT ok OR check_name = 'attached';
DROP TABLE parted_old;
CREATE INDEX ON parted (chf);
-- a trigger that only fires for replicas is one that does not fire; ALWAYS is no trouble
ALTER TABLE alerts ENABLE REPLICA TRIGGER "~poa_suppress";
ALTER TABLE parted ENABLE ALWAYS TRIGGER "~poa_suppress";
SELECT * FROM trouble WHERE NOT ok;
ALTER TABLE alerts ENABLE TRIGGER "~poa_suppress";
DROP TABLE parted;
-- the kill switch, and logs that can be changed
SET poa_suppress.enabled = off;
ALTER TABLE poa.suppression_log DISABLE TRIGGER append_only;
ALTER TABLE poa.release_log ENABLE TRIGGER append_only;
SELECT * FROM trouble WHERE NOT ok;
RESET poa_suppress.enabled;
ALTER TABLE poa.suppression_log ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE poa.release_log ENABLE ALWAYS TRIGGER append_only;
SELECT count(*) FROM trouble WHERE NOT ok;

-- Rates.  A day of the past has 100 windows of 30 minutes, the last 20 of which have an alert.
CREATE FUNCTION pg_temp.make_day(days_ago numeric, windows int, alerts int) RETURNS void LANGUAGE sql AS $$
	WITH made AS (
		INSERT INTO poa.activation (device, chf, received_at, activates_at, opens_at, closes_at, status)
		SELECT '00000000000000e1', '00000000000000c1', t, t, t, t + interval '30 minutes', 'tracked'
		FROM (SELECT now() - $1 * interval '1 day' - interval '1 hour' + n * interval '1 ms' FROM generate_series(1, $2) AS n) AS s (t)
		RETURNING *
	)
	INSERT INTO poa.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code, chf, decided_at,
		activation_id, matched, device, activates_at, opens_at, closes_at, delay)
	SELECT received_at, true, 'public', 'alerts', '{}', 'AD1', chf, opens_at, activation_id, ARRAY[activation_id], device,
		activates_at, opens_at, closes_at, '0'
	FROM made ORDER BY activation_id DESC LIMIT $3
$$;
CREATE TEMP VIEW rates AS SELECT check_name, ok, detail FROM trouble WHERE check_name IN ('logging', 'rate', 'released');
-- a new installation is silent for long: a hundred windows to one alert are assumed
BEGIN;
SELECT pg_temp.make_day(0, 900, 0);
SELECT * FROM rates;
SELECT pg_temp.make_day(0, 1000, 0);
SELECT * FROM rates WHERE NOT ok;
ROLLBACK;
SELECT count(*) AS days FROM generate_series(14, 1, -1) AS ago, LATERAL pg_temp.make_day(ago, 100, 20);
SELECT * FROM rates;
-- a quiet night and a campaign are no trouble
BEGIN;
SELECT pg_temp.make_day(0, 10, 0);
SELECT * FROM rates;
ROLLBACK;
BEGIN;
SELECT pg_temp.make_day(0, 2000, 450);
SELECT * FROM rates;
ROLLBACK;
-- neither are windows that are open, that never were, or that are older than the last alert
BEGIN;
SELECT pg_temp.make_day(-1, 1000, 0);
SELECT pg_temp.make_day(0, 1000, 0);
UPDATE poa.activation SET status = 'cancelled' WHERE opens_at BETWEEN now() - interval '2 hours' AND now();
SELECT pg_temp.make_day(0.1, 1000, 200);
SELECT * FROM rates;
ROLLBACK;
-- nothing is logged any more
BEGIN;
SELECT pg_temp.make_day(0, 100, 0);
SELECT * FROM rates WHERE NOT ok;
ROLLBACK;
-- far fewer, and far more, than usual
BEGIN;
SELECT pg_temp.make_day(0, 1000, 10);
SELECT * FROM rates WHERE NOT ok;
ROLLBACK;
BEGIN;
SELECT pg_temp.make_day(0, 10, 10);
SELECT * FROM rates;
INSERT INTO poa.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code, chf, decided_at,
	activation_id, matched, device, activates_at, opens_at, closes_at, delay)
SELECT logged_at, diverted, source_schema, source_table, alert, alert_code, chf, decided_at,
	activation_id, matched, device, activates_at, opens_at, closes_at, delay
FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;
SELECT * FROM rates;
ROLLBACK;
-- released, up to a fifth of those of 15 days
INSERT INTO poa.release_log (log_id, released_by, reason) SELECT log_id, 'op', 'test' FROM poa.suppression_log ORDER BY log_id LIMIT 56;
SELECT * FROM rates WHERE check_name = 'released';
INSERT INTO poa.release_log (log_id, released_by, reason) SELECT max(log_id), 'op', 'test' FROM poa.suppression_log;
SELECT * FROM rates WHERE check_name = 'released';

-- activations that do not come any more
DELETE FROM poa.activation WHERE received_at > now() - interval '7 days 2 hours';
SELECT check_name, detail FROM trouble WHERE check_name = 'tracking';

-- all indexes of the extension are looked after
SELECT i.indexrelid::regclass FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
WHERE c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
	AND i.indexrelid::regclass::text NOT IN (SELECT index FROM poa_internal.own_index());
-- roles that read everything may call it, and get the same answer
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor'), poa.grant_dno('regress_poa_dno', 20);
CREATE TEMP TABLE answer AS SELECT * FROM poa.health();
GRANT SELECT ON answer TO regress_poa_operator, regress_poa_auditor;
SET ROLE regress_poa_operator;
SELECT count(*) FROM (TABLE answer INTERSECT SELECT * FROM poa.health()) AS same;
SET ROLE regress_poa_auditor;
SELECT count(*) FROM (TABLE answer INTERSECT SELECT * FROM poa.health()) AS same;
SELECT count(*) FROM (TABLE answer INTERSECT TABLE poa.health_now) AS same;
SET ROLE regress_poa_dno;
SELECT count(*) FROM poa.health();
SELECT count(*) FROM poa.health_now;
RESET ROLE;
SELECT poa.revoke_all(r) FROM unnest(ARRAY['regress_poa_operator', 'regress_poa_auditor', 'regress_poa_dno']) AS r;
DROP TABLE alerts, answer;
DROP ROLE regress_poa_operator, regress_poa_auditor, regress_poa_dno;
