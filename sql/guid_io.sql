--
-- Text and binary form of a guid.
--
\set VERBOSITY terse
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

-- Accepted: 16 hex digits of any case, bare or with one separator between
-- every two, ASCII white space around.  Listed is what reads as another guid.
CREATE TEMP TABLE accepted (form text);
INSERT INTO accepted VALUES
	('00DB1234567890A0'), ('00db1234567890a0'), ('00Db1234567890aA'),
	('00-DB-12-34-56-78-90-A0'), ('00-db-12-34-56-78-90-a0'), ('00:DB:12:34:56:78:90:A0'), ('00:db:12:34:56:78:90:a0'),
	('0123456789ABCDEF'), ('0123456789abcdef'), ('fedcba9876543210'), ('FF-FF-FF-FF-FF-FF-FF-FF'), ('0000000000000000');
INSERT INTO accepted
	SELECT format(p.pattern, a.form)
	FROM accepted AS a, (VALUES (' %s'), ('%s '), (E'\t%s\t'), (E'\n%s\r\n'), (E'\013%s\f'), (E' \t\n\013\f\r%s\r\f\013\n\t ')) AS p (pattern);
SELECT count(*) AS accepted,
	count(*) FILTER (WHERE form::guid::text <> v.canonical) AS read_as_another,
	count(*) FILTER (WHERE try_guid(form)::text IS DISTINCT FROM v.canonical) AS tried_as_another,
	count(*) FILTER (WHERE form::guid::text::guid <> form::guid) AS unstable
FROM accepted
CROSS JOIN LATERAL (
	SELECT rtrim(regexp_replace(upper(translate(form, E'-: \t\n\013\f\r', '')), '(..)', '\1-', 'g'), '-') AS canonical
) AS v;
SELECT DISTINCT form::guid FROM accepted ORDER BY 1;

-- Every digit in every place
SELECT count(*) AS wrong
FROM generate_series(0, 15) AS place, unnest(string_to_array('0123456789abcdefABCDEF', NULL)) AS digit
CROSS JOIN LATERAL (SELECT overlay('0000000000000000' PLACING digit FROM place + 1 FOR 1) AS bare) AS b
WHERE b.bare::guid::text <> rtrim(regexp_replace(upper(b.bare), '(..)', '\1-', 'g'), '-')
	OR encode(guid_send(b.bare::guid), 'hex') <> lower(b.bare);

