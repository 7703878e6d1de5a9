--
-- Casts of a guid: lossless, by octets, and explicit, but for a text that is stored.
--
\set VERBOSITY terse
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
CREATE TEMP TABLE edge AS
	SELECT form::guid AS g FROM (VALUES ('0000000000000000'), ('0000000000000001'), ('00DB1234567890A0'), ('7FFFFFFFFFFFFFFF'),
		('8000000000000000'), ('0102030405060708'), ('887384906A1002DB'), ('FFFFFFFFFFFFFFFF')) AS v (form);

SELECT g, g::bytea, g::bigint, g::macaddr8 FROM edge ORDER BY edge.g;
-- there and back: what is lost
SELECT g FROM edge
WHERE g::bytea::guid <> g OR g::bigint::guid <> g OR g::macaddr8::guid <> g OR g::text::guid <> g OR g::varchar::guid <> g;

SELECT 0::bigint::guid, (-1)::bigint::guid, 9223372036854775807::guid, (-9223372036854775808)::bigint::guid;
SELECT macaddr8 '08:00:2b:01:02:03:04:05'::guid, '\x08002b0102030405'::bytea::guid;
SELECT ''::bytea::guid;
SELECT '\x00db1234567890'::bytea::guid;
SELECT '\x00db1234567890a0ff'::bytea::guid;
\set VERBOSITY sqlstate
SELECT '\x00'::bytea::guid;
\set VERBOSITY terse

-- a bytea that is stored compressed or with a short header
CREATE TEMP TABLE stored (b bytea);
INSERT INTO stored VALUES ('\x00db1234567890a0'), (decode(repeat('00', 5000), 'hex'));
SELECT b::guid FROM stored WHERE length(b) = 8;
SELECT b::guid FROM stored WHERE length(b) > 8;

-- none is implicit, so that nothing is compared by accident
SELECT guid '0000000000000001' = 1::bigint;
SELECT guid '0000000000000001' = '\x0000000000000001'::bytea;
SELECT guid '0000000000000001' = macaddr8 '00:00:00:00:00:00:00:01';
SELECT guid '0000000000000001' = text '0000000000000001';
CREATE TEMP TABLE assigned (g guid);
INSERT INTO assigned VALUES (1::bigint);
INSERT INTO assigned VALUES ('\x0000000000000001'::bytea);
-- but for a text that is stored: a parameter of any text type, a column that changes its type
INSERT INTO assigned SELECT text '0000000000000001';
INSERT INTO assigned VALUES (varchar '00-00-00-00-00-00-00-02'), (char(24) ' 0000000000000003');
PREPARE store (text, varchar, char(20)) AS INSERT INTO assigned VALUES ($1), ($2), ($3);
EXECUTE store ('0000000000000004', '00:00:00:00:00:00:00:05', '0000000000000006');
UPDATE assigned SET g = lpad('7', 16, '0') WHERE g = '0000000000000006';
INSERT INTO assigned SELECT text 'no guid';
EXECUTE store ('0000000000000004', '', NULL);
DEALLOCATE store;
SELECT g FROM assigned ORDER BY assigned.g;
CREATE TEMP TABLE texts (a text, b varchar(23), c char(16));
INSERT INTO texts VALUES ('0000000000000001', '00-00-00-00-00-00-00-02', '0000000000000003'), (NULL, NULL, NULL);
ALTER TABLE texts ALTER a TYPE guid, ALTER b TYPE guid, ALTER c TYPE guid;
SELECT * FROM texts;
-- and compares nothing by accident for it
SELECT guid '0000000000000001' = varchar '0000000000000001';
SELECT max(a), min(coalesce(b, '00-00-00-00-00-00-00-09')) FROM texts;
-- but a literal is a guid wherever one is expected
SELECT count(*) FROM edge WHERE g = '00:db:12:34:56:78:90:a0';
SELECT count(*) FROM edge WHERE g IN ('00db1234567890a0', '0000000000000001');
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod
FROM pg_cast WHERE 'guid'::regtype IN (castsource, casttarget)
ORDER BY castsource::regtype::text, casttarget::regtype::text;
