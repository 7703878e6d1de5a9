--
-- Whom to ask, and what an answer or its absence is worth.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (100 + n)::bigint::guid,
	(19 + n % 2) || lpad(n::text, 11, '0') FROM generate_series(1, 9) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SELECT count(poa.track_activation(device, received_at => '2026-03-01 12:00', request_id => 'r' || device::bigint)) FROM poa.device;
INSERT INTO alerts SELECT 'AD1', (100 + n)::bigint::guid, timestamptz '2026-03-01 12:10' - n * interval '1 second', NULL
	FROM generate_series(1, 8) AS n;
INSERT INTO alerts VALUES ('8F36', 101::bigint::guid, '2026-03-01 12:15', NULL);

-- the longest dark first
SELECT * FROM poa.to_ask(as_of => '2026-03-01 12:36');
-- later than the grace after the window closed
SELECT count(*) FROM poa.to_ask(as_of => '2026-03-01 12:35') UNION ALL SELECT count(*) FROM poa.to_ask('1 minute', '2026-03-01 12:32');
-- asked since the window closed; before it, or another device, is not enough; what comes later is not known
INSERT INTO poa.asked
	VALUES (2::bigint::guid, '2026-03-01 12:30:00.000001'), (3::bigint::guid, '2026-03-01 12:30'),
	(104::bigint::guid, '2026-03-01 12:33'), (5::bigint::guid, '2026-03-01 12:37');
SELECT string_agg(device::bigint::text, ' ' ORDER BY dark_for DESC) FROM poa.to_ask(as_of => '2026-03-01 12:36');
SELECT string_agg(device::bigint::text, ' ' ORDER BY dark_for DESC) FROM poa.to_ask(as_of => '2026-03-01 12:37');
-- an answer is a sign of life; no answer is evidence; a release ends it
INSERT INTO poa.sign_of_life VALUES (2::bigint::guid, '2026-03-01 12:31', 'response'), (6::bigint::guid, '2026-03-01 12:40', 'response');
INSERT INTO poa.no_answer VALUES (5::bigint::guid, '2026-03-01 12:38', 'E20'), (7::bigint::guid, '2026-03-01 12:38', 'E21');
SELECT poa.release_genuine();
SELECT poa.release_genuine('{unreachable}');
SELECT string_agg(device::bigint::text, ' ' ORDER BY dark_for DESC) FROM poa.to_ask();
SELECT chf::bigint, evidence FROM poa.genuine('2026-03-01 13:00') WHERE evidence = 'unreachable' ORDER BY 1;

SELECT * FROM poa.to_ask(NULL);
SELECT * FROM poa.to_ask(as_of => 'infinity');

-- The operator's
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_dno;
SELECT poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor'), poa.grant_dno('regress_poa_dno', 19);
SET ROLE regress_poa_operator;
WITH sent AS (INSERT INTO poa.asked SELECT device, now() FROM poa.to_ask() RETURNING *) SELECT count(*) FROM sent;
SELECT count(*) FROM poa.to_ask();
SET ROLE regress_poa_auditor;
SELECT count(*) FROM poa.to_ask(as_of => '2026-03-01 12:36');
INSERT INTO poa.asked VALUES (1::bigint::guid, now());
SET ROLE regress_poa_dno;
SELECT count(*) FROM poa.to_ask();
SELECT count(*) FROM poa.asked;
RESET ROLE;
SELECT poa.revoke_all(r) FROM unnest('{regress_poa_operator,regress_poa_auditor,regress_poa_dno}'::name[]) AS r;
DROP ROLE regress_poa_operator, regress_poa_auditor, regress_poa_dno;
DROP TABLE alerts;
