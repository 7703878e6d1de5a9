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
CREATE VIEW pg_temp.number AS SELECT sequencename, coalesce(last_value, start_value) AS number FROM pg_sequences
	WHERE schemaname IN ('poa', 'poa_internal');

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
SELECT poa.record_outcome('90-B3-D5-1F-30-01-00-02:00-00-00-00-00-00-00-01:9', 'succeeded') AS known_already;
BEGIN;
SELECT poa.set_node(7);
SELECT poa.hold('not for long', now() + interval '1 day', 999::bigint::guid);
ROLLBACK;
SELECT count(*) AS rows FROM poa.node;
SELECT DISTINCT number FROM pg_temp.number WHERE sequencename <> 'hold_log_hold_id_seq';

-- each of its sequences counts on from node * 10^12
SELECT poa.set_node(7);
SELECT node, set_at <= now() AS dated, set_by = CURRENT_USER AS by_me FROM poa.node;
SELECT ok, detail FROM poa.health() WHERE check_name = 'guid_list';
SELECT poa.track_activation(1::bigint::guid, request_id => 'r1', received_at => '2026-03-01 12:00');
INSERT INTO alerts VALUES ('AD1', 201::bigint::guid, '1900000000001', '2026-03-01 12:10');
SELECT log_id, activation_id, matched FROM poa.suppression_log;
SELECT change_id, activation_id FROM poa.activation_change;
SELECT poa.hold('now there are', now() + interval '1 day', 999::bigint::guid);
SELECT hold_id, reason FROM poa.hold_log ORDER BY 1;
SELECT message_id, kind, node FROM poa_internal.message;
BEGIN;
SELECT poa_internal.begin_import();
SELECT import_id FROM poa_internal.finish_import('add', 'nothing', 'x');
COMMIT;
SELECT sequencename, number FROM pg_temp.number ORDER BY 1;
SELECT count(*) AS unheard_of FROM poa_internal.own_sequence() AS o
	WHERE o.sequence::text NOT IN (SELECT 'poa.' || sequencename FROM pg_temp.number UNION SELECT 'poa_internal.' || sequencename
	FROM pg_temp.number);

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
SELECT split_part(detail, '; ', n) AS mend FROM poa.health(), generate_series(2, 20) AS n
	WHERE check_name = 'sequence' AND split_part(detail, '; ', n) <> '' ORDER BY n \gexec
SELECT ok, detail FROM poa.health() WHERE check_name = 'sequence';
-- rows that another node has sent do not matter
INSERT INTO poa.hold_log (hold_id, held_by, until, reason) OVERRIDING SYSTEM VALUE
	VALUES (8000000000001, 'x', '2026-01-01', 'x'), (1, 'x', '2026-01-01', 'x');
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

-- a list that is not what its newest import has left differs from that of other nodes
SELECT ok, detail FROM poa.health() WHERE check_name = 'guid_list';
BEGIN;
SELECT poa_internal.begin_import();
COPY guid_list_stage FROM stdin;
00-00-00-00-00-00-00-01
00-00-00-00-00-00-00-02
\.
SELECT import_id, added, unchanged FROM poa_internal.finish_import('add', 'list.csv', 'abc123');
COMMIT;
SELECT ok, detail FROM poa.health() WHERE check_name = 'guid_list';
DELETE FROM poa.guid_list WHERE guid = 2::bigint::guid;
SELECT ok, detail FROM poa.health() WHERE check_name = 'guid_list';
SELECT poa.undo_import(1000000000001);
SELECT ok, detail FROM poa.health() WHERE check_name = 'guid_list';

-- only a superuser sets it
CREATE ROLE regress_poa_operator;
SELECT poa.grant_operator('regress_poa_operator');
SET ROLE regress_poa_operator;
SELECT poa.set_node(2);
SELECT node FROM poa.node;
RESET ROLE;
SELECT poa.revoke_all('regress_poa_operator');
DROP ROLE regress_poa_operator;

-- the warehouse: rows of nodes come by replication, and nothing is numbered
SELECT poa.set_node(0);
SELECT number, array_agg(sequencename) FILTER (WHERE number = 1) AS but_for FROM pg_temp.number GROUP BY 1 ORDER BY 1;
INSERT INTO poa.activation (activation_id, device, chf, request_id, received_at, activates_at, opens_at, closes_at,
	status) OVERRIDING SYSTEM VALUE
VALUES (1000000000001, 1::bigint::guid, 201::bigint::guid, 'r1', '2026-03-01', '2026-03-01 12:00', '2026-03-01 12:00',
	'2026-03-01 12:30', 'tracked'),
	(2000000000001, 1::bigint::guid, 202::bigint::guid, 'r2', '2190-03-01', '2190-03-01 12:00', '2190-03-01 12:00',
		'2190-03-01 12:30', 'tracked');
