--
-- The inventory: which devices it takes.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.device SELECT ('00000000000000a' || n - 1)::guid, t
	FROM unnest(ARRAY['ESME', 'GSME', 'GPF', 'CHF', 'HCALCS', 'PPMID', 'IHD', 'CAD']) WITH ORDINALITY AS u (t, n);
SELECT count(*) FROM poa.device;
TRUNCATE poa.device;
INSERT INTO poa.device VALUES ('00000000000000a0', 'esme');
INSERT INTO poa.device VALUES ('00000000000000a0', 'ESMETS');
INSERT INTO poa.device VALUES ('00000000000000a0', NULL);
INSERT INTO poa.device VALUES ('00000000000000a0', 'ESME', 3);
INSERT INTO poa.device VALUES ('00000000000000a0', 'ESME', 0);
INSERT INTO poa.device VALUES ('not a guid', 'ESME');
