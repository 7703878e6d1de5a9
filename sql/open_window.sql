--
-- Open windows: those that suppress and have not closed, own ones only.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
-- hub cN carries meter eN, of distributor 19 or 20
INSERT INTO poa.device
	SELECT ('00000000000000e' || n)::guid, 'ESME', 2, '1063', ('00000000000000c' || n)::guid, (19 + n % 2) || '0000000000' || n
		FROM generate_series(1, 4) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE ROLE regress_poa_dno19;
CREATE ROLE regress_poa_dno20;
SELECT poa.grant_dno('regress_poa_dno19', 19), poa.grant_dno('regress_poa_dno20', 20);

SELECT count(poa.track_activation(device)) FROM poa.device;
SELECT poa.track_activation('00000000000000e4', now() + interval '1 day', 'later'),
	poa.track_activation('00000000000000e3', now() + interval '1 day', 'gone');
SELECT poa.refuse_activation('gone', 'E4');
SELECT mpxn, distributor_id, right(chf::text, 2) AS chf, right(device::text, 2) AS device, status, closes_at - activates_at AS open_for
FROM poa.open_window ORDER BY mpxn, activates_at;
SET ROLE regress_poa_dno19;
SELECT DISTINCT distributor_id FROM poa.open_window;
SELECT count(*) FROM poa.open_window WHERE mpxn = '1900000000002';
SELECT count(*) FROM poa.open_window WHERE mpxn = '2000000000001';
SELECT * FROM poa.activation;
RESET ROLE;

DROP EXTENSION poa_suppress;
DROP ROLE regress_poa_dno19, regress_poa_dno20;