INSERT INTO poa.suppression_log (log_id, logged_at, diverted, source_schema, source_table, alert, alert_code, chf, decided_at,
	activation_id, matched, device,
	activates_at, opens_at, closes_at, delay) OVERRIDING SYSTEM VALUE
VALUES (1000000000007, '2026-03-01 12:10', true, 'public', 'alerts', '{"chf": "00-00-00-00-00-00-00-C9"}', 'AD1',
	201::bigint::guid, '2026-03-01 12:10', 1000000000001, '{1000000000001}',
	1::bigint::guid, '2026-03-01 12:00', '2026-03-01 12:00', '2026-03-01 12:30', '10 minutes');
INSERT INTO poa.release_log (log_id, released_by, reason) VALUES (1000000000007, 'somebody', 'at the node');
CREATE PROCEDURE refused(statements text[]) LANGUAGE plpgsql AS $$
DECLARE
	s text;
	why text;
	hint text;
BEGIN
	FOREACH s IN ARRAY statements LOOP
		BEGIN
			EXECUTE 'SELECT ' || s;
			RAISE WARNING 'not refused: %', s;
		EXCEPTION WHEN object_not_in_prerequisite_state THEN
			GET STACKED DIAGNOSTICS why = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			RAISE INFO '%. % %', sqlerrm, why, hint;
		WHEN OTHERS THEN
			RAISE WARNING '% % (%)', s, sqlerrm, sqlstate;
		END;
	END LOOP;
END
$$;
CALL refused(ARRAY[$$poa.track_activation(1::bigint::guid)$$, $$poa.cancel_activation(1::bigint::guid)$$,
	$$poa.record_outcome('r1', 'succeeded')$$,
	$$poa.record_outcome('r1', 'activation_failure')$$, $$poa.refuse_activation('r1', 'E20')$$, $$poa.receive('<x/>'::text)$$,
	$$poa.receive('<x/>'::xml)$$,
	$$poa.release(1000000000007, 'x')$$, $$poa.release(3000000000001, 'x')$$, $$poa.release(7, 'x')$$,
	$$poa.release_still_dark()$$, $$poa.release_genuine()$$,
	$$poa.hold('x', now() + interval '1 day')$$, $$poa.end_hold(2000000000001)$$, $$poa.undo_import(1000000000001)$$,
	$$poa_internal.finish_import('add', 'x', 'x')$$,
	$$poa.purge_log('infinity')$$, $$poa.purge_activations('infinity')$$, $$poa.export_windows(1::bigint::guid)$$,
	$$poa.import_windows('{"device": "00-00-00-00-00-00-00-01", "activations": [], "messages": [], "commands": []}')$$]);
-- an alert that is judged here would need a number: an error, and not lost
INSERT INTO alerts VALUES ('AD1', 201::bigint::guid, NULL, '2026-03-01 12:10');
INSERT INTO alerts VALUES ('AD1', 201::bigint::guid, NULL, '2026-03-01 12:40');
-- the feed may come here too: windows follow at the nodes
UPDATE poa.device SET chf = 203::bigint::guid;
SELECT activation_id, chf::bigint FROM poa.activation ORDER BY 1;
SELECT count(*) AS moves FROM poa.device_move;
-- its log cannot be changed, nor by what a subscription brings
UPDATE poa.suppression_log SET mpxn = NULL;
DELETE FROM poa.release_log;
SET session_replication_role = replica;
DELETE FROM poa.suppression_log;
-- what comes again is passed over, but not another row with the number, as of a node that was restored
INSERT INTO poa.release_log SELECT * FROM poa.release_log;
INSERT INTO poa.release_log SELECT log_id, released_at, released_by, 'another' FROM poa.release_log;
INSERT INTO poa.activation OVERRIDING SYSTEM VALUE SELECT * FROM poa.activation;
RESET session_replication_role;
SELECT tgrelid::regclass::text AS log, tgenabled FROM pg_trigger WHERE tgname = 'keep_at_warehouse' ORDER BY 1;
SELECT check_name, ok, detail FROM poa.health() WHERE check_name IN ('sequence', 'append_only');
-- a monitor sees how many numbers its nodes have given out
INSERT INTO poa.activation (activation_id, device, chf, received_at, activates_at, opens_at, closes_at, status, manufacturer)
	OVERRIDING SYSTEM VALUE
	SELECT 2000000000040, device, chf, received_at, activates_at, opens_at, closes_at, 'tracked', manufacturer FROM poa.activation LIMIT 1;
SELECT name, value FROM poa.metrics WHERE name IN ('poa_log_entries', 'poa_activations');
ALTER TABLE poa.release_log DISABLE TRIGGER keep_at_warehouse;
SELECT ok, detail FROM poa.health() WHERE check_name = 'append_only';
ALTER TABLE poa.release_log ENABLE REPLICA TRIGGER keep_at_warehouse;
SELECT poa.set_node(0);
SELECT poa.set_node(1);
DROP TABLE alerts;
DROP PROCEDURE refused;
