--
-- poa.timeline: the story of a hub, a device or an MPxN.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY default
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
-- hub cN carries meter eN, of distributor 19 or 20
INSERT INTO poa.device
	SELECT ('00000000000000e' || n)::guid, 'ESME', 2, '1063', ('00000000000000c' || n)::guid, (19 + n % 2) || '0000000000' || n
		FROM generate_series(1, 4) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, meter guid, started timestamptz);
CREATE INDEX ON alerts (chf, received_at);
SELECT poa.attach('alerts', device => 'meter', started => 'started');
CREATE ROLE regress_poa_dno19;
CREATE ROLE regress_poa_dno20;
SELECT poa.grant_dno('regress_poa_dno19', 19), poa.grant_dno('regress_poa_dno20', 20);

-- a campaign, an alert in a window, its restoration, an alert after it
SELECT poa.track_activation('00000000000000e1', NULL, 'r1', '2026-03-01 12:00'),
	poa.track_activation('00000000000000e2', '2026-03-01 13:00', 'r2', '2026-03-01 12:00');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:12', '2000000000001', NULL, '2026-03-01 12:09');
INSERT INTO alerts VALUES ('8F36', '00000000000000c1', '2026-03-01 12:15', NULL, '00000000000000e1', NULL);
INSERT INTO alerts VALUES ('81A0', NULL, '2026-03-01 12:16', NULL, '00000000000000e1', NULL);
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 14:00', '2000000000001', NULL, NULL);
SELECT poa.cancel_activation('00000000000000e2', '2026-03-01 12:30');
SELECT poa.refuse_activation('r1', 'E20', '2026-03-01 14:10');
INSERT INTO poa.sign_of_life VALUES ('00000000000000e1', '2026-03-01 12:17', 'response');
INSERT INTO poa.asked VALUES ('00000000000000e1', '2026-03-01 14:20');
INSERT INTO poa.no_answer VALUES ('00000000000000e1', '2026-03-01 14:21', 'E21');
-- what happened by the clock is left out of the picture by its year
CREATE FUNCTION pg_temp.story(subject text) RETURNS TABLE (at timestamptz, what text, detail text, chf text, device text,
	log_id bigint) LANGUAGE sql AS $$
	SELECT at, what, detail, right(chf::text, 2), right(device::text, 2), log_id FROM poa.timeline(subject, to_at => '2026-03-02') $$;
SELECT * FROM pg_temp.story('00-00-00-00-00-00-00-C1');
-- the same by the meter and by the MPxN, whatever the case and the separators
SELECT count(*), count(*) = (SELECT count(*) FROM pg_temp.story('00:00:00:00:00:00:00:e1')) AS meter,
	count(*) = (SELECT count(*) FROM pg_temp.story(' 2000000000001 ')) AS mpxn FROM pg_temp.story('00000000000000c1');
-- what was known when, by the clock
SELECT what, count(*) FROM poa.timeline('00000000000000e1', '2026-03-02') GROUP BY what ORDER BY what;
-- a released alert is one line in the log and one release, and not stored once more
SELECT poa.release(1, 'no supply');
SELECT what, count(*) FROM poa.timeline('00000000000000c1') WHERE log_id = 1 OR what = 'stored' GROUP BY what ORDER BY what;
SELECT detail = format('no supply (by %s)', current_user) AS why FROM poa.timeline('00000000000000c1') WHERE what = 'released';
-- holds that meet it, and those that do not
SELECT poa.hold('storm', now() + interval '1 hour', chf => '00000000000000c1');
SELECT poa.hold('all of 20', now() + interval '1 hour', distributor_id => 20);
SELECT poa.hold('elsewhere', now() + interval '1 hour', distributor_id => 19);
SELECT poa.end_hold(1);
SELECT what, split_part(split_part(detail, ' (by', 1), ' to ', 1) AS hold FROM poa.timeline('00000000000000c1')
	WHERE what LIKE 'hold%' ORDER BY detail;
-- a meter that moves takes its story along; its hub keeps what was there
UPDATE poa.device SET chf = '00000000000000c3' WHERE device = '00000000000000e1';
SELECT what, right(chf::text, 2) AS chf, right(detail, 30) AS detail FROM poa.timeline('00000000000000e1') WHERE what = 'moved';
SELECT count(*) > 10 AS still FROM poa.timeline('00000000000000c1');
-- own rows only
SET ROLE regress_poa_dno19;
SELECT count(*) FROM poa.timeline('00000000000000c1');
SELECT count(*) > 0 AS own, count(*) FILTER (WHERE mpxn LIKE '20%') AS others FROM poa.timeline('00000000000000c2');
SET ROLE regress_poa_dno20;
SELECT count(*) > 10 AS own FROM poa.timeline('00000000000000c1');
SELECT count(*) FROM poa.timeline('00000000000000c2');
RESET ROLE;

-- copied with white space around it, as a GUID may be
SELECT count(*) > 10 AS mpxn FROM poa.timeline(E'\t2000000000001\r\n');
SELECT count(*) > 10 AS guid FROM poa.timeline(E'\t00000000000000c1\r\n');

-- what is unknown has no rows, what is neither is refused by saying what it could have been
SELECT * FROM poa.timeline('00000000000000ff');
SELECT * FROM poa.timeline('1999999999999');
SELECT * FROM poa.timeline(NULL);
SELECT * FROM poa.timeline('');
SELECT * FROM poa.timeline('90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:1');
SELECT * FROM poa.timeline('88738400000001');
SELECT * FROM poa.timeline('20 0000 0000 001');
SELECT * FROM poa.timeline(E'20 0000\t0000\n001\n');
SELECT * FROM poa.timeline('12345');
SELECT * FROM poa.timeline('00-00-00-00-00-00-C1');
SELECT * FROM poa.timeline('Mrs Miller');
SELECT * FROM poa.timeline('00000000000000c1', NULL);

DROP TABLE alerts;
DROP EXTENSION poa_suppress;
DROP ROLE regress_poa_dno19, regress_poa_dno20;
