--
-- Order and equality of guids: all operators agree, and every
-- way of finding a row finds the same rows.
--
\set VERBOSITY terse
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
SET jit = off;	-- the sequential scans below are made to look expensive

-- Boundary values, and for each the unsigned number that it is
CREATE TABLE edge AS
	SELECT v.form::guid AS g,
		(('x' || left(v.form, 8))::bit(32)::bigint & 4294967295) * 4294967296::numeric
		+ (('x' || right(v.form, 8))::bit(32)::bigint & 4294967295) AS n
	FROM (VALUES
		('0000000000000000'), ('0000000000000001'), ('0000000000000002'), ('000000000000007F'), ('0000000000000080'),
		('00000000000000FF'), ('0000000000000100'), ('000000000000FFFF'), ('0000000000010000'), ('000000007FFFFFFF'),
		('0000000080000000'), ('00000000FFFFFFFF'), ('0000000100000000'), ('0000000100000001'), ('00DB1234567890A0'),
		('00DB1234567890A1'), ('00DB123556789000'), ('0100000000000000'), ('0FFFFFFFFFFFFFFF'), ('7FFFFFFF00000000'),
		('7FFFFFFFFFFFFFFE'), ('7FFFFFFFFFFFFFFF'), ('8000000000000000'), ('8000000000000001'), ('80000000FFFFFFFF'),
		('887384906A1002DB'), ('90B3D51F30010000'), ('FF00000000000000'), ('FFFFFFFF00000000'), ('FFFFFFFF7FFFFFFF'),
		('FFFFFFFFFFFFFFFE'), ('FFFFFFFFFFFFFFFF')) AS v (form);
SELECT count(*) AS edges, count(DISTINCT g) AS guids, count(DISTINCT n) AS numbers FROM edge;

-- all pairs: each operator against the numbers
SELECT a.g, b.g, c.operator
FROM edge AS a, edge AS b, LATERAL (VALUES
	('<', a.g < b.g, a.n < b.n), ('<=', a.g <= b.g, a.n <= b.n), ('=', a.g = b.g, a.n = b.n),
	('<>', a.g <> b.g, a.n <> b.n), ('>=', a.g >= b.g, a.n >= b.n), ('>', a.g > b.g, a.n > b.n)
) AS c (operator, guids, numbers)
WHERE guids IS DISTINCT FROM numbers;
-- the comparison of the btree, its sign and its antisymmetry
SELECT a.g, b.g, guid_cmp(a.g, b.g) FROM edge AS a, edge AS b
WHERE sign(guid_cmp(a.g, b.g)) <> sign(a.n - b.n) OR guid_cmp(a.g, b.g) <> -guid_cmp(b.g, a.g);
-- larger, smaller and the distance of BRIN
SELECT a.g, b.g FROM edge AS a, edge AS b
WHERE guid_larger(a.g, b.g) <> CASE WHEN a.n > b.n THEN a.g ELSE b.g END
	OR guid_smaller(a.g, b.g) <> CASE WHEN a.n < b.n THEN a.g ELSE b.g END
	OR guid_distance(a.g, b.g) < 0 OR guid_distance(a.g, b.g) <> guid_distance(b.g, a.g)
	OR guid_distance(a.g, b.g) <> abs(a.n - b.n)::float8;
-- equal guids hash equally; with seed 0 the low half of the extended hash is the hash
SELECT a.g, b.g FROM edge AS a, edge AS b
WHERE a.g = b.g AND (guid_hash(a.g), guid_hash_extended(a.g, 42)) IS DISTINCT FROM (guid_hash(b.g), guid_hash_extended(b.g, 42));
SELECT g FROM edge
WHERE guid_hash_extended(g, 0) & 4294967295 <> guid_hash(g)::bigint & 4294967295;
SELECT count(DISTINCT guid_hash(g)) AS hashes, count(DISTINCT guid_hash_extended(g, 1)) AS extended_hashes,
	count(*) FILTER (WHERE guid_hash_extended(g, 0) = guid_hash_extended(g, 1)) AS regardless_of_seed
FROM edge;
-- maker and serial number that go together do not fall on one hash, as they would if halves were folded
SELECT count(DISTINCT guid_hash((i << 32 | i)::guid)) > 990 AS spread FROM generate_series(1::bigint, 1000) AS i;

