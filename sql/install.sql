--
-- CREATE EXTENSION: what stands where, and what it takes to be created.
--
CREATE EXTENSION poa_suppress;

-- the version of the control file is the only one there is
SELECT e.extversion = v.default_version AS version_of_control_file, e.extrelocatable, n.nspname AS schema
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
JOIN pg_available_extensions AS v ON v.name = e.extname
WHERE e.extname = 'poa_suppress';
SELECT DISTINCT superuser, trusted, relocatable, schema
FROM pg_available_extension_versions WHERE name = 'poa_suppress';

-- the type and what belongs to it in the schema of the extension, all else in poa
CREATE TEMP VIEW member AS
	SELECT d.classid, d.objid, i.type, i.schema, i.identity
	FROM pg_depend AS d
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS i
	WHERE d.deptype = 'e' AND e.extname = 'poa_suppress';
SELECT schema, array_agg(DISTINCT type ORDER BY type) AS types
FROM member WHERE type NOT IN ('trigger', 'policy', 'index', 'toast table') AND (type <> 'type' OR schema = 'public')
	GROUP BY schema ORDER BY schema;
SELECT identity AS outside_of_poa_but_not_of_the_type
FROM member WHERE schema = 'public' AND identity !~ 'guid' ORDER BY identity;

-- the functions that the users call: those that are missing
SELECT f.signature AS missing
FROM (VALUES
	('public.try_guid(text)', 'guid'),
	('poa.eligibility(guid)', 'record'),
	('poa.track_activation(guid, timestamptz, text, timestamptz)', 'bigint'),
	('poa.cancel_activation(guid, timestamptz)', 'integer'),
	('poa.record_outcome(text, text)', 'boolean'),
	('poa.attach(regclass, name, name, name, name, name, text, name, name)', 'void'),
	('poa.detach(regclass)', 'void'),
	('poa.explain(guid, timestamptz)', 'record'),
	('poa.health()', 'record'),
	('poa.purge_log(timestamptz)', 'bigint'),
	('poa.purge_activations(timestamptz)', 'bigint'),
	('poa.release(bigint, text)', 'void'),
	('poa.hold(text, timestamptz, guid, integer, text, guid)', 'bigint'),
	('poa.end_hold(bigint)', 'void'),
	('poa.still_dark(interval, timestamptz)', 'record'),
	('poa.release_still_dark(interval)', 'bigint'),
	('poa.restoration(timestamptz, timestamptz)', 'record'),
	('poa.late_activation(timestamptz, timestamptz)', 'record'),
	('poa.replay(timestamptz, timestamptz, interval, interval)', 'record'),
	('poa.grant_dno(name, integer[])', 'void'),
	('poa.grant_operator(name)', 'void'),
	('poa.grant_auditor(name)', 'void'),
	('poa.revoke_all(name)', 'void'),
	('poa.duis_activation(xml)', 'record'), ('poa.duis_activation(text)', 'record'),
	('poa.duis_alert(xml)', 'record'), ('poa.duis_alert(text)', 'record'),
	('poa.duis_outcome(xml)', 'record'), ('poa.duis_outcome(text)', 'record'),
	('poa.duis_name(xml)', 'text'), ('poa.duis_name(text)', 'text'),
	('poa.gbcs_activation(bytea)', 'record'),
	('poa.receive(xml, timestamptz)', 'record'), ('poa.receive(text, timestamptz)', 'record')
) AS f (signature, result)
LEFT JOIN pg_proc AS p ON p.oid = to_regprocedure(f.signature)
WHERE p.prorettype IS DISTINCT FROM f.result::regtype;

-- their arguments have the names of the manual, and its defaults
SELECT p.proname, pg_get_function_arguments(p.oid) AS arguments
FROM pg_proc AS p
WHERE p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)
	AND p.proname IN ('attach', 'cancel_activation', 'explain', 'grant_dno', 'hold', 'record_outcome', 'release', 'track_activation')
ORDER BY p.proname;

