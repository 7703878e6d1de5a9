--
-- What a month's statement needs beside the views: names and holds of the
-- caller's part, and the evidence in the reason of a release.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

SELECT reason, poa_internal.release_evidence(reason) FROM (VALUES
	('evidence: neighbours'), ('evidence: no_activation, started'), ('no sign of life 00:15:00 after its window'),
	('customer has no supply'), ('evidence: it rang'), ('evidence: gossip'), ('evidence: started, gossip'), ('evidence: '), (''), (NULL)) AS r (reason);

CREATE ROLE regress_poa_dno19; CREATE ROLE regress_poa_dno20; CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_stranger;
SELECT poa.grant_dno('regress_poa_dno19', 19), poa.grant_dno('regress_poa_dno20', 20),
	poa.grant_operator('regress_poa_operator');
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', '1900000000001'),
	('00000000000000e2', 'ESME', 2, '1063', '00000000000000c2', '2000000000001'),
	('00000000000000e3', 'ESME', 2, '1063', '00000000000000c3', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
INSERT INTO poa.originator VALUES ('90B3D51F30010000', 'a supplier'), ('90B3D51F30020000', 'another'),
	('90B3D51F30030000', 'nobody''s');
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SELECT poa.track_activation(device, '2026-03-02 09:00', request_id, '2026-03-02 09:00') FROM (VALUES
	('00000000000000e1'::guid, '90-B3-D5-1F-30-01-00-00:00-00-00-00-00-00-00-E1:1'),
	('00000000000000e2', '90-B3-D5-1F-30-02-00-00:00-00-00-00-00-00-00-E2:1'), ('00000000000000e3', 'no GUID')) AS r (device, request_id);
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-02 09:10', '1900000000001'),
	('AD1', '00000000000000c2', '2026-03-02 09:10', '2000000000001'), ('AD1', '00000000000000c3', '2026-03-02 09:10', NULL);
-- of all, which is over, of a distributor, of hubs; three alerts are stored by the second
SELECT poa.hold('for all', 'tomorrow');
SELECT poa.end_hold(1);
SELECT poa.hold('for 19', 'tomorrow', distributor_id => 19), poa.hold('for a hub of 20', 'tomorrow', chf => '00000000000000c2'),
	poa.hold('for a hub of nobody', 'tomorrow', chf => '00000000000000c3');
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-02 09:11', '1900000000001'),
	('AD1', '00000000000000c1', '2026-03-02 09:12', '1900000000001'), ('AD1', '00000000000000c2', '2026-03-02 09:11', '1900000000001');
-- of the month of the alerts, in which the holds were not yet, and of now
CREATE FUNCTION part(who text) RETURNS TABLE (role text, what text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', 'regress_poa_' || who);
	RETURN QUERY SELECT who, format('%s is %s', o.originator, o.name)
		FROM poa_internal.statement_originators('2026-03-01', '2026-04-01') AS o ORDER BY 2;
	RETURN QUERY SELECT who, format('March, hold %s: %s, %s alerts', h.hold_id, h.reason, h.alerts)
		FROM poa_internal.statement_holds('2026-03-01', '2026-04-01') AS h;
	RETURN QUERY SELECT who, format('now, hold %s: %s, %s alerts', h.hold_id, h.reason, h.alerts)
		FROM poa_internal.statement_holds(now(), 'infinity') AS h;
	RESET ROLE;
END
$$;
SELECT p.* FROM unnest('{dno19,dno20,operator}'::text[]) AS r, part(r) AS p;
SELECT count(*) AS of_another_month FROM poa_internal.statement_originators('2026-02-01', '2026-03-01');
-- of picked ones, no alert of others is counted, and no hold of others shown; picking gives no right
SELECT hold_id, reason, alerts FROM poa_internal.statement_holds('2026-03-01', '2026-04-01', '{20}');
SELECT hold_id, reason, alerts FROM poa_internal.statement_holds(now(), 'infinity', '{20}');
SET ROLE regress_poa_dno19;
SELECT hold_id, reason, alerts FROM poa_internal.statement_holds(now(), 'infinity', '{20}');
RESET ROLE;
SELECT part('stranger');

DROP EXTENSION poa_suppress CASCADE;
DROP TABLE alerts; DROP FUNCTION part(text);
DROP ROLE regress_poa_dno19, regress_poa_dno20, regress_poa_operator, regress_poa_stranger;
