--
-- Evidence on suppressed alerts, kind by kind, and their release.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '10 minutes', '30 minutes');
-- hub 1NN carries meter NN
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (100 + n)::bigint::guid,
	(19 + n % 2) || lpad(n::text, 11, '0') FROM generate_series(1, 60) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text, device guid, began_at timestamptz);
SELECT poa.attach('alerts', device => 'device', started => 'began_at');
CREATE FUNCTION track(n integer, at timestamptz DEFAULT '2026-03-01 12:00', request text DEFAULT NULL) RETURNS bigint LANGUAGE sql
RETURN poa.track_activation(n::bigint::guid, request_id => coalesce(request, 'r' || n), received_at => at);
CREATE FUNCTION ad1(n integer, at timestamptz DEFAULT '2026-03-01 12:13',
	began timestamptz DEFAULT '2026-03-01 12:10') RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO alerts VALUES ('AD1', (100 + n)::bigint::guid, at, NULL, NULL, began);
	SELECT max(log_id) FROM poa.suppression_log;
END;
CREATE FUNCTION told(as_of timestamptz DEFAULT '2026-03-01 13:00', since timestamptz DEFAULT NULL) RETURNS TABLE (n bigint,
	evidence text, detail text) LANGUAGE sql
BEGIN ATOMIC
	SELECT g.chf::bigint - 100, g.evidence, g.detail FROM poa.genuine(as_of, since) AS g;
END;

-- What is not said
SELECT * FROM poa.genuine(NULL);
SELECT * FROM poa.genuine('infinity');
SELECT * FROM poa.genuine();

--
-- silent, which is all there is where nothing is known
--
SELECT track(1), ad1(1, began => NULL);
SELECT * FROM poa.genuine('2026-03-01 13:00');
-- as still_dark: later than 15 minutes after the window closed
SELECT count(*) FROM told('2026-03-01 12:45') UNION ALL SELECT count(*) FROM told('2026-03-01 12:45:00.000001');
-- since, 31 days as a rule; both ends included
SELECT count(*) FROM told('2026-04-01 12:13') UNION ALL SELECT count(*) FROM told('2026-04-01 12:13:00.000001')
UNION ALL SELECT count(*) FROM told('2026-04-02', '2026-03-01 12:13')
	UNION ALL SELECT count(*) FROM told('2026-04-02', '2026-03-01 12:13:00.000001')
UNION ALL SELECT count(*) FROM told('2026-04-02', '-infinity');
-- heard: silent no more, but it was
INSERT INTO alerts VALUES ('8F36', 101::bigint::guid, '2026-03-01 13:30');
SELECT count(*) FROM told('2026-03-01 13:29:59') UNION ALL SELECT count(*) FROM told('2026-03-01 13:30');

--
-- no_activation
--
SELECT track(n) > 0 AS tracked, ad1(n) > 0 AS logged FROM generate_series(2, 6) AS n;
SELECT poa_internal.record_outcome_at('r2', 'no_image_held', '2026-03-01 12:50'),
	poa_internal.record_outcome_at('r3', 'hash_mismatch', '2026-03-01 12:50'),
	poa_internal.record_outcome_at('r4', 'activation_failure', '2026-03-01 12:50'),
	poa_internal.record_outcome_at('r5', 'succeeded', '2026-03-01 12:50');
SELECT n, evidence, detail FROM told() WHERE evidence = 'no_activation';
SELECT poa.refuse_activation('r6', 'E20', '2026-03-01 12:50');
SELECT n, detail FROM told() WHERE evidence = 'no_activation' AND n = 6;
-- what is known later is not used
SELECT count(*) FROM told('2026-03-01 12:49:59') WHERE evidence = 'no_activation';
-- cancelled and superseded: the windows open before the activation
SELECT poa.track_activation(7::bigint::guid, '2026-03-01 12:20', 'r7', '2026-03-01 10:00') > 0,
	poa.track_activation(8::bigint::guid, '2026-03-01 12:20', 'r8', '2026-03-01 10:00') > 0;
SELECT ad1(7) > 0, ad1(8) > 0;
SELECT poa.cancel_activation(7::bigint::guid, '2026-03-01 12:15'),
	poa.track_activation(8::bigint::guid, '2026-03-02 12:20', 'later', '2026-03-01 12:16') > 0;