-- the columns of the tables and views, in order: those that differ
SELECT w.relation, c.columns
FROM (VALUES
	('manufacturer', 'manufacturer text, name text, window_before interval, window_after interval'),
	('guid_list', 'guid guid'),
	('device', 'device guid, device_type text, smets int2, manufacturer text, chf guid, mpxn text'),
	('activation', 'activation_id int8, device guid, chf guid, request_id text, received_at timestamptz, '
		'activates_at timestamptz, opens_at timestamptz, closes_at timestamptz, status text, manufacturer text, '
		'mpxn text, originator guid, firmware_hash bytea, tracked_at timestamptz, ended_at timestamptz, ended_by text'),
	('suppression_log', 'log_id int8, logged_at timestamptz, diverted bool, source_schema text, source_table text, '
		'alert jsonb, alert_code text, chf guid, mpxn text, distributor_id int2, decided_at timestamptz, '
		'activation_id int8, matched _int8, device guid, manufacturer text, request_id text, '
		'activates_at timestamptz, opens_at timestamptz, closes_at timestamptz, delay interval, '
		'alert_key text, outage_started_at timestamptz, hold_id int8, originator guid'),
	('hold_log', 'hold_id int8, held_at timestamptz, held_by text, until timestamptz, reason text, chf guid, distributor_id int2, '
		'manufacturer text, originator guid, ended_at timestamptz, ended_by text'),
	('attached', 'relation regclass, mode text, code name, chf name, at name, mpxn name, device name, key name, started name, enabled char'),
	('sign_of_life', 'guid guid, seen_at timestamptz, what text, sign_id int8'),
	('release_log', 'log_id int8, released_at timestamptz, released_by text, reason text'),
	('distributor', 'distributor_id int2, mpid text, gsp_group text, name text'),
	('suppressed_alert', 'log_id int8, received_at timestamptz, alert_code text, mpxn text, distributor_id int2, '
		'distributor text, chf guid, device guid, manufacturer text, request_id text, activates_at timestamptz, '
		'delay interval, diverted bool, released_at timestamptz, release_reason text, alert jsonb'),
	('suppression_monthly', 'month date, distributor_id int2, distributor text, suppressed int8, released int8, '
		'visits_avoided int8, saving numeric, outages int8'),
	('window_fit', 'manufacturer text, month date, alerts int8, p50 interval, p95 interval, p99 interval, longest interval, '
		'share_in_last_5_minutes numeric'),
	('metrics', 'name text, labels jsonb, value float8')
) AS w (relation, columns)
CROSS JOIN LATERAL (
	SELECT string_agg(a.attname || ' ' || t.typname, ', ' ORDER BY a.attnum)
	FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
	WHERE a.attrelid = to_regclass('poa.' || w.relation) AND a.attnum > 0 AND NOT a.attisdropped
) AS c (columns)
WHERE c.columns IS DISTINCT FROM w.columns;

-- the one index that the alert path searches
SELECT pg_get_indexdef(i.indexrelid) AS indexdef
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
WHERE i.indrelid = 'poa.activation'::regclass AND a.amname = 'hash'
	AND pg_get_indexdef(i.indexrelid, 1, false) = 'chf';

-- settings and their defaults
SELECT name, setting, context FROM pg_settings WHERE name LIKE 'poa\_suppress.%' ORDER BY name;
SET poa_suppress.no_such_setting = 1;

-- a schema poa that exists already belongs to another
DROP VIEW member;
DROP EXTENSION poa_suppress;
CREATE SCHEMA poa;
\set SHOW_CONTEXT never
CREATE EXTENSION poa_suppress;
\set SHOW_CONTEXT errors
DROP SCHEMA poa;

-- the type in a schema that is in no search_path: all works the same
CREATE SCHEMA "Type Room";
CREATE EXTENSION poa_suppress SCHEMA "Type Room";
SELECT '00db1234567890a0'::"Type Room".guid;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00db1234567890a0');
INSERT INTO poa.device VALUES ('00db1234567890a0', 'ESME', 2, '1063', '887384906a1002db', '1900000000001');
SELECT poa.track_activation('00db1234567890a0', received_at => '2026-03-01 12:00Z');
SELECT bool_and(met) FROM poa.eligibility('00db1234567890a0');
CREATE TABLE alerts (alert_code text, chf "Type Room".guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
INSERT INTO alerts VALUES ('AD1', '887384906a1002db', '2026-03-01 12:30Z', '1900000000001');
SELECT count(*) FROM alerts;
SELECT log_id, distributor_id, alert FROM poa.suppression_log;
SELECT met FROM poa.explain('887384906a1002db', '2026-03-01 12:30Z') WHERE criterion = 'verdict';
SELECT poa.release(1, 'test');
SELECT count(*) FROM alerts;
UPDATE poa.device SET chf = '887384906a1002dc';
SELECT poa.cancel_activation('00db1234567890a0', '2026-03-01 11:59Z');
DROP TABLE alerts;
DROP EXTENSION poa_suppress;
DROP SCHEMA "Type Room";

-- as it was, for all who come after
CREATE EXTENSION poa_suppress;