-- Refused: whatever else.  Listed is what is taken for a guid.
CREATE TEMP TABLE refused (why text, form text);
INSERT INTO refused VALUES
	('empty', ''), ('white space', ' '), ('white space', E'\t\n'),
	('one digit less', '00DB1234567890A'), ('one digit more', '00DB1234567890A01'),
	('an octet less', '00DB12345678'), ('an octet more', '00DB1234567890A0FF'),
	('an octet less', '00-DB-12-34-56-78-90'), ('an octet more', '00-DB-12-34-56-78-90-A0-FF'),
	('one digit less', '00-DB-12-34-56-78-90-A'), ('one digit less', '0-DB-12-34-56-78-90-A0'),
	('one digit more', '00-DB-12-34-56-78-90-A00'), ('one digit more', '000-DB-12-34-56-78-90-A0'),
	('other groups', '00D-B1-23-45-67-89-0A-0'), ('other groups', '00DB-1234-5678-90A0'), ('other groups', '00DB12-34567890A0'),
	('mixed separators', '00-DB:12-34-56-78-90-A0'), ('mixed separators', '00:DB-12:34:56:78:90:A0'),
	('mixed separators', '00-DB-12-34-56-78-90:A0'), ('half bare', '00-DB-12-34-567890A0'),
	('doubled separator', '00--DB-12-34-56-78-90-A0'), ('doubled separator', '00-DB-12-34-56-78-90--A0'),
	('leading separator', '-00-DB-12-34-56-78-90-A0'), ('trailing separator', '00-DB-12-34-56-78-90-A0-'),
	('leading separator', ':00DB1234567890A0'), ('trailing separator', '00DB1234567890A0:'),
	('other separator', '00.DB.12.34.56.78.90.A0'), ('other separator', '00 DB 12 34 56 78 90 A0'),
	('other separator', '00_DB_12_34_56_78_90_A0'), ('other separator', '00/DB/12/34/56/78/90/A0'),
	('digit for separator', '00ADBA12A34A56A78A90AA0'),
	('prefix', '0x00DB1234567890A0'), ('prefix', '\x00DB1234567890A0'), ('braces', '{00DB1234567890A0}'), ('quotes', '"00DB1234567890A0"'),
	('trailing character', '00DB1234567890A0x'), ('trailing character', '00-DB-12-34-56-78-90-A0x'),
	('trailing character', '00DB1234567890A0 x'), ('white space inside', '00DB1234 567890A0'),
	('white space inside', '00-DB-12-34- 6-78-90-A0'),
	('sign', '+0DB1234567890A0'), ('sign', '-0DB1234567890A0'),
	('letter G', '00DG1234567890A0'), ('letter g', '00dg1234567890a0'), ('letter O', 'O0DB1234567890A0'), ('letter l', '00DBl234567890A0'),
	('next to the digits', '0/DB1234567890A0'), ('next to the digits', '0:DB1234567890A0'),
	('next to the letters', '0@DB1234567890A0'), ('next to the letters', '0GDB1234567890A0'),
	('next to the letters', '0`DB1234567890A0'), ('next to the letters', '0gDB1234567890A0'),
	('full-width digits', '００DB1234567890A0'), ('full-width digits', '００ＤＢ１２３４５６７８９０Ａ０'), ('non-breaking space', U&'\00A000DB1234567890A0'),
	('zero-width space', U&'00DB1234567890A0\200B'), ('minus for hyphen', U&'00\2212DB\221212\221234\221256\221278\221290\2212A0'),
	('byte order mark', U&'\FEFF00DB1234567890A0'),
	('UUID', '00db1234-5678-90a0-0000-000000000000'), ('EUI-48', '00-DB-12-34-56-78'), ('spreadsheet', '1.23E+15'),
	('words', 'null'), ('long', repeat('0', 100000));
