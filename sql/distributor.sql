--
-- The distributors: those that are shipped stay as they are, a user adds more.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.distributor VALUES (99, 'TEST', NULL, 'Test Networks');
-- the distributors that are shipped, which stay as they are
SELECT count(*), min(distributor_id), max(distributor_id), count(DISTINCT mpid), count(gsp_group), count(DISTINCT gsp_group)
	FROM poa.distributor WHERE distributor_id <> 99;
SELECT string_agg(distributor_id || ' ' || mpid || coalesce(' ' || gsp_group, ''), ', '
	ORDER BY distributor_id) AS distributors FROM poa.distributor;
UPDATE poa.distributor SET name = 'mine' WHERE distributor_id = 10;
UPDATE poa.distributor SET distributor_id = 98 WHERE distributor_id = 38;
DELETE FROM poa.distributor WHERE distributor_id = 24;
DELETE FROM poa.distributor;
TRUNCATE poa.distributor;
INSERT INTO poa.distributor VALUES (10, 'XXXX', NULL, 'again');
INSERT INTO poa.distributor VALUES (100, 'XXXX', NULL, 'three digits');
INSERT INTO poa.distributor VALUES (10, 'XXXX', NULL, 'again') ON CONFLICT (distributor_id) DO UPDATE SET name = EXCLUDED.name;
UPDATE poa.distributor SET name = 'Other Networks' WHERE distributor_id = 99;
DELETE FROM poa.distributor WHERE distributor_id = 99;
SELECT count(*) FROM poa.distributor;