SELECT n, detail FROM told() WHERE evidence = 'no_activation' AND n > 6;
-- of two activations both
SELECT track(9, '2026-03-01 12:00', 'r9a') > 0, track(9, '2026-03-01 12:05', 'r9b') > 0, ad1(9) > 0;
SELECT poa_internal.record_outcome_at('r9a', 'no_image_held', '2026-03-01 12:50');
SELECT count(*) FROM told() WHERE n = 9 AND evidence = 'no_activation';
SELECT poa_internal.record_outcome_at('r9b', 'no_image_held', '2026-03-01 12:55');
SELECT detail FROM told() WHERE n = 9 AND evidence = 'no_activation';

--
-- started, where nothing was learned: before the window opened
--
SELECT track(n) > 0 AS tracked FROM generate_series(10, 13) AS n;
SELECT ad1(10, began => '2026-03-01 11:49:59') > 0, ad1(11, began => '2026-03-01 11:50') > 0,
	ad1(12, began => '-infinity') > 0, ad1(13, began => '2026-03-01 12:29') > 0;
SELECT n, detail FROM told() WHERE evidence = 'started';
-- of two activations for both
SELECT track(14, '2026-03-01 12:00', 'r14a') > 0, track(14, '2026-03-01 11:30', 'r14b') > 0,
	ad1(14, '2026-03-01 11:55', '2026-03-01 11:40') > 0;
SELECT cardinality(matched) FROM poa.suppression_log WHERE chf = 114::bigint::guid;
SELECT count(*) FROM told() WHERE n = 14 AND evidence = 'started';
SELECT ad1(14, '2026-03-01 11:56', '2026-03-01 11:19') > 0;
SELECT n, detail FROM told() WHERE n = 14 AND evidence = 'started';

--
-- second
--
SELECT track(n) > 0 AS tracked FROM generate_series(20, 24) AS n;
-- reboot, back, dark again; the same delivered twice; never back; back by the hub
INSERT INTO alerts VALUES ('AD1', 120::bigint::guid, '2026-03-01 12:13', NULL, NULL, '2026-03-01 12:10'),
	('8F36', NULL, '2026-03-01 12:15', NULL, 20::bigint::guid, NULL),
	('AD1', 120::bigint::guid, '2026-03-01 12:23', NULL, NULL, '2026-03-01 12:20'),
	('AD1', 121::bigint::guid, '2026-03-01 12:13', NULL, NULL, '2026-03-01 12:10'),
	('8F36', NULL, '2026-03-01 12:15', NULL, 21::bigint::guid, NULL),
	('AD1', 121::bigint::guid, '2026-03-01 12:14', NULL, NULL, '2026-03-01 12:10'),
	('AD1', 122::bigint::guid, '2026-03-01 12:13', NULL, NULL, '2026-03-01 12:10'),
	('AD1', 122::bigint::guid, '2026-03-01 12:23', NULL, NULL, '2026-03-01 12:20'),
	('AD1', 123::bigint::guid, '2026-03-01 12:13', NULL, NULL, NULL),
	('8F35', 123::bigint::guid, '2026-03-01 12:15', NULL, NULL, NULL), ('AD1', 123::bigint::guid, '2026-03-01 12:23', NULL, NULL, NULL),
	-- the restoration came when the second had begun; what is no restoration
	('AD1', 124::bigint::guid, '2026-03-01 12:13', NULL, NULL, '2026-03-01 12:10'),
	('8F36', NULL, '2026-03-01 12:21', NULL, 24::bigint::guid, NULL),
	('81A0', NULL, '2026-03-01 12:15', NULL, 24::bigint::guid, NULL),
	('AD1', 124::bigint::guid, '2026-03-01 12:23', NULL, NULL, '2026-03-01 12:20');
SELECT g.chf::bigint - 100 AS n, g.decided_at::time, g.detail FROM poa.genuine('2026-03-01 13:00') AS g WHERE evidence = 'second';
SELECT count(*) FROM told('2026-03-01 12:22:59') WHERE evidence = 'second'
	UNION ALL SELECT count(*) FROM told('2026-03-01 12:23') WHERE evidence = 'second';
