--
-- Release: a diverted alert goes back into its table, once, unjudged, and all
-- of it or nothing.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;
CREATE TABLE alerts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, alert_code text, chf guid, received_at timestamptz,
	mpxn text, note text DEFAULT 'a default', twice text GENERATED ALWAYS AS (note || note) STORED);
SELECT poa.attach('alerts', key => 'id');
INSERT INTO alerts (alert_code, chf, received_at, note) SELECT 'AD1', '00000000000000c1', '2026-03-01 12:10', n
	FROM unnest(ARRAY['one', 'two', 'three', NULL]) AS n;
SELECT count(*) FROM alerts;

-- back as it was: the identity it had, NULL where it was NULL, what is generated is
SELECT poa.release(1, 'still dark');
SELECT poa.release(4, 'customer called');
SELECT * FROM alerts ORDER BY id;
SELECT log_id, released_at BETWEEN now() - interval '1 hour' AND now() AS just_now, released_by = current_user AS by_me, reason
	FROM poa.release_log ORDER BY log_id;
SELECT log_id, released_at IS NOT NULL AS released, release_reason FROM poa.suppressed_alert ORDER BY log_id;
-- twice, unknown, without a reason or a number
SELECT poa.release(1, 'again');
SELECT poa.release(999, 'unknown');
SELECT poa.release(-1, 'unknown');
SELECT poa.release(2, NULL);
SELECT poa.release(NULL, 'none');
CREATE TABLE shadowed (LIKE alerts);
SELECT poa.attach('shadowed', mode => 'shadow');
INSERT INTO shadowed (id, alert_code, chf, received_at) VALUES (1, 'AD1', '00000000000000c1', '2026-03-01 12:20');
SELECT poa.release(5, 'never diverted');
SELECT count(*) FROM shadowed;
\set VERBOSITY sqlstate
SELECT poa.release(1, 'again');
SELECT poa.release(999, 'unknown');
SELECT poa.release(5, 'never diverted');
SELECT poa.release(2, NULL);
\set VERBOSITY terse
DROP TABLE shadowed;
-- a rollback takes back all of it
BEGIN;
SELECT poa.release(2, 'rolled back');
ROLLBACK;
SELECT id FROM alerts ORDER BY id;
SELECT poa.release(2, 'for good');
SELECT id, note FROM alerts ORDER BY id;

-- Only that one row passes: triggers of the table run, and the AD1s that they
-- bring themselves are judged, before and after it, into this table and others.
TRUNCATE alerts;
CREATE TABLE copies (LIKE alerts);
SELECT poa.attach('copies', key => 'note');
CREATE FUNCTION bring_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.note NOT LIKE 'by %' THEN
		INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', NEW.chf, NEW.received_at, 'by ' || TG_NAME);
		INSERT INTO copies (id, alert_code, chf, received_at, note)
			VALUES (1, 'AD1', NEW.chf, NEW.received_at, 'by ' || TG_NAME || ' into copies');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER a_before BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION bring_more();
CREATE TRIGGER an_after AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION bring_more();
CREATE FUNCTION bring_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'by a statement trigger');
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER a_statement BEFORE INSERT ON alerts FOR EACH STATEMENT EXECUTE FUNCTION bring_first();
SELECT max(log_id) AS newest FROM poa.suppression_log \gset
SELECT poa.release(3, 'with triggers');
SELECT note FROM alerts;
SELECT note FROM copies;
SELECT source_table, alert->>'note' AS note FROM poa.suppression_log WHERE log_id > :newest ORDER BY log_id;
-- and the next one is judged again
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'by itself') RETURNING note;
-- the same where the row that passes is kept out by its trigger: nothing is released, nothing passes in its stead
DROP TRIGGER a_before ON alerts; DROP TRIGGER an_after ON alerts; DROP TRIGGER a_statement ON alerts;
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep_out BEFORE INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION keep_out();
SELECT max(log_id) AS newest FROM poa.suppression_log \gset
SELECT poa.release(:newest, 'kept out');
\set VERBOSITY sqlstate
SELECT poa.release(:newest, 'kept out');
\set VERBOSITY terse
DROP TRIGGER keep_out ON alerts;
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'after a failed release') RETURNING note;
SELECT count(*) AS released FROM poa.release_log WHERE log_id = :newest;
-- where the insert fails, in a block that goes on
CREATE FUNCTION pg_temp.try_release(id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM poa.release(id, 'tried');
	RETURN 'released';
EXCEPTION WHEN OTHERS THEN
	INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'in the handler');
	RETURN sqlstate;
END
$$;
ALTER TABLE alerts ADD CONSTRAINT no_ad1 CHECK (alert_code <> 'AD1') NOT VALID;
SELECT pg_temp.try_release(:newest);
SELECT count(*) FROM alerts WHERE note = 'in the handler';
ALTER TABLE alerts DROP CONSTRAINT no_ad1;
SELECT count(*) AS released FROM poa.release_log WHERE log_id = :newest;
-- an identity that is taken by now
INSERT INTO alerts (id, alert_code) OVERRIDING SYSTEM VALUE SELECT (alert->>'id')::int, '8F36' FROM poa.suppression_log
	WHERE log_id = :newest;
