--
-- The alert in the log is the whole row as it came, whatever the session's
-- settings and the types of its columns.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET extra_float_digits = 1;

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001');
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00') IS NOT NULL AS tracked;

CREATE TYPE mood AS ENUM ('calm', 'alarmed');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN volts AS numeric(6, 2);
CREATE TABLE alerts (
	id bigint GENERATED ALWAYS AS IDENTITY,
	alert_code text,
	chf guid,
	received_at timestamptz,
	mpxn text,
	f4 real DEFAULT 0.1, f8 double precision DEFAULT 0.1::float8 + 0.2, huge double precision DEFAULT 1e300,
	n numeric DEFAULT 12345678901234567890.123456789,
	i interval DEFAULT '1 year 2 mons -3 days 04:05:06.789', d date DEFAULT '2026-02-28', t timestamp DEFAULT '2026-02-28 23:59:59.999999',
	b bytea DEFAULT '\x00ff', bits bit(5) DEFAULT B'10101', j json DEFAULT '{"a": [1, 2.50, null], "a": 2}', jb jsonb DEFAULT '{"b": 1.10}',
	"Odd ""name""" text DEFAULT E'quote " backslash \\ tab \t line \n end', umlaut text DEFAULT 'Überspannung €, 電圧 𝄞',
	a int[] DEFAULT '{{1,2},{3,NULL}}', g guid[] DEFAULT '{00db1234567890a0,NULL}', m mood DEFAULT 'alarmed',
	p pair DEFAULT (1, 'x y'), v volts DEFAULT 230.5,
	r int4range DEFAULT '[1,5)', dr daterange DEFAULT '[2026-02-03,2026-03-04)',
	tr tstzrange DEFAULT '[2026-02-03 04:05+00,2026-03-04 05:06+00)', u uuid DEFAULT '00000000-0000-0000-0000-00000000000a',
	ip inet DEFAULT '10.0.0.1/8', big text DEFAULT repeat('x', 10000),
	nothing text, dropped text DEFAULT 'gone', computed text GENERATED ALWAYS AS (upper(alert_code)) STORED
);
ALTER TABLE alerts DROP COLUMN dropped;
ALTER TABLE alerts ADD COLUMN added text DEFAULT 'added later';
SELECT poa.attach('alerts', key => 'id');

