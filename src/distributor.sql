/*
 * Distribution network operators, and the one of an MPxN.
 */

CREATE TABLE poa.distributor (
	distributor_id smallint PRIMARY KEY,
	mpid text,
	gsp_group text,
	name text,
	CONSTRAINT distributor_id_has_two_digits
		CHECK (distributor_id OPERATOR(pg_catalog.>=) 0::smallint
			AND distributor_id OPERATOR(pg_catalog.<=) 99::smallint)
);
COMMENT ON TABLE poa.distributor IS
	'distribution network operators.'
	' The licence areas 10 to 23 and the independent ones 24 to 38 are shipped and cannot be changed; users add their own';
COMMENT ON COLUMN poa.distributor.distributor_id IS 'first two digits of the MPAN core, 0 to 99';
COMMENT ON COLUMN poa.distributor.mpid IS 'market participant identifier, four letters';
COMMENT ON COLUMN poa.distributor.gsp_group IS
	'Grid Supply Point group of the licence area.'
	' NULL for an independent distributor, which is in all';
COMMENT ON COLUMN poa.distributor.name IS 'name of the distributor and, for a licence area, of its region';

CREATE FUNCTION poa_internal.shipped_distributors() RETURNS SETOF poa.distributor
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		(10::smallint, 'EELC', '_A', 'UK Power Networks, Eastern'),
		(11, 'EMEB', '_B', 'National Grid, East Midlands'),
		(12, 'LOND', '_C', 'UK Power Networks, London'),
		(13, 'MANW', '_D', 'SP Manweb, Merseyside and North Wales'),
		(14, 'MIDE', '_E', 'National Grid, West Midlands'),
		(15, 'NEEB', '_F', 'Northern Powergrid, North East'),
		(16, 'NORW', '_G', 'Electricity North West'),
		(17, 'HYDE', '_P', 'SSEN, North Scotland'),
		(18, 'SPOW', '_N', 'SP Distribution, South Scotland'),
		(19, 'SEEB', '_J', 'UK Power Networks, South East'),
		(20, 'SOUT', '_H', 'SSEN, Southern'),
		(21, 'SWAE', '_K', 'National Grid, South Wales'),
		(22, 'SWEB', '_L', 'National Grid, South West'),
		(23, 'YELG', '_M', 'Northern Powergrid, Yorkshire'),
		(24, 'IPNL', NULL, 'IPNL'), (25, 'LENG', NULL, 'LENG'), (26, 'GUCL', NULL, 'GUCL'),
		(27, 'ETCL', NULL, 'ETCL'), (28, 'EDFI', NULL, 'EDFI'), (29, 'HARL', NULL, 'HARL'),
		(30, 'PENL', NULL, 'PENL'), (31, 'UKPD', NULL, 'UKPD'), (32, 'UDNL', NULL, 'UDNL'),
		(33, 'GGEN', NULL, 'GGEN'), (34, 'MPDL', NULL, 'MPDL'), (35, 'FEAL', NULL, 'FEAL'),
		(36, 'VATT', NULL, 'VATT'), (37, 'FORB', NULL, 'FORB'), (38, 'INDI', NULL, 'INDI')
$$;
COMMENT ON FUNCTION poa_internal.shipped_distributors() IS 'the rows of poa.distributor that are shipped';
REVOKE ALL ON FUNCTION poa_internal.shipped_distributors() FROM PUBLIC;
INSERT INTO poa.distributor SELECT * FROM poa_internal.shipped_distributors();

SELECT pg_catalog.pg_extension_config_dump('poa.distributor', 'WHERE distributor_id NOT BETWEEN 10 AND 38');

CREATE FUNCTION poa_internal.keep_shipped() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' OR OLD.distributor_id BETWEEN 10 AND 38 THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'the distributors 10 to 38 are shipped with poa_suppress and cannot be changed',
			HINT = 'Add a row of your own for another distributor_id.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_shipped() IS 'trigger: raises 55000 for a change to a shipped distributor';
REVOKE ALL ON FUNCTION poa_internal.keep_shipped() FROM PUBLIC;
CREATE TRIGGER keep_shipped BEFORE UPDATE OR DELETE ON poa.distributor
	FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_shipped();
CREATE TRIGGER keep_shipped_all BEFORE TRUNCATE ON poa.distributor
	FOR EACH STATEMENT EXECUTE FUNCTION poa_internal.keep_shipped();
COMMENT ON TRIGGER keep_shipped ON poa.distributor IS 'shipped rows stay as they are';
COMMENT ON TRIGGER keep_shipped_all ON poa.distributor IS 'shipped rows stay';

/*
 * A subscription for all tables copies the shipped rows of another server to
 * where they are already.  It would stop at the first; so they make way, and
 * those that the other server does not have come back.  These triggers fire
 * for replication only, also when a restore with --disable-triggers has made
 * ordinary ones of them; a copy fires statement triggers, the application of
 * single changes does not.
 */
CREATE FUNCTION poa_internal.renew_shipped() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_WHEN = 'BEFORE' THEN
		DELETE FROM poa.distributor AS d WHERE d.distributor_id BETWEEN 10 AND 38;
	ELSE
		INSERT INTO poa.distributor SELECT * FROM poa_internal.shipped_distributors() ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.renew_shipped() IS
	'trigger: lets the copy of a subscription replace the shipped distributors';
REVOKE ALL ON FUNCTION poa_internal.renew_shipped() FROM PUBLIC;
CREATE TRIGGER make_way BEFORE INSERT ON poa.distributor
	FOR EACH STATEMENT WHEN (pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica'
		AND pg_catalog.pg_trigger_depth() OPERATOR(pg_catalog.=) 0)
	EXECUTE FUNCTION poa_internal.renew_shipped();
CREATE TRIGGER come_back AFTER INSERT ON poa.distributor
	FOR EACH STATEMENT WHEN (pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica'
		AND pg_catalog.pg_trigger_depth() OPERATOR(pg_catalog.=) 0)
	EXECUTE FUNCTION poa_internal.renew_shipped();
ALTER TABLE poa.distributor ENABLE REPLICA TRIGGER make_way;
ALTER TABLE poa.distributor ENABLE REPLICA TRIGGER come_back;
COMMENT ON TRIGGER make_way ON poa.distributor IS 'shipped rows make way for those that a subscription copies';
COMMENT ON TRIGGER come_back ON poa.distributor IS 'shipped rows that a subscription did not copy come back';

CREATE FUNCTION poa_internal.distributor_of(mpxn text) RETURNS smallint
	AS 'MODULE_PATHNAME', 'poa_distributor_of_mpxn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.distributor_of(text) IS
	'first two digits of a 13-digit MPAN core.'
	' NULL for anything else, such as a gas MPRN or NULL';
SELECT poa_internal.permit('FUNCTION poa_internal.distributor_of(text)', '{dno,operator,auditor}');

SELECT poa_internal.permit('TABLE poa.distributor', '{dno}', 'SELECT');
