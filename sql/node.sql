--
-- The node of a hub, and numbers by node.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

-- test vectors: what clients and PL/Proxy have to compute, too
SELECT v.chf, guid_hash(v.chf)::bigint & 4294967295 AS hash, poa.node_of(v.chf, 1) AS of_1, poa.node_of(v.chf, 2) AS of_2,
	poa.node_of(v.chf, 3) AS of_3, poa.node_of(v.chf, 64) AS of_64, poa.node_of(v.chf, 2147483647) AS of_most
FROM (VALUES ('00-00-00-00-00-00-00-00'::guid), ('00-00-00-00-00-00-00-01'), ('00-DB-12-34-56-78-90-A0'),
	('00-DB-12-34-56-78-90-A1'), ('00-DB-12-34-56-78-90-A3'), ('90-B3-D5-1F-30-01-00-02'),
	('80-00-00-00-00-00-00-00'), ('FF-FF-FF-FF-FF-FF-FF-FF')) AS v (chf);
-- hubs of one maker in a row are spread evenly
SELECT poa.node_of((h * 4096)::bigint::guid, 3) AS node, count(*) BETWEEN 900 AND 1100 AS even
	FROM generate_series(1, 3000) AS h GROUP BY 1 ORDER BY 1;
-- by hashing, but not as partitions do
CREATE TABLE part (chf guid) PARTITION BY HASH (chf);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO part SELECT h::bigint::guid FROM generate_series(1, 3000) AS h;
SELECT count(*) > 1500 AS differ FROM part WHERE right(tableoid::regclass::text, 1)::int <> poa.node_of(chf, 3);
DROP TABLE part;
-- NULL for NULL; a number of nodes is positive; an index may have it
SELECT poa.node_of(NULL, 3), poa.node_of(1::bigint::guid, NULL);
SELECT poa.node_of(1::bigint::guid, 0);
SELECT poa.node_of(1::bigint::guid, -3);
CREATE TABLE hub (chf guid);
CREATE INDEX ON hub (poa.node_of(chf, 64));
DROP TABLE hub;

SELECT n, poa_internal.node_of_number(n) FROM unnest('{1, 999999999999, 1000000000000, 3000000000001, 9000999999999999}'::bigint[]) AS n;
SELECT poa_internal.node_of_number(NULL), poa_internal.this_node();
-- the greatest number of the last node is one that a double has
SELECT 9000999999999999::float8::bigint = 9000999999999999 AS exact;
SELECT poa_internal.refuse_at_warehouse('poa.release()', 5);