-- the same row under each setting, and what would have been stored
CREATE TABLE stored (setting text, alert jsonb);
CREATE FUNCTION pg_temp.bring(setting text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO alerts (alert_code, chf, received_at) VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10:00.123456');
	INSERT INTO stored SELECT setting, alert FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1;
END
$$;
SELECT pg_temp.bring('plain');
SET extra_float_digits = 0;
SELECT pg_temp.bring('extra_float_digits = 0');
SHOW extra_float_digits;
SET extra_float_digits = -15;
SELECT pg_temp.bring('extra_float_digits = -15');
SHOW extra_float_digits;
SET extra_float_digits = 3;
SELECT pg_temp.bring('extra_float_digits = 3');
RESET extra_float_digits;
SET IntervalStyle = iso_8601;
SELECT pg_temp.bring('IntervalStyle = iso_8601');
SHOW IntervalStyle;
SET IntervalStyle = sql_standard;
SELECT pg_temp.bring('IntervalStyle = sql_standard');
SET IntervalStyle = postgres_verbose; SET extra_float_digits = -3;
SELECT pg_temp.bring('both');
SHOW IntervalStyle; SHOW extra_float_digits;
SET IntervalStyle = postgres; SET extra_float_digits = 1;
SET DateStyle = 'SQL, DMY';
SELECT pg_temp.bring('DateStyle');
SET DateStyle = 'ISO'; SET bytea_output = escape;
SELECT pg_temp.bring('bytea_output');
SET bytea_output = hex;
-- differences: none but the identity, and bytea as the session has it, which reads back the same
SELECT s.setting, k.key, k.value FROM stored AS s, jsonb_each(s.alert) AS k, stored AS plain
WHERE plain.setting = 'plain' AND k.key <> 'id' AND k.value IS DISTINCT FROM plain.alert->k.key ORDER BY 1, 2;
SELECT key, CASE WHEN length(value::text) < 100 THEN value END AS value FROM stored, jsonb_each(alert) WHERE setting = 'plain'
	ORDER BY key COLLATE "C";

-- released, by whatever settings, each is again the row that came: compared with a row that was stored
INSERT INTO alerts (alert_code, chf, received_at) VALUES ('8F36', '00000000000000c1', '2026-03-01 12:10:00.123456');
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE log_id % 2 = 0;
SET DateStyle = 'SQL, DMY'; SET IntervalStyle = sql_standard; SET TimeZone = 'Asia/Kolkata';
SELECT poa.release(log_id, 'test') FROM poa.suppression_log WHERE log_id % 2 = 1;
SET DateStyle = 'ISO'; SET IntervalStyle = postgres; SET TimeZone = 'UTC';
SELECT count(*) AS released, count(DISTINCT to_jsonb(a) - 'id' - 'alert_code' - 'computed') AS different,
	count(DISTINCT id) AS ids, count(DISTINCT f8::text) AS floats, count(DISTINCT i) AS intervals, count(DISTINCT dr) AS ranges
FROM alerts AS a;
SELECT DISTINCT alert_code, computed, f8, i, dr, tr, j::text,
	"Odd ""name""" = E'quote " backslash \\ tab \t line \n end' AS odd, umlaut, b, length(big), added FROM alerts ORDER BY alert_code;

-- a time zone of the session is but another name of the instant
SET TimeZone = 'Asia/Kolkata';
SELECT pg_temp.bring('TimeZone');
SET TimeZone = 'UTC';
SELECT alert->>'received_at' AS as_written, (alert->>'received_at')::timestamptz AS instant FROM stored WHERE setting = 'TimeZone';
-- a table of the types that alerts usually have, which are written another way:
-- alike to the letter, in any time zone; shadow mode stores the rows to compare with
CREATE TABLE plain (
	n smallint, gone text, zz bigint, a integer, alert_code varchar(8) DEFAULT 'AD1', chf guid DEFAULT '00000000000000c1',
	received_at timestamptz DEFAULT '2026-03-01 12:10', "Ä €" text, b boolean, d date, t timestamp, tz timestamptz, g guid, long text
);
ALTER TABLE plain DROP COLUMN gone;
SELECT poa.attach('plain', mpxn => NULL, mode => 'shadow');
CREATE PROCEDURE pg_temp.bring_plain(zone text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('TimeZone', zone, false);
	INSERT INTO plain (n, zz, a, "Ä €", b, d, t, tz, g, long) VALUES
		(1, 0, 0, '', true, '2000-01-01', '2000-01-01', '1970-01-01 00:00:00.1Z', '0000000000000000', repeat('x', 100000)),
		(2, -9223372036854775808, -2147483648, 'quote " backslash \ 電圧 𝄞', false, 'infinity', 'infinity', 'infinity', 'ffffffffffffffff', ''),
		(32767, 9223372036854775807, 2147483647, E'\t\n\x01', true, '-infinity', '-infinity', '-infinity', 'fedcba9876543210', NULL),
		(-32768, 1000000000000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, repeat('€', 3000)),
		(5, 5, 5, 'x', NULL, '4714-11-24 BC', '4714-11-24 00:00:00 BC', '4713-01-02 00:00:00 BC', NULL, 'y'),
		(6, 10000, -1, 'x', NULL, '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-30 12:00', NULL, 'y');
END
$$;
CALL pg_temp.bring_plain('Asia/Kolkata');
SELECT p.n, l.alert = to_jsonb(p) AND l.alert::text = to_jsonb(p)::text AS alike
FROM plain AS p JOIN poa.suppression_log AS l ON l.source_table = 'plain' AND l.alert->>'n' = p.n::text ORDER BY 1;
TRUNCATE plain;
ALTER TABLE plain ALTER received_at SET DEFAULT '2026-03-01 12:11Z';	-- another alert
CALL pg_temp.bring_plain('America/St_Johns');
SELECT p.n, l.alert = to_jsonb(p) AND l.alert::text = to_jsonb(p)::text AS alike
FROM plain AS p JOIN (SELECT * FROM poa.suppression_log ORDER BY log_id DESC LIMIT 6) AS l ON l.alert->>'n' = p.n::text ORDER BY 1;
SET TimeZone = 'UTC';
-- a guid that casts to json is converted by to_jsonb, which calls the cast
CREATE FUNCTION pg_temp.guid_json(guid) RETURNS json LANGUAGE sql IMMUTABLE RETURN json_build_object('guid', $1::text);
CREATE CAST (guid AS json) WITH FUNCTION pg_temp.guid_json(guid);
TRUNCATE plain;
ALTER TABLE plain ALTER received_at SET DEFAULT '2026-03-01 12:12Z';
INSERT INTO plain DEFAULT VALUES;
SELECT l.alert->'chf' AS chf, l.alert = to_jsonb(p) AS alike
FROM plain AS p, (SELECT alert FROM poa.suppression_log ORDER BY log_id DESC LIMIT 1) AS l;
DROP CAST (guid AS json);
DROP TABLE plain;

DROP TABLE alerts, stored;
DROP TYPE mood, pair;
DROP DOMAIN volts;
