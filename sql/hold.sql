--
-- Holds: windows that do not suppress for a while.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr'), ('10FA', 'Another');
-- two meters of different make on hub 201, one on 202 without an MPxN, one on 203
INSERT INTO poa.device VALUES
	(1::bigint::guid, 'ESME', 2, '1063', 201::bigint::guid, '1900000000001'),
	(2::bigint::guid, 'ESME', 2, '10FA', 201::bigint::guid, '1900000000002'),
	(3::bigint::guid, 'ESME', 2, '1063', 202::bigint::guid, NULL), (4::bigint::guid, 'ESME', 2, '10FA', 203::bigint::guid, '2000000000004');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT count(poa.track_activation(n::bigint::guid,
	request_id => format('90-B3-D5-1F-30-01-00-0%s:%s:1', n % 2, n::bigint::guid), received_at => '2026-03-01 12:00'))
FROM generate_series(1, 4) AS n;
CREATE TABLE alerts (alert_code text, chf guid, mpxn text, received_at timestamptz DEFAULT '2026-03-01 12:10', note text);
SELECT poa.attach('alerts');
-- each alert of a hub has an instant of its own, so that none is the same as another
CREATE FUNCTION pg_temp.decide(hub bigint, mpxn text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n CONSTANT bigint := (SELECT count(*) FROM poa.suppression_log);
BEGIN
	INSERT INTO alerts (alert_code, chf, mpxn, received_at)
		VALUES ('AD1', hub::guid, mpxn, timestamptz '2026-03-01 12:10' + n * interval '1 second');
	RETURN (SELECT format('%s%s, by %s of %s', CASE WHEN l.diverted THEN 'diverted' ELSE 'stored' END, ' by hold ' || l.hold_id,
		l.activation_id, l.matched)
		FROM poa.suppression_log AS l ORDER BY l.log_id DESC LIMIT 1);
END
$$;
CREATE FUNCTION pg_temp.decisions() RETURNS TABLE (hub bigint, alert_mpxn text, decision text) LANGUAGE sql AS $$
	SELECT v.*, pg_temp.decide(v.hub, v.mpxn)
		FROM (VALUES (201, NULL), (201, '2000000000001'), (202, NULL), (202, '1900000000003'), (203, NULL)) AS v (hub, mpxn)
$$;

-- who may, and what is refused
CREATE ROLE regress_poa_operator;
SELECT poa.grant_operator('regress_poa_operator');
SELECT poa.hold(NULL, 'tomorrow');
SELECT poa.hold(E' \t', 'tomorrow');
SELECT poa.hold('why', NULL);
SELECT poa.hold('why', 'infinity');
SELECT poa.hold('why', '-infinity');
SELECT poa.hold('why', now());
SELECT poa.hold('why', '2026-01-01');
SELECT poa.hold('why', 'tomorrow', distributor_id => 100);
SELECT poa.hold('why', 'tomorrow', distributor_id => -1);
SELECT poa.hold('why', now() + '1 day', '0000000000000099'::guid, 99, 'FFFF') AS of_nothing_known;
SELECT poa.end_hold(99);
SELECT poa.end_hold(NULL);
\set VERBOSITY sqlstate
SELECT poa.hold(NULL, 'tomorrow');
SELECT poa.hold('why', NULL);
SELECT poa.hold('why', '2026-01-01');
SELECT poa.end_hold(99);
BEGIN READ ONLY;
SELECT poa.hold('why', now() + '1 day');
ROLLBACK;
\set VERBOSITY terse
SELECT * FROM pg_temp.decisions();

-- all windows
SET ROLE regress_poa_operator;
SELECT poa.hold('a storm is coming', now() + '1 day') AS hold \gset
INSERT INTO poa.hold_log (held_by, until, reason) VALUES ('me', now() + '1 day', 'mine');
UPDATE poa.hold_log SET ended_at = now();
RESET ROLE;
SELECT * FROM pg_temp.decisions();
SELECT criterion, activation_id, met, regexp_replace(detail, 'until [^:]+:[^:]+:[^:]+:', 'until then:') AS detail
	FROM poa.explain(201::bigint::guid, '2026-03-01 12:10') WHERE criterion IN ('hold', 'verdict');
SELECT poa.end_hold(:hold);
SELECT poa.end_hold(:hold);
SELECT * FROM pg_temp.decisions();
SELECT criterion, activation_id, met, detail FROM poa.explain(201::bigint::guid, '2026-03-01 12:10') WHERE criterion IN ('hold', 'verdict');
-- of a hub
SELECT poa.hold('control room', now() + '1 day', chf => 202::bigint::guid) AS hold \gset
SELECT * FROM pg_temp.decisions();
SELECT poa.end_hold(:hold);
-- of a distributor: of the alert, else of the meter
SELECT poa.hold('for one DNO', now() + '1 day', distributor_id => 19) AS hold \gset
SELECT * FROM pg_temp.decisions();
SELECT poa.end_hold(:hold);
SELECT poa.hold('for the other', now() + '1 day', distributor_id => 20) AS hold \gset
SELECT * FROM pg_temp.decisions();
SELECT poa.end_hold(:hold);
-- of a manufacturer and of an originator: the other window of the hub suppresses, and it alone is matched
SELECT poa.hold('a new firmware', now() + '1 day', manufacturer => '10FA') AS hold \gset
SELECT * FROM pg_temp.decisions();
SELECT criterion, activation_id, met FROM poa.explain(201::bigint::guid, '2026-03-01 12:10') WHERE criterion IN ('hold', 'verdict');
SELECT poa.end_hold(:hold);
SELECT poa.hold('a supplier', now() + '1 day', originator => '90-B3-D5-1F-30-01-00-01') AS hold \gset
SELECT * FROM pg_temp.decisions();
SELECT poa.end_hold(:hold);
-- all that is named has to be met
SELECT poa.hold('both', now() + '1 day', chf => 201::bigint::guid, distributor_id => 20, manufacturer => '10FA') AS hold \gset
SELECT * FROM pg_temp.decisions();
-- several: each window by one of its own; the deciding one's is logged, the first where there are more
SELECT poa.hold('the rest', now() + '1 day', manufacturer => '1063'), poa.hold('again', now() + '1 day', manufacturer => '10FA');
SELECT * FROM pg_temp.decisions();
SELECT poa.end_hold(hold_id) FROM poa.hold_log WHERE ended_at IS NULL AND hold_id > 1;

-- it ends by itself, by the clock, also in the middle of a transaction
BEGIN;
SELECT poa.hold('for a moment', clock_timestamp() + '0.1 seconds') AS hold \gset
DO $$ BEGIN WHILE clock_timestamp() < (SELECT max(until) FROM poa.hold_log
	WHERE reason = 'for a moment') LOOP PERFORM pg_sleep(0.01); END LOOP; END $$;
SELECT pg_temp.decide(203);
SELECT poa.end_hold(:hold);
SELECT ended_at IS NULL AS ended_by_itself FROM poa.hold_log WHERE hold_id = :hold;
COMMIT;
-- one that is rolled back never was
BEGIN;
SELECT poa.hold('not for good', now() + '1 day') > 0 AS held;
ROLLBACK;
SELECT pg_temp.decide(203);

-- what was stored by a hold is stored again, and not released; what was diverted before it is stored by it
SELECT poa.hold('once more', now() + '1 day') AS hold \gset
INSERT INTO alerts VALUES ('AD1', 203::bigint::guid, '5', '2026-03-01 12:20', 'held');
SELECT poa.end_hold(:hold);
INSERT INTO alerts VALUES ('AD1', 203::bigint::guid, '5', '2026-03-01 12:20', 'held, again') RETURNING note;
SELECT poa.release(max(log_id), 'it stands') FROM poa.suppression_log WHERE hold_id IS NOT NULL;
INSERT INTO alerts VALUES ('AD1', 203::bigint::guid, '6', '2026-03-01 12:20', 'diverted') RETURNING note;
SELECT poa.hold('and again', now() + '1 day') AS hold \gset
INSERT INTO alerts VALUES ('AD1', 203::bigint::guid, '6', '2026-03-01 12:20', 'diverted before') RETURNING note;
-- what no window holds, and shadow mode
INSERT INTO alerts VALUES ('AD1', 203::bigint::guid, '6', '2026-03-01 13:20', 'outside') RETURNING note;
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('shadowed', mode => 'shadow');
INSERT INTO shadowed VALUES ('AD1', 203::bigint::guid, '7', '2026-03-01 12:20', 'shadow') RETURNING note;
SELECT mpxn, diverted, hold_id = :hold AS by_this FROM poa.suppression_log WHERE mpxn IN ('5', '6', '7') ORDER BY log_id;
SELECT check_name FROM poa.verify(NULL, NULL) WHERE NOT ok;

-- the record
SELECT hold_id, nullif(held_by, current_user) AS by_another, until > held_at AS later, reason, chf, distributor_id,
	manufacturer, originator, ended_at > held_at AS ended, ended_by = current_user AS by_me
FROM poa.hold_log ORDER BY hold_id;
DROP TABLE alerts, shadowed;
SELECT poa.revoke_all('regress_poa_operator');
DROP ROLE regress_poa_operator;