SELECT min(g), max(g) FROM edge;
SELECT min(g), max(g) FROM edge WHERE false;
SELECT min(g), max(g) FROM (SELECT NULL::guid UNION ALL SELECT '0000000000000001') AS one (g);
SELECT count(*) AS out_of_order FROM (SELECT n < lag(n) OVER (ORDER BY g) AS wrong FROM edge) AS o WHERE wrong;
SELECT count(*) AS out_of_order FROM (SELECT n < lag(n) OVER (ORDER BY g DESC) AS wrong FROM edge) AS o WHERE NOT wrong;
SELECT g FROM edge ORDER BY g DESC NULLS LAST LIMIT 3;
SELECT array_agg(g ORDER BY g) < array_agg(g ORDER BY g DESC) AS arrays FROM edge;
SELECT ROW(guid '0000000000000001', 2) < ROW(guid '8000000000000000', 1) AS records;

-- Every index against the sequential scan
CREATE TABLE meter AS
	SELECT (i * 36893488147419103::numeric - 9223372036854775807)::bigint::guid AS g, i FROM generate_series(1, 500) AS i
	UNION ALL SELECT g, 0 FROM edge
	UNION ALL SELECT g, 1 FROM edge
	UNION ALL SELECT NULL, 2;
ANALYZE meter;
CREATE FUNCTION pg_temp.answers() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	op text;
BEGIN
	FOREACH op IN ARRAY ARRAY['<', '<=', '=', '>=', '>'] LOOP
		RETURN QUERY EXECUTE format(
			'SELECT format(''%%s %%s: %%s'', %1$L, e.g, (SELECT count(*) || '' '' || coalesce(sum(i), 0)
				FROM meter AS m WHERE m.g %1$s e.g)) FROM edge AS e', op);
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.plan_has(node text, query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF position(node IN line) > 0 THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
CREATE FUNCTION pg_temp.scans_with(index text) RETURNS boolean LANGUAGE sql AS
	$$SELECT pg_temp.plan_has(index, 'SELECT * FROM meter WHERE g = ''00DB1234567890A0''')$$;
CREATE TEMP TABLE sequential AS SELECT * FROM pg_temp.answers() AS answer;
SELECT count(*) FROM sequential;
SET enable_seqscan = off;
CREATE INDEX meter_btree ON meter USING btree (g);
SELECT pg_temp.scans_with('meter_btree');
SELECT count(*) AS btree_differs FROM (TABLE sequential EXCEPT SELECT * FROM pg_temp.answers()) AS d;
SET enable_bitmapscan = off;
SELECT count(*) AS index_scan_differs FROM (TABLE sequential EXCEPT SELECT * FROM pg_temp.answers()) AS d;
SELECT min(g), max(g) FROM meter;
SELECT count(*) AS out_of_order
FROM (SELECT g < lag(g) OVER () AS wrong FROM (SELECT g FROM meter WHERE g IS NOT NULL ORDER BY g) AS s) AS o WHERE wrong;
SELECT count(*) FROM meter WHERE g IN ('0000000000000000', '0000000000000001', '00DB1234567890A0', '7FFFFFFFFFFFFFFF', '8000000000000000',
	'887384906A1002DB', '90B3D51F30010000', 'FFFFFFFFFFFFFFFE', 'FFFFFFFFFFFFFFFF', '1111111111111111');
RESET enable_bitmapscan;
DROP INDEX meter_btree;
CREATE INDEX meter_hash ON meter USING hash (g);
SELECT pg_temp.scans_with('meter_hash');
SELECT count(*) AS hash_differs FROM (TABLE sequential EXCEPT SELECT * FROM pg_temp.answers()) AS d;
DROP INDEX meter_hash;
CREATE INDEX meter_minmax ON meter USING brin (g) WITH (pages_per_range = 1);
SELECT pg_temp.scans_with('meter_minmax');
SELECT count(*) AS minmax_differs FROM (TABLE sequential EXCEPT SELECT * FROM pg_temp.answers()) AS d;
DROP INDEX meter_minmax;
CREATE INDEX meter_multi ON meter USING brin (g guid_minmax_multi_ops (values_per_range = 8)) WITH (pages_per_range = 1);
SELECT pg_temp.scans_with('meter_multi');
SELECT count(*) AS minmax_multi_differs FROM (TABLE sequential EXCEPT SELECT * FROM pg_temp.answers()) AS d;
INSERT INTO meter SELECT '00DB1234567890A0', 1000 FROM generate_series(1, 500);
SELECT count(*) FROM meter WHERE g = '00DB1234567890A0';
DELETE FROM meter WHERE i = 1000;
DROP INDEX meter_multi;
CREATE INDEX meter_bloom ON meter USING brin (g guid_bloom_ops (n_distinct_per_range = 100)) WITH (pages_per_range = 1);
SELECT pg_temp.scans_with('meter_bloom');
SELECT count(*) AS bloom_differs FROM (TABLE sequential EXCEPT SELECT * FROM pg_temp.answers()) AS d;
DROP INDEX meter_bloom;
RESET enable_seqscan;

-- Joins, grouping and sets of all kinds come to the same
CREATE FUNCTION pg_temp.joined() RETURNS TABLE (guids bigint, pairs bigint) LANGUAGE sql AS
	'SELECT count(DISTINCT a.g), count(*) FROM meter AS a JOIN meter AS b ON a.g = b.g';
SET enable_mergejoin = off; SET enable_nestloop = off;
SELECT pg_temp.plan_has('Hash Join', 'SELECT FROM meter AS a JOIN meter AS b ON a.g = b.g');
SELECT * FROM pg_temp.joined();
SET enable_mergejoin = on; SET enable_hashjoin = off;
SELECT pg_temp.plan_has('Merge Join', 'SELECT FROM meter AS a JOIN meter AS b ON a.g = b.g');
SELECT * FROM pg_temp.joined();
SET enable_mergejoin = off; SET enable_nestloop = on;
SELECT * FROM pg_temp.joined();
RESET enable_mergejoin; RESET enable_hashjoin; RESET enable_nestloop;
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT g FROM meter GROUP BY g) AS s;
SET enable_hashagg = on; SET enable_sort = off;
SELECT count(*) FROM (SELECT g FROM meter GROUP BY g) AS s;
SELECT count(*) FROM (SELECT g FROM meter UNION SELECT g FROM edge) AS s;
RESET enable_hashagg; RESET enable_sort;

