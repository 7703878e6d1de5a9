--
-- Attack: tables of alerts that are not what they seem, and their owners.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00');

-- Names: quotes, dollars, unicode, 63 bytes, keywords; diverted, verified, explained and released all the same
CREATE PROCEDURE try(schema_name text, table_name text, code text, hub text, at text, mpxn text) LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	IF to_regnamespace(quote_ident(schema_name)) IS NULL THEN
		EXECUTE format('CREATE SCHEMA %I', schema_name);
	END IF;
	EXECUTE format('CREATE TABLE %I.%I (%I text, %I guid, %I timestamptz, %I text)', schema_name, table_name, code, hub, at, mpxn);
	PERFORM poa.attach(format('%I.%I', schema_name, table_name)::regclass, code, hub, at, mpxn);
	EXECUTE format('INSERT INTO %I.%I VALUES (''AD1'', ''00000000000000c1'', ''2026-03-01 12:10'', ''1900000000001'')',
		schema_name, table_name);
	SELECT l.source_schema, l.source_table, l.alert, l.log_id INTO r FROM poa.suppression_log AS l ORDER BY l.log_id DESC LIMIT 1;
	RAISE NOTICE '% %', (r.source_schema, r.source_table) = (schema_name, table_name),
		r.alert = jsonb_build_object(code, 'AD1', hub, '00-00-00-00-00-00-00-C1', at, '2026-03-01T12:10:00+00:00', mpxn, '1900000000001');
	PERFORM poa.release(r.log_id, 'test');
	EXECUTE format('SELECT count(*) AS released FROM %I.%I', schema_name, table_name) INTO r;
	RAISE NOTICE '% released, % checks ok, % AD1 replayed', r.released, (SELECT count(*) FROM poa.verify(NULL, NULL) WHERE ok),
		(SELECT sum(alerts) FROM poa.replay('-infinity', 'infinity'));
	ROLLBACK;
END
$$;
CALL try('public', 'Alerts; "--"', 'co"de', 'h''ub', 'a\t', '$1');
CALL try('$$', '$body$', '$q$', '%s', '%1$I', '\000');
CALL try('схема', 'ألارم', 'コード', 'ハブ', 'när', 'λ');
CALL try(repeat('s', 63), repeat('ü', 31) || 'x', repeat('a', 63), repeat('b', 63), repeat('c', 63), repeat('ö', 31));
CALL try('select', 'user', 'order', 'table', 'current_user', 'null');
CALL try('public', 'span', 'source_schema', 'id', 'place', 'whole');
CALL try('public', 'alert', 'alert', 'a', 's', 'inserted_by');
CALL try('public', 'suppression_log', 'log_id', 'chf', 'decided_at', 'mpxn');
CALL try('poa_', 'device', 'device', 'opens_at', 'closes_at', 'status');