-- an old restoration that is delivered again hides nothing
INSERT INTO alerts VALUES ('8F36', NULL, '2026-03-01 12:15', NULL, 20::bigint::guid, NULL);
SELECT g.evidence, g.decided_at::time FROM poa.genuine('2026-03-01 13:00') AS g WHERE chf = 120::bigint::guid;
-- two activations explain two
SELECT track(25, '2026-03-01 12:00', 'r25a') > 0, track(25, '2026-03-01 12:10', 'r25b') > 0;
INSERT INTO alerts VALUES ('AD1', 125::bigint::guid, '2026-03-01 12:13', NULL, NULL, '2026-03-01 12:10'),
	('8F36', NULL, '2026-03-01 12:15', NULL, 25::bigint::guid, NULL),
	('AD1', 125::bigint::guid, '2026-03-01 12:23', NULL, NULL, '2026-03-01 12:20'),
	('8F36', NULL, '2026-03-01 12:25', NULL, 25::bigint::guid, NULL);
SELECT count(*) FROM told() WHERE n = 25 AND evidence = 'second';
INSERT INTO alerts VALUES ('AD1', 125::bigint::guid, '2026-03-01 12:33', NULL, NULL, '2026-03-01 12:30');
SELECT detail FROM told() WHERE n = 25 AND evidence = 'second';
-- each its own
SELECT track(26, '2026-03-01 12:00', 'r26a') > 0, track(26, '2026-03-01 12:50', 'r26b') > 0;
INSERT INTO alerts VALUES ('AD1', 126::bigint::guid, '2026-03-01 12:13', NULL, NULL, '2026-03-01 12:10'),
	('8F36', NULL, '2026-03-01 12:15', NULL, 26::bigint::guid, NULL),
	('AD1', 126::bigint::guid, '2026-03-01 13:03', NULL, NULL, '2026-03-01 13:00');
SELECT count(*) FROM told('2026-03-01 14:00') WHERE n = 26 AND evidence = 'second';

--
-- unreachable
--
SELECT track(n) > 0 AS tracked, ad1(n) > 0 AS logged FROM generate_series(30, 38) AS n;
INSERT INTO poa.no_answer VALUES (30::bigint::guid, '2026-03-01 12:31', 'E21'), (131::bigint::guid, '2026-03-01 12:32', 'E20'),
	-- during the window, of another, heard before
	(32::bigint::guid, '2026-03-01 12:30', 'E21'), (99::bigint::guid, '2026-03-01 12:40', 'E21'),
	(33::bigint::guid, '2026-03-01 12:40', 'E21'),
	-- asked during the window, answered after it; and again after it
	(34::bigint::guid, '2026-03-01 12:40', 'E21'), (35::bigint::guid, '2026-03-01 12:40', 'E21'),
	-- a display
	(3600::bigint::guid, '2026-03-01 12:40', 'E21');
INSERT INTO poa.asked
	VALUES (34::bigint::guid, '2026-03-01 12:20'), (35::bigint::guid, '2026-03-01 12:20'), (35::bigint::guid, '2026-03-01 12:36');
INSERT INTO poa.device VALUES (3600::bigint::guid, 'IHD', 2, NULL, 136::bigint::guid, NULL);
INSERT INTO poa.sign_of_life VALUES (133::bigint::guid, '2026-03-01 12:39', 'read');
SELECT n, detail FROM told() WHERE evidence = 'unreachable';
-- what is heard later takes nothing back; what came later is not known yet
INSERT INTO poa.sign_of_life VALUES (130::bigint::guid, '2026-03-01 12:33', 'read');
SELECT string_agg(n::text, ' ' ORDER BY n) FROM told() WHERE evidence = 'unreachable';
SELECT string_agg(n::text, ' ' ORDER BY n) FROM told('2026-03-01 12:31:59') WHERE evidence = 'unreachable';

--
-- A past instant is answered as it would have been then
--
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE chf = 131::bigint::guid;
SELECT count(*) FROM told() WHERE n = 31 AND evidence = 'unreachable' UNION ALL SELECT count(*) FROM told(now(), '2026-03-01') WHERE n = 31;
-- what was logged only is not held back
SELECT poa.detach('alerts'), poa.attach('alerts', device => 'device', started => 'began_at', mode => 'shadow'), track(40), ad1(40);
SELECT count(*) FROM told() WHERE n = 40;
SELECT poa.detach('alerts'), poa.attach('alerts', device => 'device', started => 'began_at');

