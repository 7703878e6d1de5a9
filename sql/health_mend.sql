--
-- Whatever poa.health() finds, the statements in its detail mend.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET client_min_messages = warning;
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '2000000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1') IS NOT NULL AS tracked;
CREATE ROLE regress_poa_owner;
CREATE ROLE regress_poa_operator;
SELECT poa.grant_operator('regress_poa_operator');
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE INDEX ON alerts (chf, received_at);
CREATE TABLE "By day" (alert_code text, "The hub" varchar, received_at timestamptz, mpxn text) PARTITION BY RANGE (received_at);
CREATE TABLE "By day 1" PARTITION OF "By day" DEFAULT;
ALTER TABLE "By day" OWNER TO regress_poa_owner;
SELECT poa.attach('alerts'), poa.attach('"By day"', chf => 'The hub');

-- what an operator is told mends it: each statement after the first part of the detail is executed in turn
CREATE PROCEDURE mend() LANGUAGE plpgsql AS $$
DECLARE
	h record;
	statement text;
BEGIN
	SET LOCAL ROLE regress_poa_operator;
	FOR h IN SELECT * FROM poa.health() AS c WHERE NOT c.ok LOOP
		RAISE WARNING '%: %', h.check_name, replace(regexp_replace(h.detail, '\d{4}-[-0-9:.+ ]*\d', 'INSTANT'), session_user, 'SUPERUSER');
	END LOOP;
	FOR h IN SELECT * FROM poa.health() AS c WHERE NOT c.ok LOOP
		RESET ROLE;
		FOREACH statement IN ARRAY (string_to_array(h.detail, '; '))[2:] LOOP
			IF statement ~ '^[A-Z]' THEN
				EXECUTE statement;
			END IF;
		END LOOP;
	END LOOP;
	RESET ROLE;
	FOR h IN SELECT * FROM poa.health() AS c WHERE NOT c.ok LOOP
		RAISE WARNING 'STILL: % %', h.check_name, h.detail;
	END LOOP;
END
$$;
CALL mend();
CALL mend();
-- a hold
SELECT poa.hold('works on the network', '2100-01-01', distributor_id => 20), poa.hold('again', '2100-01-02');
CALL mend();
-- the switch
SET poa_suppress.enabled = off;
CALL mend();
SELECT current_database() AS db \gset
ALTER DATABASE :"db" SET poa_suppress.enabled = off;
ALTER ROLE regress_poa_owner SET poa_suppress.enabled = 'no';
ALTER ROLE regress_poa_owner IN DATABASE :"db" SET poa_suppress.enabled = 'false';
ALTER ROLE regress_poa_operator SET poa_suppress.enabled = 'yes';
-- the name of the database differs from run to run
SELECT ok, replace(detail, current_database(), 'DB') AS detail FROM poa.health() WHERE check_name = 'enabled';
SET client_min_messages = error;
CALL mend();
SET client_min_messages = warning;
CALL mend();
-- off was stored when the session began, and is not any more
ALTER DATABASE :"db" SET poa_suppress.enabled = off;
\c -
ALTER DATABASE :"db" RESET poa_suppress.enabled;
SET client_min_messages = warning;
CALL mend();
\c -
SET client_min_messages = warning;
-- triggers
ALTER TABLE alerts DISABLE TRIGGER "~poa_suppress";
ALTER TABLE "By day 1" ENABLE REPLICA TRIGGER "~poa_suppress";
ALTER TRIGGER "~poa_suppress" ON alerts RENAME TO "A first";
CALL mend();
-- columns
ALTER TABLE alerts RENAME mpxn TO mpan;
ALTER TABLE "By day" ALTER mpxn TYPE integer USING NULL;
CALL mend();
SELECT count(*) FROM poa.attached;
-- a type that fits, but is not the one that was attached
ALTER TABLE "By day" ALTER mpxn TYPE char(13);
CALL mend();
-- of a part of a tree that is attached, by columns that have to be quoted
CREATE TABLE "Tree; --" ("code; --" text, "hub; --" text, received_at timestamptz, "mpxn; --" text) PARTITION BY RANGE (received_at);
CREATE TABLE "Part; --" PARTITION OF "Tree; --" DEFAULT;
SELECT poa.attach('"Part; --"', 'code; --', 'hub; --', mpxn => 'mpxn; --');
SELECT unnest(regexp_split_to_array(detail, '; (?=CREATE)')) AS statement
	FROM poa.health() WHERE check_name = 'hub_index' AND NOT ok;