-- Types whose functions give false answers
CREATE SCHEMA lies;
CREATE DOMAIN lies.text AS text CHECK (value <> 'AD1');
CREATE DOMAIN lies.chf AS guid;
CREATE DOMAIN lies.at AS timestamptz;
CREATE DOMAIN lies.guid AS bigint;
CREATE TABLE lies.a (alert_code lies.text, chf guid, received_at timestamptz, mpxn text);
CREATE TABLE lies.b (alert_code text, chf lies.chf, received_at timestamptz, mpxn text);
CREATE TABLE lies.c (alert_code text, chf lies.guid, received_at timestamptz, mpxn text);
CREATE TABLE lies.d (alert_code text, chf guid, received_at lies.at, mpxn text);
CREATE TABLE lies.e (alert_code char(3), chf guid, received_at timestamptz, mpxn text);
CREATE TABLE lies.f (alert_code text[], chf guid, received_at timestamptz, mpxn text);
CREATE TABLE lies.g (alert_code text, chf guid, received_at timestamp, mpxn text);
SELECT poa.attach('lies.a');
SELECT poa.attach('lies.b');
SELECT poa.attach('lies.c');
SELECT poa.attach('lies.d');
SELECT poa.attach('lies.e');
SELECT poa.attach('lies.f');
SELECT poa.attach('lies.g');
-- and system columns
CREATE TABLE lies.h (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('lies.h', at => 'xmin');
SELECT poa.attach('lies.h', device => 'tableoid');

-- What is no table of the user's
CREATE VIEW lies.v AS TABLE lies.h;
CREATE MATERIALIZED VIEW lies.m AS TABLE lies.h;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nothing FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE lies.ft (alert_code text, chf guid, received_at timestamptz, mpxn text) SERVER nothing;
CREATE TYPE lies.t AS (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE INDEX i ON lies.h (chf);
CREATE SEQUENCE lies.s;
SELECT poa.attach('lies.v');
SELECT poa.attach('lies.m');
SELECT poa.attach('lies.ft');
SELECT poa.attach('lies.t');
SELECT poa.attach('lies.i');
SELECT poa.attach('lies.s');
SELECT poa.attach('poa.suppression_log');
\set VERBOSITY sqlstate
SELECT poa.attach('pg_catalog.pg_class');
SELECT poa.attach('pg_catalog.pg_largeobject');
\set VERBOSITY terse
SELECT poa.attach(0);
SELECT poa.attach(4294967295);
-- the trigger function by hand, where it does not belong
CREATE TRIGGER by_hand INSTEAD OF INSERT ON lies.v
	FOR EACH ROW EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '', 'divert', 'lies', 'a', 'tgzt---');
INSERT INTO lies.v VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL);
CREATE TRIGGER by_hand BEFORE INSERT ON lies.h
	FOR EACH ROW EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '', 'both', 'lies', 'h', 'tgzt---');
INSERT INTO lies.h VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL);
DROP TRIGGER by_hand ON lies.h;
CREATE TRIGGER by_hand AFTER INSERT ON lies.h FOR EACH STATEMENT EXECUTE FUNCTION poa.divert();
INSERT INTO lies.h VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', NULL);
CREATE TRIGGER by_hand BEFORE INSERT ON lies.a
	FOR EACH ROW EXECUTE FUNCTION poa.divert('alert_code', 'chf', 'received_at', 'mpxn', '', '', '', 'divert', 'lies', 'a', 'tgzt---');
INSERT INTO lies.a VALUES ('AD2', '00000000000000c1', '2026-03-01 12:10', NULL);