-- Parallel: the plan has workers, the answer is the same
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT pg_temp.plan_has('Partial Aggregate', 'SELECT min(g), max(g) FROM meter WHERE g > ''00DB1234567890A0''');
SELECT min(g), max(g), count(DISTINCT g) FROM meter WHERE g > '00DB1234567890A0';
SELECT count(*) FROM meter WHERE g::bytea::guid = g AND try_guid(g::text) = g;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- Partitions by hash, list and range; keys
CREATE TABLE by_hash (g guid PRIMARY KEY) PARTITION BY HASH (g);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO by_hash SELECT g FROM edge;
SELECT count(*), count(DISTINCT tableoid) AS partitions FROM by_hash;
SELECT count(*) AS not_found_in_its_partition FROM edge AS e WHERE NOT EXISTS (SELECT FROM by_hash AS h WHERE h.g = e.g);
INSERT INTO by_hash VALUES ('00:DB:12:34:56:78:90:A0');
CREATE TABLE by_range (g guid) PARTITION BY RANGE (g);
CREATE TABLE by_range_low PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('8000000000000000');
CREATE TABLE by_range_high PARTITION OF by_range FOR VALUES FROM ('80:00:00:00:00:00:00:00') TO (MAXVALUE);
INSERT INTO by_range SELECT g FROM edge;
SELECT tableoid::regclass AS partition, min(g), max(g) FROM by_range GROUP BY 1 ORDER BY 2;
SELECT pg_temp.plan_has('by_range_low', q), pg_temp.plan_has('by_range_high', q)
	FROM (VALUES ('SELECT * FROM by_range WHERE g = ''7FFFFFFFFFFFFFFF''')) AS v (q);
CREATE TABLE child (g guid REFERENCES by_hash);
INSERT INTO child VALUES ('0000000000000000'), ('FFFFFFFFFFFFFFFF');
\set VERBOSITY sqlstate
INSERT INTO child VALUES ('1111111111111111');
DELETE FROM by_hash WHERE g = '0000000000000000';
\set VERBOSITY terse
DROP TABLE by_hash, by_range, child;

-- Statistics: a histogram and common values are gathered, and estimates follow them
SELECT histogram_bounds IS NOT NULL OR most_common_vals IS NOT NULL AS analyzed FROM pg_stats WHERE tablename = 'meter' AND attname = 'g';
DROP TABLE edge, meter;