ALTER TABLE "Tree; --" RENAME "mpxn; --" TO mpan;
ALTER TABLE "Tree; --" ALTER "hub; --" TYPE varchar(30);
SELECT detail AS statements FROM poa.health() WHERE check_name = 'column';
SELECT substring(detail FROM ', so that every insert fails; (.*)') AS statements FROM poa.health() WHERE check_name = 'column' \gset
:statements;
SELECT ok FROM poa.health() WHERE check_name = 'column';
SELECT relation, chf, mpxn FROM poa.attached ORDER BY relation::text;
-- where no statement mends it, it is shown what is attached
ALTER TABLE alerts ADD at time;
ALTER TABLE alerts RENAME received_at TO kept;
ALTER TABLE alerts RENAME at TO received_at;
DROP TABLE "Tree; --";
CALL mend();
ALTER TABLE alerts DROP received_at;
ALTER TABLE alerts RENAME kept TO received_at;
-- reading
REVOKE SELECT ON "By day" FROM regress_poa_owner;
CALL mend();
ALTER TABLE "By day" ENABLE ROW LEVEL SECURITY;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
CALL mend();
GRANT USAGE ON SCHEMA public TO PUBLIC;
REVOKE USAGE ON SCHEMA public FROM regress_poa_owner;
ALTER TABLE "By day" DISABLE ROW LEVEL SECURITY;
-- hubs that are none; the statement shows them
INSERT INTO "By day"
	VALUES ('AD1', 'hub of number 9', now(), NULL), ('AD1', 'hub of number 10', now() - interval '2 days', NULL),
	('AD1', NULL, now(), NULL), ('AD1', '00000000000000c1', now(), '2000000000001');
SELECT check_name, detail FROM poa.health() WHERE NOT ok;
SELECT substring(detail FROM '; (.*)') AS statement FROM poa.health() WHERE check_name = 'hub_guid' \gset
CREATE TEMP VIEW shown AS :statement;
SELECT "The hub" FROM shown;
DROP VIEW shown;
DELETE FROM "By day";
CALL mend();
-- the extension's own
ALTER TABLE poa.suppression_log DISABLE TRIGGER append_only;
CALL mend();
DROP INDEX poa.activation_chf_idx;
ALTER TABLE poa.release_log DROP CONSTRAINT release_log_pkey;
CALL mend();
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'poa.activation_chf_idx'::regclass;
CALL mend();
ALTER TABLE poa.suppression_log OWNER TO regress_poa_owner;
ALTER VIEW poa.suppressed_alert OWNER TO regress_poa_owner;
ALTER FUNCTION poa.health() OWNER TO regress_poa_owner;
CALL mend();
ALTER SEQUENCE poa.suppression_log_log_id_seq RESTART;
ALTER SEQUENCE poa.activation_activation_id_seq RESTART;
CALL mend();
-- a check that fails itself
ALTER TABLE poa.release_log RENAME TO released;
SELECT check_name, detail FROM poa.health() WHERE NOT ok;
ALTER TABLE poa.released RENAME TO release_log;

-- The role that installed is made NOSUPERUSER
DROP PROCEDURE mend;
DROP TABLE alerts, "By day";
SELECT poa.revoke_all('regress_poa_operator');
RESET poa_suppress.enabled;
DROP EXTENSION poa_suppress;
CREATE ROLE regress_poa_dba SUPERUSER;
SET ROLE regress_poa_dba;
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '2000000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts'), poa.grant_operator('regress_poa_operator'), poa.grant_dno('regress_poa_owner', 20);
GRANT INSERT ON alerts TO regress_poa_operator;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:05', '2000000000001'),
	('AD1', '00000000000000c1', '2026-03-01 12:10', '2100000000001');
RESET ROLE;
ALTER ROLE regress_poa_dba NOSUPERUSER;
SET ROLE regress_poa_operator;
SELECT detail FROM poa.health() WHERE check_name = 'superuser' AND NOT ok;
SELECT check_name FROM poa.verify(NULL, NULL) WHERE NOT ok;
SELECT log_id FROM poa.still_dark();
SET ROLE regress_poa_owner;
SELECT log_id FROM poa.still_dark();
SET ROLE regress_poa_operator;
SELECT poa.release_still_dark();
-- its purges would not see what the log names
SET ROLE regress_poa_dba;
SELECT poa.purge_activations('infinity');
SELECT poa.purge_log('infinity');
RESET ROLE;
SELECT count(*) FROM poa.activation;
SELECT substring(detail FROM '; (.*)') AS statement FROM poa.health() WHERE check_name = 'superuser' \gset
:statement;
SELECT ok FROM poa.health() WHERE check_name = 'superuser';
SELECT poa.purge_activations('infinity');
SELECT poa.revoke_all('regress_poa_operator'), poa.revoke_all('regress_poa_owner');
DROP EXTENSION poa_suppress CASCADE;
DROP TABLE alerts;
DROP OWNED BY regress_poa_dba;
DROP ROLE regress_poa_owner, regress_poa_operator, regress_poa_dba;
CREATE EXTENSION poa_suppress;