SELECT pg_temp.try_release(:newest);
DELETE FROM alerts WHERE alert_code = '8F36';
SELECT pg_temp.try_release(:newest);
SELECT pg_temp.try_release(:newest);
-- a release inside a trigger of another table, and several in one statement
CREATE TABLE orders (log_id bigint);
CREATE FUNCTION release_it() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM poa.release(NEW.log_id, 'ordered'); RETURN NEW; END$$;
CREATE TRIGGER release_it AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION release_it();
TRUNCATE alerts;
INSERT INTO orders SELECT log_id FROM poa.suppression_log AS l
	WHERE source_table = 'alerts' AND diverted AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id);
SELECT count(*) AS stored FROM alerts;
SELECT count(*) AS not_released FROM poa.suppression_log AS l
	WHERE source_table = 'alerts' AND NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id);

-- The kill switch and a table that is detached do not stand in the way.
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'with the switch off'), ('AD1', '00000000000000c1', '2026-03-01 12:10', 'detached');
SELECT max(log_id) AS newest FROM poa.suppression_log \gset
SET poa_suppress.enabled = off;
SELECT poa.release(:newest - 1, 'off');
RESET poa_suppress.enabled;
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:11', 'judged') RETURNING note;
SELECT poa.detach('alerts');
SELECT poa.release(:newest, 'detached');
SELECT poa.attach('alerts', key => 'id');
INSERT INTO alerts (alert_code, chf, received_at, note) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:11', 'judged') RETURNING note;
SELECT note FROM alerts WHERE note IN ('with the switch off', 'detached', 'judged') ORDER BY note;

-- What a rule brings beside it is not that row, and is judged
CREATE TABLE ruled (alert_code text, chf guid, received_at timestamptz, note text) PARTITION BY LIST (alert_code);
CREATE TABLE ruled_rest PARTITION OF ruled DEFAULT;
SELECT poa.attach('ruled', mpxn => NULL, key => 'note');
INSERT INTO ruled VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', 'the alert');
CREATE RULE again AS ON INSERT TO ruled DO ALSO INSERT INTO ruled_rest VALUES (new.alert_code, new.chf, new.received_at, 'by the rule');
SELECT poa.release(max(log_id), 'once') FROM poa.suppression_log;
SELECT note FROM ruled;
SELECT alert ->> 'note' AS judged FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;
DROP TABLE ruled;

-- Renamed, or in another schema: into the attached table of that name, else the one that had it when it was attached
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', '00000000000000c1', '2026-03-01 12:13', 'before the rename'),
	('AD1', '00000000000000c1', '2026-03-01 12:13', 'with a new table');
SELECT max(log_id) AS newest FROM poa.suppression_log \gset
CREATE SCHEMA regress_poa_moved;
ALTER TABLE alerts SET SCHEMA regress_poa_moved;
ALTER TABLE regress_poa_moved.alerts RENAME TO alarms;
SELECT poa.release(:newest - 1, 'renamed');
SELECT note FROM regress_poa_moved.alarms WHERE received_at = '2026-03-01 12:13';
CREATE TABLE alerts (LIKE regress_poa_moved.alarms INCLUDING GENERATED);
BEGIN;
SELECT poa.release(:newest, 'not into one that is not attached');
SELECT note FROM regress_poa_moved.alarms WHERE received_at = '2026-03-01 12:13';
ROLLBACK;
SELECT poa.attach('alerts');
SELECT poa.release(:newest, 'attached under its name');
SELECT note FROM alerts;
DROP TABLE alerts;
ALTER TABLE regress_poa_moved.alarms RENAME TO alerts;
ALTER TABLE regress_poa_moved.alerts SET SCHEMA public;
DROP SCHEMA regress_poa_moved;

-- Not on a standby or in a read-only transaction, and no release of many passes over that
BEGIN READ ONLY;
SELECT poa.release(1, 'read only');
ROLLBACK;
BEGIN READ ONLY;
SELECT poa.release_still_dark();
ROLLBACK;
\set VERBOSITY sqlstate
BEGIN READ ONLY;
SELECT poa.release_still_dark();
ROLLBACK;
\set VERBOSITY terse

-- The table has changed since, or is gone
INSERT INTO alerts (alert_code, chf, received_at, note)
	VALUES ('AD1', '00000000000000c1', '2026-03-01 12:12', 'before the change'),
	('AD1', '00000000000000c1', '2026-03-01 12:12', 'with its table gone');
SELECT max(log_id) AS newest FROM poa.suppression_log \gset
ALTER TABLE alerts DROP note CASCADE;
ALTER TABLE alerts ADD added text NOT NULL DEFAULT 'x';
SELECT poa.release(:newest - 1, 'changed');
SELECT alert_code, received_at, added FROM alerts WHERE received_at = '2026-03-01 12:12';
DROP TABLE alerts;
SELECT poa.release(:newest, 'gone');
-- or something else has its name, or a table that has none of its columns
CREATE SEQUENCE alerts;
SELECT poa.release(:newest, 'a sequence');
DROP SEQUENCE alerts;
CREATE TABLE alerts (other int);
SET client_min_messages = error;
SELECT poa.release(:newest, 'no column');
RESET client_min_messages;
DROP TABLE alerts;
SELECT count(*) AS released FROM poa.release_log WHERE log_id = :newest;
SELECT poa.release(:newest, E' \t');
DROP TABLE copies, orders;
DROP FUNCTION bring_more, bring_first, keep_out, release_it;