-- A hostile owner: with whose rights does what is on the table run?
CREATE ROLE regress_poa_owner;
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_writer;
SELECT poa.grant_operator('regress_poa_operator');
CREATE SCHEMA regress_poa_dsp AUTHORIZATION regress_poa_owner;
GRANT USAGE ON SCHEMA regress_poa_dsp TO PUBLIC;
SET ROLE regress_poa_owner;
CREATE FUNCTION regress_poa_dsp.hear(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_user NOT IN ('regress_poa_owner', 'regress_poa_writer') THEN
		RAISE NOTICE '% heard as %, may read the log: %', what, current_user, has_table_privilege('poa.suppression_log', 'SELECT');
	END IF;
	RETURN true;
END
$$;
CREATE FUNCTION regress_poa_dsp.triggered() RETURNS trigger LANGUAGE plpgsql
	AS $$BEGIN PERFORM regress_poa_dsp.hear('trigger'); RETURN new; END$$;
CREATE TABLE regress_poa_dsp.alerts (alert_code text, chf guid, received_at timestamptz, mpxn text,
	by_default boolean DEFAULT regress_poa_dsp.hear('default'),
	generated boolean GENERATED ALWAYS AS (regress_poa_dsp.hear('generated ' || alert_code)) STORED,
	CHECK (regress_poa_dsp.hear('check ' || mpxn)));
-- the planner evaluates a constant predicate, and this one tries to become another user, now or at the end of the statement
CREATE TABLE regress_poa_dsp.bait (n int);
CREATE FUNCTION regress_poa_dsp.later() RETURNS trigger LANGUAGE plpgsql
	AS $$BEGIN RAISE WARNING 'climbed to %', current_user; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON regress_poa_dsp.bait DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION regress_poa_dsp.later();
CREATE FUNCTION regress_poa_dsp.attempt(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE what;
	RAISE WARNING 'did: %', what;
EXCEPTION WHEN insufficient_privilege THEN
	NULL;	-- as it should be
END
$$;
CREATE FUNCTION regress_poa_dsp.climb() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_setting('regress.climb', true) = 'on' THEN
		PERFORM regress_poa_dsp.attempt('RESET ROLE');
		PERFORM regress_poa_dsp.attempt('INSERT INTO regress_poa_dsp.bait VALUES (1)');
		PERFORM regress_poa_dsp.attempt('CREATE TEMP TABLE device (n int)');
	END IF;
	RETURN true;
END
$$;
CREATE INDEX ON regress_poa_dsp.alerts (received_at) WHERE regress_poa_dsp.climb();
CREATE INDEX ON regress_poa_dsp.alerts (chf) WHERE regress_poa_dsp.hear('index ' || mpxn);
CREATE INDEX ON regress_poa_dsp.alerts ((regress_poa_dsp.hear('index ' || alert_code)));
CREATE TRIGGER hears BEFORE INSERT ON regress_poa_dsp.alerts FOR EACH ROW EXECUTE FUNCTION regress_poa_dsp.triggered();
CREATE POLICY hears ON regress_poa_dsp.alerts USING (regress_poa_dsp.hear('policy ' || mpxn));
ALTER TABLE regress_poa_dsp.alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE regress_poa_dsp.alerts FORCE ROW LEVEL SECURITY;
GRANT INSERT, SELECT ON regress_poa_dsp.alerts TO regress_poa_writer;
RESET ROLE;
SELECT poa.attach('regress_poa_dsp.alerts');
-- the writer's insert is judged, logged and stored as the writer
SET ROLE regress_poa_writer;
INSERT INTO regress_poa_dsp.alerts
	VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10', '1900000000001'),
	('AD1', '00000000000000c1', '2026-03-01 13:10', '1900000000001'), ('8F36', '00000000000000c1', '2026-03-01 12:20', '1900000000001');
-- what only reads runs as the owner
SET ROLE regress_poa_operator;
SET regress.climb = on;
SELECT count(*) FROM poa.late_activation('-infinity', 'infinity');
RESET regress.climb;
SELECT check_name, ok FROM poa.verify(NULL, NULL);
SELECT count(*) FROM poa.still_dark('0', '2026-03-02');
SELECT outage FROM poa.restoration('-infinity', 'infinity');
SELECT count(*) FROM poa.late_activation('-infinity', 'infinity');
SELECT alerts FROM poa.replay('-infinity', 'infinity');
SELECT count(*) > 0 AS health FROM poa.health();
SELECT count(*) > 0 AS metrics FROM poa.metrics;
RESET ROLE;
-- the trap works: it records a role that reads the table itself
GRANT SELECT ON regress_poa_dsp.alerts TO regress_poa_operator;
SET ROLE regress_poa_operator;
SELECT count(*) FROM regress_poa_dsp.alerts WHERE alert_code = 'AD1';
RESET ROLE;

DROP TRIGGER "~poa_suppress" ON regress_poa_dsp.alerts;
SET client_min_messages = warning;
DROP SCHEMA regress_poa_dsp CASCADE;
DROP SCHEMA lies CASCADE;
DROP FOREIGN DATA WRAPPER nothing CASCADE;
DROP PROCEDURE try;
SELECT poa.revoke_all('regress_poa_operator');
DROP ROLE regress_poa_owner, regress_poa_operator, regress_poa_writer;
