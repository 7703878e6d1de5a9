--
-- Manufacturers: whose meters may be suppressed, and their windows.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

-- a manufacturer is subject to suppression by its mere presence, for 30 minutes
INSERT INTO poa.manufacturer (manufacturer, name) VALUES ('1063', 'Landis+Gyr') RETURNING *;
INSERT INTO poa.manufacturer VALUES ('118F', 'Aclara', '5 minutes', '1 day') RETURNING *;
-- refused: what is not a CPL identifier, no name, negative windows
INSERT INTO poa.manufacturer VALUES ('118f', 'lower case');
INSERT INTO poa.manufacturer VALUES ('063', 'three digits');
INSERT INTO poa.manufacturer VALUES ('01063', 'five digits');
INSERT INTO poa.manufacturer VALUES (E'1086\n', 'line end');
INSERT INTO poa.manufacturer VALUES (' 1086', 'blank');
INSERT INTO poa.manufacturer VALUES ('1086', NULL);
INSERT INTO poa.manufacturer VALUES (NULL, 'none');
INSERT INTO poa.manufacturer VALUES ('1063', 'twice');
INSERT INTO poa.manufacturer VALUES ('1086', 'Toshiba', '-1 second');
INSERT INTO poa.manufacturer VALUES ('1086', 'Toshiba', '0', '-1 microsecond');
INSERT INTO poa.manufacturer VALUES ('1086', 'Toshiba', '0', NULL);
UPDATE poa.manufacturer SET window_after = '-30 minutes';
UPDATE poa.manufacturer SET window_before = '1 day -25 hours';
-- negative in part only is not negative, and zero is allowed
BEGIN;
UPDATE poa.manufacturer SET window_before = '1 day -1 hour', window_after = '0' WHERE manufacturer = '118F' RETURNING *;
ROLLBACK;