SELECT why, left(form, 40) AS form FROM refused WHERE try_guid(form) IS NOT NULL;
CREATE FUNCTION pg_temp.refusal(form text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM form::public.guid;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT count(*) AS refused FROM refused
WHERE pg_temp.refusal(form) = format('22P02 invalid input syntax for type guid: "%s"', form);
SELECT why, left(pg_temp.refusal(form), 80) AS but FROM refused
WHERE pg_temp.refusal(form) <> format('22P02 invalid input syntax for type guid: "%s"', form);

-- every ASCII character in every place of both forms: only digits pass, and separators where they belong
SELECT form.text, c AS code, place
FROM (VALUES ('1111111111111111'), ('11-11-11-11-11-11-11-11')) AS form (text),
	generate_series(1, 127) AS c, generate_series(1, length(form.text)) AS place
CROSS JOIN LATERAL (SELECT overlay(form.text PLACING chr(c) FROM place FOR 1) AS changed) AS x
WHERE (try_guid(changed) IS NOT NULL) <>
	(CASE WHEN substr(form.text, place, 1) = '-' THEN chr(c) = '-' ELSE chr(c) ~ '[0-9A-Fa-f]' END);

SELECT guid '00-DB-12-34-56-78-90-A', 'unreachable';
SELECT NULL::guid, try_guid(NULL);
SELECT guid '00db1234567890a0', pg_typeof(guid '00db1234567890a0');
SELECT '{00db1234567890a0,NULL,"00-00-00-00-00-00-00-01"}'::guid[];

-- boundaries: out(in(x)) is stable, in the order of the unsigned number
CREATE TABLE edge (n int GENERATED ALWAYS AS IDENTITY, g guid);
INSERT INTO edge (g) SELECT form::guid FROM (VALUES
	('0000000000000000'), ('0000000000000001'), ('00000000000000FF'), ('0000000000000100'), ('000000007FFFFFFF'), ('0000000080000000'),
	('00000000FFFFFFFF'), ('0000000100000000'), ('00DB1234567890A0'), ('7FFFFFFFFFFFFFFF'), ('8000000000000000'), ('8000000000000001'),
	('887384906A1002DB'), ('FFFFFFFF00000000'), ('FFFFFFFFFFFFFFFE'), ('FFFFFFFFFFFFFFFF')) AS v (form);
SELECT g FROM edge ORDER BY g;
SELECT g FROM edge WHERE g::text::guid <> g OR g::text::guid::text <> g::text OR g::text !~ '^([0-9A-F]{2}-){7}[0-9A-F]{2}$';

-- binary form: the eight octets in order, and back
SELECT g, guid_send(g) FROM edge WHERE n IN (1, 9, 16) ORDER BY n;
SELECT pg_column_size(g) AS bytes FROM edge LIMIT 1;
CREATE TABLE edge_back (LIKE edge);
SELECT format('%s/pg_temp_guid_%s', current_setting('data_directory'), pg_backend_pid()) AS file \gset
COPY edge TO :'file' (FORMAT binary);
COPY edge_back FROM :'file' (FORMAT binary);
SELECT count(*) AS same FROM edge JOIN edge_back USING (n, g);
TRUNCATE edge_back;
COPY edge TO :'file' (FORMAT csv);
COPY edge_back FROM :'file' (FORMAT csv);
SELECT count(*) AS same FROM edge JOIN edge_back USING (n, g);
-- a binary message that is too short or too long is refused
CREATE FUNCTION pg_temp.receive(octets bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := format('%s/pg_temp_guid_%s', current_setting('data_directory'), pg_backend_pid());
	loid oid;
BEGIN
	/* one row of one column, after the header of binary COPY */
	loid := lo_from_bytea(0, '\x5047434f50590aff0d0a00'::bytea || int4send(0) || int4send(0)
		|| int2send(1::int2) || int4send(length(octets)) || octets || int2send((-1)::int2));
	PERFORM lo_export(loid, file);
	PERFORM lo_unlink(loid);
	CREATE TEMP TABLE received (g public.guid) ON COMMIT DROP;
	BEGIN
		EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
		RETURN (SELECT g::text FROM received);
	EXCEPTION WHEN OTHERS THEN
		RETURN sqlstate;
	END;
END
$$;
SELECT pg_temp.receive('\x00db1234567890a0');
SELECT pg_temp.receive('\x00db1234567890');
SELECT pg_temp.receive('\x00db1234567890a0ff');
SELECT pg_temp.receive('\x');
-- with cat, as a program that ends before it has read fails the COPY
SELECT format('cat >/dev/null; rm -f %L', :'file') AS remove \gset
COPY (SELECT) TO PROGRAM :'remove';

-- COPY from text takes all forms
CREATE TABLE copied (g guid);
COPY copied FROM stdin;
00db1234567890a0
00:DB:12:34:56:78:90:A0
\N
\.
COPY copied FROM stdin;
00db1234567890ag
\.
SELECT g, count(*) FROM copied GROUP BY g ORDER BY g;

-- by way of JSON and a domain
SELECT to_jsonb(g), jsonb_populate_record(NULL::edge, jsonb_build_object('g', lower(g::text))) FROM edge WHERE n = 9;
CREATE DOMAIN hub AS guid CHECK (VALUE <> '0000000000000000');
SELECT '0000000000000001'::hub;
SELECT '0000000000000000'::hub;

-- try_guid reads text that is in no C string, also a toasted one
SELECT try_guid(repeat(' ', 100000) || '00db1234567890a0' || repeat(E'\n', 100000));
CREATE TABLE staging (t text);
INSERT INTO staging SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) AS i;
INSERT INTO staging VALUES ('00db1234567890a0'), (NULL), ('n/a');
SELECT try_guid(t) FROM staging ORDER BY 1;

DROP TABLE edge, edge_back, copied, staging;
DROP DOMAIN hub;
