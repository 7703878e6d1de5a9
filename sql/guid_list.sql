--
-- The list of devices known to cause the issue.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.guid_list VALUES ('00000000000000e0');
-- a GUID stands in it once, however it is written
INSERT INTO poa.guid_list VALUES ('00:00:00:00:00:00:00:e0');
INSERT INTO poa.guid_list VALUES (NULL);