--
-- Who sees what
--
CREATE ROLE regress_poa_dno;
SELECT poa.grant_dno('regress_poa_dno', 19);
SET ROLE regress_poa_dno;
SELECT count(*) > 3 AS some, bool_and(distributor_id = 19) AS own FROM poa.genuine('2026-03-01 13:00');
SELECT count(*) FROM poa.release_genuine();
SELECT count(*) FROM poa_internal.releasable('{silent}');
RESET ROLE;
SELECT poa.revoke_all('regress_poa_dno');
DROP ROLE regress_poa_dno;

--
-- The release: of the last two days, and what came late
--
SELECT poa.release_genuine(NULL);
SELECT poa.release_genuine('{started,guess,NULL}');
SELECT poa.release_genuine('{}');
BEGIN READ ONLY;
SELECT poa.release_genuine();
ROLLBACK;
-- of those above the ends of activations, and the no-answers, became known since
CREATE FUNCTION pairs() RETURNS TABLE (n text, reason text) LANGUAGE sql
BEGIN ATOMIC
	SELECT string_agg((l.chf::bigint - 100)::text, ' ' ORDER BY l.chf::bigint), r.reason FROM poa.release_log AS r
		JOIN poa.suppression_log AS l USING (log_id) GROUP BY r.reason ORDER BY r.reason;
END;
SELECT poa.release_genuine('{no_activation}') AS released;
SELECT * FROM pairs();
SELECT track(50, now() - interval '1 hour') > 0, track(51, now() - interval '1 hour') > 0,
	track(52, now() - interval '1 hour') > 0, track(53, now() - interval '3 days') > 0;
SELECT ad1(50, now() - interval '50 minutes', now() - interval '2 hours') > 0,
	ad1(51, now() - interval '50 minutes', now() - interval '53 minutes') > 0,
	ad1(52, now() - interval '50 minutes', now() - interval '2 hours') > 0, ad1(53, now() - interval '3 days', now() - interval '4 days') > 0;
SELECT poa_internal.record_outcome_at('r52', 'no_image_held', now());
-- one that cannot be released does not keep the others
ALTER TABLE alerts ADD CONSTRAINT no_50 CHECK (chf <> 150::bigint::guid) NOT VALID;
SELECT poa.release_genuine() AS released;
SELECT * FROM pairs();
ALTER TABLE alerts DROP CONSTRAINT no_50;
SELECT poa.release_genuine('{started}') AS released;
SELECT poa.release_genuine('{started}') AS released;
SELECT poa.release_genuine('{silent}') AS released;
SELECT * FROM pairs();
-- an old one is released when a no-answer comes
INSERT INTO poa.no_answer VALUES (53::bigint::guid, now(), 'E21');
SELECT poa.release_genuine() AS released;
SELECT * FROM pairs() WHERE n LIKE '%53%';
SELECT count(*) FROM alerts WHERE chf = 153::bigint::guid;
-- or an outcome, also where the meter has moved since; not another alert of the hub
SELECT track(54, now() - interval '9 days', 'r54 before') > 0, track(54, now() - interval '3 days') > 0;
SELECT ad1(54, now() - interval '9 days', now() - interval '10 days') > 0,
	ad1(54, now() - interval '3 days' + interval '13 minutes', now() - interval '3 days') > 0;
UPDATE poa.activation SET closes_at = now() + interval '1 minute' WHERE request_id = 'r54';
UPDATE poa.device SET chf = 999::bigint::guid WHERE device = 54::bigint::guid;
SELECT poa.release_genuine() AS released;
SELECT poa.record_outcome('r54', 'no_image_held');
SELECT poa.release_genuine() AS released;
SELECT l.request_id, r.reason FROM poa.release_log AS r JOIN poa.suppression_log AS l USING (log_id) WHERE l.chf = 154::bigint::guid;

DROP FUNCTION track, ad1, told, pairs;
DROP TABLE alerts;
