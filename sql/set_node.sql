--
-- A server becomes a node of several: its numbers are of a range of its own.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES (1::bigint::guid, 'ESME', 2, '1063', 201::bigint::guid, '1900000000001');
INSERT INTO poa.guid_list VALUES (1::bigint::guid);
CREATE TABLE alerts (alert_code text, chf guid, mpxn text, received_at timestamptz);
SELECT poa.attach('alerts');
CREATE VIEW pg_temp.number AS SELECT sequencename, coalesce(last_value, start_value) AS number FROM pg_sequences WHERE schemaname IN ('poa', 'poa_internal');

-- what is no number of a node
SELECT poa.set_node(NULL);
SELECT poa.set_node(-1);
SELECT poa.set_node(9001);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT poa.set_node(7);
ROLLBACK;
BEGIN READ ONLY;
SELECT poa.set_node(7);
ROLLBACK;
-- undone with its transaction
SELECT poa.hold('before there were nodes', now() + interval '1 day', 999::bigint::guid);
SELECT poa.end_hold(1);
BEGIN;
SELECT poa.set_node(7);
SELECT poa.hold('not for long', now() + interval '1 day', 999::bigint::guid);
ROLLBACK;
SELECT count(*) AS rows FROM poa.node;
SELECT DISTINCT number FROM pg_temp.number WHERE sequencename <> 'hold_log_hold_id_seq';

-- each of its sequences counts on from node * 10^12
SELECT poa.set_node(7);
SELECT node, set_at <= now() AS dated, set_by = CURRENT_USER AS by_me FROM poa.node;
SELECT poa.track_activation(1::bigint::guid, request_id => 'r1', received_at => '2026-03-01 12:00');
INSERT INTO alerts VALUES ('AD1', 201::bigint::guid, '1900000000001', '2026-03-01 12:10');
SELECT log_id, activation_id, matched FROM poa.suppression_log;
SELECT change_id, activation_id FROM poa.activation_change;
SELECT poa.hold('now there are', now() + interval '1 day', 999::bigint::guid);
SELECT hold_id, reason FROM poa.hold_log ORDER BY 1;
BEGIN;
SELECT poa_internal.begin_import();
SELECT import_id FROM poa_internal.finish_import('add', 'nothing', 'x');
COMMIT;
SELECT sequencename, number FROM pg_temp.number ORDER BY 1;
SELECT count(*) AS unheard_of FROM poa_internal.own_sequence() AS o WHERE o.sequence::text NOT IN (SELECT 'poa.' || sequencename FROM pg_temp.number UNION SELECT 'poa_internal.' || sequencename FROM pg_temp.number);

-- again: nothing; another number only while nothing is numbered
SELECT poa.set_node(7);
SELECT sum(number) FROM pg_temp.number;
SELECT poa.set_node(8);
SELECT poa.set_node(0);
SELECT node FROM poa.node;
SELECT check_name, ok, detail FROM poa.health() WHERE check_name = 'sequence';

-- a server that has rows of the range already goes on behind them
BEGIN;
DELETE FROM poa.node;
SELECT poa.set_node(6);
ROLLBACK;
SELECT sum(setval(o.sequence, 1)) FROM poa_internal.own_sequence() AS o;
BEGIN;
DELETE FROM poa.node;
SELECT poa.set_node(7);
SELECT poa.track_activation(1::bigint::guid, request_id => 'r2', received_at => '2026-03-01 12:01');
ROLLBACK;
-- one that counts in another's range is found, and the mend mends it
SELECT setval('poa.activation_activation_id_seq', 8000000000005);
SELECT split_part(detail, '; ', 1) AS behind FROM poa.health() WHERE check_name = 'sequence' AND NOT ok;
SELECT split_part(detail, '; ', n) AS mend FROM poa.health(), generate_series(2, 20) AS n WHERE check_name = 'sequence' AND split_part(detail, '; ', n) <> '' ORDER BY n \gexec
SELECT ok, detail FROM poa.health() WHERE check_name = 'sequence';
-- rows that another node has sent do not matter
INSERT INTO poa.hold_log (hold_id, held_by, until, reason) OVERRIDING SYSTEM VALUE VALUES (8000000000001, 'x', '2026-01-01', 'x'), (1, 'x', '2026-01-01', 'x');
SELECT ok FROM poa.health() WHERE check_name = 'sequence';
DELETE FROM poa.hold_log WHERE reason = 'x';

-- while activations and log are empty it may become another
SELECT poa.purge_log('infinity');
SELECT poa.purge_activations('infinity');
SELECT poa.set_node(9000);
SELECT poa.track_activation(1::bigint::guid, request_id => 'r3', received_at => '2026-03-01 12:00');
SELECT poa.set_node(1);
SELECT poa.purge_activations('infinity');
SELECT poa.set_node(1);
SELECT poa.track_activation(1::bigint::guid, request_id => 'r4', received_at => '2026-03-01 12:00');
SELECT hold_id, reason FROM poa.hold_log ORDER BY 1;
SELECT poa.purge_activations('infinity');

-- only a superuser sets it
CREATE ROLE regress_poa_operator;
SELECT poa.grant_operator('regress_poa_operator');
SET ROLE regress_poa_operator;
SELECT poa.set_node(2);
SELECT node FROM poa.node;
RESET ROLE;
SELECT poa.revoke_all('regress_poa_operator');
DROP ROLE regress_poa_operator;
DROP TABLE alerts;
